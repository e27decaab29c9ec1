/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Protection domains: where they hang. */
#include <inttypes.h>
#include <stdlib.h>

#include "amd/load.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "kernel/list.h"

/* include/linux/iommu.h */
enum {
	TYPE_BLOCKED = 0,
	TYPE_UNMANAGED = 1,
	TYPE_DMA = 3,
	TYPE_IDENTITY = 4,
	TYPE_PLATFORM = 0x20,
	TYPE_NESTED = 0x40,
};

/* amd_iommu_types.h up to Linux 6.8, PD_*_MASK. */
enum {
	PD_FLAG_DMA_OPS = 1,
	PD_FLAG_PASSTHROUGH = 4,
};

struct domain_names {
	struct domain_name *at;
	size_t n, room;
	enum datum_state state; /* of the places that have led to them: why some may be missing */
};

/* Which type the domains with a flag would have, had domains had types before Linux 4.1. */
static const struct {
	uint64_t flag, type;
} flag_types[] = {
	{PD_FLAG_DMA_OPS, TYPE_DMA},
	{PD_FLAG_PASSTHROUGH, TYPE_IDENTITY},
};

/* The domain of iommu=pt bears no flag; it is the one that has no table of any format. */
static struct datum type_by_flags(struct load *load, const struct domain *domain)
{
	struct datum flags = reader_member(&load->reader, domain->address,
					   &load->amd->found[AMD_PD_FLAGS], "flags");

	if (flags.state != DATUM_OK)
		return flags;
	for (size_t i = 0; i < ARRAY_SIZE(flag_types); i++)
		if (flags.value & flag_types[i].flag)
			return datum_ok(flag_types[i].type);
	if (domain->table_state != DATUM_OK && !domain->pt_format)
		return (struct datum){.state = domain->table_state};
	return datum_ok(domain->pt_format ? TYPE_UNMANAGED : TYPE_IDENTITY);
}

/* Before Linux 5.5 the driver itself was the DMA API, and its domains for that were larger. */
static uint64_t own_allocator(const struct load *load, const struct domain *domain)
{
	const struct found *f = load->amd->found;

	if (!domain->address || domain->type.state != DATUM_OK || domain->type.value != TYPE_DMA ||
	    !is_found(&f[AMD_DMA_OPS_DOMAIN]) || !is_found(&f[AMD_DMA_OPS_IOVAD]))
		return 0;
	return domain->address - f[AMD_DMA_OPS_DOMAIN].value + f[AMD_DMA_OPS_IOVAD].value;
}

static void read_domain(struct load *load, const struct domain_name *name, struct domain *ret)
{
	uint64_t address = name->address, core = name->core;
	const struct found *type = &load->kernel->core[CORE_DOMAIN_TYPE];
	struct reader *r = &load->reader;

	*ret = (struct domain){.address = address, .core_address = core, .table_state = DATUM_OK};
	reader_object_number(r, "domain 0x%" PRIx64, address ? address : core);
	ret->type = (struct datum){.state = DATUM_ABSENT};
	if (core)
		ret->type = reader_member(r, core, type, "type");
	if (core && is_found(type))
		ret->type_address = core + type->value;
	if (address) {
		ret->id = reader_member(r, address, &load->amd->found[AMD_PD_ID], "id");
		ret->id_address = address + load->amd->found[AMD_PD_ID].value;
		domain_read_table(load, name, ret);
	} else if (ret->type.state != DATUM_OK) {
		/* It may be the driver's, so that it may well have these. */
		ret->id.state = ret->table_state = ret->type.state;
	}
	if (address && !is_found(type))
		ret->type = type_by_flags(load, ret);
	ret->iova_domain = own_allocator(load, ret);
	if (ret->type.state == DATUM_OK)
		ret->type_name = domain_type_name(ret->type.value);
}

/* The protection_domain around a struct iommu_domain; *ret = 0: the domain is the core's alone. */
static struct error *domain_of_core(struct load *load, uint64_t core, uint64_t *ret)
{
	const struct found *f = load->amd->found;
	struct kernel *kernel = load->kernel;
	uint64_t type;

	if (!is_found(&f[AMD_PD_CORE])) {
		*ret = 0;
		if (!is_found(&kernel->core[CORE_DOMAIN_PRIV]))
			return NULL;
		return kernel_read_member(kernel, core, &kernel->core[CORE_DOMAIN_PRIV], ret);
	}
	struct error *err = kernel_read_member(kernel, core, &kernel->core[CORE_DOMAIN_TYPE], &type);
	if (!err) {
		bool bare = type == TYPE_BLOCKED || type == TYPE_PLATFORM || type == TYPE_NESTED;

		*ret = bare ? 0 : core - f[AMD_PD_CORE].value;
	}
	return err;
}

static struct error *core_of_domain(struct load *load, uint64_t address, uint64_t *ret)
{
	const struct found *f = load->amd->found;

	if (is_found(&f[AMD_PD_CORE])) {
		*ret = address + f[AMD_PD_CORE].value;
		return NULL;
	}
	*ret = 0;
	if (!is_found(&f[AMD_PD_OLD_CORE]))
		return NULL;
	return kernel_read_member(load->kernel, address, &f[AMD_PD_OLD_CORE], ret);
}

/* holder: address of the pointer that has led to it, which holds `value`; 0: it was none. */
static struct error *add_name(struct domain_names *names, uint64_t address, uint64_t core,
			      uint64_t holder, uint64_t value)
{
	const struct domain_name *last = names->n ? &names->at[names->n - 1] : NULL;

	/* Neighbours often have the same, and a group its default domain: less is to be sorted. */
	if (last && last->address == address && last->core == core && last->holder.size)
		return NULL;
	struct domain_name *name = vec_push(names);
	if (!name)
		return error_no_memory;
	*name = (struct domain_name){address, core, {holder, value, holder ? 8 : 0}};
	return NULL;
}

/* Another domain may be where this pointer, that can't be read, leads. */
static void note_state(struct domain_names *names, enum datum_state state)
{
	if (names->state == DATUM_OK && state != DATUM_NONE)
		names->state = state;
}

/* Unreadable ones become problems: a device or group that refers to them says so itself. */
static struct error *add_core(struct load *load, struct domain_names *names, struct datum core,
			      uint64_t holder)
{
	uint64_t address;

	if (core.state != DATUM_ABSENT) /* else this kernel has no such pointer */
		note_state(names, core.state);
	if (core.state != DATUM_OK || !core.value)
		return NULL;
	struct error *err = domain_of_core(load, core.value, &address);
	if (!err)
		return add_name(names, address, core.value, holder, core.value);
	problems_add(load->reader.problems, err, "type", "domain 0x%" PRIx64, core.value);
	return add_name(names, 0, core.value, holder, core.value);
}

static struct error *add_domain(struct load *load, struct domain_names *names, struct datum address,
				uint64_t holder)
{
	uint64_t core;

	note_state(names, address.state);
	if (address.state != DATUM_OK || !address.value)
		return NULL;
	struct error *err = core_of_domain(load, address.value, &core);
	if (!err)
		return add_name(names, address.value, core, holder, address.value);
	problems_add(load->reader.problems, err, "core object", "domain 0x%" PRIx64, address.value);
	return add_name(names, address.value, 0, holder, address.value);
}

/* Domains that exist whether or not a device is in them. Two drivers have static objects of these
   names, so they are found through the driver's own ops and not by symbol. */
static struct error *add_static_domains(struct load *load, struct domain_names *names)
{
	static const enum amd_need members[] = {AMD_OPS_IDENTITY, AMD_OPS_BLOCKED, AMD_OPS_RELEASE};
	const struct found *f = load->amd->found;
	struct error *err = NULL;

	reader_object(&load->reader, "amd_iommu_ops");
	for (size_t i = 0; i < ARRAY_SIZE(members) && !err && is_found(&f[AMD_OPS]); i++) {
		struct datum core = reader_pointer(&load->reader, f[AMD_OPS].value, &f[members[i]],
						   "static domain");

		err = add_core(load, names, core, f[AMD_OPS].value + f[members[i]].value);
	}
	return err;
}

static struct error *add_listed_domains(struct load *load, struct domain_names *names)
{
	const struct found *f = load->amd->found;
	struct error *err;
	uint64_t node;

	if (!is_found(&f[AMD_PD_LIST]) || !is_found(&f[AMD_PD_LIST_NODE]))
		return NULL;
	struct list_walk walk = list_walk_begin(load->kernel, f[AMD_PD_LIST].value);
	while (!(err = list_walk_next(&walk, &node)) && node) {
		err = add_domain(load, names, datum_ok(node - f[AMD_PD_LIST_NODE].value), 0);
		if (err)
			return err;
	}
	if (err && !error_is_unreadable(err))
		return err;
	note_state(names, problems_add(load->reader.problems, err, "list", "amd_iommu_pd_list"));
	return NULL;
}

/* Domains are found through the devices and groups that have them, too. */
static struct error *collect_names(struct load *load, struct domain_names *names)
{
	const struct found *core = load->kernel->core;
	const struct found *data_domain = &load->amd->found[AMD_DATA_DOMAIN];
	struct error *err = add_static_domains(load, names);

	note_state(names, load->functions.state);
	note_state(names, load->groups.state);
	if (!err)
		err = add_listed_domains(load, names);
	for (size_t i = 0; i < load->functions.n && !err; i++) {
		const struct pci_function *f = &load->functions.at[i];

		err = add_domain(load, names, f->domain, f->data.value + data_domain->value);
	}
	for (size_t i = 0; i < load->groups.groups.n && !err; i++) {
		const struct iommu_group *group = &load->groups.groups.at[i];

		err = add_core(load, names, group->default_domain,
			       group->address + core[CORE_GROUP_DEFAULT].value);
		if (!err)
			err = add_core(load, names, group->domain,
				       group->address + core[CORE_GROUP_DOMAIN].value);
	}
	return err;
}

/* Of one core object, the name that knows the driver's object comes first. */
static int compare_names(const void *a, const void *b)
{
	const struct domain_name *na = a, *nb = b;

	if (na->core != nb->core)
		return na->core < nb->core ? -1 : 1;
	return (na->address < nb->address) - (na->address > nb->address);
}

static bool same_domain(const struct domain_name *known, const struct domain_name *name)
{
	return name->core == known->core &&
	       (name->address == known->address || (name->core && !name->address));
}

static size_t sort_unique(struct domain_names *names)
{
	size_t n = 0;

	if (names->n)
		qsort(names->at, names->n, sizeof(*names->at), compare_names);
	for (size_t i = 0; i < names->n; i++) {
		struct domain_name *known = n ? &names->at[n - 1] : NULL;

		if (!known || !same_domain(known, &names->at[i]))
			names->at[n++] = names->at[i];
		else if (!known->holder.size)
			known->holder = names->at[i].holder;
	}
	return n;
}

static int compare_domains(const void *a, const void *b)
{
	const struct domain *da = a, *db = b;

	if (da->id.value != db->id.value)
		return da->id.value < db->id.value ? -1 : 1;
	if (da->address != db->address)
		return da->address < db->address ? -1 : 1;
	return (da->core_address > db->core_address) - (da->core_address < db->core_address);
}

struct error *load_domains(struct load *load)
{
	struct snapshot *snapshot = load->snapshot;
	struct domain_names names = {.state = DATUM_OK};
	struct error *err = collect_names(load, &names);

	snapshot->domains_state = names.state;
	if (!err) {
		snapshot->n_domains = (uint32_t)sort_unique(&names);
		snapshot->domains = arena_alloc(&snapshot->arena,
						snapshot->n_domains * sizeof(struct domain));
		if (!snapshot->domains)
			err = error_no_memory;
	}
	for (uint32_t i = 0; i < snapshot->n_domains && !err; i++) {
		err = target_poll(load->kernel->target);
		if (!err)
			read_domain(load, &names.at[i], &snapshot->domains[i]);
	}
	vec_free(&names);
	if (err)
		return err;
	if (snapshot->n_domains)
		qsort(snapshot->domains, snapshot->n_domains, sizeof(struct domain), compare_domains);
	for (uint32_t i = 0; i < snapshot->n_domains; i++) {
		const struct domain *d = &snapshot->domains[i];

		if (d->address && !key_index_add(&load->domains_by_address, d->address, i))
			return error_no_memory;
		if (d->core_address && !key_index_add(&load->domains_by_core, d->core_address, i))
			return error_no_memory;
	}
	key_index_sort(&load->domains_by_address);
	key_index_sort(&load->domains_by_core);
	return NULL;
}
