/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device table entries: by themselves, and against what the driver has attached. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/key_index.h"
#include "check/rule.h"
#include "kernel/page.h"

static struct error *check_entries(struct check *check);
static struct error *check_root_pages(struct check *check);

enum { RESERVED, VALID, VALUE, LIMIT, GUEST, ROOT, DRIVER, ALIAS, CAPTURED };

static const struct rule rules[] = {
	[RESERVED] =
		{"dte-reserved", "Reserved bits of device table entries are clear",
		 SEVERITY_WARNING, INPUT_DEVICES | INPUT_ENTRIES,
		 "Hardware that does not know the bits blocks the device and logs "
		 "ILLEGAL_DEV_TABLE_ENTRY; a driver that does not know them never sets them.",
		 "Look for memory corruption: compare with the driver's idea ('dte BDF') and the "
		 "neighbouring entries ('dte --all --raw').",
		 check_entries},
	[VALID] =
		{"dte-valid", "Devices with a domain have a valid device table entry",
		 SEVERITY_CRITICAL, INPUT_DEVICES | INPUT_ENTRIES,
		 "Without V, DMA of the device passes unchecked to all of memory; with V but without "
		 "TV, or without any permission, all its DMA is blocked although the driver has "
		 "attached a domain.",
		 "Look at the entry with 'dte BDF' and at the kernel log for when the device was "
		 "attached, reset or removed.",
		 check_entries},
	[VALUE] =
		{"dte-value", "Device table entries hold values that hardware takes",
		 SEVERITY_CRITICAL, INPUT_DEVICES | INPUT_ENTRIES,
		 "Hardware rejects the entry: the device's DMA or interrupts are blocked and each "
		 "attempt logs ILLEGAL_DEV_TABLE_ENTRY.",
		 "The driver never writes such values: suspect memory corruption or a wild write "
		 "into the device table ('dte BDF' decodes it).",
		 check_entries},
	[LIMIT] = {"dte-limit", "Device table entries ask for no more levels than the IOMMU walks",
		   SEVERITY_CRITICAL, INPUT_IOMMUS | INPUT_DEVICES | INPUT_ENTRIES,
		   "The IOMMU can't walk such a table: all DMA of the device fails.",
		   "Compare 'iommus' (HATS, GATS, GLXSup in the features) with 'dte BDF'.",
		   check_entries},
	[GUEST] =
		{"dte-guest", "Guest translation fields of device table entries agree",
		 SEVERITY_CRITICAL, INPUT_IOMMUS | INPUT_DEVICES | INPUT_ENTRIES,
		 "GV, GIoV, GLX and the GCR3 root belong together; when they contradict each other, "
		 "DMA goes by the wrong table or by none.",
		 "Look at the entry with 'dte BDF'; the driver writes these fields at one go, so "
		 "suspect corruption or an entry caught between two writes.",
		 check_entries},
	[ROOT] =
		{"dte-root", "Device table entries point to tables in pages of the kernel's",
		 SEVERITY_CRITICAL, INPUT_DEVICES | INPUT_ENTRIES | INPUT_PAGES,
		 "The page is no memory, free or someone else's: what stands there decides where DMA "
		 "of the device goes.",
		 "Compare 'dte BDF' with 'domains'; 'page ADDRESS' tells what the page is used for. "
		 "Suspect corruption, or a table that was freed while in use.",
		 check_root_pages},
	[DRIVER] =
		{"dte-driver", "Device table entries are what the driver asked for",
		 SEVERITY_CRITICAL, INPUT_DEVICES | INPUT_DOMAINS | INPUT_ENTRIES,
		 "DMA of the device goes by another table, or another domain ID, than the kernel "
		 "maps and flushes for it: it reaches memory that is not its own, or stale "
		 "translations stay in use.",
		 "Compare both with 'dte BDF'. If the dump was taken while the device was being "
		 "attached or reset, the difference may be just that; else suspect corruption. An "
		 "entry that a capture kernel wrote is told apart and not found.",
		 check_entries},
	[ALIAS] = {"dte-alias", "Entries of a device's alias are copies of its own",
		   SEVERITY_CRITICAL, INPUT_DEVICES | INPUT_ENTRIES,
		   "The device's DMA bears the alias's ID: hardware goes by that entry, not by the "
		   "device's own.",
		   "Compare 'dte BDF' with 'dte ALIAS'.", check_entries},
	[CAPTURED] = {"dte-captured", "No device table entry was rewritten by a capture kernel",
		      SEVERITY_NOTICE, INPUT_DEVICES | INPUT_ENTRIES,
		      "From Linux 6.18 on the kernel that writes a kdump uses the crashed kernel's "
		      "device table: such an entry says nothing of the crashed kernel.",
		      "Nothing: 'devices' shows what the crashed kernel had asked for, 'dte' both.",
		      check_entries},
};

static const char *const word_names[ENTRY_WORDS_MAX] = {
	"device table entry, word 0",
	"device table entry, word 1",
	"device table entry, word 2",
	"device table entry, word 3",
};

static void entry_word(struct check *check, struct check_finding *finding,
		       const struct hw_entry *entry, unsigned word)
{
	struct datum address = entry->address;

	if (address.state == DATUM_OK)
		address.value += word * 8;
	check_word(check, finding, word_names[word], address, datum_ok(entry->words[word]));
}

static struct datum device_features(const struct snapshot *s, const struct device *device)
{
	if (device->iommu.state != DATUM_OK)
		return (struct datum){.state = device->iommu.state};
	return s->iommus[device->iommu.value].features;
}

static const struct {
	enum entry_flaw_kind kind;
	unsigned rule;
	enum check_confidence confidence;
} flaw_rules[] = {
	/* A bit that newer hardware has given a meaning is no corruption. */
	{FLAW_RESERVED, RESERVED, CONFIDENCE_LIKELY}, {FLAW_VALID, VALID, CONFIDENCE_CERTAIN},
	{FLAW_VALUE, VALUE, CONFIDENCE_CERTAIN},      {FLAW_LIMIT, LIMIT, CONFIDENCE_CERTAIN},
	{FLAW_GUEST, GUEST, CONFIDENCE_CERTAIN},      {FLAW_ROOT, ROOT, CONFIDENCE_CERTAIN},
};

/* What hangs on the features: without them only what the entry asks for can be told. */
static void check_features(struct check *check, const struct device *device, struct datum features)
{
	if (device->dma == DMA_TRANSLATED || device->dma == DMA_GUEST ||
	    device->dma == DMA_NESTED) {
		enum datum_state state =
			features.state == DATUM_NONE ? DATUM_ABSENT : features.state;

		check_known(check, &rules[LIMIT], device->name, "features of its IOMMU", state);
		if (device->dma != DMA_TRANSLATED)
			check_known(check, &rules[GUEST], device->name, "features of its IOMMU",
				    state);
	}
}

/* roots: those of dte-root, else all others. */
static void tell_flaws(struct check *check, const struct device *device, bool roots)
{
	struct datum features = device_features(check->snapshot, device);
	struct entry_flaw flaws[ENTRY_FLAWS_MAX];
	size_t n = check->driver->ops->entry_flaws(device->entry.words, features,
						   check->target->sme_mask, flaws);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(flaw_rules); k++) {
			if (flaw_rules[k].kind != flaws[i].kind ||
			    (flaws[i].kind == FLAW_ROOT) != roots)
				continue;
			struct check_finding *f =
				check_find(check, &rules[flaw_rules[k].rule], device->name, NULL,
					   flaw_rules[k].confidence, "%s", flaws[i].message);
			entry_word(check, f, &device->entry, flaws[i].word);
		}
	if (!roots)
		check_features(check, device, features);
}

/* The domain that the driver has attached lets DMA through, by a table or as it is. */
static bool domain_lets_through(const struct domain *domain)
{
	return domain && domain->address &&
	       !(domain->type_name && !strcmp(domain->type_name, "blocked"));
}

static void check_valid(struct check *check, const struct device *device)
{
	const struct domain *domain = device_domain(check->snapshot, device);
	struct check_finding *f = NULL;

	if (!check_known(check, &rules[VALID], device->name, "domain", device->domain.state))
		return;
	if (!domain_lets_through(domain))
		return;
	if (device->dma == DMA_UNCHECKED)
		f = check_find(
			check, &rules[VALID], device->name, NULL, CONFIDENCE_CERTAIN,
			"V is clear: DMA passes unchecked, though the driver has attached %s",
			domain_words(check->snapshot, domain).object);
	else if (device->dma == DMA_BLOCKED)
		f = check_find(check, &rules[VALID], device->name, NULL, CONFIDENCE_CERTAIN,
			       "the entry blocks all DMA, though the driver has attached %s",
			       domain_words(check->snapshot, domain).object);
	entry_word(check, f, &device->entry, 0);
	if (f && domain->id_address)
		check_word_at(check, f, "the domain's ID", domain->id_address, domain->id);
}

/* Where the entry and the domain differ, in words; the number of the first word that shows it. */
static int find_difference(const struct device *device, const struct domain *domain, char *text,
			   size_t size)
{
	struct datum id = device->domain_id, root = device->pt_root, mode = device->paging_mode;

	if (!domain) {
		snprintf(text, size,
			 "the entry lets DMA through, but the driver has attached no domain");
		return 0;
	}
	bool has_table = domain->table.ops;
	if (has_table && device->dma == DMA_PASSTHROUGH) {
		snprintf(text, size,
			 "DMA passes untranslated, but the domain has a page table (0x%" PRIx64 ")",
			 domain->table.root);
		return 0;
	}
	if (!has_table && device->dma != DMA_PASSTHROUGH) {
		snprintf(text, size,
			 "DMA is translated by table 0x%" PRIx64 ", but the domain has none",
			 root.value);
		return 0;
	}
	if (has_table && !datum_is(root, domain->table.root)) {
		snprintf(text, size,
			 "page table 0x%" PRIx64 " in the entry, 0x%" PRIx64 " in the domain",
			 root.value, domain->table.root);
		return 0;
	}
	if (has_table && !datum_is(mode, domain->table.levels)) {
		snprintf(text, size, "%" PRIu64 " levels in the entry, %u in the domain",
			 mode.value, domain->table.levels);
		return 0;
	}
	if (!datum_is(id, domain->id.value)) {
		snprintf(text, size,
			 "domain ID 0x%" PRIx64 " in the entry, 0x%" PRIx64 " in the domain",
			 id.value, domain->id.value);
		return 1;
	}
	return -1;
}

static void check_driver(struct check *check, const struct device *device)
{
	const struct rule *rule = &rules[DRIVER];
	const struct domain *domain = device_domain(check->snapshot, device);
	char text[160];

	if (device->entry.writer != WRITER_UNKNOWN || device->dma == DMA_ILLEGAL)
		return;
	if (!check_known(check, rule, device->name, "domain", device->domain.state))
		return;
	/* Told by dte-valid. */
	if (device->dma == DMA_UNCHECKED || device->dma == DMA_BLOCKED)
		return;
	if (domain && domain->address) {
		char object[40];

		snprintf(object, sizeof(object), "domain 0x%" PRIx64, domain->address);
		bool known = check_known(check, rule, object, "id", domain->id.state);
		if (!check_known(check, rule, object, "page table", domain->table_state) || !known)
			return;
	}
	if (!check_known(check, rule, device->name, "domain ID for PASIDs", device->driver_pasids))
		return;
	int word = find_difference(device, domain, text, sizeof(text));
	if (word < 0)
		return;
	struct check_finding *f =
		check_find(check, rule, device->name, NULL, CONFIDENCE_LIKELY, "%s", text);
	entry_word(check, f, &device->entry, (unsigned)word);
	if (f && domain && domain->id_address)
		check_word_at(check, f, "the domain's ID", domain->id_address, domain->id);
}

static bool is_same_dma(const struct hw_entry *a, const struct hw_entry *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1];
}

/* Devices by their group. */
static struct error *index_groups(const struct snapshot *s, struct key_index *ret)
{
	for (uint32_t i = 0; i < s->n_devices; i++)
		if (s->devices[i].group.state == DATUM_OK &&
		    !key_index_add(ret, s->devices[i].group.value, i))
			return error_no_memory;
	key_index_sort(ret);
	return NULL;
}

/* Devices of a group may share an alias: its entry is then a copy of one of theirs. */
static bool is_any_copy(const struct snapshot *s, const struct key_index *groups,
			const struct device *device, const struct hw_entry *alias)
{
	if (device->entry.state == DATUM_OK && is_same_dma(alias, &device->entry))
		return true;
	if (device->group.state != DATUM_OK)
		return false;
	for (size_t i = key_index_first(groups, device->group.value);
	     i < groups->n && groups->at[i].key == device->group.value; i++) {
		const struct device *d = &s->devices[groups->at[i].index];

		if (d->entry.state == DATUM_OK && is_same_dma(alias, &d->entry))
			return true;
	}
	return false;
}

static struct error *check_alias(struct check *check, const struct key_index *groups,
				 const struct device *device)
{
	const struct rule *rule = &rules[ALIAS];
	struct snapshot *s = check->snapshot;
	struct hw_entry alias;

	if (!check_wants(check, rule) ||
	    !check_known(check, rule, device->name, "alias", device->alias.state))
		return NULL;
	if (device->alias.state != DATUM_OK || device->alias.value == device->devid)
		return NULL;
	struct error *err = check->driver->ops->read_entry(check->driver, s, device->segment,
							   (uint16_t)device->alias.value, &alias);
	if (err && !error_is_unreadable(err))
		return err;
	if (err) {
		check_gap_of(check, rule, device->name, "alias's entry", err);
		return NULL;
	}
	if (!check_known(check, rule, device->name, "alias's entry", alias.state) ||
	    alias.state != DATUM_OK || is_any_copy(s, groups, device, &alias))
		return NULL;
	struct check_finding *f = check_find(
		check, rule, device->name, NULL, CONFIDENCE_LIKELY,
		"its DMA bears the ID %02x:%02x.%x, whose entry differs",
		(unsigned)device->alias.value >> 8, (unsigned)device->alias.value >> 3 & 31,
		(unsigned)device->alias.value & 7);
	unsigned word = alias.words[0] == device->entry.words[0];
	entry_word(check, f, &device->entry, word);
	entry_word(check, f, &alias, word);
	return NULL;
}

static void check_captured(struct check *check, const struct device *device)
{
	if (device->entry.writer != WRITER_CAPTURE)
		return;
	struct check_finding *f =
		check_find(check, &rules[CAPTURED], device->name, NULL, CONFIDENCE_CERTAIN,
			   "the entry points into the capture kernel's memory");
	entry_word(check, f, &device->entry, 0);
}

static struct error *check_entry(struct check *check, const struct key_index *groups,
				 const struct device *device)
{
	bool known = true;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		known = check_known(check, &rules[i], device->name, "device table entry",
				    device->entry.state);
	if (!known || device->entry.state != DATUM_OK)
		return NULL;
	check_captured(check, device);
	tell_flaws(check, device, false);
	if (device->entry.writer == WRITER_CAPTURE)
		return NULL;
	check_valid(check, device);
	check_driver(check, device);
	return check_alias(check, groups, device);
}

static struct error *check_entries(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	_cleanup_(key_index_free) struct key_index groups = {0};
	struct error *err = index_groups(s, &groups);

	for (uint32_t i = 0; i < s->n_devices && !err; i++) {
		err = target_poll(check->target);
		if (!err)
			err = check_entry(check, &groups, &s->devices[i]);
	}
	return err;
}

/* A table's page is the kernel's own. What is on no list and counted nowhere may be one of several
   pages that were allocated at one go. */
static bool is_tables_page(struct page_map *map, const struct page_facts *facts)
{
	switch (facts->use) {
	case PAGE_KERNEL:
	case PAGE_RESERVED:
	case PAGE_TABLE:
	case PAGE_UNKNOWN:
		return true;
	case PAGE_UNREFERENCED: {
		struct datum listed = page_is_listed(map, facts->address);

		return listed.state != DATUM_OK || !listed.value;
	}
	default:
		return false;
	}
}

static void check_root_page(struct check *check, struct page_map *map, const struct device *device)
{
	const struct rule *rule = &rules[ROOT];
	uint64_t root = device->pt_root.value;

	if (!check_known(check, rule, device->name, "device table entry", device->entry.state) ||
	    device->entry.state != DATUM_OK || device->entry.writer == WRITER_CAPTURE)
		return;
	tell_flaws(check, device, true);
	check_known(check, rule, device->name, "page table", device->pt_root.state);
	if (device->pt_root.state != DATUM_OK || device->dma == DMA_ILLEGAL || !root)
		return;
	struct page_facts facts = page_facts_read(map, root);
	if (facts.use == PAGE_UNKNOWN) {
		char object[40];

		snprintf(object, sizeof(object), "page 0x%" PRIx64, facts.address);
		check_known(check, rule, object, "use",
			    facts.state == DATUM_NONE ? DATUM_ABSENT : facts.state);
	}
	if (is_tables_page(map, &facts))
		return;
	struct check_finding *f =
		check_find(check, rule, device->name, NULL, CONFIDENCE_CERTAIN,
			   "the page table 0x%" PRIx64 " lies in a page that is %s", root,
			   page_use_name(facts.use));
	entry_word(check, f, &device->entry, 0);
	if (f && facts.flags.state == DATUM_OK)
		check_word_at(check, f, "flags of its struct page", facts.flags_address,
			      facts.flags);
}

static struct error *check_root_pages(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	const struct reader reader = {.kernel = check->kernel,
				      .problems = &check->snapshot->problems};
	_cleanup_(page_map_closep) struct page_map *map = NULL;
	struct error *err = page_map_open(&reader, &map);

	if (err && (error_code(err) == ERROR_NO_MEMORY || error_code(err) == ERROR_STOPPED))
		return err;
	if (err) {
		check_gap_of(check, &rules[ROOT], "pages", "what they are used for", err);
		return NULL;
	}
	for (uint32_t i = 0; i < s->n_devices; i++)
		check_root_page(check, map, &s->devices[i]);
	return NULL;
}

const struct rule_set device_table_rules = {"device-table", "Device table", rules,
					    ARRAY_SIZE(rules)};
