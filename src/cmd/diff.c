/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "cmd/diff_maps.h"
#include "cmd/facts.h"
#include "cmd/select.h"
#include "kernel/dma_mode.h"

enum diff_column { COL_OBJECT, COL_WHAT, COL_CHANGE, COL_BEFORE, COL_AFTER, COL_IOVA, COL_SIZE };

static const struct column columns[] = {
	[COL_OBJECT] = {"object", "OBJECT", VALUE_TEXT, 0,
			"device, IOMMU, domain-ID allocator or machine", .width = 12},
	[COL_WHAT] =
		{"what", "WHAT", VALUE_TEXT, 0,
		 "what differs: a column of 'devices' or 'iommus', a field of its entry (dte.), "
		 "or a mapping",
		 .width = 18},
	[COL_CHANGE] = {"change", "CHANGE", VALUE_TEXT, 0,
			"added, removed, changed; unknown: one side could not be read", .width = 8},
	[COL_BEFORE] = {"before", "BEFORE", VALUE_TEXT, 0, "value here", .width = 18},
	[COL_AFTER] = {"after", "AFTER", VALUE_TEXT, 0, "value there", .width = 18},
	[COL_IOVA] = {"iova", "IOVA", VALUE_HEX, 0, "first IOVA of a mapping", .width = 16},
	[COL_SIZE] = {"size", "SIZE", VALUE_SIZE, 0, "bytes of that mapping", .width = 8},
};

static const struct table diff_table = {"diff", VIEW_STREAM, columns, ARRAY_SIZE(columns)};

enum { OPTION_CORE, OPTION_SYMBOLS, OPTION_NO_MAPS };

static const struct command_option options[] = {
	[OPTION_CORE] = {"c", "FILE", "the other dump, as may be the operand"},
	[OPTION_SYMBOLS] = {"s", "FILE",
			    "its vmlinux; default: as this target's, else its own types"},
	[OPTION_NO_MAPS] = {"no-maps", NULL, "leave the page tables out"},
};

struct side {
	struct session *session;
	struct target *target;
	struct snapshot *snapshot;
	struct dma_mode mode;
};

struct diff {
	struct command_call *call;
	struct side sides[2];
	const char *object;
	bool same_kernel;
	bool with_allocated;	       /* addresses and such mean the same on both sides */
	const struct domain **done[2]; /* whose tables were compared */
	size_t n_done;
};

static void put(struct diff *d, const char *what, const char *change, struct text before,
		struct text after)
{
	struct emit *e = d->call->emit;

	emit_row_begin(e);
	emit_text(e, COL_OBJECT, d->object);
	emit_text(e, COL_WHAT, what);
	emit_text(e, COL_CHANGE, change);
	emit_text_datum(e, COL_BEFORE, before);
	emit_text_datum(e, COL_AFTER, after);
	emit_row_end(e);
}

static bool is_known(struct text text)
{
	return text.state == DATUM_OK || text.state == DATUM_NONE;
}

static void compare(struct diff *d, const char *key, struct text a, struct text b)
{
	if (a.state == b.state && (a.state != DATUM_OK || !strcmp(a.value, b.value)))
		return;
	/* Kernels differ in what they keep. */
	if (!d->same_kernel && (a.state == DATUM_ABSENT || b.state == DATUM_ABSENT))
		return;
	put(d, key,
	    !is_known(a) || !is_known(b) ? "unknown"
	    : a.state == DATUM_NONE	 ? "added"
	    : b.state == DATUM_NONE	 ? "removed"
					 : "changed",
	    a, b);
}

static struct error *compare_facts(struct diff *d, const struct facts facts[2])
{
	if (facts[0].failed || facts[1].failed)
		return error_no_memory;
	for (size_t i = 0; i < facts[0].rows.n && i < facts[1].rows.n; i++) {
		const struct fact *a = &facts[0].rows.at[i], *b = &facts[1].rows.at[i];

		if (!strcmp(a->key, b->key) && (!a->allocated || d->with_allocated))
			compare(d, a->key, a->value, b->value);
	}
	return NULL;
}

static const char *access_text(const struct map_state *s)
{
	return s->read && s->write ? "rw" : s->read ? "r" : s->write ? "w" : "none";
}

static struct text map_text(const struct map_state *s, bool address, char buffer[32])
{
	if (s->unknown)
		return (struct text){.state = DATUM_ABSENT};
	if (!s->mapped)
		return (struct text){.state = DATUM_NONE};
	if (!address)
		return text_ok(access_text(s));
	snprintf(buffer, 32, "0x%" PRIx64 " %s", s->pa, access_text(s));
	return text_ok(buffer);
}

static struct error *put_mapping(void *arg, const struct map_change *c)
{
	struct diff *d = arg;
	struct emit *e = d->call->emit;
	bool address = d->with_allocated && c->before.mapped && c->after.mapped;
	char before[32], after[32];

	emit_row_begin(e);
	emit_text(e, COL_OBJECT, d->object);
	emit_text(e, COL_WHAT, "mapping");
	emit_text(e, COL_CHANGE,
		  c->before.unknown || c->after.unknown ? "unknown"
		  : !c->before.mapped			? "added"
		  : !c->after.mapped			? "removed"
							: "changed");
	emit_text_datum(e, COL_BEFORE, map_text(&c->before, address, before));
	emit_text_datum(e, COL_AFTER, map_text(&c->after, address, after));
	emit_number(e, COL_IOVA, c->iova);
	if (c->size)
		emit_number(e, COL_SIZE, c->size);
	emit_row_end(e);
	return emit_failed(e) ? error_stopped : NULL;
}

static void note_unreadable(void *arg, int side, uint64_t iova, struct error *err)
{
	struct diff *d = arg;

	problems_add(d->call->problems, err, "page table", "%s%s IOVA 0x%" PRIx64,
		     side ? "other: " : "", d->object, iova);
}

static bool is_done(const struct diff *d, const struct domain *const pair[2])
{
	for (size_t i = 0; i < d->n_done; i++)
		if (d->done[0][i] == pair[0] && d->done[1][i] == pair[1])
			return true;
	return false;
}

/* The kernel's DMA API chooses IOVAs itself, and after each boot otherwise; a VM's are its own. */
static bool has_given_out_iovas(const struct domain *const pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] && pair[i]->type_name && !strncmp(pair[i]->type_name, "dma", 3))
			return true;
	return false;
}

/* DATUM_OK: what is mapped for the device on that side, or that nothing is, can be told. */
static enum datum_state table_state(const struct side *side, const struct device *device,
				    const struct domain *domain)
{
	if (!device)
		return side->snapshot->devices_state;
	if (domain)
		return domain->table_state;
	return device->domain.state == DATUM_NONE ? DATUM_OK : device->domain.state;
}

/* Of two tables that can't be compared, nothing is said of the one that is known. */
static struct text unless_known(struct text text)
{
	return text.state == DATUM_OK ? (struct text){.state = DATUM_ABSENT} : text;
}

/* Devices of one domain have one table: it is compared with the first of them. */
static struct error *compare_maps(struct diff *d, const struct device *const devices[2])
{
	static const struct page_table none;
	const struct domain *pair[2];
	struct map_side maps[2];
	struct text states[2];
	bool known = true;

	for (int i = 0; i < 2; i++) {
		pair[i] = devices[i] ? device_domain(d->sides[i].snapshot, devices[i]) : NULL;
		states[i].state = table_state(&d->sides[i], devices[i], pair[i]);
		known = known && states[i].state == DATUM_OK;
		maps[i] = (struct map_side){d->sides[i].target,
					    pair[i] && pair[i]->table.ops ? &pair[i]->table : &none};
	}
	if (call_option(d->call, "no-maps") || (known && is_done(d, pair)) ||
	    (!maps[0].table->ops && !maps[1].table->ops) ||
	    (!d->with_allocated && has_given_out_iovas(pair)))
		return NULL;
	if (!known) {
		put(d, "mapping", "unknown", unless_known(states[0]), unless_known(states[1]));
		return NULL;
	}
	d->done[0][d->n_done] = pair[0];
	d->done[1][d->n_done++] = pair[1];
	return diff_maps(maps, d->with_allocated, put_mapping, note_unreadable, d);
}

/* One side's alone, unless the other's list has a hole that it may lie in. */
static void put_single(struct diff *d, const struct device *const devices[2])
{
	struct text drivers[2];
	bool known = true;

	for (int i = 0; i < 2; i++) {
		enum datum_state state = d->sides[i].snapshot->devices_state;

		if (devices[i]) {
			drivers[i] = devices[i]->driver;
			continue;
		}
		known = state == DATUM_OK;
		drivers[i] = (struct text){.state = known ? DATUM_NONE : state};
	}
	put(d, "device", !known ? "unknown" : devices[0] ? "removed" : "added", drivers[0],
	    drivers[1]);
}

static struct error *compare_devices(struct diff *d, const struct device *const devices[2])
{
	struct facts facts[2] = {{.arena = d->call->arena}, {.arena = d->call->arena}};
	struct error *err = NULL;

	d->object = devices[0] ? devices[0]->name : devices[1]->name;
	for (int i = 0; i < 2; i++)
		if (devices[i])
			facts_of_device(&facts[i], d->sides[i].snapshot, devices[i]);
	if (devices[0] && devices[1])
		err = compare_facts(d, facts);
	else
		put_single(d, devices);
	if (!err)
		err = compare_maps(d, devices);
	for (int i = 0; i < 2; i++)
		facts_free(&facts[i]);
	return err;
}

static struct error *compare_iommus(struct diff *d)
{
	const struct snapshot *s[2] = {d->sides[0].snapshot, d->sides[1].snapshot};
	struct error *err = NULL;

	for (uint32_t i = 0; i < s[0]->n_iommus && i < s[1]->n_iommus && !err; i++) {
		struct facts facts[2] = {{.arena = d->call->arena}, {.arena = d->call->arena}};

		for (int k = 0; k < 2; k++)
			facts_of_iommu(&facts[k], &s[k]->iommus[i]);
		d->object = s[0]->iommus[i].name.state == DATUM_OK ? s[0]->iommus[i].name.value
								   : "iommu";
		err = compare_facts(d, facts);
		for (int k = 0; k < 2; k++)
			facts_free(&facts[k]);
	}
	return err;
}

static struct error *compare_machines(struct diff *d)
{
	struct facts facts[2] = {{.arena = d->call->arena}, {.arena = d->call->arena}};
	struct error *err;

	for (int i = 0; i < 2; i++) {
		struct target_facts f = target_facts(d->sides[i].target);

		facts_add_text(&facts[i], "release", text_ok(f.release));
		facts_add_text(&facts[i], "build_id", text_ok(f.build_id));
		facts_add_text(&facts[i], "dma_mode", d->sides[i].mode.mode);
		facts_add_text(&facts[i], "command_line", d->sides[i].mode.command_line);
		facts_of_machine(&facts[i], d->sides[i].snapshot);
	}
	d->object = "machine";
	err = compare_facts(d, facts);
	for (int i = 0; i < 2; i++)
		facts_free(&facts[i]);
	return err;
}

static bool comes_before(const struct device *a, const struct device *b)
{
	return a->segment != b->segment ? a->segment < b->segment : a->devid < b->devid;
}

/* Both lists are in the order of segment and device ID. */
static struct error *compare_all_devices(struct diff *d)
{
	const struct snapshot *a = d->sides[0].snapshot, *b = d->sides[1].snapshot;
	uint32_t i = 0, k = 0;
	struct error *err = NULL;

	while (!err && (i < a->n_devices || k < b->n_devices)) {
		const struct device *pair[2] = {i < a->n_devices ? &a->devices[i] : NULL,
						k < b->n_devices ? &b->devices[k] : NULL};

		if (pair[0] && pair[1] && comes_before(pair[0], pair[1]))
			pair[1] = NULL;
		else if (pair[0] && pair[1] && comes_before(pair[1], pair[0]))
			pair[0] = NULL;
		i += pair[0] != NULL;
		k += pair[1] != NULL;
		err = compare_devices(d, pair);
	}
	return err;
}

static bool is_same_kernel(struct target *a, struct target *b)
{
	struct target_facts facts[2] = {target_facts(a), target_facts(b)};

	return facts[0].build_id && facts[1].build_id &&
	       !strcmp(facts[0].build_id, facts[1].build_id);
}

/*
 * The same kernel, at the same addresses: then an address or an ID that differs says something. The
 * kernel's objects lie elsewhere after each boot; a device that was plugged anew has moved too.
 */
static bool is_same_boot(const struct side sides[2])
{
	struct target_facts a = target_facts(sides[0].target), b = target_facts(sides[1].target);
	const struct snapshot *s = sides[0].snapshot;
	unsigned same = 0, differ = 0;

	if (a.kaslr_known != b.kaslr_known || a.kaslr_offset != b.kaslr_offset)
		return false;
	for (uint32_t i = 0; i < s->n_devices; i++) {
		const struct device *d = &s->devices[i];
		const struct device *other =
			snapshot_device(sides[1].snapshot, d->segment, d->devid);

		if (other && d->pci_device && other->pci_device == d->pci_device)
			same++;
		else if (other)
			differ++;
	}
	return same > differ;
}

static struct error *load_side(struct diff *d, int i)
{
	struct side *side = &d->sides[i];
	struct problems problems = {0};
	struct reader reader = {.problems = &problems};
	struct error *err = session_target(side->session, &side->target);

	if (!err)
		err = session_kernel(side->session, &reader.kernel);
	if (!err)
		err = session_snapshot(side->session, SNAPSHOT_DEVICES, &side->snapshot);
	if (err)
		return err;
	side->mode = dma_mode_read(&reader, d->call->arena);
	problems_copy(d->call->problems, &problems, NULL);
	problems_copy(d->call->problems, &side->snapshot->problems, NULL);
	problems_free(&problems);
	for (int k = 0; k < 2; k++)
		if (!d->done[k] || i)
			d->done[k] = arena_alloc(d->call->arena, (d->sides[0].snapshot->n_devices +
								  side->snapshot->n_devices + 1) *
									 sizeof(*d->done[k]));
	return d->done[0] && d->done[1] ? NULL : error_no_memory;
}

/* The other dump may be of the same kernel: then this one's vmlinux serves it too. */
static struct error *open_other(struct diff *d, struct target_spec *spec, const char *const *file)
{
	const struct target_spec *mine = session_spec(d->call->session);
	const char *symbols = call_option(d->call, "s");
	struct target *target;
	struct error *err;

	*spec = *mine;
	spec->cores = file;
	spec->n_cores = 1;
	spec->symbols = symbols;
	err = session_new(spec, &d->sides[1].session);
	if (!err)
		err = session_target(d->sides[1].session, &target);
	if (err || symbols || !mine->symbols)
		return err;
	if (!is_same_kernel(d->sides[0].target, target))
		return NULL;
	session_free(d->sides[1].session);
	d->sides[1].session = NULL;
	spec->symbols = mine->symbols;
	return session_new(spec, &d->sides[1].session);
}

static struct error *diff_targets(struct diff *d, const char *file)
{
	const char *const files[] = {file};
	struct target_spec spec;
	struct error *err = load_side(d, 0);

	if (!err)
		err = open_other(d, &spec, files);
	if (!err)
		err = load_side(d, 1);
	if (!err) {
		d->same_kernel = is_same_kernel(d->sides[0].target, d->sides[1].target);
		d->with_allocated = d->same_kernel && is_same_boot(d->sides);
		err = compare_machines(d);
	}
	if (!err)
		err = compare_iommus(d);
	if (!err)
		err = compare_all_devices(d);
	if (d->sides[1].session)
		session_share_failure(d->call->session, d->sides[1].session);
	session_free(d->sides[1].session);
	return err;
}

/* Two devices have addresses and IDs of their own: they say nothing. */
static struct error *diff_devices(struct diff *d)
{
	const struct device *devices[2];
	struct error *err = load_side(d, 0);

	d->sides[1] = d->sides[0];
	d->same_kernel = true;
	for (int i = 0; i < 2 && !err; i++)
		err = find_device(d->sides[0].snapshot, d->call->operands[i], &devices[i]);
	if (err)
		return err;
	return compare_devices(d, devices);
}

static bool is_device(const char *word)
{
	uint32_t bdf;
	struct error *err = parse_bdf(word, &bdf);
	bool is_bdf = !err;

	error_free(err);
	return is_bdf && !file_exists(word);
}

static struct error *diff_run(struct command_call *call)
{
	struct diff d = {.call = call, .sides[0].session = call->session};
	const char *file = call_option(call, "c");

	if (file && call->n_operands)
		return error_new(ERROR_USAGE, "one other dump, or two devices");
	if (!file && !call->n_operands)
		return error_new(ERROR_USAGE, "what with? Another dump, or two devices");
	if (call->n_operands == 2)
		return diff_devices(&d);
	if (!file && is_device(call->operands[0]))
		return error_new(ERROR_USAGE, "with which device is '%s' to be compared?",
				 call->operands[0]);
	return diff_targets(&d, file ? file : call->operands[0]);
}

const struct command command_diff = {
	.name = "diff",
	.operands = "[OTHER|BDF BDF]",
	.summary = "what differs between this dump and another, or between two devices",
	.topic = "What is wrong",
	.details =
		"Devices, their table entries, domains and mappings, IOMMUs and the kernel; nothing is "
		"printed when nothing differs. Addresses, group numbers and domain IDs are compared where "
		"both dumps are of one boot: elsewhere they differ without a meaning. Two devices are "
		"compared with each other without them: this one works, that one does not.\n"
		"    iommuscope -c before.elf diff after.elf\n"
		"    diff 0000:00:05.0 0000:00:06.0 --no-maps",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &diff_table,
	.max_operands = 2,
	.run = diff_run,
};
