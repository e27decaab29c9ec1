/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine: physical memory, and kernel virtual addresses through its page tables. What the targets
 * that have just that share (dump.c, live.c, image.c); they embed it first.
 */
#ifndef TARGET_MACHINE_H
#define TARGET_MACHINE_H

#include "target/memory.h"
#include "target/target.h"
#include "target/x86_64.h"

/* A linear range of virtual addresses that needs no page tables; test images and kcore have these. */
struct machine_map {
	uint64_t va, pa, size;
};

struct machine {
	struct target base;
	struct memory *memory; /* owned */
	struct x86_64 x86;
	const struct machine_map *maps; /* asked before the page tables */
	size_t n_maps;
	bool maps_are_shortcuts; /* the page tables say the same */
	struct recorder *tlb_recorder; /* who has noted what the TLB stands on */
};

/* Sets up x86's reader and TLB; call again whenever root, levels or sme_mask change. */
void machine_init(struct machine *machine);

/* As target_ops.read, with notes to the target's recorder. */
struct error *machine_read(struct target *target, enum space space, uint64_t addr, void *buf,
			   size_t len);

/* As target_ops.translate. */
struct error *machine_translate(struct target *target, uint64_t virt, uint64_t *phys);

/* Ends the machine's own parts, not the struct. */
void machine_done(struct machine *machine);

#endif
