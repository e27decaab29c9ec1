/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "cmd/physical.h"
#include "cmd/select.h"
#include "kernel/page.h"

enum rmap_column {
	COL_PA,
	COL_SIZE,
	COL_IOVA,
	COL_DOMAIN,
	COL_READ,
	COL_WRITE,
	COL_DEVICES,
	COL_WAY,
	COL_PASID,
	COL_TYPE,
	COL_ADDRESS,
	COL_USE,
};

static const struct column columns[] = {
	[COL_PA] = {"pa", "PHYSICAL", VALUE_HEX, 0, "first address of the memory", .width = 18},
	[COL_SIZE] = {"size", "SIZE", VALUE_SIZE, 0, "bytes", .width = 8},
	[COL_IOVA] = {"iova", "IOVA", VALUE_HEX, 0, "first address that the devices use for it",
		      .width = 18},
	[COL_DOMAIN] = {"domain_id", "DOMAIN", VALUE_HEX, 0, "domain ID", .width = 6},
	[COL_READ] = {"read", "READ", VALUE_BOOL, 0, "they can read it", .width = 5},
	[COL_WRITE] = {"write", "WRITE", VALUE_BOOL, 0, "they can write it", .width = 5},
	[COL_DEVICES] = {"devices", "DEVICES", VALUE_TEXT, COLUMN_ARRAY,
			 "devices that can reach it so; none: a domain without devices maps it",
			 .width = 12},
	[COL_WAY] = {"way", "WAY", VALUE_TEXT, COLUMN_EXTRA,
		     "table (a page table maps it), passthrough (the devices reach all of memory), "
		     "unchecked (likewise: hardware has no valid entry for them)",
		     .width = 11},
	[COL_PASID] = {"pasid", "PASID", VALUE_HEX, COLUMN_EXTRA,
		       "PASID of the requests, where the table is a process's or a guest's",
		       .width = 7},
	[COL_TYPE] = {"domain_type", "TYPE", VALUE_TEXT, COLUMN_EXTRA,
		      "of the domain: dma, dma-fq, identity, unmanaged, ...", .width = 9},
	[COL_ADDRESS] = {"domain", "OBJECT", VALUE_HEX, COLUMN_EXTRA,
			 "the driver's domain object, struct protection_domain", .width = 18},
	[COL_USE] = {"use", "USE", VALUE_TEXT, COLUMN_EXTRA,
		     "what the page at `pa` is used for, as `page` has it (with --use)",
		     .width = 14},
};

static const struct table rmap_table = {"rmap", VIEW_STREAM, columns, ARRAY_SIZE(columns)};

static const struct command_option options[] = {
	PHYSICAL_OPTIONS,
	{"use", NULL, "what the memory is used for: free, slab, ..."},
};

/* A device whose requests, all or those with some PASID, go by a domain's table. */
struct member {
	uint32_t domain, device; /* indexes */
};

struct members {
	struct member *at;
	size_t n, room;
};

/* One way to the memory: what the rows of a walk have in common. */
struct reach {
	struct command_call *call;
	const struct snapshot *s;
	struct target *target;
	const struct physical *wanted;
	struct page_map *pages; /* NULL: without --use */
	struct members members;
	uint32_t device; /* whose table of PASIDs is gone through */
	char label[40];
	const struct domain *domain; /* NULL: of no domain */
	struct datum domain_id;
	const char *way;
	struct datum pasid;
	struct selection devices;
	struct leaf run; /* leaves joined so far, whole; size 0: none */
};

static void emit_devices(const struct reach *r)
{
	struct emit *e = r->call->emit;

	if (!r->devices.n)
		emit_datum(e, COL_DEVICES, none_of(r->s));
	for (size_t i = 0; i < r->devices.n; i++)
		emit_text(e, COL_DEVICES, r->s->devices[r->devices.at[i]].name);
}

static void emit_use(const struct reach *r, uint64_t pa)
{
	if (!r->pages)
		return;
	struct page_facts facts = page_facts_read(r->pages, pa);

	if (facts.use == PAGE_UNKNOWN)
		emit_datum(r->call->emit, COL_USE, (struct datum){.state = facts.state});
	else
		emit_text(r->call->emit, COL_USE, page_use_name(facts.use));
}

static struct error *put_row(const struct reach *r, const struct leaf *run, struct range part)
{
	struct emit *e = r->call->emit;

	emit_row_begin(e);
	emit_number(e, COL_PA, part.first);
	emit_number(e, COL_SIZE, part.last - part.first + 1);
	emit_number(e, COL_IOVA, run->iova + (part.first - run->pa));
	emit_datum(e, COL_DOMAIN, r->domain_id);
	emit_bool(e, COL_READ, run->read);
	emit_bool(e, COL_WRITE, run->write);
	emit_devices(r);
	emit_text(e, COL_WAY, r->way);
	emit_datum(e, COL_PASID, r->pasid);
	if (r->domain) {
		emit_text(e, COL_TYPE, r->domain->type_name);
		emit_number(e, COL_ADDRESS,
			    r->domain->address ? r->domain->address : r->domain->core_address);
	}
	emit_use(r, part.first);
	emit_row_end(e);
	return emit_failed(e) ? error_stopped : NULL;
}

/* The parts of the run that were asked about; ends it. */
static struct error *flush_run(struct reach *r)
{
	const struct leaf run = r->run;
	uint64_t from = run.pa, last = run.pa + (run.size - 1);
	struct error *err = NULL;
	struct range part;

	r->run.size = 0;
	while (run.size && !err && physical_part(r->wanted, from, last, &part)) {
		err = put_row(r, &run, part);
		if (part.last == last)
			break;
		from = part.last + 1;
	}
	return err;
}

static struct error *take_leaf(void *arg, const struct leaf *leaf)
{
	struct reach *r = arg;
	struct leaf *run = &r->run;
	uint64_t last = leaf->pa + (leaf->size - 1);
	struct range part;

	if (last < r->wanted->at[0].first || leaf->pa > r->wanted->at[r->wanted->n - 1].last ||
	    !physical_part(r->wanted, leaf->pa, last, &part))
		return NULL;
	if (run->size && leaf->iova == run->iova + run->size && leaf->pa == run->pa + run->size &&
	    leaf->read == run->read && leaf->write == run->write) {
		run->size += leaf->size;
		return NULL;
	}
	struct error *err = flush_run(r);
	r->run = *leaf;
	return err;
}

static struct error *note_unknown(void *arg, uint64_t iova, uint64_t size, struct error *err)
{
	struct reach *r = arg;

	problems_add(r->call->problems, err, "whether it reaches this memory",
		     "%s IOVA 0x%" PRIx64 "-0x%" PRIx64, r->label, iova, iova + (size - 1));
	return flush_run(r);
}

static struct error *add_device(struct reach *r, uint32_t device)
{
	uint32_t *slot = vec_push(&r->devices);

	if (slot)
		*slot = device;
	return slot ? NULL : error_no_memory;
}

static struct error *walk_table(struct reach *r, const struct page_table *table)
{
	const struct physical_span only = {r->wanted->at[0].first,
					   r->wanted->at[r->wanted->n - 1].last};
	const struct page_table_visitor visitor = {
		.leaf = take_leaf, .unknown = note_unknown, .arg = r, .only = &only};
	struct error *err = table->ops->walk(r->target, table, 0, UINT64_MAX, &visitor);

	return err ? err : flush_run(r);
}

static struct error *walk_domain(struct reach *r, uint32_t index)
{
	const struct domain *domain = &r->s->domains[index];
	struct error *err = NULL;

	r->domain = domain;
	r->domain_id = domain->id;
	r->way = "table";
	r->devices.n = 0;
	domain_label(domain, r->label, sizeof(r->label));
	for (size_t i = 0; i < r->members.n && !err; i++)
		if (r->members.at[i].domain == index)
			err = add_device(r, r->members.at[i].device);
	return err ? err : walk_table(r, &domain->table);
}

/* A domain whose table can't be told: whatever it maps is missing from the answer. */
static void miss_domain(struct reach *r, const struct domain *domain)
{
	char label[40];

	domain_label(domain, label, sizeof(label));
	problems_add(r->call->problems,
		     error_new(ERROR_CORRUPT, "its page table cannot be read or is not walked"),
		     "whether it reaches this memory", "%s", label);
}

static struct error *walk_domains(struct reach *r)
{
	struct error *err = NULL;

	for (uint32_t i = 0; i < r->s->n_domains && !err; i++) {
		const struct domain *domain = &r->s->domains[i];

		if (domain->table_state != DATUM_OK)
			miss_domain(r, domain);
		else if (domain->table.ops)
			err = walk_domain(r, i);
	}
	return err;
}

/* The devices of that fate and domain ID, from the first one on, which is r's only one so far. */
static struct error *gather_through(struct reach *r, uint32_t first, bool *is_told)
{
	const struct device *of = &r->s->devices[first];
	struct error *err = NULL;

	for (uint32_t i = first; i < r->s->n_devices && !err; i++) {
		const struct device *d = &r->s->devices[i];

		if (is_told[i] || d->dma != of->dma || d->domain_id.state != of->domain_id.state ||
		    d->domain_id.value != of->domain_id.value)
			continue;
		is_told[i] = true;
		err = add_device(r, i);
	}
	return err;
}

/* Devices whose DMA is not translated: each wanted range is theirs as it is. */
static struct error *tell_through(struct reach *r)
{
	_cleanup_(freep) bool *is_told = calloc(r->s->n_devices + 1, sizeof(*is_told));
	struct error *err = is_told ? NULL : error_no_memory;

	for (uint32_t i = 0; i < r->s->n_devices && !err; i++) {
		const struct device *d = &r->s->devices[i];

		if (is_told[i] || (d->dma != DMA_PASSTHROUGH && d->dma != DMA_UNCHECKED))
			continue;
		r->domain = d->dma == DMA_PASSTHROUGH ? device_domain(r->s, d) : NULL;
		r->domain_id = d->domain_id;
		r->way = d->dma == DMA_PASSTHROUGH ? "passthrough" : "unchecked";
		r->devices.n = 0;
		err = gather_through(r, i, is_told);
		for (size_t n = 0; n < r->wanted->n && !err; n++) {
			struct range range = r->wanted->at[n];
			struct leaf leaf = {range.first, range.first, range.last - range.first + 1,
					    true, true};

			err = put_row(r, &leaf, range);
		}
	}
	return err;
}

/* The domain whose table that is; -1: no domain's. */
static int64_t domain_of_table(const struct reach *r, uint64_t root)
{
	for (uint32_t i = 0; i < r->s->n_domains; i++)
		if (r->s->domains[i].table.ops && r->s->domains[i].table.root == root)
			return i;
	return -1;
}

static struct error *add_member(struct reach *r, uint64_t domain, uint32_t device)
{
	const struct member *last = r->members.n ? &r->members.at[r->members.n - 1] : NULL;

	if (last && last->domain == domain && last->device == device)
		return NULL;
	struct member *member = vec_push(&r->members);
	if (member)
		*member = (struct member){(uint32_t)domain, device};
	return member ? NULL : error_no_memory;
}

static struct error *join_pasid(void *arg, uint32_t pasid, const struct page_table *table)
{
	struct reach *r = arg;
	int64_t domain = table->host ? -1 : domain_of_table(r, table->root);

	(void)pasid;
	return domain < 0 ? NULL : add_member(r, (uint64_t)domain, r->device);
}

static struct error *miss_pasids(void *arg, uint32_t first, uint32_t last, struct error *err)
{
	struct reach *r = arg;

	problems_add(r->call->problems, err, "whether it reaches this memory",
		     "%s PASID 0x%" PRIx32 "-0x%" PRIx32, r->s->devices[r->device].name, first,
		     last);
	return NULL;
}

/* A table that is no domain's: a process's, or a guest's. */
static struct error *walk_pasid(void *arg, uint32_t pasid, const struct page_table *table)
{
	struct reach *r = arg;
	const struct device *d = &r->s->devices[r->device];

	if (!table->host && domain_of_table(r, table->root) >= 0)
		return NULL;
	r->domain = NULL;
	r->domain_id = d->domain_id;
	r->way = "table";
	r->pasid = datum_ok(pasid);
	r->devices.n = 0;
	snprintf(r->label, sizeof(r->label), "%s PASID 0x%" PRIx32, d->name, pasid);
	struct error *err = add_device(r, r->device);
	return err ? err : walk_table(r, table);
}

static struct error *each_pasid(struct reach *r,
				struct error *(*visit)(void *, uint32_t, const struct page_table *))
{
	const struct pasid_visitor visitor = {visit, miss_pasids, r};
	struct error *err = NULL;

	for (uint32_t i = 0; i < r->s->n_devices && !err; i++) {
		const struct device *d = &r->s->devices[i];

		r->device = i;
		if (d->pasids_state == DATUM_OK && d->pasids.ops)
			err = d->pasids.ops->each(r->target, &d->pasids, &visitor);
	}
	return err;
}

/* Why it can't be told what the device reaches; NULL: it can, and its domain is in *domain (-1:
 * none). */
static const char *judge_device(const struct reach *r, const struct device *d, int64_t *domain)
{
	bool is_guest = d->dma == DMA_GUEST || d->dma == DMA_NESTED;

	*domain = -1;
	if (d->dma == DMA_UNKNOWN && d->domain.state != DATUM_OK)
		return "what becomes of its DMA is not known";
	if (d->dma == DMA_UNKNOWN)
		*domain = (int64_t)d->domain.value;
	if (d->dma == DMA_TRANSLATED)
		*domain = domain_of_table(r, d->pt_root.value);
	if (d->dma == DMA_TRANSLATED && *domain < 0)
		return "hardware has it use a page table that is no known domain's";
	if (is_guest && (d->pasids_state != DATUM_OK || !d->pasids.ops))
		return "its table of PASIDs is not known";
	return NULL;
}

/* By hardware's entries: which devices go by which domain's table. */
static struct error *join_devices(struct reach *r)
{
	struct error *err = NULL;

	for (uint32_t i = 0; i < r->s->n_devices && !err; i++) {
		const struct device *d = &r->s->devices[i];
		int64_t domain;
		const char *why = judge_device(r, d, &domain);

		if (why)
			problems_add(r->call->problems, error_new(ERROR_CORRUPT, "%s", why),
				     "whether it reaches this memory", "%s", d->name);
		if (domain >= 0)
			err = add_member(r, (uint64_t)domain, i);
	}
	return err ? err : each_pasid(r, join_pasid);
}

static struct error *tell_all(struct reach *r)
{
	struct error *err = join_devices(r);

	if (!err)
		err = tell_through(r);
	if (!err)
		err = walk_domains(r);
	return err ? err : each_pasid(r, walk_pasid);
}

static struct error *rmap_run(struct command_call *call)
{
	_cleanup_(physical_free) struct physical wanted = {0};
	_cleanup_(page_map_closep) struct page_map *pages = NULL;
	struct reader reader = {.problems = call->problems};
	struct reach reach = {.call = call, .wanted = &wanted};
	struct snapshot *s;
	struct error *err = physical_of_call(call, &wanted);

	if (!err)
		err = session_snapshot(call->session, SNAPSHOT_DEVICES, &s);
	if (!err)
		err = session_kernel(call->session, &reader.kernel);
	if (!err && call_option(call, "use"))
		err = page_map_open(&reader, &pages);
	if (err)
		return err;
	problems_copy(call->problems, &s->problems, NULL);
	reach.s = s;
	reach.pages = pages;
	reach.target = reader.kernel->target;
	err = tell_all(&reach);
	selection_free(&reach.devices);
	vec_free(&reach.members);
	return err;
}

const struct command command_rmap = {
	.name = "rmap",
	.operands = "[PA[-PA]...]",
	.summary = "who can reach physical memory: domains, their IOVAs, their devices",
	.topic = "Translation",
	.details =
		"The pages that the addresses lie in, looked for in the page tables of all domains, each gone "
		"through once whatever the number of operands. Devices whose DMA is not translated reach all of "
		"memory, at IOVAs that equal its addresses. What a table that can't be read maps is unknown: then "
		"the exit status is 1.\n"
		"    rmap 0x688294000\n"
		"    rmap 0x100000-0x1fffff 0x688294000+16K\n"
		"    rmap --kernel-text\n"
		"    rmap --symbol init_task --use -o +way,use",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &rmap_table,
	.max_operands = SIZE_MAX,
	.run = rmap_run,
};
