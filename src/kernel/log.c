/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "kernel/death.h"

/* The log_buf_len= option ends at 2 GB; a descriptor stands for 32 bytes of text. */
#define TEXT_BITS_MAX 31
#define COUNT_BITS_MAX 26
#define TEXT_MAX UINT16_MAX
#define OLD_HEADER_MIN 16 /* bytes of the shortest struct printk_log */
#define OLD_RECORDS_MAX (1u << 21) /* kernels are configured with 32 MB at most (LOG_BUF_SHIFT) */

/* prb_desc.state_var: the ID below, the state in the upper two bits. */
#define ID_MASK bit_mask(62)
enum { STATE_COMMITTED = 1, STATE_FINALIZED = 2 };

/* A block's positions count bytes since boot; an odd one stands for no text at all. */
#define LPOS_NO_DATA 1
#define BLOCK_ID_SIZE 8 /* struct prb_data_block: the ID, then text */

struct log_reader {
	struct kernel *kernel;
	log_visit visit;
	void *arg;
	char *text; /* TEXT_MAX + 1 bytes */
	struct log_record record;
	bool is_capture;    /* it lacks lines on purpose */
	struct error *lost; /* the first thing of a record that can't be read */
};

/* Words by which a line is kept, in lower case. */
/* clang-format off */
static const char *const kept_words[] = {
	"amd-vi", "iommu", "ivrs", "dmar", "vfio",
	"kernel panic", "oops: ", "bug: ", "bug at ", "sysrq: trigger", "sysrq : trigger",
	"protection fault", "double fault", "hardware error", "lockup", "rip: 0010",
};
/* clang-format on */

bool log_line_is_kept(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept_words); i++)
		if (strcasestr(text, kept_words[i]))
			return true;
	return death_is_told(text);
}

/* Passes an unreadable part's error on as its state, for the end of the visit; other errors end it
 * here. */
static struct error *note_state(struct log_reader *r, struct error *err, enum datum_state *state)
{
	*state = DATUM_OK;
	if (!err)
		return NULL;
	if (!error_is_unreadable(err) && error_code(err) != ERROR_NOT_FOUND)
		return err;
	*state = datum_state_of(err);
	bool is_lost = error_is_unreadable(err) && !(r->is_capture && *state == DATUM_EXCLUDED);
	if (is_lost && !r->lost)
		r->lost = err;
	else
		error_free(err);
	return NULL;
}

static struct error *read_datum(struct log_reader *r, uint64_t base, enum core_need member,
				struct datum *ret)
{
	struct error *err =
		kernel_read_member(r->kernel, base, &r->kernel->core[member], &ret->value);

	return note_state(r, err, &ret->state);
}

struct parts {
	enum core_need sequence, time, level, length; /* sequence CORE_N: it is counted */
};

static struct error *read_parts(struct log_reader *r, uint64_t base, const struct parts *parts,
				struct datum *length)
{
	struct error *err = read_datum(r, base, parts->time, &r->record.time_ns);

	if (!err && parts->sequence != CORE_N)
		err = read_datum(r, base, parts->sequence, &r->record.sequence);
	if (!err)
		err = read_datum(r, base, parts->level, &r->record.level);
	return err ? err : read_datum(r, base, parts->length, length);
}

/* What is wrong with a record is kept too; of one that the dump lacks there is nothing to keep. */
static bool is_kept(const struct text *text)
{
	return text->state == DATUM_OK ? log_line_is_kept(text->value)
				       : text->state != DATUM_EXCLUDED;
}

/*
 * Text at `at`, with the members of the record at `base`. Read aside first: what is not kept leaves
 * no trace in a recorder.
 */
static struct error *read_record(struct log_reader *r, uint64_t base, const struct parts *parts,
				 uint64_t at, uint64_t room)
{
	struct target *target = r->kernel->target;
	struct recorder *recorder = take_ptr(target->recorder);
	struct datum length = {0};
	struct error *err = read_parts(r, base, parts, &length);
	bool whole = !err && length.state == DATUM_OK;

	r->record.text = (struct text){.state = length.state};
	if (whole && (length.value > room || length.value > TEXT_MAX)) {
		err = note_state(r,
				 error_new(ERROR_CORRUPT,
					   "a text of %" PRIu64 " bytes at 0x%" PRIx64,
					   length.value, at),
				 &r->record.text.state);
	} else if (whole) {
		err = note_state(r, target_read(target, SPACE_VIRT, at, r->text, length.value),
				 &r->record.text.state);
		r->text[length.value] = '\0';
		r->record.text.value = r->text;
	}
	target->recorder = recorder;
	if (err || !recorder || !is_kept(&r->record.text))
		return err;
	err = read_parts(r, base, parts, &length);
	if (err || length.state != DATUM_OK || length.value > TEXT_MAX)
		return err;
	return note_state(r, target_read(target, SPACE_VIRT, at, r->text, length.value),
			  &r->record.text.state);
}

static struct error *tell(struct log_reader *r)
{
	return r->visit(r->arg, &r->record);
}

/* Linux 5.10 on. */

struct ring {
	uint64_t count_bits, descriptors, infos, first, last, text_bits, text;
	uint64_t descriptor_size, info_size;
};

static struct error *read_ring(struct kernel *kernel, struct ring *ring)
{
	const struct found *core = kernel->core;
	const struct {
		enum core_need member;
		uint64_t *value;
	} members[] = {
		{CORE_PRB_COUNT_BITS, &ring->count_bits},
		{CORE_PRB_DESCS, &ring->descriptors},
		{CORE_PRB_INFOS, &ring->infos},
		{CORE_PRB_TAIL_ID, &ring->first},
		{CORE_PRB_HEAD_ID, &ring->last},
		{CORE_PRB_SIZE_BITS, &ring->text_bits},
		{CORE_PRB_DATA, &ring->text},
	};
	uint64_t address;
	struct error *err = kernel_read_symbol(kernel, &core[CORE_PRB], 8, &address);

	for (size_t i = 0; !err && i < ARRAY_SIZE(members); i++)
		err = kernel_read_member(kernel, address, &core[members[i].member],
					 members[i].value);
	if (err)
		return err;
	ring->descriptor_size = core[CORE_PRB_DESC_SIZE].value;
	ring->info_size = core[CORE_PRINTK_INFO_SIZE].value;
	if (!is_found(&core[CORE_PRB_DESC_SIZE]) || !is_found(&core[CORE_PRINTK_INFO_SIZE]))
		return error_not_found;
	ring->first &= ID_MASK;
	ring->last &= ID_MASK;
	if (ring->count_bits > COUNT_BITS_MAX || ring->text_bits > TEXT_BITS_MAX)
		return error_new(ERROR_CORRUPT,
				 "a ring of 2^%" PRIu64 " records and 2^%" PRIu64 " bytes",
				 ring->count_bits, ring->text_bits);
	return NULL;
}

/* Where a block's text is, and how much room there; false: the positions contradict each other. */
static bool find_text(const struct ring *ring, uint64_t begin, uint64_t next, uint64_t *at,
		      uint64_t *room)
{
	uint64_t size = UINT64_C(1) << ring->text_bits;
	uint64_t index = begin & (size - 1), length = next - begin;

	if (length > size) {
		return false;
	} else if (index + length > size) {
		/* It did not fit before the end and was put at the beginning. */
		index = 0;
		length = next & (size - 1);
	}
	if (length < BLOCK_ID_SIZE)
		return false;
	*at = ring->text + index;
	*room = length - BLOCK_ID_SIZE;
	return true;
}

static struct error *read_state(struct log_reader *r, uint64_t descriptor, uint64_t id,
				bool *is_told)
{
	uint64_t state;
	struct error *err = kernel_read_member(r->kernel, descriptor,
					       &r->kernel->core[CORE_PRB_DESC_STATE], &state);

	if (!err)
		*is_told = (state & ID_MASK) == id &&
			   (state >> 62 == STATE_COMMITTED || state >> 62 == STATE_FINALIZED);
	return err;
}

static struct error *read_block(struct log_reader *r, const struct ring *ring, uint64_t id,
				uint64_t descriptor)
{
	static const struct parts parts = {CORE_PRINTK_INFO_SEQ, CORE_PRINTK_INFO_TIME,
					   CORE_PRINTK_INFO_LEVEL, CORE_PRINTK_INFO_LENGTH};
	const struct found *core = r->kernel->core;
	uint64_t info = ring->infos + (id & bit_mask((unsigned)ring->count_bits)) * ring->info_size;
	uint64_t begin, next, at = 0, room = 0;
	struct error *err =
		kernel_read_member(r->kernel, descriptor, &core[CORE_PRB_DESC_BEGIN], &begin);

	if (!err)
		err = kernel_read_member(r->kernel, descriptor, &core[CORE_PRB_DESC_NEXT], &next);
	if (err)
		return err;
	if (begin & LPOS_NO_DATA)
		return read_record(r, info, &parts, info, 0);
	if (!find_text(ring, begin, next, &at, &room))
		return note_state(r,
				  error_new(ERROR_CORRUPT,
					    "a text from 0x%" PRIx64 " to 0x%" PRIx64, begin, next),
				  &r->record.text.state);
	return read_record(r, info, &parts, at + BLOCK_ID_SIZE, room);
}

static struct error *tell_descriptor(struct log_reader *r, const struct ring *ring, uint64_t id)
{
	uint64_t place = id & bit_mask((unsigned)ring->count_bits);
	uint64_t descriptor = ring->descriptors + place * ring->descriptor_size;
	bool is_told = false;
	enum datum_state state;

	r->record = (struct log_record){0};
	struct error *err = read_state(r, descriptor, id, &is_told);
	if (!err && !is_told)
		return NULL;
	if (!err)
		err = read_block(r, ring, id, descriptor);
	/* A running kernel may have given the place away meanwhile. */
	if (!err && r->kernel->target->moving)
		err = read_state(r, descriptor, id, &is_told);
	if (!err && !is_told)
		return NULL;
	err = note_state(r, err, &state);
	if (err)
		return err;
	if (state != DATUM_OK)
		r->record.text = (struct text){.state = state};
	return tell(r);
}

static struct error *read_ring_log(struct log_reader *r, uint64_t newest)
{
	struct ring ring;
	struct error *err = read_ring(r->kernel, &ring);

	if (err)
		return error_prepend(err, "kernel log");
	uint64_t n = ((ring.last - ring.first) & ID_MASK) + 1;
	if (n > UINT64_C(1) << ring.count_bits)
		return error_new(ERROR_CORRUPT,
				 "kernel log: records 0x%" PRIx64 " to 0x%" PRIx64
				 " in a ring of 2^%" PRIu64,
				 ring.first, ring.last, ring.count_bits);
	for (uint64_t i = n > newest ? n - newest : 0; !err && i < n; i++) {
		err = target_poll(r->kernel->target);
		if (!err)
			err = tell_descriptor(r, &ring, (ring.first + i) & ID_MASK);
	}
	return err;
}

/* Before Linux 5.10: records of any length, one behind the other. */

struct old_log {
	uint64_t buffer, size, first, next, sequence, header_size;
	const struct found *length; /* of the whole record */
	struct parts parts;
};

static struct error *read_old_log(struct kernel *kernel, struct old_log *log)
{
	static const struct parts parts = {CORE_N, CORE_PRINTK_LOG_TIME, CORE_PRINTK_LOG_LEVEL,
					   CORE_PRINTK_LOG_TEXT_LENGTH};
	static const struct parts older = {CORE_N, CORE_OLD_LOG_TIME, CORE_OLD_LOG_LEVEL,
					   CORE_OLD_LOG_TEXT_LENGTH};
	const struct found *core = kernel->core;
	bool is_older = !is_found(&core[CORE_PRINTK_LOG_SIZE]);
	const struct found *size = &core[is_older ? CORE_OLD_LOG_SIZE : CORE_PRINTK_LOG_SIZE];
	const struct {
		enum core_need symbol;
		unsigned size;
		uint64_t *value;
	} symbols[] = {
		{CORE_LOG_BUF, 8, &log->buffer},	 {CORE_LOG_BUF_LEN, 4, &log->size},
		{CORE_LOG_FIRST_IDX, 4, &log->first},	 {CORE_LOG_NEXT_IDX, 4, &log->next},
		{CORE_LOG_FIRST_SEQ, 8, &log->sequence},
	};
	struct error *err = is_found(size) ? NULL : error_not_found;

	for (size_t i = 0; !err && i < ARRAY_SIZE(symbols); i++)
		err = kernel_read_symbol(kernel, &core[symbols[i].symbol], symbols[i].size,
					 symbols[i].value);
	log->parts = is_older ? older : parts;
	log->length = &core[is_older ? CORE_OLD_LOG_LENGTH : CORE_PRINTK_LOG_LENGTH];
	log->header_size = size->value;
	return err;
}

/* The record at *at, then the next one's place. The end is where a length of 0 says "go on at 0".
 */
static struct error *tell_old(struct log_reader *r, const struct old_log *log, uint64_t *at,
			      bool is_told)
{
	uint64_t base = log->buffer + *at, length;
	struct error *err = range_within(*at, log->header_size, log->size)
				    ? kernel_read_member(r->kernel, base, log->length, &length)
				    : error_new(ERROR_CORRUPT, "no record fits at 0x%" PRIx64, *at);

	if (!err && !length && *at) {
		*at = 0;
		base = log->buffer;
		err = kernel_read_member(r->kernel, base, log->length, &length);
	}
	if (!err && (length < log->header_size || !range_within(*at, length, log->size)))
		err = error_new(ERROR_CORRUPT, "a record of %" PRIu64 " bytes at 0x%" PRIx64,
				length, *at);
	if (err)
		return err;
	*at += length;
	if (!is_told)
		return NULL;
	err = read_record(r, base, &log->parts, base + log->header_size, length - log->header_size);
	return err ? err : tell(r);
}

/* The records between two places; how many there are: not told but counted. */
static struct error *walk_old(struct log_reader *r, const struct old_log *log, uint64_t skip,
			      bool is_told, uint64_t *ret_n)
{
	struct error *err = NULL;
	uint64_t at = log->first, n = 0;

	for (; !err && at != log->next; n++) {
		if (n > log->size / OLD_HEADER_MIN || n > OLD_RECORDS_MAX)
			return error_new(ERROR_CORRUPT, "the records have no end");
		r->record = (struct log_record){.sequence = datum_ok(log->sequence + n)};
		err = target_poll(r->kernel->target);
		if (!err)
			err = tell_old(r, log, &at, is_told && n >= skip);
	}
	*ret_n = n;
	return err;
}

static struct error *read_old_records(struct log_reader *r, uint64_t newest)
{
	struct old_log log;
	struct error *err = read_old_log(r->kernel, &log);
	uint64_t n = 0;

	if (!err && log.header_size < OLD_HEADER_MIN)
		err = error_new(ERROR_CORRUPT, "record headers of %" PRIu64 " bytes",
				log.header_size);
	if (!err && newest != LOG_ALL)
		err = walk_old(r, &log, 0, false, &n);
	if (!err)
		err = walk_old(r, &log, n > newest ? n - newest : 0, true, &n);
	return err;
}

struct error *log_read(struct kernel *kernel, uint64_t newest, log_visit visit, void *arg)
{
	_cleanup_(freep) char *text = malloc(TEXT_MAX + 1);
	struct log_reader reader = {
		.kernel = kernel,
		.visit = visit,
		.arg = arg,
		.text = text,
		.is_capture = target_facts(kernel->target).is_capture,
	};

	if (!text)
		return error_no_memory;
	struct error *err = is_found(&kernel->core[CORE_PRB]) ? read_ring_log(&reader, newest)
							      : read_old_records(&reader, newest);
	if (err || !reader.lost) {
		error_free(reader.lost);
		return err;
	}
	return error_prepend(reader.lost, "kernel log: not all records can be read");
}
