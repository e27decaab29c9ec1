/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What protects memory from devices, and VMs from one another. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "check/rule.h"
#include "kernel/dma_mode.h"
#include "kernel/iova.h"

static struct error *check_devices(struct check *check);
static struct error *check_groups(struct check *check);

enum { BYPASS, EXTERNAL, LAZY, UNITY, SPLIT, HOST };

static const struct rule rules[] = {
	[BYPASS] =
		{"dma-bypass", "DMA of devices is translated", SEVERITY_WARNING,
		 INPUT_DEVICES | INPUT_DOMAINS | INPUT_ENTRIES,
		 "The device reaches all of memory: a bug in its driver or firmware can write anywhere, "
		 "and nothing tells of it.",
		 "'info' says what decides it (iommu=pt, the kernel's build). Wanted for speed with "
		 "trusted devices: accept it with --baseline; else boot with iommu.passthrough=0.",
		 check_devices},
	[EXTERNAL] =
		{"dma-bypass-external", "DMA of external devices is translated", SEVERITY_CRITICAL,
		 INPUT_DEVICES | INPUT_ENTRIES,
		 "Whoever plugs such a device in (Thunderbolt, USB4) reads and writes all of memory.",
		 "Boot without iommu=pt, and look at 'groups' for why the device has an identity "
		 "domain.",
		 check_devices},
	[LAZY] =
		{"lazy-flush-external", "External devices are not flushed lazily", SEVERITY_WARNING,
		 INPUT_DEVICES | INPUT_DOMAINS,
		 "After an unmap the device reaches the old memory for up to 10 ms: time enough for an "
		 "attack from outside.",
		 "Set the group's type to DMA (/sys/kernel/iommu_groups/N/type) or boot with "
		 "iommu.strict=1; before Linux 5.13 amd_iommu=fullflush.",
		 check_devices},
	[UNITY] =
		{"unity-map", "Regions that the firmware wants mapped one to one are",
		 SEVERITY_CRITICAL, INPUT_DEVICES | INPUT_GROUPS | INPUT_DOMAINS,
		 "The firmware said in its IVRS table that the device uses this memory behind the "
		 "kernel's back: without the mapping its DMA there fails.",
		 "Compare 'groups N' (reserved regions) with 'map BDF'. A driver that unmapped the "
		 "region or a kernel that lost the IVMD entry is at fault.",
		 check_groups},
	[SPLIT] =
		{"group-split", "The devices of a group are together", SEVERITY_CRITICAL,
		 INPUT_DEVICES | INPUT_GROUPS | INPUT_DOMAINS,
		 "Devices of one group can't be kept apart by the IOMMU: when host and guest each have "
		 "one, either reaches the other's memory.",
		 "'groups N' shows the members and their drivers: give all of them to the guest, or none.",
		 check_groups},
	[HOST] =
		{"vm-host-domain", "Devices that a VM has are in its domain", SEVERITY_CRITICAL,
		 INPUT_DEVICES | INPUT_GROUPS | INPUT_DOMAINS,
		 "The VM drives the device, but its DMA goes by a table of the host's: the guest can "
		 "reach host memory, or its own DMA goes astray.",
		 "Compare 'devices BDF' and 'groups N'; look in the log for a failed attach or reset.",
		 check_groups},
};

#define CLASS_BRIDGE 0x06 /* PCI base class: bridges, which do no DMA of their own */
#define CLASS_IOMMU 0x0806

/* By its class, which has to be known. */
static bool has_own_dma(const struct device *d)
{
	return d->class.value >> 16 != CLASS_BRIDGE && d->class.value >> 8 != CLASS_IOMMU;
}

static void entry_word(struct check *check, struct check_finding *f, const struct device *d)
{
	if (d->entry.state == DATUM_OK)
		check_word(check, f, "device table entry, word 0", d->entry.address,
			   datum_ok(d->entry.words[0]));
}

/* Why DMA of the device reaches all of memory; NULL: it does not. */
static const char *bypass_reason(const struct device *d)
{
	if (d->dma == DMA_PASSTHROUGH)
		return "its DMA passes untranslated";
	if (d->dma == DMA_UNCHECKED)
		return "its DMA passes unchecked: it has no valid device table entry";
	if (d->entry.state == DATUM_NONE && d->iommu.state == DATUM_NONE)
		return "it is behind no IOMMU";
	return NULL;
}

static void check_bypass(struct check *check, const struct device *d)
{
	const char *reason = bypass_reason(d);
	bool known =
		check_known(check, &rules[BYPASS], d->name, "device table entry", d->entry.state);

	known = check_known(check, &rules[EXTERNAL], d->name, "device table entry",
			    d->entry.state) &&
		known;
	bool is_rewritten = d->entry.state == DATUM_OK && d->dma == DMA_UNKNOWN;
	if (is_rewritten)
		check_unknown(
			check, &rules[BYPASS], d->name, "DMA", DATUM_ABSENT,
			"its device table entry is another kernel's, and its domain is not known");
	if (!known || !reason)
		return;
	/* An external device is told as such, and not twice. */
	bool external = d->external.state == DATUM_OK && d->external.value;
	const struct rule *rule = &rules[external ? EXTERNAL : BYPASS];
	if (!check_known(check, rule, d->name, "class", d->class.state) || !has_own_dma(d))
		return;
	struct check_finding *f =
		check_find(check, rule, d->name, NULL, CONFIDENCE_CERTAIN, "%s", reason);
	entry_word(check, f, d);
}

/*
 * Before there was a type for it: amd_iommu_unmap_flush decides of all domains of the DMA API, from
 * Linux 5.12 on but for external devices'. So the domain's own flush queue tells, where it has one.
 */
static void check_lazy_driver(struct check *check, const struct device *d,
			      const struct domain *domain)
{
	struct reader reader = {.kernel = check->kernel, .problems = &check->snapshot->problems};

	reader_object_name(&reader, d->name);
	struct datum strict = dma_driver_strict(&reader);
	bool is_known = check_known(check, &rules[LAZY], d->name, "amd_iommu_unmap_flush",
				    strict.state == DATUM_ABSENT ? DATUM_NONE : strict.state);
	if (!is_known || !datum_is(strict, 0))
		return;
	struct datum lazy = iova_is_lazy(&reader, domain->core_address);
	is_known = check_known(check, &rules[LAZY], d->name, "flush queue",
			       lazy.state == DATUM_ABSENT ? DATUM_NONE : lazy.state);
	if (!is_known || datum_is(lazy, 0))
		return;
	struct check_finding *f = check_find(
		check, &rules[LAZY], d->name, NULL, CONFIDENCE_CERTAIN,
		"%s, that it is in, is flushed lazily (amd_iommu_unmap_flush is off)",
		domain_words(check->snapshot, domain).object);
	check_word_at(check, f, "amd_iommu_unmap_flush", check->kernel->core[CORE_AMD_STRICT].value,
		      strict);
}

static void check_lazy(struct check *check, const struct device *d)
{
	const struct domain *domain = device_domain(check->snapshot, d);

	if (d->external.state != DATUM_OK || !d->external.value ||
	    !check_known(check, &rules[LAZY], d->name, "domain", d->domain.state) || !domain ||
	    !domain->type_name)
		return;
	if (!strcmp(domain->type_name, "dma"))
		check_lazy_driver(check, d, domain);
	if (strcmp(domain->type_name, "dma-fq") != 0)
		return;
	struct check_finding *f = check_find(check, &rules[LAZY], d->name, NULL, CONFIDENCE_CERTAIN,
					     "%s, that it is in, is flushed lazily (dma-fq)",
					     domain_words(check->snapshot, domain).object);
	if (f && domain->core_address)
		check_word_at(check, f, "the domain's type", domain->type_address, domain->type);
}

static struct error *check_devices(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	struct error *err = NULL;

	for (uint32_t i = 0; i < s->n_devices && !err; i++) {
		const struct device *d = &s->devices[i];

		check_known(check, &rules[EXTERNAL], d->name, "whether it is external",
			    d->external.state);
		check_known(check, &rules[LAZY], d->name, "whether it is external",
			    d->external.state);
		check_bypass(check, d);
		check_lazy(check, d);
		err = target_poll(check->target);
	}
	return err;
}

static bool is_type(const struct domain *domain, const char *type)
{
	return domain && domain->type_name && !strcmp(domain->type_name, type);
}

static bool is_hosts(const struct domain *domain)
{
	return is_type(domain, "dma") || is_type(domain, "dma-fq") || is_type(domain, "identity");
}

static const struct domain *domain_at(const struct snapshot *s, struct datum index)
{
	return index.state == DATUM_OK ? &s->domains[index.value] : NULL;
}

#define UNITY_PAGES_MAX 4096 /* of a region are looked at: 16 MB */

/* The page of the region that is not mapped one to one; UINT64_MAX: all are. */
static struct error *find_unmapped(struct check *check, const struct domain *domain,
				   const struct reserved_region *region, uint64_t *ret,
				   struct translation *t)
{
	uint64_t iova = region->start & ~UINT64_C(0xfff);

	for (unsigned n = 0; n < UNITY_PAGES_MAX && iova <= region->end; n++, iova += 4096) {
		struct error *err =
			domain->table.ops->translate(check->target, &domain->table, iova, t);

		if (err)
			return err;
		if (!t->mapped || t->pa != iova) {
			*ret = iova;
			return NULL;
		}
	}
	*ret = UINT64_MAX;
	return NULL;
}

static struct error *check_region(struct check *check, const char *object,
				  const struct domain *domain, const struct reserved_region *region)
{
	const struct rule *rule = &rules[UNITY];
	struct translation t = {0};
	uint64_t iova;
	struct error *err = find_unmapped(check, domain, region, &iova, &t);

	if (err && !error_is_unreadable(err))
		return err;
	if (err) {
		check_gap_of(check, rule, object, "page table", err);
		return NULL;
	}
	if (iova == UINT64_MAX)
		return NULL;
	struct check_finding *f = check_find(check, rule, object, NULL, CONFIDENCE_CERTAIN,
					     "0x%" PRIx64 " of the region 0x%" PRIx64 "-0x%" PRIx64
					     " is not mapped one to one in %s",
					     iova, region->start, region->end,
					     domain_words(check->snapshot, domain).object);
	if (f && t.n_steps)
		check_word(check, f, "page-table entry",
			   datum_ok(t.steps[t.n_steps - 1].entry_address),
			   datum_ok(t.steps[t.n_steps - 1].entry));
	return NULL;
}

/* Only the kernel's own DMA domains have them: VFIO takes no device with such a region. */
static struct error *check_unity(struct check *check, const struct group *g, const char *object)
{
	const struct domain *domain = domain_at(check->snapshot, g->domain);
	struct error *err = NULL;

	if (!check_wants(check, &rules[UNITY]))
		return NULL;
	check_known(check, &rules[UNITY], object, "reserved regions", g->reserved_state);
	check_known(check, &rules[UNITY], object, "domain", g->domain.state);
	if (!is_type(domain, "dma") && !is_type(domain, "dma-fq"))
		return NULL;
	for (uint32_t i = 0; i < g->n_reserved && !err; i++) {
		if (strcmp(g->reserved[i].type, "direct") != 0)
			continue;
		if (domain->table_state == DATUM_OK && domain->table.ops)
			err = check_region(check, object, domain, &g->reserved[i]);
		else
			check_unknown(check, &rules[UNITY], object, "page table",
				      domain->table_state, "the domain's table can't be read");
	}
	return err;
}

/* VFIO's own, and those that it lets stay in a group that it has. */
static bool is_guests_driver(const struct device *d)
{
	return d->driver.state == DATUM_OK && !strncmp(d->driver.value, "vfio", 4);
}

static bool may_stay(const struct device *d)
{
	return d->driver.state != DATUM_OK || !strcmp(d->driver.value, "pci-stub") ||
	       d->class.state != DATUM_OK || !has_own_dma(d);
}

static void find_split(struct check *check, const struct group *g, const char *object,
		       const struct device *a, const struct device *b, const char *what)
{
	struct check_finding *f = check_find(check, &rules[SPLIT], object, NULL, CONFIDENCE_CERTAIN,
					     "%s: %s and %s", what, a->name, b->name);

	(void)g;
	entry_word(check, f, a);
	entry_word(check, f, b);
	if (f && a->domain_word)
		check_word_at(check, f, "the driver's pointer to the domain", a->domain_word,
			      (struct datum){.state = DATUM_ABSENT});
	if (f && b->domain_word)
		check_word_at(check, f, "the driver's pointer to the domain", b->domain_word,
			      (struct datum){.state = DATUM_ABSENT});
}

static void check_split(struct check *check, const struct group *g, const char *object)
{
	const struct snapshot *s = check->snapshot;
	const struct device *placed = NULL, *guests = NULL, *hosts = NULL;

	check_known(check, &rules[SPLIT], object, "members", g->members_state);
	for (uint32_t i = 0; i < g->n_devices; i++) {
		const struct device *d = &s->devices[g->devices[i]];

		check_known(check, &rules[SPLIT], d->name, "domain", d->domain.state);
		check_known(check, &rules[SPLIT], d->name, "driver", d->driver.state);
		check_known(check, &rules[SPLIT], d->name, "class", d->class.state);
		if (d->domain.state == DATUM_OK && placed &&
		    !datum_is(d->domain, placed->domain.value))
			find_split(check, g, object, placed, d, "they are in different domains");
		if (d->domain.state == DATUM_OK && !placed)
			placed = d;
		if (is_guests_driver(d))
			guests = d;
		else if (!may_stay(d))
			hosts = d;
	}
	if (guests && hosts)
		find_split(check, g, object, guests, hosts,
			   "one is bound to VFIO, the other to a driver of the host");
}

static void check_host(struct check *check, const struct group *g, const char *object)
{
	const struct snapshot *s = check->snapshot;
	const struct rule *rule = &rules[HOST];
	const struct domain *now = domain_at(s, g->domain);

	if (!check_known(check, rule, object, "domain", g->domain.state))
		return;
	bool claimed = is_type(now, "unmanaged") ||
		       (g->owner_count.state == DATUM_OK && g->owner_count.value && is_hosts(now));
	for (uint32_t i = 0; i < g->n_devices; i++) {
		const struct device *d = &s->devices[g->devices[i]];
		const struct domain *own = device_domain(s, d);

		check_known(check, rule, d->name, "domain", d->domain.state);
		check_known(check, rule, d->name, "driver", d->driver.state);
		if (!is_guests_driver(d) || !claimed || !is_hosts(own))
			continue;
		struct check_finding *f =
			check_find(check, rule, d->name, NULL, CONFIDENCE_CERTAIN,
				   "its group is a VM's (%s), but it is in %s (%s)",
				   now ? domain_words(s, now).object : "?",
				   domain_words(s, own).object, own->type_name);
		entry_word(check, f, d);
		if (f && d->domain_word)
			check_word_at(check, f, "the driver's pointer to the domain",
				      d->domain_word, datum_ok(own->address));
	}
}

static struct error *check_groups(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	struct error *err = NULL;

	for (uint32_t i = 0; i < s->n_groups && !err; i++) {
		const struct group *g = &s->groups[i];
		char object[40];

		if (g->id.state == DATUM_OK)
			snprintf(object, sizeof(object), "group %" PRIu64, g->id.value);
		else
			snprintf(object, sizeof(object), "IOMMU group 0x%" PRIx64, g->address);
		check_split(check, g, object);
		check_host(check, g, object);
		err = check_unity(check, g, object);
		if (!err)
			err = target_poll(check->target);
	}
	return err;
}

const struct rule_set exposure_rules = {"exposure", "Modes and exposure", rules, ARRAY_SIZE(rules)};
