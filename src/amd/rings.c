/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver's side of the rings: its offsets, and the numbers of completion waits. */
#include <inttypes.h>
#include <stdio.h>

#include "amd/load.h"
#include "base/cleanup.h"
#include "target/system.h"

#define CMDBUF_MAX (1 << 20) /* bytes; a line of 41 for each of the ring's slots */

/* From Linux 5.10 on cmd_sem points to a page for hardware to store in; before it is 0 or 1 itself.
 */
static void read_semaphore(struct load *load, uint64_t iommu, struct ring_facts *ret)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;

	ret->store_address = ret->stored = ret->expected = (struct datum){.state = DATUM_ABSENT};
	if (!is_found(&f[AMD_IOMMU_CMD_SEM_VAL]))
		return;
	struct datum page = reader_pointer(r, iommu, &f[AMD_IOMMU_CMD_SEM], "semaphore");
	const struct found word = {.state = LOOKUP_FOUND, .name = "semaphore", .size = 8};

	ret->store_address = reader_translate(r, page, "semaphore");
	ret->stored =
		page.state == DATUM_OK ? reader_member(r, page.value, &word, "semaphore") : page;
	ret->expected = reader_member(r, iommu, &f[AMD_IOMMU_CMD_SEM_VAL], "semaphore");
}

static uint64_t word_at(const struct load *load, uint64_t iommu, enum amd_need member)
{
	const struct found *found = &load->amd->found[member];

	return is_found(found) ? iommu + found->value : 0;
}

static struct ring_facts read_facts(struct load *load, uint64_t iommu)
{
	const struct found *f = load->amd->found;
	struct reader *r = &load->reader;
	struct ring_facts facts = {
		.head_word = word_at(load, iommu, AMD_IOMMU_CMD_HEAD),
		.tail_word = word_at(load, iommu, AMD_IOMMU_CMD_TAIL),
		.expected_word = word_at(load, iommu, AMD_IOMMU_CMD_SEM_VAL),
		.command_head = reader_member(r, iommu, &f[AMD_IOMMU_CMD_HEAD], "command head"),
		.command_tail = reader_member(r, iommu, &f[AMD_IOMMU_CMD_TAIL], "command tail"),
		.need_sync = reader_member(r, iommu, &f[AMD_IOMMU_NEED_SYNC], "need_sync"),
		.guest_tail = reader_pointer(r, iommu, &f[AMD_IOMMU_GA_LOG_TAIL], "GA log tail"),
		.keeps_logs = reader_symbol(r, &f[AMD_SNP_EN], 1, "amd_iommu_snp_en"),
	};
	const struct found tail = {.state = LOOKUP_FOUND, .name = "GA log tail", .size = 8};

	if (facts.guest_tail.state == DATUM_OK)
		facts.guest_tail = reader_member(r, facts.guest_tail.value, &tail, "GA log tail");
	read_semaphore(load, iommu, &facts);
	return facts;
}

/*
 * debugfs of Linux 6.17 and later, where it was built in (drivers/iommu/amd/debugfs.c): iommu_cmdbuf_show()
 * reads both registers when the file is read. Of all files there it is the only one that tells
 * something without being written to first.
 */
static struct error *read_registers(struct load *load, const struct iommu_unit *u,
				    struct ring_facts *ret)
{
	_cleanup_(freep) uint8_t *text = NULL;
	unsigned head, tail;
	char path[60];
	size_t size;

	if (u->index.state != DATUM_OK)
		return NULL;
	snprintf(path, sizeof(path), "kernel/debug/iommu/amd/iommu%02" PRIu64 "/cmdbuf",
		 u->index.value);
	struct error *err = target_system_file(load->kernel->target, path, CMDBUF_MAX, &text, &size);
	if (!err && sscanf((const char *)text, "CMD Buffer Head Offset:%5u Tail Offset:%5u", &head,
			   &tail) != 2)
		err = error_new(ERROR_CORRUPT, "/sys/%s: not what kernels say there", path);
	if (!err) {
		ret->hardware_head = datum_ok(head);
		ret->hardware_tail = datum_ok(tail);
	} else if (error_code(err) == ERROR_NOT_FOUND) {
		error_free(err);
	} else if (error_is_unreadable(err)) {
		ret->hardware_head.state = ret->hardware_tail.state =
			problems_add(&load->snapshot->problems, err, "registers", "%s",
				     reader_object_text(&load->reader));
	} else {
		return err;
	}
	return NULL;
}

struct error *load_rings(struct load *load)
{
	struct snapshot *s = load->snapshot;
	struct ring_facts *facts = arena_alloc(&s->arena, s->n_iommus * sizeof(*facts));

	if (!facts)
		return error_no_memory;
	for (uint32_t i = 0; i < s->n_iommus; i++) {
		const struct iommu_unit *u = &s->iommus[i];

		reader_object_name(&load->reader,
				   u->name.state == DATUM_OK ? u->name.value : "IOMMU");
		facts[i] = read_facts(load, u->address.value);
		struct error *err = read_registers(load, u, &facts[i]);
		if (err)
			return err;
	}
	s->ring_facts = facts;
	return NULL;
}
