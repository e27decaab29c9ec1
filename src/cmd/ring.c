/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/ring_entries.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "cmd/select.h"

#define NEWEST 16 /* commands that are shown without --all; so many make half a screen */

enum ring_column {
	COL_IOMMU,
	COL_RING,
	COL_MEANING,
	COL_HARDWARE,
	COL_ADDRESS,
	COL_SIZE,
	COL_SLOTS,
	COL_USED,
	COL_TAIL,
	COL_HEAD,
	COL_HARDWARE_HEAD,
	COL_HARDWARE_TAIL,
	COL_STORE_ADDRESS,
	COL_STORED,
	COL_EXPECTED,
	COL_NEED_SYNC,
	COL_DONE,
	COL_PENDING,
	COL_WAITING,
	COL_DEVICES,
	COL_DOMAINS,
	COL_OVERWRITTEN,
	COL_ENTRIES,
	LOG_ENTRIES = COL_HEAD, /* what a log has no columns for is left out */
};

/* Of every ring, in the order of the enumerators. */
#define COMMON_COLUMNS                                                                             \
	[COL_IOMMU] = {"iommu", "IOMMU", VALUE_TEXT, 0, "whose ring it is"},                       \
	[COL_RING] = {"ring", "Ring", VALUE_TEXT, 0, "cmd, evt, ppr, ga"},                         \
	[COL_MEANING] = {"meaning", "Meaning", VALUE_TEXT, 0, "what memory tells of its state"},   \
	[COL_HARDWARE] = {"hardware", "Hardware", VALUE_TEXT, 0,                                   \
			  "what only registers would tell, which are not in a dump"},              \
	[COL_ADDRESS] = {"address", "Address", VALUE_HEX, 0,                                       \
			 "its physical address; none: not in use"},                                \
	[COL_SIZE] = {"size", "Size", VALUE_SIZE, 0, "its bytes"},                                 \
	[COL_SLOTS] = {"slots", "Slots", VALUE_NUMBER, 0, "entries that it has room for"},         \
	[COL_USED] = {"used", "Not blank", VALUE_NUMBER, 0, "entries that are not all zero"},      \
	[COL_TAIL] = {"tail", "Tail", VALUE_NUMBER, 0,                                             \
		      "slot that is written next; the driver's own, for ga hardware's"}

static const struct column columns[] = {
	COMMON_COLUMNS,
	[COL_HEAD] = {"head", "Head, as last read", VALUE_NUMBER, 0,
		      "slot of hardware's head when the driver last read it, often long ago"},
	[COL_HARDWARE_HEAD] = {"hardware_head", "Head by the register", VALUE_NUMBER, COLUMN_SPARSE,
			       "slot that hardware takes next; only of a running kernel that shows it in "
			       "/sys/kernel/debug/iommu/amd"},
	[COL_HARDWARE_TAIL] = {"hardware_tail", "Tail by the register", VALUE_NUMBER,
			       COLUMN_SPARSE, "slot up to which hardware goes; likewise"},
	[COL_STORE_ADDRESS] = {"semaphore_address", "Waits store at", VALUE_HEX, 0,
			       "physical address where hardware stores a completion wait's number"},
	[COL_STORED] = {"semaphore", "Number stored", VALUE_HEX, 0,
			"of the last wait that is done"},
	[COL_EXPECTED] = {"semaphore_expected", "Number given out", VALUE_HEX, 0,
			  "of the last wait that was queued"},
	[COL_NEED_SYNC] = {"need_sync", "Wait outstanding", VALUE_BOOL, 0,
			   "commands were queued behind the last wait"},
	[COL_DONE] = {"done", "Done up to slot", VALUE_NUMBER, 0,
		      "newest command that is known to be done"},
	[COL_PENDING] = {"pending", "Not done from slot", VALUE_NUMBER, 0,
			 "oldest command that was waited for in vain"},
	[COL_WAITING] = {"waiting", "Waited for in slot", VALUE_NUMBER, 0,
			 "the completion wait that was never answered"},
	[COL_DEVICES] = {"pending_devices", "Devices waited for", VALUE_TEXT, COLUMN_ARRAY,
			 "devices that the commands from pending to waiting are for, and those in "
			 "the domains that they are for"},
	[COL_DOMAINS] = {"pending_domains", "Domains waited for", VALUE_HEX, COLUMN_ARRAY,
			 "domain IDs that these commands are for"},
	[COL_OVERWRITTEN] = {"overwritten", "Overwritten up to slot", VALUE_NUMBER, 0,
			     "commands from slot 0 on are another kernel's: the capture kernel's"},
	[COL_ENTRIES] = {"entries", "Entries", VALUE_ROWS, COLUMN_ARRAY,
			 "the entries that are not blank", &command_entry_table},
};

static const struct column log_columns[] = {
	COMMON_COLUMNS,
	[LOG_ENTRIES] = {"entries", "Entries", VALUE_ROWS, COLUMN_ARRAY,
			 "the entries that are not blank", &log_entry_table},
};

static const struct table ring_table = {"ring", VIEW_RECORD, columns, ARRAY_SIZE(columns)};
static const struct table log_table = {"ring-log", VIEW_RECORD, log_columns,
				       ARRAY_SIZE(log_columns)};

static const struct command_option options[] = {
	{"all", NULL, "every command that is still there, not only the newest and those not done"},
};

static const struct ring_kind kinds[] = {
	{"cmd", "cmd", 16, offsetof(struct iommu_unit, command_ring),
	 "head and tail are registers (MMIO 2000h, 2008h); the driver keeps its own tail",
	 "no command was ever queued"},
	{"evt", "event", 16, offsetof(struct iommu_unit, event_ring),
	 "head and tail are registers (MMIO 2010h, 2018h); slots are not in order of time",
	 "nothing is left: the driver blanks what it has read (most kernels but page faults), so this "
	 "does not say that there were no events"},
	{"ppr", "ppr", 16, offsetof(struct iommu_unit, page_request_ring),
	 "head and tail are registers (MMIO 2030h, 2038h); slots are not in order of time",
	 "nothing is left: the driver blanks what it has read, so this does not say that there were no "
	 "page requests"},
	{"ga", "ga", 8, offsetof(struct iommu_unit, guest_ring),
	 "the head is a register (MMIO 2040h); hardware writes the tail to memory",
	 "no interrupt for a stopped virtual processor was ever logged"},
};

/* A log with entries in it, for the sentence. */
static const char leftovers[] = "what the driver has not read yet, and what it left after reading: "
				"most kernels blank all but page faults";
static const char kept[] = "all since the log was last written round: under SNP the driver blanks "
			   "nothing";

static bool is_command_ring(const struct ring_kind *kind)
{
	return kind == &kinds[0];
}

static const struct ring_kind *find_kind(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].word, word))
			return &kinds[i];
	return NULL;
}

static const struct table *ring_choose_table(const struct command_call *call)
{
	const struct ring_kind *kind = call->n_operands ? find_kind(call->operands[0]) : NULL;

	return !kind || is_command_ring(kind) ? &ring_table : &log_table;
}

static const struct table *ring_list_tables(size_t index, struct arena *arena)
{
	static const struct table *const tables[] = {&ring_table, &log_table};

	(void)arena;
	return index < ARRAY_SIZE(tables) ? tables[index] : NULL;
}

/* One read per page: a dump may lack one of them. */
static struct error *read_ring(struct command_call *call, const struct ring *ring,
			       const struct ring_kind *kind, const char *name,
			       struct ring_image *ret)
{
	uint8_t page[RING_PAGE];
	struct target *target;
	struct error *err = session_target(call->session, &target);

	ret->n = (uint32_t)(ring->size / kind->entry_bytes);
	ret->words = arena_alloc(call->arena, ret->n * sizeof(*ret->words));
	ret->known = arena_alloc(call->arena, ret->n * sizeof(*ret->known));
	if (!ret->words || !ret->known)
		return error_no_memory;
	ret->state = DATUM_OK;
	ret->sme_mask = target->sme_mask;
	for (uint64_t at = 0; at < ring->size && !err; at += RING_PAGE) {
		uint64_t size = ring->size - at < RING_PAGE ? ring->size - at : RING_PAGE;

		err = target_read(target, SPACE_PHYS, ring->address.value + at, page, size);
		if (err && error_is_unreadable(err)) {
			ret->state = problems_add(call->problems, err, kind->word, "%s", name);
			err = NULL;
			continue;
		}
		if (!err)
			ring_image_take(ret, kind, (uint32_t)(at / kind->entry_bytes), page, size);
	}
	return err;
}

static struct datum slot_of(struct datum offset, const struct ring_kind *kind, uint32_t slots)
{
	if (offset.state == DATUM_OK) {
		offset.value /= kind->entry_bytes;
		if (offset.value >= slots)
			offset.state = DATUM_CORRUPT;
	}
	return offset;
}

static struct datum slot_datum(uint32_t slot)
{
	return slot == COMMAND_NO_SLOT ? (struct datum){0} : datum_ok(slot);
}

static bool is_domain_pending(const struct ring_image *image, uint32_t tail, uint32_t first,
			      uint32_t last, uint64_t domain)
{
	for (uint32_t k = first; k < last; k++)
		if (ring_entry_has_domain(image->words[(tail + k) % image->n], domain))
			return true;
	return false;
}

/* What the commands from pending to waiting are for; each once. A domain's are for all its devices.
 */
static void emit_pending(struct emit *e, const struct snapshot *s, const struct iommu_unit *u,
			 const struct ring_image *image, const struct command_progress *p,
			 uint32_t tail)
{
	uint32_t first = (p->pending + image->n - tail) % image->n;
	uint32_t last = (p->waiting + image->n - tail) % image->n;

	emit_empty(e, COL_DEVICES);
	emit_empty(e, COL_DOMAINS);
	if (p->waiting == COMMAND_NO_SLOT)
		return;
	for (uint32_t k = first; k < last; k++) {
		const uint64_t *words = image->words[(tail + k) % image->n];
		bool again = false;

		for (uint32_t i = first; i < k && !again; i++)
			again = ring_entry_same_target(image->words[(tail + i) % image->n], words);
		if (!again)
			ring_entry_emit_target(e, u, words, COL_DEVICES, COL_DOMAINS);
	}
	for (uint32_t i = 0; i < s->n_devices; i++) {
		const struct device *d = &s->devices[i];

		if (d->iommu.state == DATUM_OK && &s->iommus[d->iommu.value] == u &&
		    d->domain_id.state == DATUM_OK &&
		    is_domain_pending(image, tail, first, last, d->domain_id.value))
			emit_text(e, COL_DEVICES, d->name);
	}
}

/* Read after the rest: a ring in use has moved on by then. */
static const char *hardware_words(const struct ring_kind *kind, const struct ring_facts *facts)
{
	return is_command_ring(kind) && facts->hardware_head.state == DATUM_OK
		       ? "head and tail as /sys/kernel/debug/iommu/amd shows them, read behind the rest"
		       : kind->hardware;
}

static const char *command_meaning(struct command_call *call, const struct ring_facts *facts,
				   const struct command_progress *p)
{
	if (facts->stored.state == DATUM_ABSENT)
		return "this kernel does not number its completion waits: how far hardware got is "
		       "not known";
	if (facts->stored.state != DATUM_OK || facts->expected.state != DATUM_OK)
		return NULL;
	if (p->waiting != COMMAND_NO_SLOT)
		return arena_printf(call->arena,
				    "the completion wait in slot %" PRIu32 " was never "
				    "answered; of the commands from slot %" PRIu32
				    " on at least one is "
				    "not done",
				    p->waiting, p->pending);
	if (facts->stored.value != facts->expected.value)
		return arena_printf(call->arena,
				    "of the numbers given out %" PRIu64 " are not answered, and no "
				    "completion wait in the ring has them: they were not queued yet, or "
				    "answered in another order",
				    facts->expected.value - facts->stored.value);
	return datum_is(facts->need_sync, 1)
		       ? "every completion wait was answered; behind the last one are commands that "
			 "may not be done"
		       : "every completion wait was answered: all commands are done";
}

static void emit_command_ring(struct command_call *call, const struct snapshot *s,
			      const struct iommu_unit *u, const struct ring_facts *facts,
			      const struct ring_image *image, struct ring_view *view)
{
	struct emit *e = call->emit;
	struct datum tail = slot_of(facts->command_tail, view->kind, image->n);
	bool numbered = facts->stored.state == DATUM_OK && facts->store_address.state == DATUM_OK;
	struct command_progress p = {COMMAND_NO_SLOT, COMMAND_NO_SLOT, COMMAND_NO_SLOT,
				     COMMAND_NO_SLOT};
	enum datum_state unknown = image->state != DATUM_OK	     ? image->state
				   : tail.state != DATUM_OK	     ? tail.state
				   : facts->stored.state != DATUM_OK ? facts->stored.state
								     : facts->store_address.state;

	emit_datum(e, COL_HEAD, slot_of(facts->command_head, view->kind, image->n));
	emit_datum(e, COL_TAIL, tail);
	emit_datum(e, COL_HARDWARE_HEAD, facts->hardware_head);
	emit_datum(e, COL_HARDWARE_TAIL, facts->hardware_tail);
	emit_datum(e, COL_STORE_ADDRESS, facts->store_address);
	emit_datum(e, COL_STORED, facts->stored);
	emit_datum(e, COL_EXPECTED, facts->expected);
	emit_datum(e, COL_NEED_SYNC, facts->need_sync);
	view->tail = tail.state == DATUM_OK ? (uint32_t)tail.value : 0;
	view->limit = tail.state == DATUM_OK && !call_option(call, "all") ? NEWEST : image->n;
	if (image->state == DATUM_OK && tail.state == DATUM_OK && numbered) {
		const struct command_ring ring = {
			.commands = image->words,
			.n = image->n,
			.tail = view->tail,
			.store_address = facts->store_address.value,
			.stored = facts->stored.value,
			.sme_mask = image->sme_mask,
		};

		p = command_ring_judge(&ring);
		emit_datum(e, COL_DONE, slot_datum(p.done));
		emit_datum(e, COL_PENDING, slot_datum(p.pending));
		emit_datum(e, COL_WAITING, slot_datum(p.waiting));
		emit_datum(e, COL_OVERWRITTEN, slot_datum(p.foreign));
		emit_pending(e, s, u, image, &p, view->tail);
	} else {
		static const enum ring_column judged[] = {COL_DONE,    COL_PENDING,
							  COL_WAITING, COL_DEVICES,
							  COL_DOMAINS, COL_OVERWRITTEN};

		for (size_t i = 0; i < ARRAY_SIZE(judged); i++)
			emit_datum(e, judged[i], (struct datum){.state = unknown});
	}
	view->progress = p;
	emit_text(e, COL_MEANING,
		  image->used || image->state != DATUM_OK ? command_meaning(call, facts, &p)
							  : view->kind->blank);
}

static void emit_log(struct emit *e, const struct ring_facts *facts, const struct ring_image *image,
		     struct ring_view *view)
{
	bool guest = view->kind->entry_bytes == 8;

	view->limit = image->n;
	if (guest)
		emit_datum(e, COL_TAIL, slot_of(facts->guest_tail, view->kind, image->n));
	if (!image->used)
		emit_text(e, COL_MEANING, image->state == DATUM_OK ? view->kind->blank : NULL);
	else if (!guest)
		emit_text(e, COL_MEANING, datum_is(facts->keeps_logs, 1) ? kept : leftovers);
}

/* What problems call it: by its object's address while its name is not known. */
static const char *iommu_object(struct arena *arena, const struct iommu_unit *u)
{
	if (u->name.state == DATUM_OK)
		return u->name.value;
	return arena_printf(arena, "IOMMU 0x%" PRIx64, u->address.value);
}

static struct error *show_ring(struct command_call *call, const struct snapshot *s, uint32_t index,
			       const struct ring_kind *kind)
{
	const struct iommu_unit *u = &s->iommus[index];
	const struct ring *ring = (const struct ring *)((const char *)u + kind->ring);
	const char *name = iommu_object(call->arena, u);
	struct ring_view view = {.kind = kind};
	struct ring_image image = {0};
	struct emit *e = call->emit;
	struct error *err = NULL;

	if (!name)
		return error_no_memory;
	if (call->n_operands > 1)
		call_problems_of(call, s, name);
	if (ring->address.state == DATUM_OK)
		err = read_ring(call, ring, kind, name, &image);
	if (err)
		return err;
	emit_row_begin(e);
	emit_text_datum(e, COL_IOMMU, u->name);
	emit_text(e, COL_RING, kind->word);
	emit_datum(e, COL_ADDRESS, ring->address);
	if (ring->address.state == DATUM_NONE)
		emit_text(e, COL_MEANING, "the driver has not set it up: it is not in use");
	if (ring->address.state == DATUM_OK) {
		emit_text(e, COL_HARDWARE, hardware_words(kind, &s->ring_facts[index]));
		emit_number(e, COL_SIZE, ring->size);
		emit_number(e, COL_SLOTS, image.n);
		emit_datum(e, COL_USED,
			   image.state == DATUM_OK ? datum_ok(image.used)
						   : (struct datum){.state = image.state});
		if (is_command_ring(kind))
			emit_command_ring(call, s, u, &s->ring_facts[index], &image, &view);
		else
			emit_log(e, &s->ring_facts[index], &image, &view);
		emit_rows_begin(e, is_command_ring(kind) ? COL_ENTRIES : LOG_ENTRIES);
		ring_entries_emit(e, u, &image, &view);
		emit_rows_end(e);
	}
	emit_row_end(e);
	return NULL;
}

static struct error *ring_run(struct command_call *call)
{
	const struct ring_kind *kind = find_kind(call->operands[0]);
	const char *word = call->n_operands > 1 ? call->operands[1] : NULL;
	struct error *err = NULL;
	struct snapshot *s;
	uint32_t index;

	if (!kind)
		return error_new(ERROR_USAGE, "'%s' is no ring: cmd, evt, ppr or ga",
				 call->operands[0]);
	err = call_snapshot(call, SNAPSHOT_RINGS | SNAPSHOT_DEVICES, &s);
	if (!err && word) {
		err = find_iommu(s, word, &index);
		return err ? err : show_ring(call, s, index, kind);
	}
	if (!err) /* an IOMMU that is missing too */
		problems_copy(call->problems, &s->problems, NULL);
	for (uint32_t i = 0; !err && i < s->n_iommus; i++)
		err = show_ring(call, s, i, kind);
	return err;
}

const struct command command_ring = {
	.name = "ring",
	.operands = "cmd|evt|ppr|ga [IOMMU]",
	.summary = "what is in an IOMMU's rings: commands, events, page requests, guest interrupts",
	.topic = "The machine",
	.details =
		"The entries as they lie in memory, with the driver's own offsets. Commands stand from the "
		"oldest to the newest; where the kernel numbers its completion waits, the number that "
		"hardware has stored tells which are done, and which command was waited for in vain. "
		"Logs stand by slot: their order in time is lost. Entries that the driver has blanked "
		"after reading them are not there any more.\n"
		"    ring cmd\n"
		"    ring evt ivhd1\n"
		"    ring cmd 0 --all",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.table = &ring_table,
	.choose_table = ring_choose_table,
	.list_tables = ring_list_tables,
	.min_operands = 1,
	.max_operands = 2,
	.run = ring_run,
};
