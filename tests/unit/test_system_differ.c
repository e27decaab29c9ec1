/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a kernel's memory has, and folders made by hand that stand for /sys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "cmd/select.h"
#include "cmd/system_differ.h"
#include "fake_machine.h"
#include "kernel/pci.h"
#include "scratch.h"

struct context {
	struct scratch scratch;
	struct fake_machine *m;
	struct fake_view view;
};

/* What happens while the program waits before it looks once more; NULL: nothing. */
static const char *in_between;
static const struct scratch *in_between_at;
static unsigned n_pauses;

/* In libc's place. */
int nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time;
	(void)left;
	if (in_between && !n_pauses++)
		scratch_run(in_between_at, "%s", in_between);
	return 0;
}

/* include/linux/iommu.h, and drivers/iommu/iommu.c's words for it */
static const char *type_word(uint8_t type)
{
	return type == 3 ? "DMA\n" : type == 4 ? "identity\n" : type == 0xb ? "DMA-FQ\n" : "?\n";
}

static void make_system(const struct scratch *scratch)
{
	for (size_t i = 0; i < FAKE_FUNCTIONS; i++) {
		const struct fake_function *f = &fake_functions[i];
		char name[PCI_NAME_SIZE], path[100];

		pci_name(name, f->segment, f->devid);
		snprintf(path, sizeof(path), "bus/pci/devices/%s/vendor", name);
		scratch_write_text(scratch, path, "0x1022\n");
		if (f->group < 0)
			continue;
		snprintf(path, sizeof(path), "kernel/iommu_groups/%d/devices/%s/vendor", f->group,
			 name);
		scratch_write_text(scratch, path, "0x1022\n");
		snprintf(path, sizeof(path), "kernel/iommu_groups/%d/type", f->group);
		scratch_write_text(scratch, path,
				   f->domain < FAKE_DOMAINS
					   ? type_word(fake_domains[f->domain].type)
					   : "unknown\n");
	}
	/* An ACPI device, which is no PCI function. */
	scratch_write_text(scratch, "kernel/iommu_groups/7/devices/AMDI0020:00/uevent", "");
}

static int set_up(void **state)
{
	const struct fake_options options = {.layouts = "7.2", .page_levels = 4};
	struct context *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	scratch_make(&c->scratch);
	make_system(&c->scratch);
	c->m = fake_machine_new(&options, 1);
	fake_view_open(c->m, &c->view);
	c->view.target->system = c->scratch.path;
	in_between = NULL;
	in_between_at = &c->scratch;
	n_pauses = 0;
	*state = c;
	return 0;
}

static int tear_down(void **state)
{
	struct context *c = *state;

	fake_view_close(&c->view);
	fake_machine_free(c->m);
	scratch_remove(&c->scratch);
	free(c);
	return 0;
}

/* "OBJECT: WHAT: MESSAGE\n" for each problem. */
static char *differences(struct context *c)
{
	struct snapshot *s = c->view.s;
	size_t n = s->problems.n, size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_null(system_differ(c->view.session, SNAPSHOT_DEVICES, &s));
	for (size_t i = n; i < s->problems.n; i++)
		fprintf(out, "%s: %s: %s\n", s->problems.at[i].object, s->problems.at[i].what,
			s->problems.at[i].message);
	fclose(out);
	return text;
}

static void check(struct context *c, const char *expected)
{
	_cleanup_(freep) char *found = differences(c);

	assert_string_equal(found, expected);
}

static void test_same(void **state)
{
	check(*state, "");
	assert_int_equal(n_pauses, 0); /* nothing was read twice */
}

static void test_no_system(void **state)
{
	struct context *c = *state;

	scratch_run(&c->scratch, "rm -r '%s'/bus '%s'/kernel", c->scratch.path, c->scratch.path);
	check(c, "");
	c->view.target->system = NULL;
	check(c, "");
}

static const struct {
	const char *change, *expected;
} changes[] = {
	{"mkdir bus/pci/devices/0000:00:03.0",
	 "0000:00:03.0: function: /sys/bus/pci/devices has it, the kernel's PCI buses in memory have "
	 "not\n"},
	/* Then it is no PCI function in its group either. */
	{"rm -r bus/pci/devices/0000:00:05.0",
	 "0000:00:05.0: function: the kernel's PCI buses in memory have it, /sys/bus/pci/devices has "
	 "not\n"},
	{"mkdir -p kernel/iommu_groups/11/devices",
	 "group 11: group: /sys/kernel/iommu_groups has it, the kernel's groups in memory have not\n"},
	{"rm -r kernel/iommu_groups/2",
	 "group 2: group: the kernel's groups in memory have it, /sys/kernel/iommu_groups has not\n"},
	{"mv kernel/iommu_groups/0/devices/0000:00:04.0 kernel/iommu_groups/4/devices",
	 "group 0: members: the kernel's memory has 0000:00:04.0 in it, /sys/kernel/iommu_groups has "
	 "not\n"
	 "group 4: members: /sys/kernel/iommu_groups has 0000:00:04.0 in it, the kernel's memory has "
	 "not\n"},
	{"echo identity > kernel/iommu_groups/5/type",
	 "group 5: type: /sys/kernel/iommu_groups says identity, the kernel's memory dma-fq\n"},
	{"mkdir kernel/iommu_groups/5/devices/PNP0C02:00", ""},
	{"echo unknown > kernel/iommu_groups/5/type", ""},
};

static void test_different(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct context *c;

		assert_int_equal(set_up((void **)&c), 0);
		scratch_run(&c->scratch, "%s", changes[i].change);
		check(c, changes[i].expected);
		tear_down((void **)&c);
	}
	(void)state;
}

/* The one read before it came, the other after. */
static void test_in_between(void **state)
{
	struct context *c = *state;

	scratch_run(&c->scratch, "mkdir bus/pci/devices/0000:00:03.0");
	in_between = "rmdir bus/pci/devices/0000:00:03.0";
	check(c, "");
	assert_int_equal(n_pauses, 1);
}

/* Another difference than before is none that stays. */
static void test_moving_on(void **state)
{
	struct context *c = *state;

	scratch_run(&c->scratch, "mkdir bus/pci/devices/0000:00:03.0");
	in_between = "mv bus/pci/devices/0000:00:03.0 bus/pci/devices/0000:00:09.0";
	check(c, "");
}

/* With what could not be read, memory may lack what the system has. */
static void test_partly(void **state)
{
	struct context *c = *state;

	scratch_run(&c->scratch,
		    "mkdir -p bus/pci/devices/0000:00:03.0 kernel/iommu_groups/11/devices;"
		    "mv kernel/iommu_groups/0/devices/0000:00:04.0 kernel/iommu_groups/4/devices");
	c->view.s->devices_state = DATUM_EXCLUDED;
	c->view.s->groups_state = DATUM_EXCLUDED;
	for (uint32_t i = 0; i < c->view.s->n_groups; i++)
		c->view.s->groups[i].members_state = DATUM_EXCLUDED;
	check(c, "group 0: members: the kernel's memory has 0000:00:04.0 in it, "
		 "/sys/kernel/iommu_groups has not\n");
}

#define CMDBUF "kernel/debug/iommu/amd/iommu00/cmdbuf"

/* The snapshot once more, with the rings. */
static const struct ring_facts *rings(struct context *c)
{
	snapshot_free(c->view.s);
	assert_null(session_snapshot(c->view.session, SNAPSHOT_RINGS, &c->view.s));
	return c->view.s->ring_facts;
}

/* As in the kernel's Documentation/ABI/testing/debugfs-amd-iommu. */
static void test_registers(void **state)
{
	struct context *c = *state;

	scratch_write_text(&c->scratch, CMDBUF,
			   "CMD Buffer Head Offset:339 Tail Offset:341\n"
			   "  0: 00835001 10000001 00003c00 00000000\n"
			   "  1: 00000000 30000005 fffff003 7fffffff\n");
	const struct ring_facts *facts = rings(c);
	assert_true(datum_is(facts[0].hardware_head, 339));
	assert_true(datum_is(facts[0].hardware_tail, 341));
	assert_int_equal(facts[1].hardware_head.state, DATUM_NONE);
	assert_int_equal(facts[1].hardware_tail.state, DATUM_NONE);
	assert_int_equal(c->view.s->problems.n, 0);
}

static void test_other_registers(void **state)
{
	struct context *c = *state;

	scratch_write_text(&c->scratch, CMDBUF, "CMD Buffer Head: 339\n");
	const struct ring_facts *facts = rings(c);
	assert_int_equal(facts[0].hardware_head.state, DATUM_CORRUPT);
	assert_int_equal(facts[0].hardware_tail.state, DATUM_CORRUPT);
	assert_int_equal(c->view.s->problems.n, 1);
}

/* What a function is in for a moment is no mistake of the one who asks. */
static void test_state_of_the_moment(void **state)
{
	struct context *c = *state;
	const struct domain *domain;
	struct error *err;

	err = find_domain(c->view.s, "0000:00:07.0", &domain);
	assert_int_equal(error_code(err), ERROR_USAGE);
	error_free(err);
	c->view.s->moving = true;
	err = find_domain(c->view.s, "0000:00:07.0", &domain);
	assert_int_equal(error_code(err), ERROR_TORN);
	assert_non_null(strstr(error_message(err), "0000:00:07.0 is in no domain"));
	error_free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_system, set_up, tear_down),
		cmocka_unit_test(test_different),
		cmocka_unit_test_setup_teardown(test_in_between, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_moving_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_partly, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_registers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_registers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_state_of_the_moment, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
