/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own tables of symbols: where VMCOREINFO says they are, or found by their looks. In
 * front of the input: a byte of flags, and seven 16-bit words of where in the rest they are.
 */
#include "base/cleanup.h"
#include "fuzz.h"

#include <string.h>

#include "target/kallsyms.h"
#include "target/x86_64.h"

#define BASE (START_KERNEL_MAP + 0x1000000)

static const char *const names[] = {"kallsyms_names",	    "kallsyms_num_syms",
				    "kallsyms_token_table", "kallsyms_token_index",
				    "kallsyms_offsets",	    "kallsyms_relative_base",
				    "init_uts_ns"};

struct kernel_memory {
	struct target base;
	struct input memory;
	char addresses[ARRAY_SIZE(names)][20];
	bool tells; /* VMCOREINFO has the tables */
};

static struct error *memory_at(struct target *target, enum space space, uint64_t address, void *buf,
			       size_t len)
{
	const struct input memory = container_of(target, struct kernel_memory, base)->memory;

	if (space != SPACE_VIRT || address < BASE || address - BASE > memory.n ||
	    len > memory.n - (address - BASE))
		return error_new(ERROR_FAULT, "no memory there");
	memcpy(buf, memory.at + (address - BASE), len);
	return NULL;
}

static const char *vmcoreinfo_of(struct target *target, const char *key)
{
	const struct kernel_memory *k = container_of(target, struct kernel_memory, base);
	char wanted[64];

	if (!strcmp(key, "SYMBOL(_stext)"))
		return "ffffffff81000000";
	for (size_t i = k->tells ? 0 : ARRAY_SIZE(names) - 1; i < ARRAY_SIZE(names); i++) {
		snprintf(wanted, sizeof(wanted), "SYMBOL(%s)", names[i]);
		if (!strcmp(key, wanted))
			return k->addresses[i];
	}
	return NULL;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static const struct target_ops ops = {
		.kind = "dump", .read = memory_at, .vmcoreinfo = vmcoreinfo_of};
	struct lookup rows[] = {
		{.kind = LOOKUP_SYMBOL, .name = "_stext"},
		{.kind = LOOKUP_SYMBOL, .name = "init_uts_ns"},
		{.kind = LOOKUP_SYMBOL, .name = "amd_iommu_list"},
	};
	const struct target_spec spec = {0};
	struct input input = {data, size};
	struct kernel_memory k = {.base.ops = &ops};
	struct symbol_table *table;
	_cleanup_(symbol_batch_free) struct symbol_batch batch = {0};

	k.tells = input_le(&input, 1) & 1;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		snprintf(k.addresses[i], sizeof(k.addresses[i]), "%llx",
			 (unsigned long long)(BASE + input_le(&input, 2)));
	k.memory = input;
	struct error *err = kallsyms_open(&spec, &k.base, 0, &table);
	if (err) {
		error_free(err);
		return;
	}
	err = symbol_batch_init(&batch, ARRAY_SIZE(rows));
	if (!err) {
		symbol_batch_add(&batch, rows, ARRAY_SIZE(rows));
		err = table->ops->lookup(table, &batch);
	}
	error_free(err);
	table->ops->close(table);
}
