/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels that nobody has seen yet: those of the eras with a member or symbol taken away, as if it
 * had been renamed. `kernel` tells what is gone and for which commands; all the rest is answered,
 * and what can't be had is unknown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fake_differences.h"
#include "fake_machine.h"
#include "kernel/ability.h"

struct loss {
	const char *layouts;
	const char *row;	  /* as in the layout file */
	const char *what;	  /* the ability that it is a row of */
	enum ability_state state; /* of this */
	const char *missing;	  /* names, each with a blank behind it */
	const char *command;	  /* one that it is told for */
	bool opens;		  /* there is a snapshot all the same */
	const char *differs;	  /* something that is not known then; NULL: all is */
};

static const struct loss losses[] = {
	{"7.2", "member struct protection_domain.amdv1.amdpt.common.top_of_table",
	 "page tables of domains", ABILITY_MISSING, "amdv1.amdpt.common.top_of_table ", "walk",
	 true, "domain 0x79: table "},
	{"6.12", "member struct protection_domain.iop.mode", "page tables of domains",
	 ABILITY_PARTLY, "iop.mode ", "map", true, "domain 0x79: table "},
	{"6.12", "member struct amd_iommu_pci_seg.dev_table", "device tables", ABILITY_PARTLY,
	 "dev_table ", "dte", true, "0000:00:04.0: entry "},
	{"5.10", "symbol amd_iommu_dev_table", "device tables", ABILITY_PARTLY,
	 "amd_iommu_dev_table ", "devices", true, "0000:00:04.0: entry "},
	{"7.2", "symbol pdom_ids", "the domain-ID allocator", ABILITY_MISSING, "pdom_ids ",
	 "domids", true, "domain IDs: allocator "},
	{"6.12", "member struct protection_domain.id", "domain IDs", ABILITY_MISSING, "id ",
	 "domains", true, "domain 0x79: id "},
	{"7.2", "member struct iommu_dev_data.domain", "domains of devices", ABILITY_MISSING,
	 "domain ", "devices", true, "0000:00:04.0: domain "},
	{"7.2", "member struct dev_iommu.priv", "driver data of devices", ABILITY_PARTLY, "priv ",
	 "walk", true, "0000:00:04.0: domain "},
	{"6.12", "member struct iommu_group.devices", "members of groups", ABILITY_PARTLY,
	 "devices ", "groups", true, "group 1: "},
	{"6.12", "symbol iommu_group_kset", "IOMMU groups", ABILITY_PARTLY, "iommu_group_kset ",
	 "groups", true, "group 1: "},
	{"7.2", "member struct pci_bus.devices", "PCI functions", ABILITY_PARTLY, "devices ",
	 "devices", false, NULL},
	{"7.2", "member struct amd_iommu.ga_log", "guest vAPIC logs", ABILITY_NONE, "ga_log ",
	 "iommus", true, NULL},
	{"7.2", "symbol amd_iommu_list", "IOMMUs", ABILITY_PARTLY, "amd_iommu_list ", "iommus",
	 false, NULL},
};

/* The ability of that name, and the set that it is of. */
static const struct ability *find(const struct fake_view *view, const char *what,
				  const struct need_set **set)
{
	struct kernel *kernel;

	assert_null(session_kernel(view->session, &kernel));
	*set = &kernel->core_set;
	for (size_t i = 0; *set; *set = session_needs(view->session, i++))
		for (size_t j = 0; j < (*set)->n_abilities; j++)
			if (!strcmp((*set)->abilities[j].what, what))
				return &(*set)->abilities[j];
	fail_msg("no ability \"%s\"", what);
	return NULL;
}

static void check_ability(const struct fake_view *view, const struct loss *loss)
{
	const struct need_set *set;
	const struct ability *ability = find(view, loss->what, &set);
	const struct need_way *way;
	char missing[512] = "";
	bool told = false;

	assert_int_equal(ability_judge(set, ability, &way), loss->state);
	for (size_t i = 0; i < WAY_ROWS && way->rows[i]; i++) {
		const struct found *found = &set->found[way->rows[i] - 1];
		size_t end = strlen(missing);

		if (!is_found(found))
			snprintf(missing + end, sizeof(missing) - end, "%s ", found->name);
	}
	assert_string_equal(missing, loss->missing);
	for (size_t i = 0; i < ABILITY_COMMANDS && ability->commands[i]; i++)
		told |= !strcmp(ability->commands[i], loss->command);
	assert_true(told);
}

/* Each command that it is for says so, and no other. */
static void check_told(const struct fake_view *view, const struct loss *loss)
{
	struct problems problems = {0};

	session_note_lacks(view->session, loss->command, &problems);
	assert_int_equal(problems.n, loss->state != ABILITY_NONE);
	if (problems.n)
		assert_string_equal(problems.at[0].what, loss->what);
	problems_free(&problems);
	session_note_lacks(view->session, "rd", &problems);
	assert_int_equal(problems.n, 0);
}

static void test_loss(void **state)
{
	const struct loss *loss = *state;
	const struct fake_options options = {loss->layouts, 0, 0, 0};
	struct fake_machine *whole = fake_machine_new(&options, 1);
	struct fake_machine *lacking = fake_machine_new(&options, 1);
	struct fake_view whole_view, view;

	fake_forget(lacking->k, loss->row);
	fake_view_open(whole, &whole_view);
	assert_int_equal(fake_view_try(lacking, &view), loss->opens);
	check_ability(&view, loss);
	if (loss->opens) {
		_cleanup_(freep) char *differs = describe_differences(whole_view.s, view.s);

		if (loss->differs)
			assert_non_null(strstr(differs, loss->differs));
		else
			assert_string_equal(differs, "");
		check_told(&view, loss);
	}
	fake_view_close(&whole_view);
	fake_view_close(&view);
	fake_machine_free(whole);
	fake_machine_free(lacking);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(losses)];

	for (size_t i = 0; i < ARRAY_SIZE(losses); i++)
		tests[i] = (struct CMUnitTest){
			.name = losses[i].row,
			.test_func = test_loss,
			.initial_state = (void *)&losses[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
