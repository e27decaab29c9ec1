/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables in hostile memory: both formats, one stage and two, and the tables of PASIDs. The
 * bytes in front of the memory say which. A damaged table of six levels may lead to itself over and
 * over, and to 2^45 leaves: so a visitor stops after so many, as a user would.
 */
#include "amd/walk.h"
#include "fuzz.h"

#define VISITS 5000

static struct error *count(void *arg)
{
	unsigned *visits = arg;

	return ++*visits > VISITS ? error_stopped : NULL;
}

static struct error *see_leaf(void *arg, const struct leaf *leaf)
{
	/* What commands go by. */
	if (!leaf->size || leaf->size & (leaf->size - 1) || leaf->iova & (leaf->size - 1))
		__builtin_trap();
	return count(arg);
}

static struct error *see_table(void *arg, uint64_t pa, unsigned level, uint64_t iova)
{
	(void)pa;
	(void)level;
	(void)iova;
	return count(arg);
}

static struct error *see_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	(void)iova;
	(void)size;
	error_free(err);
	return count(arg);
}

static struct error *see_damage(void *arg, const struct table_damage *damage)
{
	(void)damage;
	return count(arg);
}

static void walk(struct target *target, const struct page_table *table, uint64_t first,
		 uint64_t last)
{
	unsigned visits = 0;
	const struct page_table_visitor all = {see_leaf, see_table, see_unknown, &visits,
					       see_damage};
	struct translation steps;

	fuzz_ignore(table->ops->walk(target, table, first, last, &all));
	fuzz_ignore(table->ops->translate(target, table, first, &steps));
	fuzz_ignore(table->ops->translate(target, table, last, &steps));
}

struct pasids {
	struct target *target;
	unsigned visits;
};

static struct error *see_pasid(void *arg, uint32_t pasid, const struct page_table *table)
{
	struct pasids *pasids = arg;

	(void)pasid;
	if (pasids->visits < 4)
		walk(pasids->target, table, 0, 1 << 20);
	return count(&pasids->visits);
}

static struct error *miss_pasids(void *arg, uint32_t first, uint32_t last, struct error *err)
{
	struct pasids *pasids = arg;

	(void)first;
	(void)last;
	error_free(err);
	return count(&pasids->visits);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	unsigned kind = (unsigned)input_le(&input, 1);
	unsigned levels = (unsigned)input_le(&input, 1);
	uint64_t root = input_le(&input, 2) << 12, first = input_le(&input, 8);
	uint64_t length = input_le(&input, 8);
	struct hostile hostile;

	hostile_init(&hostile, input);
	const struct page_table host = {
		.ops = &page_table_v1, .root = root, .levels = levels % 6 + 1};
	const struct page_table table = {
		.ops = kind & 1 ? &page_table_v2 : &page_table_v1,
		.root = root,
		.levels = kind & 1 ? 4 + levels / 6 % 2 : levels / 6 % 6 + 1,
		.host = kind & 2 ? &host : NULL,
		.sign_extended = kind & 1,
		.sme_mask = kind & 4 ? UINT64_C(1) << 47 : 0,
	};
	const struct pasid_table pasid_table = {
		.ops = &gcr3_table,
		.root = root,
		.levels = levels % 3 + 1,
		.in_host = kind & 2,
		.pages = {.ops = &page_table_v2, .levels = 4, .host = table.host},
	};
	struct pasids pasids = {&hostile.base, 0};
	const struct pasid_visitor all_pasids = {see_pasid, miss_pasids, &pasids};
	uint64_t last = first + length < first ? UINT64_MAX : first + length;

	if (!(kind & 8))
		walk(&hostile.base, &table, first, last);
	else
		fuzz_ignore(gcr3_table.each(&hostile.base, &pasid_table, &all_pasids));
}
