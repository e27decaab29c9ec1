/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far hardware has got in a command buffer, and the ranges that invalidations cover. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "amd/hw/command_ring.h"
#include "base/cleanup.h"

#define SLOTS 8
#define STORE UINT64_C(0x123456000)
#define OTHER UINT64_C(0x1e504000)
#define SME (UINT64_C(1) << 47)

static uint64_t slots[SLOTS][COMMAND_WORDS];

static void put_wait(unsigned slot, uint64_t address, uint64_t number)
{
	slots[slot][0] = UINT64_C(1) << 60 | address | 1;
	slots[slot][1] = number;
}

static void put_invalidation(unsigned slot, uint16_t domain)
{
	slots[slot][0] = UINT64_C(3) << 60 | (uint64_t)domain << 32;
	slots[slot][1] = UINT64_C(0x7fffffffffffffff) & ~UINT64_C(0xffc);
}

static struct command_progress judge(uint32_t tail, uint64_t stored)
{
	const struct command_ring ring = {slots, SLOTS, tail, STORE, stored, SME};

	return command_ring_judge(&ring);
}

static int clear(void **state)
{
	(void)state;
	memset(slots, 0, sizeof(slots));
	return 0;
}

static void check(struct command_progress p, uint32_t done, uint32_t pending, uint32_t waiting,
		  uint32_t foreign)
{
	assert_int_equal(p.done, done);
	assert_int_equal(p.pending, pending);
	assert_int_equal(p.waiting, waiting);
	assert_int_equal(p.foreign, foreign);
}

#define NONE COMMAND_NO_SLOT

static void test_blank(void **state)
{
	(void)state;
	check(judge(0, 0), NONE, NONE, NONE, NONE);
	check(judge(5, 77), NONE, NONE, NONE, NONE);
}

static void test_all_done(void **state)
{
	(void)state;
	put_invalidation(0, 1);
	put_wait(1, STORE, 0x41);
	put_invalidation(2, 1);
	put_wait(3, STORE, 0x42);
	check(judge(4, 0x42), 3, NONE, NONE, NONE);
	check(judge(4, 0x99), 3, NONE, NONE, NONE); /* later ones were overwritten */
}

/* The oldest of those behind the last that is done, and the wait that was not answered. */
static void test_pending(void **state)
{
	(void)state;
	put_wait(1, STORE, 0x41);
	put_invalidation(2, 7);
	put_invalidation(3, 8);
	put_wait(4, STORE, 0x42);
	put_invalidation(5, 9);
	put_wait(6, STORE, 0x43);
	check(judge(7, 0x41), 1, 2, 4, NONE);
	check(judge(7, 0x42), 4, 5, 6, NONE);
	check(judge(7, 0x40), NONE, 1, 1, NONE); /* nothing in the ring is known to be done */
}

/* The ring is full: the oldest command is at the tail, the order goes round. */
static void test_wrapped(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SLOTS; i += 2) {
		unsigned slot = (5 + i) % SLOTS;

		put_invalidation(slot, (uint16_t)i);
		put_wait((slot + 1) % SLOTS, STORE, 0x100 + i);
	}
	check(judge(5, 0x102), 0, 1, 2, NONE); /* slots 5 6 7 0 | 1 2 3 4 */
	check(judge(5, 0x106), 4, NONE, NONE, NONE);
}

static void test_numbers_wrap(void **state)
{
	(void)state;
	put_wait(0, STORE, UINT64_MAX);
	put_invalidation(1, 1);
	put_wait(2, STORE, 0);
	check(judge(3, UINT64_MAX), 0, 1, 2, NONE);
	check(judge(3, 0), 2, NONE, NONE, NONE);
}

/* Waits that store nothing, or elsewhere, tell nothing; a capture kernel starts at slot 0. */
static void test_foreign(void **state)
{
	(void)state;
	put_invalidation(0, 0xb);
	put_wait(1, OTHER, 1);
	put_invalidation(2, 0xb);
	put_wait(3, OTHER, 2);
	put_invalidation(4, 5);
	put_wait(5, STORE, 0x51);
	put_invalidation(6, 6);
	slots[7][0] = UINT64_C(1) << 60; /* S = 0 */
	check(judge(0, 0x51), 5, NONE, NONE, 3);
	check(judge(0, 0x50), NONE, 4, 5, 3);
}

/* Under memory encryption commands bear its bit, and what was translated does not. */
static void test_encrypted(void **state)
{
	(void)state;
	put_wait(1, STORE | SME, 0x41);
	put_invalidation(2, 7);
	put_wait(3, STORE | SME, 0x42);
	check(judge(4, 0x41), 1, 2, 3, NONE);
	put_wait(1, STORE | SME >> 1, 0x41);
	check(judge(4, 0x42), 3, NONE, NONE, 1);
}

static void test_pages(void **state)
{
	static const struct {
		uint64_t word, first, last;
	} rows[] = {
		{0x12345000, 0x12345000, 0x12345fff},
		{0x12345006, 0x12345000, 0x12345fff},	       /* PDE and GN are no part of it */
		{0x12344001, 0x12344000, 0x12345fff},	       /* bit 12 is 0: 8 KiB */
		{0x12345001, 0x12344000, 0x12347fff},	       /* 16 KiB */
		{0x401ff001, 0x40000000, 0x403fffff},	       /* 4 MiB */
		{UINT64_C(0x7ffffffffffff003), 0, UINT64_MAX}, /* all */
		{UINT64_C(0xfffffffffffff001), 0, UINT64_MAX}, /* no zero at all */
		{UINT64_C(0x000ffffffffff001), 0, UINT64_C(0x1fffffffffffff)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t first, last;

		command_pages(rows[i].word, &first, &last);
		assert_true(first == rows[i].first);
		assert_true(last == rows[i].last);
	}
}

/* Whatever is in the ring, what comes out are slots of it, in their order. */
static void test_random(void **state)
{
	(void)state;
	srand(5);
	for (unsigned round = 0; round < 20000; round++) {
		for (unsigned i = 0; i < SLOTS; i++) {
			slots[i][0] = (uint64_t)(rand() % 4) << 60 | (rand() % 3 ? STORE : OTHER) |
				      (unsigned)(rand() % 2);
			slots[i][1] = (unsigned)rand() % 6;
		}
		uint32_t tail = (uint32_t)rand() % SLOTS;
		struct command_progress p = judge(tail, (unsigned)rand() % 6);

		assert_true(p.done == NONE || p.done < SLOTS);
		assert_true(p.foreign == NONE || p.foreign < SLOTS);
		assert_int_equal(p.pending == NONE, p.waiting == NONE);
		if (p.waiting == NONE)
			continue;
		assert_true(p.pending < SLOTS && p.waiting < SLOTS);
		uint32_t pending = (p.pending + SLOTS - tail) % SLOTS;
		assert_true(pending <= (p.waiting + SLOTS - tail) % SLOTS);
		assert_true(p.done == NONE || (p.done + SLOTS - tail) % SLOTS < pending);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_blank, clear),
		cmocka_unit_test_setup(test_all_done, clear),
		cmocka_unit_test_setup(test_pending, clear),
		cmocka_unit_test_setup(test_wrapped, clear),
		cmocka_unit_test_setup(test_numbers_wrap, clear),
		cmocka_unit_test_setup(test_foreign, clear),
		cmocka_unit_test_setup(test_encrypted, clear),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
