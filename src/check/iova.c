/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMA API's allocator of IOVAs against what is mapped. */
#include "model/iova.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "check/page_tables.h"

static struct error *check_iovas(struct check *check);

enum { STALE, LEAK, LOW, RULES };

static const struct rule rules[RULES] = {
	[STALE] =
		{"iova-stale", "What the DMA API has unmapped is not mapped any more",
		 SEVERITY_CRITICAL, INPUT_DOMAINS | INPUT_TABLES | INPUT_IOVAS,
		 "The device still reaches memory whose address was given back: the next buffer that gets "
		 "the address is mapped over it, or DMA to the old one goes on.",
		 "'iova BDF --differences' shows the ranges, 'walk BDF IOVA' where they lead; suspect a "
		 "driver that maps past the DMA API, or a failed unmap.",
		 check_iovas},
	[LEAK] =
		{"iova-leak", "Every IOVA that is given out is mapped", SEVERITY_WARNING,
		 INPUT_DOMAINS | INPUT_TABLES | INPUT_IOVAS,
		 "Addresses that lead nowhere are lost to the device; when many are, mapping fails.",
		 "'iova BDF --differences' shows the ranges. A mapping that was being made as the dump was "
		 "taken is none; compare two dumps for growth.",
		 check_iovas},
	[LOW] = {"iova-low", "Devices with 32-bit addresses find room", SEVERITY_WARNING,
		 INPUT_DOMAINS | INPUT_TABLES | INPUT_IOVAS,
		 "Below 4 GB hardly an address is left: devices that can't go beyond get no more mappings, and "
		 "their drivers fail.",
		 "'iova BDF --summary' shows what is in use; look for a driver that maps and never unmaps.",
		 check_iovas},
};

#define LOW_END (UINT64_C(1) << 32)
#define FULL_PERCENT 95

struct iova_walk {
	struct check *check;
	const struct domain *domain;
	struct domain_words words;
	uint64_t low_in_use, low_reserved; /* bytes below 4 GB */
};

static uint64_t low_part(const struct iova_piece *p)
{
	uint64_t end = p->last < LOW_END ? p->last + 1 : LOW_END;

	return p->first < end ? end - p->first : 0;
}

static void find_difference(struct iova_walk *w, const struct iova_piece *p)
{
	static const struct {
		unsigned rule;
		enum check_confidence confidence;
		const char *text;
	} kinds[IOVA_DIFFERENCES] = {
		[IOVA_AGREES] = {RULES, CONFIDENCE_CERTAIN, NULL},
		[IOVA_UNMAPPED] = {LEAK, CONFIDENCE_LIKELY,
				   "is given out, and nothing is mapped there"},
		[IOVA_MAPPED_FREE] = {STALE, CONFIDENCE_LIKELY,
				      "was given back, and is still mapped"},
		[IOVA_MAPPED_RESERVED] = {STALE, CONFIDENCE_LIKELY,
					  "is not to be given out, and is mapped"},
		[IOVA_MAPPED_BESIDE] = {STALE, CONFIDENCE_LIKELY,
					"is mapped, and the allocator knows nothing of it"},
	};

	if (kinds[p->difference].rule == RULES)
		return;
	struct check_finding *f = check_find(
		w->check, &rules[kinds[p->difference].rule], w->words.object, w->words.stable,
		kinds[p->difference].confidence, "IOVA 0x%" PRIx64 "-0x%" PRIx64 " %s", p->first,
		p->last, kinds[p->difference].text);
	if (w->domain->table.ops)
		check_entry_word(w->check, f, &w->domain->table, p->first);
}

static struct error *visit_piece(void *arg, const struct iova_piece *piece)
{
	struct iova_walk *w = arg;

	find_difference(w, piece);
	if (piece->known == DATUM_OK && piece->state == IOVA_IS_RESERVED)
		w->low_reserved += low_part(piece);
	else if (piece->state != IOVA_IS_NONE)
		w->low_in_use += low_part(piece);
	return target_poll(w->check->target);
}

static void find_low(struct iova_walk *w, const struct iova_totals *totals)
{
	uint64_t room = LOW_END - (w->low_reserved < LOW_END ? w->low_reserved : LOW_END);

	if (w->low_in_use < room / 100 * FULL_PERCENT)
		return;
	struct check_finding *f = check_find(
		w->check, &rules[LOW], w->words.object, w->words.stable, CONFIDENCE_CERTAIN,
		"%" PRIu64 " MB of %" PRIu64 " MB below 4 GB are in use", w->low_in_use >> 20,
		room >> 20);
	check_word_at(w->check, f, "the allocator (struct iova_domain)", totals->allocator,
		      (struct datum){.state = DATUM_ABSENT});
}

static void all_unknown(struct iova_walk *w, const char *what, enum datum_state state,
			const char *reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		check_unknown(w->check, &rules[i], w->words.object, what, state, reason);
}

static struct error *check_domain(struct iova_walk *w)
{
	struct problems problems = {0};
	struct iova_totals totals;
	struct error *err = iova_compare(w->check->kernel, w->check->snapshot, w->domain,
					 w->words.object, &problems, visit_piece, w, &totals);

	for (size_t i = 0; i < problems.n; i++)
		all_unknown(w, problems.at[i].what, problems.at[i].state, problems.at[i].message);
	if (!err && totals.has_allocator && !totals.is_whole && !problems.n)
		all_unknown(w, "IOVA allocator", DATUM_ABSENT,
			    "what holds free addresses is not known in full");
	problems_free(&problems);
	if (!err && totals.has_allocator)
		find_low(w, &totals);
	if (!err || error_code(err) == ERROR_STOPPED || error_code(err) == ERROR_NO_MEMORY)
		return err;
	all_unknown(w, "IOVA allocator", datum_state_of(err), error_message(err));
	error_free(err);
	return NULL;
}

static bool is_dma_api(const struct domain *domain)
{
	return domain->type_name &&
	       (!strcmp(domain->type_name, "dma") || !strcmp(domain->type_name, "dma-fq"));
}

static struct error *check_iovas(struct check *check)
{
	const struct snapshot *s = check->snapshot;
	struct error *err = NULL;

	for (uint32_t i = 0; i < s->n_domains && !err; i++) {
		struct iova_walk w = {.check = check, .domain = &s->domains[i]};

		w.words = domain_words(s, w.domain);
		for (size_t k = 0; k < ARRAY_SIZE(rules); k++)
			check_known(check, &rules[k], w.words.object, "type", w.domain->type.state);
		if (is_dma_api(w.domain))
			err = check_domain(&w);
	}
	return err;
}

const struct rule_set iova_rules = {"iova", "IOVA allocators", rules, ARRAY_SIZE(rules)};
