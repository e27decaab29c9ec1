/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel logs made by hand: every record once and in order, whatever is wrong with the buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fake_kernel.h"
#include "kernel/death.h"
#include "target/recorder.h"

#define COUNT_BITS 4
#define TEXT_BITS 8
#define N_DESCRIPTORS (1u << COUNT_BITS)
#define TEXT_SIZE (1u << TEXT_BITS)
#define DESCRIPTOR_SIZE 24
#define INFO_SIZE 112
#define ID_MASK (UINT64_MAX >> 2)
enum { RESERVED, COMMITTED, FINALIZED, REUSABLE };

struct log {
	struct fake_kernel *k;
	struct target *target;
	struct kernel *kernel;
	uint64_t ring, descriptors, infos, text; /* the ring buffer */
	uint64_t id, position, sequence;
	uint64_t buffer, at; /* the older records */
	char told[4096];
};

/* As kernel/printk/printk_ringbuffer.c lays a record down. */
static void put_state(struct log *l, uint64_t id, unsigned state)
{
	uint64_t place = id % N_DESCRIPTORS;

	fake_put(l->k, l->descriptors + place * DESCRIPTOR_SIZE, "struct prb_desc", "state_var",
		 (id & ID_MASK) | (uint64_t)state << 62);
}

static void put_block(struct log *l, uint64_t begin, uint64_t next)
{
	uint64_t descriptor = l->descriptors + l->id % N_DESCRIPTORS * DESCRIPTOR_SIZE;

	fake_put(l->k, descriptor, "struct prb_desc", "text_blk_lpos.begin", begin);
	fake_put(l->k, descriptor, "struct prb_desc", "text_blk_lpos.next", next);
}

static void put_info(struct log *l, size_t length, unsigned level)
{
	uint64_t info = l->infos + l->id % N_DESCRIPTORS * INFO_SIZE;

	fake_put(l->k, info, "struct printk_info", "seq", l->sequence);
	fake_put(l->k, info, "struct printk_info", "ts_nsec", l->sequence * 1000000);
	fake_put(l->k, info, "struct printk_info", "text_len", length);
	fake_put(l->k, info, "struct printk_info", "level", level << 5);
}

static void put_text(struct log *l, uint64_t at, const char *text)
{
	for (size_t i = 0; text[i]; i++)
		fake_write(l->k, at + i, 1, (unsigned char)text[i]);
}

static void say(struct log *l, const char *text)
{
	uint64_t size = (8 + strlen(text) + 7) & ~UINT64_C(7);
	uint64_t index = l->position % TEXT_SIZE, next = l->position + size;

	if (index + size > TEXT_SIZE) {
		index = 0;
		next = (l->position / TEXT_SIZE + 1) * TEXT_SIZE + size;
	}
	put_state(l, l->id, FINALIZED);
	put_block(l, l->position, next);
	put_info(l, strlen(text), l->sequence % 8);
	fake_write(l->k, l->text + index, 8, l->id);
	put_text(l, l->text + index + 8, text);
	fake_put(l->k, l->ring, "struct printk_ringbuffer", "desc_ring.head_id", l->id);
	l->position = next;
	l->id = (l->id + 1) & ID_MASK;
	l->sequence++;
}

static void set_first(struct log *l, uint64_t id)
{
	fake_put(l->k, l->ring, "struct printk_ringbuffer", "desc_ring.tail_id", id & ID_MASK);
}

static void make_ring(struct log *l, uint64_t first_id, uint64_t position)
{
	static const char type[] = "struct printk_ringbuffer";

	l->k = fake_new(&(struct fake_options){.layouts = "7.2"});
	l->ring = fake_alloc_bytes(l->k, 128);
	l->descriptors = fake_alloc_bytes(l->k, N_DESCRIPTORS * DESCRIPTOR_SIZE);
	l->infos = fake_alloc_bytes(l->k, N_DESCRIPTORS * INFO_SIZE);
	l->text = fake_alloc_bytes(l->k, TEXT_SIZE);
	fake_write(l->k, fake_symbol(l->k, "prb"), 8, l->ring);
	fake_put(l->k, l->ring, type, "desc_ring.count_bits", COUNT_BITS);
	fake_put(l->k, l->ring, type, "desc_ring.descs", l->descriptors);
	fake_put(l->k, l->ring, type, "desc_ring.infos", l->infos);
	fake_put(l->k, l->ring, type, "text_data_ring.size_bits", TEXT_BITS);
	fake_put(l->k, l->ring, type, "text_data_ring.data", l->text);
	l->id = first_id & ID_MASK;
	l->position = position;
	set_first(l, first_id);
}

static int set_up(void **state)
{
	static struct log log;

	log = (struct log){0};
	*state = &log;
	return 0;
}

static int tear_down(void **state)
{
	struct log *l = *state;

	kernel_close(l->kernel);
	target_close(l->target);
	fake_free(l->k);
	return 0;
}

static void open_kernel(struct log *l)
{
	const char *path = fake_image(l->k);
	const struct target_spec spec = {.cores = &path, .n_cores = 1, .no_cache = true};
	struct error *err = target_open(&spec, &l->target);

	if (!err)
		err = kernel_open(l->target, NULL, 0, &l->kernel);
	if (err)
		fail_msg("%s", error_message(err));
}

static struct error *note_record(void *arg, const struct log_record *record)
{
	struct log *l = arg;
	size_t n = strlen(l->told);
	bool has_text = record->text.state == DATUM_OK;

	snprintf(l->told + n, sizeof(l->told) - n, "%" PRIu64 ":%" PRIu64 ":%s\n",
		 record->sequence.value, record->level.value,
		 has_text ? record->text.value : datum_state_name(record->text.state));
	if (record->sequence.state == DATUM_OK && record->time_ns.state == DATUM_OK)
		assert_int_equal(record->time_ns.value, record->sequence.value * 1000000);
	return NULL;
}

/* The records; "!": not all could be read. */
static void check_log(struct log *l, uint64_t newest, const char *expected)
{
	*l->told = '\0';
	struct error *err = log_read(l->kernel, newest, note_record, l);
	if (err && error_is_unreadable(err))
		snprintf(l->told + strlen(l->told), 2, "!");
	else if (err)
		fail_msg("%s", error_message(err));
	error_free(err);
	assert_string_equal(l->told, expected);
}

static struct error *ignore_record(void *arg, const struct log_record *record)
{
	(void)arg;
	(void)record;
	return NULL;
}

static void check_refused(struct log *l, enum error_code code)
{
	struct error *err = log_read(l->kernel, LOG_ALL, ignore_record, NULL);

	assert_non_null(err);
	assert_int_equal(error_code(err), code);
	error_free(err);
}

/* The IDs and positions go past their highest value; a block goes past the ring's end. */
static void test_ring(void **state)
{
	struct log *l = *state;

	make_ring(l, UINT64_MAX - 1, UINT64_MAX - 2 * TEXT_SIZE + 1);
	say(l, "three lines whose text");
	say(l, "is written over by what");
	say(l, "comes after them");
	for (unsigned i = 0; i < 3; i++)
		say(l, "filling up the ring of text so that it comes to its end");
	say(l, "behind\nthe end");
	say(l, "");
	set_first(l, 1);
	open_kernel(l);
	check_log(l, LOG_ALL,
		  "3:3:filling up the ring of text so that it comes to its end\n"
		  "4:4:filling up the ring of text so that it comes to its end\n"
		  "5:5:filling up the ring of text so that it comes to its end\n"
		  "6:6:behind\nthe end\n7:7:\n");
	check_log(l, 2, "6:6:behind\nthe end\n7:7:\n");
	check_log(l, 0, "");
}

/* From Linux 6.18 on a block may end just where the ring does. */
static void test_ring_to_the_end(void **state)
{
	struct log *l = *state;

	make_ring(l, 7, TEXT_SIZE - 16);
	say(l, "12345678");
	say(l, "next");
	open_kernel(l);
	check_log(l, LOG_ALL, "0:0:12345678\n1:1:next\n");
}

static void test_ring_states(void **state)
{
	struct log *l = *state;

	make_ring(l, 100, 0);
	for (unsigned i = 0; i < 5; i++)
		say(l, "text");
	put_state(l, 100, REUSABLE);
	put_state(l, 101, RESERVED);
	put_state(l, 102, COMMITTED);
	put_state(l, 103 + N_DESCRIPTORS, FINALIZED); /* a newer record's already */
	open_kernel(l);
	check_log(l, LOG_ALL, "2:2:text\n4:4:text\n");
}

static void test_ring_without_text(void **state)
{
	struct log *l = *state;

	make_ring(l, 0, 0);
	say(l, "");
	l->id--;
	put_block(l, 3, 3); /* an empty line has no block */
	l->id++;
	say(l, "text");
	l->id--;
	put_info(l, TEXT_SIZE, 0); /* longer than its block */
	put_block(l, 8, 32);
	l->id++;
	say(l, "text");
	l->id--;
	put_block(l, 8, 8 + 2 * TEXT_SIZE);
	open_kernel(l);
	check_log(l, LOG_ALL, "0:0:\n2:0:corrupt\n0:0:corrupt\n!");
}

static void test_ring_excluded(void **state)
{
	struct log *l = *state;

	make_ring(l, 0, 0);
	say(l, "text");
	fake_exclude(l->k, l->text, TEXT_SIZE);
	open_kernel(l);
	check_log(l, LOG_ALL, "0:0:excluded\n!");
}

static void test_ring_damaged(void **state)
{
	struct log *l = *state;

	make_ring(l, 0, 0);
	say(l, "text");
	set_first(l, 1); /* 2^62 records */
	open_kernel(l);
	check_refused(l, ERROR_CORRUPT);
}

static void test_ring_of_any_size(void **state)
{
	struct log *l = *state;

	make_ring(l, 0, 0);
	say(l, "text");
	fake_put(l->k, l->ring, "struct printk_ringbuffer", "desc_ring.count_bits", 63);
	open_kernel(l);
	check_refused(l, ERROR_CORRUPT);
}

static void test_ring_nowhere(void **state)
{
	struct log *l = *state;

	make_ring(l, 0, 0);
	fake_write(l->k, fake_symbol(l->k, "prb"), 8, UINT64_C(0xdead000000000100));
	open_kernel(l);
	check_refused(l, ERROR_FAULT);
}

struct text_range {
	uint64_t pa, n;
};

static struct error *count_text(void *arg, const struct recorder_range *range)
{
	struct text_range *text = arg;

	if (range->pa >= text->pa && range->pa < text->pa + TEXT_SIZE)
		text->n += range->len;
	return NULL;
}

/* A recorder sees the text of lines that are about IOMMUs, and of no others. */
static void test_recorded(void **state)
{
	struct log *l = *state;
	struct recorder recorder = {0};

	make_ring(l, 0, 0);
	say(l, "AMD-Vi: Interrupt remapping enabled");
	say(l, "what is nobody's business");
	open_kernel(l);
	l->target->recorder = &recorder;
	check_log(l, LOG_ALL,
		  "0:0:AMD-Vi: Interrupt remapping enabled\n1:1:what is nobody's business\n");
	assert_ptr_equal(l->target->recorder, &recorder);
	l->target->recorder = NULL;
	struct text_range range = {fake_phys(l->k, l->text), 0};
	assert_null(recorder_visit(&recorder, count_text, &range));
	assert_int_equal(range.n, strlen("AMD-Vi: Interrupt remapping enabled"));
	recorder_free(&recorder);
}

/* The older records. */

#define OLD_SIZE 256
#define HEADER 16

static void make_records(struct log *l, const char *layouts, const char *type, uint64_t first)
{
	l->k = fake_new(&(struct fake_options){.layouts = layouts});
	assert_true(fake_has(l->k, type, "len"));
	l->buffer = fake_alloc_bytes(l->k, OLD_SIZE);
	l->at = first;
	fake_write(l->k, fake_symbol(l->k, "log_buf"), 8, l->buffer);
	fake_write(l->k, fake_symbol(l->k, "log_buf_len"), 4, OLD_SIZE);
	fake_write(l->k, fake_symbol(l->k, "log_first_idx"), 4, first);
	fake_write(l->k, fake_symbol(l->k, "log_first_seq"), 8, 1000);
}

static void say_old(struct log *l, const char *type, const char *text)
{
	uint64_t size = (HEADER + strlen(text) + 7) & ~UINT64_C(7);

	if (l->at + size + HEADER > OLD_SIZE)
		l->at = 0; /* what is there says length 0 */
	uint64_t record = l->buffer + l->at;
	fake_put(l->k, record, type, "ts_nsec", (1000 + l->sequence) * 1000000);
	fake_put(l->k, record, type, "len", size);
	fake_put(l->k, record, type, "text_len", strlen(text));
	fake_put(l->k, record, type, "level", l->sequence % 8 << 5);
	put_text(l, record + HEADER, text);
	l->at += size;
	l->sequence++;
	fake_write(l->k, fake_symbol(l->k, "log_next_idx"), 4, l->at);
}

static void check_records(struct log *l, const char *layouts, const char *type)
{
	make_records(l, layouts, type, 128);
	say_old(l, type, "first");
	say_old(l, type, "one that is so long that the next does not fit any more");
	say_old(l, type, "from the beginning");
	say_old(l, type, "");
	open_kernel(l);
	check_log(l, LOG_ALL,
		  "1000:0:first\n1001:1:one that is so long that the next does not fit any more\n"
		  "1002:2:from the beginning\n1003:3:\n");
	check_log(l, 1, "1003:3:\n");
}

static void test_records(void **state)
{
	check_records(*state, "4.18", "struct printk_log");
}

static void test_older_records(void **state)
{
	check_records(*state, "3.10", "struct log");
}

static void test_records_damaged(void **state)
{
	struct log *l = *state;

	make_records(l, "4.18", "struct printk_log", 0);
	say_old(l, "struct printk_log", "text");
	fake_put(l->k, l->buffer, "struct printk_log", "len", 8);
	open_kernel(l);
	check_refused(l, ERROR_CORRUPT);
}

/* Records of 16 bytes that never come to log_next_idx. */
static void test_records_without_end(void **state)
{
	struct log *l = *state;

	make_records(l, "4.18", "struct printk_log", 0);
	for (uint64_t at = 0; at + HEADER < OLD_SIZE; at += HEADER)
		fake_put(l->k, l->buffer + at, "struct printk_log", "len", HEADER);
	fake_write(l->k, fake_symbol(l->k, "log_next_idx"), 4, 3);
	open_kernel(l);
	check_refused(l, ERROR_CORRUPT);
}

static void test_no_log(void **state)
{
	struct log *l = *state;

	l->k = fake_new(&(struct fake_options){.layouts = "5.15"});
	open_kernel(l);
	check_refused(l, ERROR_NOT_FOUND);
}

/* Why it died. */

static void check_death(const char *const *lines, const char *panic, const char *cause)
{
	_cleanup_(arena_free) struct arena arena = {0};
	struct death death = {0};

	for (uint64_t i = 0; lines[i]; i++) {
		const struct log_record record = {.time_ns = datum_ok(i),
						  .text = text_ok(lines[i])};

		assert_null(death_take(&death, &arena, &record));
	}
	assert_int_equal(death.panic.state, panic ? DATUM_OK : DATUM_NONE);
	assert_int_equal(death.cause.state, cause ? DATUM_OK : DATUM_NONE);
	if (panic)
		assert_string_equal(death.panic.value, panic);
	if (cause)
		assert_string_equal(death.cause.value, cause);
}

static void test_death(void **state)
{
	(void)state;
	check_death((const char *const[]){"ACPI: fine", NULL}, NULL, NULL);
	check_death((const char *const[]){"BUG: kernel NULL pointer dereference, address: 00\nx",
					  "#PF: supervisor write access in kernel mode",
					  "Oops: 0002 [#1] PREEMPT SMP NOPTI",
					  "Kernel panic - not syncing: Fatal exception",
					  "BUG: scheduling while atomic", NULL},
		    "Kernel panic - not syncing: Fatal exception",
		    "BUG: kernel NULL pointer dereference, address: 00");
	check_death((const char *const[]){"kernel BUG at mm/slub.c:379!",
					  "invalid opcode: 0000 [#1] SMP NOPTI", NULL},
		    NULL, "kernel BUG at mm/slub.c:379!");
	check_death((const char *const[]){"Oops: general failure", "SysRq : Trigger a crash", NULL},
		    NULL, "SysRq : Trigger a crash");
	check_death((const char *const[]){"watchdog: BUG: soft lockup - CPU#1 stuck for 26s!",
					  "Oops: divide error: 0000 [#1] SMP NOPTI", NULL},
		    NULL, "Oops: divide error: 0000 [#1] SMP NOPTI");
	check_death((const char *const[]){"BUG: unable to handle page fault for address: ff",
					  "Oops: Oops: 0002 [#1] SMP NOPTI", NULL},
		    NULL, "BUG: unable to handle page fault for address: ff");
	check_death((const char *const[]){"watchdog: CPU12: Watchdog detected hard LOCKUP on cpu 3",
					  NULL},
		    NULL, "watchdog: CPU12: Watchdog detected hard LOCKUP on cpu 3");
	check_death((const char *const[]){"watchdog: CPU: Watchdog detected hard LOCKUP", NULL}, NULL,
		    NULL);
	/* Processes are killed for memory on machines that go on for months. */
	check_death((const char *const[]){"Out of memory: Killed process 1 (a)",
					  "Out of memory: Killed process 2 (b)",
					  "invalid opcode: 0000 [#1] SMP", NULL},
		    NULL, "invalid opcode: 0000 [#1] SMP");
	check_death((const char *const[]){"Oops: 0000", "Out of memory: Killed process 1 (a)", NULL},
		    NULL, "Oops: 0000");
}

/* A capture keeps whatever line tells of a death. */
static void test_kept(void **state)
{
	static const char *const lines[] = {
		"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks", "divide error: 0000 [#1] SMP",
		"invalid opcode: 0000 [#1]", "stack segment: 0000", "Out of memory: Killed process 1 (a)",
		"Unable to handle kernel paging request", "amd_iommu: fine",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_true(log_line_is_kept(lines[i]));
	assert_false(log_line_is_kept("systemd[1]: secrets"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ring, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring_to_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring_states, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring_without_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring_excluded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring_of_any_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_ring_nowhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_recorded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_records, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_older_records, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_records_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_records_without_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_log, set_up, tear_down),
		cmocka_unit_test(test_death),
		cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
