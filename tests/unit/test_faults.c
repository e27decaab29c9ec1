/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine of the eras, damaged in one place: what can't be read says why and is in the problems,
 * all the rest is as on the whole machine. A datum that a whole machine has is never 0 or none.
 */
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
#include "fake_differences.h"
#include "fake_machine.h"

#define NOWHERE UINT64_C(0xffff888000012340) /* in the linear map, with no memory behind it */
#define NOT_CANONICAL UINT64_C(0xdead000000000100)

struct fault {
	const char *name;
	const char *layouts;
	unsigned segments;
	void (*damage)(struct fake_machine *m);
	/* Lines "object: datum state": all that differs from the whole machine. */
	const char *differs;
	/* Lines "object: what state": these are among the problems. */
	const char *problems;
};

/* Every line of `wanted` is one of text's. */
static void check_lines(const char *text, const char *wanted)
{
	for (const char *line = wanted, *end; *line; line = end + 1) {
		size_t length;
		bool found = false;

		end = strchr(line, '\n');
		length = (size_t)(end - line) + 1;
		for (const char *p = text; *p && !found; p = strchr(p, '\n') + 1)
			found = !strncmp(p, line, length);
		if (!found)
			fail_msg("no problem \"%.*s\" among:\n%s", (int)length - 1, line, text);
	}
}

/* Damage. */

static uint64_t member_at(const struct fake_machine *m, uint64_t object, const char *type,
			  const char *member)
{
	return object + fake_offset(m->k, type, member);
}

static uint64_t device_of(const struct fake_machine *m, unsigned function)
{
	return member_at(m, m->pci_devs[function], "struct pci_dev", "dev");
}

static uint64_t bus_list_of(const struct fake_machine *m, unsigned function)
{
	return member_at(m, m->pci_devs[function], "struct pci_dev", "bus_list");
}

static uint64_t group_node(const struct fake_machine *m, unsigned group)
{
	return member_at(m, m->groups[group], "struct iommu_group", "kobj") +
	       fake_offset(m->k, "struct kobject", "entry");
}

static void exclude_device_table(struct fake_machine *m)
{
	fake_exclude(m->k, fake_entry_address(m, 0, 0xa100), 64);
}

static void remove_device_table(struct fake_machine *m)
{
	fake_remove(m->k, fake_entry_address(m, 0, 0xa100), 64);
}

static void exclude_alias_table(struct fake_machine *m)
{
	fake_exclude(m->k, m->alias_table[0] + 0xa100 * 2, 4);
}

static void exclude_lookup_table(struct fake_machine *m)
{
	fake_exclude(m->k, m->rlookup_table[0] + 0xa100 * 8, 16);
}

static void exclude_iommu(struct fake_machine *m)
{
	fake_exclude(m->k, m->iommus[0], 8);
}

static void exclude_function(struct fake_machine *m)
{
	fake_exclude(m->k, m->pci_devs[FUNCTION_NVME], 8);
}

static void exclude_bus(struct fake_machine *m)
{
	fake_exclude(m->k, m->buses[3], 8);
}

static void exclude_sysdata(struct fake_machine *m)
{
	fake_exclude(m->k, fake_get(m->k, m->buses[3], "struct pci_bus", "sysdata"), 4);
}

static void exclude_driver(struct fake_machine *m)
{
	fake_exclude(m->k, fake_get(m->k, device_of(m, FUNCTION_NVME), "struct device", "driver"), 8);
}

static void lose_driver_name(struct fake_machine *m)
{
	uint64_t driver = fake_get(m->k, device_of(m, FUNCTION_NVME), "struct device", "driver");

	fake_put(m->k, driver, "struct device_driver", "name", NOT_CANONICAL);
}

static void exclude_domain(struct fake_machine *m)
{
	fake_exclude(m->k, m->domains[DOMAIN_VM], 8);
}

static void remove_domain(struct fake_machine *m)
{
	fake_remove(m->k, m->domains[DOMAIN_VM], 8);
}

static void exclude_blocked(struct fake_machine *m)
{
	fake_exclude(m->k, m->blocked, 4);
}

static void exclude_group(struct fake_machine *m)
{
	fake_exclude(m->k, m->groups[1], 8);
}

static void exclude_member(struct fake_machine *m)
{
	uint64_t head = member_at(m, m->groups[4], "struct iommu_group", "devices");

	fake_exclude(m->k, fake_read64(m->k, fake_read64(m->k, head)), 8);
}

static void exclude_group_set(struct fake_machine *m)
{
	fake_exclude(m->k, fake_read64(m->k, fake_symbol(m->k, "iommu_group_kset")), 8);
}

static void exclude_data(struct fake_machine *m)
{
	fake_exclude(m->k, m->data[FUNCTION_NVME], 8);
}

static void exclude_param(struct fake_machine *m)
{
	fake_exclude(m->k, fake_get(m->k, device_of(m, FUNCTION_NVME), "struct device", "iommu"), 8);
}

static void lose_data(struct fake_machine *m)
{
	uint64_t param = fake_get(m->k, device_of(m, FUNCTION_NVME), "struct device", "iommu");

	fake_put(m->k, param, "struct dev_iommu", "priv", NOWHERE);
}

static void lose_old_data(struct fake_machine *m)
{
	fake_put(m->k, device_of(m, FUNCTION_NVME), "struct device", "archdata.iommu", NOT_CANONICAL);
}

static void lose_domain(struct fake_machine *m)
{
	fake_put(m->k, m->data[FUNCTION_NVME], "struct iommu_dev_data", "domain", NOWHERE);
}

static void lose_group(struct fake_machine *m)
{
	fake_put(m->k, device_of(m, FUNCTION_NVME), "struct device", "iommu_group", NOWHERE);
}

static void lose_iommu(struct fake_machine *m)
{
	fake_write(m->k, m->rlookup_table[0] + 0x0030 * 8, 8, m->iommus[0] + 64);
}

static void exclude_segment(struct fake_machine *m)
{
	fake_exclude(m->k, m->segments[1], 8);
}

static void exclude_ids(struct fake_machine *m)
{
	fake_exclude(m->k, m->id_bitmap, 8);
}

static void exclude_id_node(struct fake_machine *m)
{
	fake_exclude(m->k, m->id_node, 8);
}

static void loop_id_node(struct fake_machine *m)
{
	fake_write(m->k, member_at(m, m->id_node, "struct xa_node", "slots") + 8 * 5, 8,
		   m->id_node | 2);
}

/* Ever lower shifts, every slot the same node below: endless, though each step goes down. */
static void fan_id_nodes(struct fake_machine *m)
{
	uint64_t below = m->id_node;

	for (unsigned shift = 6; shift < 60; shift += 6) {
		uint64_t node = fake_alloc(m->k, "struct xa_node");

		fake_put(m->k, node, "struct xa_node", "shift", shift);
		for (unsigned i = 0; i < 64; i++)
			fake_write(m->k, member_at(m, node, "struct xa_node", "slots") + i * 8, 8,
				   below | 2);
		below = node;
	}
	for (unsigned i = 0; i < 64; i++) /* no IDs at the bottom, they would be too large */
		fake_write(m->k, member_at(m, m->id_node, "struct xa_node", "slots") + i * 8, 8, 0);
	fake_put(m->k, member_at(m, fake_symbol(m->k, "pdom_ids"), "struct ida", "xa"),
		 "struct xarray", "xa_head", below | 2);
}

static void raise_id_shift(struct fake_machine *m)
{
	uint64_t node = fake_alloc(m->k, "struct xa_node");

	fake_put(m->k, node, "struct xa_node", "shift", 6);
	fake_write(m->k, member_at(m, m->id_node, "struct xa_node", "slots") + 8 * 5, 8, node | 2);
}

static void overflow_ids(struct fake_machine *m)
{
	fake_put(m->k, m->id_node, "struct xa_node", "shift", 6);
}

static void lose_id_chunk(struct fake_machine *m)
{
	fake_write(m->k, member_at(m, m->id_node, "struct xa_node", "slots"), 8, NOWHERE & ~UINT64_C(3));
}

/* Lists: a node in the middle is damaged. */

static void loop_functions(struct fake_machine *m)
{
	fake_write(m->k, bus_list_of(m, FUNCTION_NVME), 8, bus_list_of(m, FUNCTION_VM));
}

static void cut_functions(struct fake_machine *m)
{
	fake_write(m->k, bus_list_of(m, FUNCTION_NVME), 8, 0);
}

static void stray_functions(struct fake_machine *m)
{
	fake_write(m->k, bus_list_of(m, FUNCTION_NVME), 8, NOWHERE);
}

static void loop_groups(struct fake_machine *m)
{
	fake_write(m->k, group_node(m, 5), 8, group_node(m, 2));
}

static void cut_groups(struct fake_machine *m)
{
	fake_write(m->k, group_node(m, 5), 8, 0);
}

static void loop_iommus(struct fake_machine *m)
{
	fake_write(m->k, m->iommus[1], 8, m->iommus[0]);
}

static void stray_iommus(struct fake_machine *m)
{
	fake_write(m->k, fake_symbol(m->k, "amd_iommu_list"), 8, NOT_CANONICAL);
}

static void loop_buses(struct fake_machine *m)
{
	uint64_t head = member_at(m, m->buses[3], "struct pci_bus", "children");

	fake_write(m->k, head, 8, m->buses[0] + fake_offset(m->k, "struct pci_bus", "node"));
}

static void loop_domains(struct fake_machine *m)
{
	uint64_t node = fake_offset(m->k, "struct protection_domain", "list");

	fake_write(m->k, m->domains[DOMAIN_FAST] + node, 8, m->domains[DOMAIN_VM] + node);
}

/* Tables. */

static void put_mode_7(struct fake_machine *m)
{
	fake_put(m->k, m->domains[DOMAIN_VM], "struct protection_domain", "iop.mode", 7);
}

static void put_packed_mode_7(struct fake_machine *m)
{
	fake_put(m->k, m->domains[DOMAIN_VM], "struct protection_domain", "pt_root.counter",
		 m->roots[DOMAIN_VM] | 7);
}

static void put_top_level_7(struct fake_machine *m)
{
	fake_put(m->k, m->domains[DOMAIN_VM], "struct protection_domain",
		 "amdv1.amdpt.common.top_of_table", m->roots[DOMAIN_VM] | 7);
}

static void lose_root(struct fake_machine *m)
{
	fake_put(m->k, m->domains[DOMAIN_VM], "struct protection_domain", "iop.root",
		 NOT_CANONICAL & ~UINT64_C(0xfff));
}

static void unalign_root(struct fake_machine *m)
{
	fake_put(m->k, m->domains[DOMAIN_VM], "struct protection_domain", "iop.root",
		 m->roots[DOMAIN_VM] + 0x40);
}

static void put_entry_mode_7(struct fake_machine *m)
{
	uint64_t at = fake_entry_address(m, 0, 0xa101);

	fake_write(m->k, at, 8, fake_read64(m->k, at) | UINT64_C(7) << 9);
}

static const struct fault faults[] = {
	{"exclude device table, 6.12", "6.12", 1, exclude_device_table,
	 "", ""},
	{"remove device table, 6.12", "6.12", 1, remove_device_table,
	 "", ""},
	{"exclude alias table, 6.16", "6.16", 1, exclude_alias_table,
	 "", ""},
	{"exclude lookup table, 6.16", "6.16", 1, exclude_lookup_table,
	 "", ""},
	{"exclude iommu, 6.12", "6.12", 1, exclude_iommu,
	 "", ""},
	{"exclude iommu, 5.10", "5.10", 1, exclude_iommu,
	 "", ""},
	{"exclude function, 6.12", "6.12", 1, exclude_function,
	 "", ""},
	{"exclude bus, 6.12", "6.12", 1, exclude_bus,
	 "", ""},
	{"exclude sysdata, 6.12", "6.12", 1, exclude_sysdata,
	 "", ""},
	{"exclude driver, 6.12", "6.12", 1, exclude_driver,
	 "", ""},
	{"lose driver name, 6.12", "6.12", 1, lose_driver_name,
	 "", ""},
	{"exclude domain, 6.12", "6.12", 1, exclude_domain,
	 "", ""},
	{"exclude domain, 3.10", "3.10", 1, exclude_domain,
	 "", ""},
	{"exclude domain, 4.18", "4.18", 1, exclude_domain,
	 "", ""},
	{"exclude domain, 7.2", "7.2", 1, exclude_domain,
	 "", ""},
	{"remove domain, 6.12", "6.12", 1, remove_domain,
	 "", ""},
	{"exclude blocked, 6.12", "6.12", 1, exclude_blocked,
	 "", ""},
	{"exclude group, 6.12", "6.12", 1, exclude_group,
	 "", ""},
	{"exclude member, 6.12", "6.12", 1, exclude_member,
	 "", ""},
	{"exclude member, 3.10", "3.10", 1, exclude_member,
	 "", ""},
	{"exclude group set, 6.12", "6.12", 1, exclude_group_set,
	 "", ""},
	{"exclude data, 6.12", "6.12", 1, exclude_data,
	 "", ""},
	{"exclude param, 6.12", "6.12", 1, exclude_param,
	 "", ""},
	{"lose data, 6.12", "6.12", 1, lose_data,
	 "", ""},
	{"lose old data, 3.10", "3.10", 1, lose_old_data,
	 "", ""},
	{"lose domain, 6.12", "6.12", 1, lose_domain,
	 "", ""},
	{"lose group, 6.12", "6.12", 1, lose_group,
	 "", ""},
	{"lose iommu, 6.12", "6.12", 1, lose_iommu,
	 "", ""},
	{"exclude segment, 6.12", "6.12", 2, exclude_segment,
	 "", ""},
	{"exclude ids, 5.10", "5.10", 1, exclude_ids,
	 "", ""},
	{"exclude ids, 6.16", "6.16", 1, exclude_ids,
	 "", ""},
	{"exclude id node, 6.16", "6.16", 1, exclude_id_node,
	 "", ""},
	{"loop id node, 6.16", "6.16", 1, loop_id_node,
	 "", ""},
	{"fan id nodes, 6.16", "6.16", 1, fan_id_nodes,
	 "", ""},
	{"raise id shift, 6.16", "6.16", 1, raise_id_shift,
	 "", ""},
	{"overflow ids, 6.16", "6.16", 1, overflow_ids,
	 "", ""},
	{"lose id chunk, 6.16", "6.16", 1, lose_id_chunk,
	 "", ""},
	{"loop functions, 6.12", "6.12", 1, loop_functions,
	 "", ""},
	{"cut functions, 6.12", "6.12", 1, cut_functions,
	 "", ""},
	{"stray functions, 6.12", "6.12", 1, stray_functions,
	 "", ""},
	{"loop groups, 6.12", "6.12", 1, loop_groups,
	 "", ""},
	{"cut groups, 6.12", "6.12", 1, cut_groups,
	 "", ""},
	{"loop iommus, 6.12", "6.12", 1, loop_iommus,
	 "", ""},
	{"stray iommus, 6.12", "6.12", 1, stray_iommus,
	 "", ""},
	{"loop buses, 6.12", "6.12", 1, loop_buses,
	 "", ""},
	{"loop domains, 4.18", "4.18", 1, loop_domains,
	 "", ""},
	{"put mode 7, 6.12", "6.12", 1, put_mode_7,
	 "", ""},
	{"put packed mode 7, 5.10", "5.10", 1, put_packed_mode_7,
	 "", ""},
	{"put top level 7, 7.2", "7.2", 1, put_top_level_7,
	 "", ""},
	{"lose root, 6.12", "6.12", 1, lose_root,
	 "", ""},
	{"unalign root, 6.12", "6.12", 1, unalign_root,
	 "", ""},
	{"put entry mode 7, 6.12", "6.12", 1, put_entry_mode_7,
	 "", ""},
};

static void test_fault(void **state)
{
	const struct fault *fault = *state;
	struct fake_machine *whole = fake_machine_new(&(struct fake_options){fault->layouts, 0, 0, 0},
						      fault->segments);
	struct fake_machine *damaged = fake_machine_new(
		&(struct fake_options){fault->layouts, 0, 0, 0}, fault->segments);
	struct fake_view whole_view, view;

	fake_view_open(whole, &whole_view);
	fault->damage(damaged);
	fake_view_open(damaged, &view);
	_cleanup_(freep) char *differs = describe_differences(whole_view.s, view.s);
	_cleanup_(freep) char *problems = describe_problems(view.s);
	if (strcmp(differs, fault->differs))
		fail_msg("differs:\n%sproblems:\n%s", differs, problems);
	check_lines(problems, fault->problems);
	fake_view_close(&whole_view);
	fake_view_close(&view);
	fake_machine_free(whole);
	fake_machine_free(damaged);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(faults)];

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		tests[i] = (struct CMUnitTest){
			.name = faults[i].name,
			.test_func = test_fault,
			.initial_state = (void *)&faults[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
