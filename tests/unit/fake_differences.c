/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake_differences.h"

struct differences {
	FILE *out;
	const struct snapshot *whole, *damaged;
};

static bool is_lost(enum datum_state state)
{
	return state == DATUM_EXCLUDED || state == DATUM_FAULT || state == DATUM_CORRUPT;
}

static void tell(struct differences *d, const char *object, const char *what, const char *how)
{
	fprintf(d->out, "%s: %s %s\n", object, what, how);
}

static void compare_state(struct differences *d, const char *object, const char *what,
			  enum datum_state whole, enum datum_state damaged)
{
	if (whole != damaged)
		tell(d, object, what,
		     is_lost(damaged) ? datum_state_name(damaged) : "PRETENDS TO BE KNOWN");
}

static void compare_datum(struct differences *d, const char *object, const char *what,
			  struct datum whole, struct datum damaged)
{
	compare_state(d, object, what, whole.state, damaged.state);
	if (whole.state == DATUM_OK && damaged.state == DATUM_OK && whole.value != damaged.value)
		tell(d, object, what, "changed");
}

/* References are indexes: what they refer to is compared. */
static uint64_t domain_key(const struct snapshot *s, struct datum index)
{
	const struct domain *domain = &s->domains[index.value];

	return domain->address ? domain->address : domain->core_address;
}

static void compare_domain_reference(struct differences *d, const char *object, const char *what,
				     struct datum whole, struct datum damaged)
{
	compare_state(d, object, what, whole.state, damaged.state);
	if (whole.state == DATUM_OK && damaged.state == DATUM_OK &&
	    domain_key(d->whole, whole) != domain_key(d->damaged, damaged))
		tell(d, object, what, "changed");
}

static void compare_reference(struct differences *d, const char *object, const char *what,
			      struct datum whole, uint64_t whole_address, struct datum damaged,
			      uint64_t damaged_address)
{
	compare_state(d, object, what, whole.state, damaged.state);
	if (whole.state == DATUM_OK && damaged.state == DATUM_OK &&
	    whole_address != damaged_address)
		tell(d, object, what, "changed");
}

static uint64_t group_address(const struct snapshot *s, struct datum index)
{
	return index.state == DATUM_OK ? s->groups[index.value].address : 0;
}

static uint64_t iommu_address(const struct snapshot *s, struct datum index)
{
	return index.state == DATUM_OK ? s->iommus[index.value].address.value : 0;
}

static void compare_device(struct differences *d, const struct device *a, const struct device *b)
{
	compare_datum(d, a->name, "vendor", a->vendor, b->vendor);
	compare_datum(d, a->name, "device", a->device_id, b->device_id);
	compare_state(d, a->name, "driver", a->driver.state, b->driver.state);
	if (a->driver.state == DATUM_OK && b->driver.state == DATUM_OK &&
	    strcmp(a->driver.value, b->driver.value))
		tell(d, a->name, "driver", "changed");
	compare_reference(d, a->name, "group", a->group, group_address(d->whole, a->group),
			  b->group, group_address(d->damaged, b->group));
	compare_reference(d, a->name, "iommu", a->iommu, iommu_address(d->whole, a->iommu),
			  b->iommu, iommu_address(d->damaged, b->iommu));
	compare_domain_reference(d, a->name, "domain", a->domain, b->domain);
	compare_datum(d, a->name, "alias", a->alias, b->alias);
	compare_state(d, a->name, "entry", a->entry.state, b->entry.state);
	compare_datum(d, a->name, "domain_id", a->domain_id, b->domain_id);
	compare_datum(d, a->name, "paging_mode", a->paging_mode, b->paging_mode);
	compare_datum(d, a->name, "pt_root", a->pt_root, b->pt_root);
	compare_datum(d, a->name, "int_remap", a->int_remap, b->int_remap);
	if (a->entry.writer != b->entry.writer)
		tell(d, a->name, "writer",
		     b->entry.writer == WRITER_UNKNOWN ? "unknown" : "changed");
	if (a->dma != b->dma)
		tell(d, a->name, "dma", b->dma == DMA_UNKNOWN ? "unknown" : "changed");
}

static void compare_devices(struct differences *d)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < d->whole->n_devices; i++) {
		const struct device *a = &d->whole->devices[i];
		const struct device *b = snapshot_device(d->damaged, a->segment, a->devid);

		if (b)
			compare_device(d, a, b);
		else
			tell(d, a->name, "device", "gone");
		found += !!b;
	}
	if (found != d->damaged->n_devices)
		tell(d, "devices", "number", "too many");
}

static void compare_groups(struct differences *d)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < d->whole->n_groups; i++) {
		const struct group *a = &d->whole->groups[i], *b = NULL;
		char name[32];

		snprintf(name, sizeof(name), "group %" PRIu64, a->id.value);
		for (uint32_t j = 0; j < d->damaged->n_groups; j++)
			if (d->damaged->groups[j].address == a->address)
				b = &d->damaged->groups[j];
		found += !!b;
		if (!b) {
			tell(d, name, "group", "gone");
			continue;
		}
		compare_datum(d, name, "id", a->id, b->id);
		compare_domain_reference(d, name, "default_domain", a->default_domain,
					 b->default_domain);
		compare_domain_reference(d, name, "domain", a->domain, b->domain);
		compare_state(d, name, "reserved", a->reserved_state, b->reserved_state);
		if (a->reserved_state == DATUM_OK && b->reserved_state == DATUM_OK &&
		    a->n_reserved != b->n_reserved)
			tell(d, name, "reserved", "changed");
		compare_state(d, name, "members", a->members_state, b->members_state);
		if (a->n_devices != b->n_devices)
			tell(d, name, "members", "fewer");
	}
	if (found != d->damaged->n_groups)
		tell(d, "groups", "number", "too many");
}

static void compare_domains(struct differences *d)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < d->whole->n_domains; i++) {
		const struct domain *a = &d->whole->domains[i], *b = NULL;
		char name[32];

		snprintf(name, sizeof(name), "domain 0x%" PRIx64, a->id.value);
		for (uint32_t j = 0; j < d->damaged->n_domains; j++)
			if (d->damaged->domains[j].address == a->address &&
			    (a->address || d->damaged->domains[j].core_address == a->core_address))
				b = &d->damaged->domains[j];
		found += !!b;
		if (!b) {
			tell(d, name, "domain", "gone");
			continue;
		}
		compare_datum(d, name, "id", a->id, b->id);
		compare_datum(d, name, "type", a->type, b->type);
		compare_state(d, name, "table", a->table_state, b->table_state);
		if (a->table_state == DATUM_OK && b->table_state == DATUM_OK &&
		    a->table.root != b->table.root)
			tell(d, name, "table", "changed");
	}
	if (found != d->damaged->n_domains)
		tell(d, "domains", "number", "too many");
}

static void compare_iommus(struct differences *d)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < d->whole->n_iommus; i++) {
		const struct iommu_unit *a = &d->whole->iommus[i], *b = NULL;

		for (uint32_t j = 0; j < d->damaged->n_iommus; j++)
			if (d->damaged->iommus[j].address.value == a->address.value)
				b = &d->damaged->iommus[j];
		found += !!b;
		if (!b) {
			tell(d, a->name.value, "iommu", "gone");
			continue;
		}
		compare_state(d, a->name.value, "name", a->name.state, b->name.state);
		compare_datum(d, a->name.value, "index", a->index, b->index);
		compare_datum(d, a->name.value, "segment", a->segment, b->segment);
		compare_datum(d, a->name.value, "devid", a->devid, b->devid);
		compare_datum(d, a->name.value, "mmio", a->mmio, b->mmio);
		compare_datum(d, a->name.value, "features", a->features, b->features);
		compare_datum(d, a->name.value, "device_table", a->device_table, b->device_table);
		compare_datum(d, a->name.value, "command_ring", a->command_ring.address,
			      b->command_ring.address);
	}
	if (found != d->damaged->n_iommus)
		tell(d, "iommus", "number", "too many");
}

char *describe_differences(const struct snapshot *whole, const struct snapshot *damaged)
{
	char *text = NULL;
	size_t size;
	struct differences d = {open_memstream(&text, &size), whole, damaged};

	assert_non_null(d.out);
	compare_iommus(&d);
	compare_devices(&d);
	compare_groups(&d);
	compare_domains(&d);
	compare_state(&d, "domain IDs", "allocator", whole->ids.state, damaged->ids.state);
	if (damaged->ids.state == DATUM_OK && memcmp(whole->ids.bitmap, damaged->ids.bitmap, 8192))
		tell(&d, "domain IDs", "allocator", "changed");
	fclose(d.out);
	return text;
}

char *describe_problems(const struct snapshot *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < s->problems.n; i++) {
		const struct problem *p = &s->problems.at[i];
		const char *kernel = strstr(p->object, "0xffff");

		fprintf(out, "%.*s%s: %s %s\n",
			(int)(kernel ? kernel - p->object : (long)strlen(p->object)), p->object,
			kernel ? "0x*" : "", p->what, datum_state_name(p->state));
	}
	fclose(out);
	return text;
}
