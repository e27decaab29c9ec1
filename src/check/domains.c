/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains and their IDs, against the allocator. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/key_index.h"
#include "check/rule.h"
#include "model/domain_ids.h"

static struct error *check_shared(struct check *check);
static struct error *check_allocator(struct check *check);

enum { SHARED, UNALLOCATED, LEAKED, COPIED, EXHAUSTED };

static const struct rule rules[] = {
	[SHARED] =
		{"domain-id-shared", "No two domains have the same ID", SEVERITY_CRITICAL,
		 INPUT_DEVICES | INPUT_DOMAINS,
		 "The IOMMU tags what it caches by the ID: devices of one domain can be served from "
		 "the other's translations.",
		 "Compare both domains with 'domains ID' and the allocator with 'domids'.",
		 check_shared},
	[UNALLOCATED] =
		{"domain-id-free", "Every domain ID in use is allocated", SEVERITY_CRITICAL,
		 INPUT_DEVICES | INPUT_DOMAINS | INPUT_IDS,
		 "The next domain can be given the same ID, and then shares cached translations "
		 "with this one: a use after free, or corruption.",
		 "Compare 'domids' with 'domains'; look in the kernel log for a device that was "
		 "being removed.",
		 check_allocator},
	[LEAKED] =
		{"domain-id-leaked", "Every allocated domain ID has a user", SEVERITY_NOTICE,
		 INPUT_DEVICES | INPUT_DOMAINS | INPUT_IDS,
		 "An ID without a user was leaked, or its domain has no device just now. Leaks come to "
		 "matter when all 65535 are gone.",
		 "A few are harmless; 'domids' shows which. Compare two dumps for growth.",
		 check_allocator},
	[COPIED] =
		{"domain-id-copied", "No domain IDs are kept for a crashed kernel's devices",
		 SEVERITY_NOTICE, INPUT_IOMMUS | INPUT_DEVICES | INPUT_DOMAINS | INPUT_IDS,
		 "This kernel found translation on when it started (a capture kernel) and set aside "
		 "the IDs in the device table that it took over; they have no domain here.",
		 "Nothing: it is how a capture kernel keeps the crashed kernel's devices at bay.",
		 check_allocator},
	[EXHAUSTED] =
		{"domain-ids-low", "Domain IDs are not running out", SEVERITY_WARNING,
		 INPUT_DEVICES | INPUT_IDS,
		 "When all are allocated no further domain can be made: attaching devices to VMs "
		 "fails.",
		 "'domids' shows who has them and how many are leaked; a leak needs a newer kernel "
		 "or a reboot.",
		 check_allocator},
};

#define FEW_LEFT (DOMAIN_IDS / 10)

/* True: the IDs of all domains are known. */
static bool note_unread_domains(struct check *check, const struct rule *rule)
{
	const struct snapshot *s = check->snapshot;
	bool known = s->domains_state == DATUM_OK && s->devices_state == DATUM_OK;

	for (uint32_t i = 0; i < s->n_domains; i++) {
		const struct domain *d = &s->domains[i];
		char object[40];

		snprintf(object, sizeof(object), "domain 0x%" PRIx64,
			 d->address ? d->address : d->core_address);
		known = check_known(check, rule, object, "id", d->id.state) && known;
	}
	return known;
}

/* Likewise those in the device table. */
static bool note_unread_users(struct check *check, const struct rule *rule)
{
	const struct snapshot *s = check->snapshot;
	bool known = note_unread_domains(check, rule);

	for (uint32_t i = 0; i < s->n_devices; i++)
		known = check_known(check, rule, s->devices[i].name, "device table entry",
				    s->devices[i].domain_id.state) &&
			known;
	return known;
}

static void find_shared(struct check *check, uint32_t id)
{
	const struct snapshot *s = check->snapshot;
	const struct domain *first;
	uint32_t n = snapshot_domains_of_id(s, id, &first);
	char object[32];

	snprintf(object, sizeof(object), "domain ID 0x%" PRIx32, id);
	struct check_finding *f =
		check_find(check, &rules[SHARED], object, domain_words(s, first).stable,
			   CONFIDENCE_CERTAIN, "%" PRIu32 " domains bear it", n);
	for (uint32_t i = 0; i < n && f; i++)
		check_word_at(check, f, "a domain's ID", first[i].id_address, first[i].id);
}

static struct error *check_shared(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	_cleanup_(freep) struct domain_id_use *use = calloc(1, sizeof(*use));

	if (!use)
		return error_no_memory;
	note_unread_domains(check, &rules[SHARED]);
	domain_ids_collect(s, use);
	for (uint32_t id = domain_id_next(use->shared, NULL, 1); id < DOMAIN_IDS;
	     id = domain_id_next(use->shared, NULL, id + 1))
		find_shared(check, id);
	return NULL;
}

/* The word of the allocator that shows it; of an IDA, which is a tree, where that begins. */
static void allocator_word(struct check *check, struct check_finding *f, uint32_t id)
{
	const struct domain_ids *ids = &check->snapshot->ids;

	if (!f || !ids->address)
		return;
	if (ids->is_bitmap)
		check_word_at(check, f, "the allocator's bitmap", ids->address + id / 64 * 8,
			      datum_ok(ids->bitmap[id / 64]));
	else
		check_word_at(check, f, "the allocator (IDA)", ids->address,
			      (struct datum){.state = DATUM_ABSENT});
}

static void find_unallocated(struct check *check, const struct key_index *by_id, uint32_t id)
{
	const struct snapshot *s = check->snapshot;
	int64_t first = key_index_find(by_id, id);
	const struct device *device = first < 0 ? NULL : &s->devices[first];
	const struct domain *domain;
	struct check_finding *f;
	char object[32];

	snapshot_domains_of_id(s, id, &domain);
	snprintf(object, sizeof(object), "domain ID 0x%" PRIx32, id);
	f = check_find(check, &rules[UNALLOCATED], object,
		       domain	? domain_words(s, domain).stable
		       : device ? device->name
				: NULL,
		       CONFIDENCE_CERTAIN, "%s bears it, but the allocator has it free",
		       domain ? "a domain" : "a device table entry");
	if (f && domain)
		check_word_at(check, f, "the domain's ID", domain->id_address, domain->id);
	else if (f && device && device->entry.state == DATUM_OK)
		check_word(check, f, "device table entry, word 1",
			   device->entry.address.state == DATUM_OK
				   ? datum_ok(device->entry.address.value + 8)
				   : device->entry.address,
			   datum_ok(device->entry.words[1]));
	allocator_word(check, f, id);
}

static struct error *find_all_unallocated(struct check *check, const struct domain_id_use *use)
{
	const struct snapshot *s = check->snapshot;
	_cleanup_(key_index_free) struct key_index by_id = {0};

	for (uint32_t i = 0; i < s->n_devices; i++)
		if (s->devices[i].domain_id.state == DATUM_OK &&
		    !key_index_add(&by_id, s->devices[i].domain_id.value, i))
			return error_no_memory;
	key_index_sort(&by_id);
	for (uint32_t id = domain_id_next(use->in_use, s->ids.bitmap, 1); id < DOMAIN_IDS;
	     id = domain_id_next(use->in_use, s->ids.bitmap, id + 1))
		find_unallocated(check, &by_id, id);
	return NULL;
}

static bool took_over(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	bool taken = false;

	for (uint32_t i = 0; i < s->n_iommus; i++) {
		const struct iommu_unit *u = &s->iommus[i];

		check_known(check, &rules[COPIED], u->name.value ? u->name.value : "IOMMU", "flags",
			    u->taken_over.state);
		taken = taken || (u->taken_over.state == DATUM_OK && u->taken_over.value);
	}
	return taken;
}

/* One finding for all: which IDs they are differs from boot to boot. */
static void find_leaked(struct check *check, const struct domain_id_use *use)
{
	const struct snapshot *s = check->snapshot;
	const struct rule *rule = took_over(check) ? &rules[COPIED] : &rules[LEAKED];
	uint32_t first = domain_id_next(s->ids.bitmap, use->in_use, 1), n = 0;

	for (uint32_t id = first; id < DOMAIN_IDS;
	     id = domain_id_next(s->ids.bitmap, use->in_use, id + 1))
		n++;
	if (!n)
		return;
	struct check_finding *f = check_find(
		check, rule, "domain IDs", NULL, CONFIDENCE_POSSIBLE,
		"%" PRIu32 " allocated without a user, the first is 0x%" PRIx32, n, first);
	allocator_word(check, f, first);
}

static void find_exhausted(struct check *check)
{
	const uint64_t *bitmap = check->snapshot->ids.bitmap;
	uint32_t n_free = DOMAIN_IDS - 1;

	for (uint32_t id = domain_id_next(bitmap, NULL, 1); id < DOMAIN_IDS;
	     id = domain_id_next(bitmap, NULL, id + 1))
		n_free--;
	if (n_free >= FEW_LEFT)
		return;
	struct check_finding *f =
		check_find(check, &rules[EXHAUSTED], "domain IDs", NULL, CONFIDENCE_CERTAIN,
			   "%" PRIu32 " of %d are left", n_free, DOMAIN_IDS - 1);
	allocator_word(check, f, 0);
}

static struct error *check_allocator(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	_cleanup_(freep) struct domain_id_use *use = calloc(1, sizeof(*use));

	if (!use)
		return error_no_memory;
	if (s->ids.state != DATUM_OK)
		return NULL;
	domain_ids_collect(s, use);
	struct error *err = find_all_unallocated(check, use);
	if (err)
		return err;
	find_exhausted(check);
	note_unread_users(check, &rules[UNALLOCATED]);
	note_unread_users(check, &rules[COPIED]);
	/* With a user unread, an ID without one is not yet leaked. */
	if (note_unread_users(check, &rules[LEAKED]))
		find_leaked(check, use);
	return NULL;
}

const struct rule_set domain_rules = {"domains", "Domains and their IDs", rules, ARRAY_SIZE(rules)};
