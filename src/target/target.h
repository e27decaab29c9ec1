/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target: where the memory, symbols and type layouts of one kernel come from. A dump, the running
 * kernel and a test image are rows of one table (open.c); inside `crash` its own takes that
 * table's place (plugins/crash/host.c).
 *
 * To add a kind: write its ops (everything but `close` may be NULL where it has nothing to say),
 * embed struct target first in your own struct, and add a row to the table in open.c.
 *
 * Nothing here writes to a target. A target is used by one thread.
 */
#ifndef TARGET_TARGET_H
#define TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/lookup.h"

enum space {
	SPACE_PHYS, /* system physical addresses, encryption bit already masked off */
	SPACE_VIRT, /* kernel virtual addresses */
};

struct target;
struct layout_file;

/* Facts of the target for people: `info` shows them. Strings live as long as the target. */
struct target_facts {
	const char *kind;        /* "dump", "live", "image", "crash" */
	const char *format;      /* "elf", "kdump", ...; NULL unknown. Same in every copy of a dump? No:
				    it names the container and is the one thing that differs. */
	bool is_capture;         /* `capture` wrote it: it lacks on purpose what no command asked for */
	const char *release;     /* "6.1.0-44-amd64"; NULL unknown */
	const char *build_id;    /* lower-case hex; NULL unknown */
	const char *symbols;     /* where symbols came from: "dwarf", "elf", "cache", "capture", ... */
	const char *types;       /* likewise for types */
	const char *symbols_path;
	bool kaslr_known;
	uint64_t kaslr_offset;   /* bytes added to the link-time addresses */
	uint64_t phys_base;
	uint64_t sme_mask;       /* memory encryption bit in physical addresses; 0: none */
	unsigned page_levels;    /* 4 or 5 */
	uint64_t page_table;     /* physical address of the kernel's top page table; 0 unknown */
	const char *vmcoreinfo;  /* the whole text; NULL: there is none */
};

struct target_ops {
	const char *kind;
	/* Whole or not at all. Errors: ERROR_EXCLUDED, _FAULT, _IO, _CORRUPT, _TORN with the address. */
	struct error *(*read)(struct target *, enum space, uint64_t addr, void *buf, size_t len);
	/* The physical address behind a kernel virtual one; errors as for read. */
	struct error *(*translate)(struct target *, uint64_t virt, uint64_t *phys);
	/* Answers each row (state). Fails only when the source of answers itself can't be used. */
	struct error *(*lookup)(struct target *, struct lookup *rows, size_t n);
	/* The value of KEY=value in VMCOREINFO; NULL: not there. Lives as long as the target. */
	const char *(*vmcoreinfo)(struct target *, const char *key);
	/* Adds every row answered so far, symbols at their LINK-TIME addresses. */
	struct error *(*export)(struct target *, struct layout_file *file);
	void (*facts)(struct target *, struct target_facts *ret);
	void (*close)(struct target *); /* frees the target */
};

struct target {
	const struct target_ops *ops;
	const volatile int *interrupt; /* set from a signal handler; NULL: nobody interrupts */
	uint64_t sme_mask;             /* see target_facts */
	bool moving;                   /* the kernel runs: what is read twice may differ */
	const char *system;            /* "/sys" where this kernel runs (target/system.h); NULL: not here */
	struct watch *watch;           /* notes what is read (target/together.h); NULL: nobody does */
	struct recorder *recorder;     /* notes what is read (target/recorder.h); NULL: nobody does */
};

/* What the user asked to open. */
struct target_spec {
	const char *const *cores; /* a dump, or the files of a split one */
	size_t n_cores;           /* 0: the running kernel */
	const char *symbols;      /* NULL: find it */
	bool no_symbols, no_cache;
	const char *sandbox; /* what this process has given up, for `info`; NULL: nothing */
	bool verbose; /* note also what nobody has to do anything about */
	const volatile int *interrupt;
	/* Called now and then during long work with a phrase; NULL: quiet. done and total in any one unit. */
	void (*progress)(void *arg, const char *what, uint64_t done, uint64_t total);
	void *progress_arg;
	/* A line that the user may want to know, on stderr; NULL: quiet. */
	void (*note)(void *arg, const char *line);
	void *note_arg;
};

struct error *target_open(const struct target_spec *spec, struct target **ret);
void target_close(struct target *target); /* NULL is fine */

struct error *target_read(struct target *target, enum space space, uint64_t addr, void *buf,
			  size_t len);
/*
 * An entry of several words that is written at one go, at most STABLE_MAX bytes: on a moving target
 * read until it is twice the same. ERROR_TORN when it does not come to rest.
 */
#define STABLE_MAX 64
struct error *target_read_stable(struct target *target, enum space space, uint64_t addr, void *buf,
				 size_t len);
struct error *target_read_u32(struct target *, enum space, uint64_t addr, uint32_t *ret);
struct error *target_read_u64(struct target *, enum space, uint64_t addr, uint64_t *ret);

struct error *target_translate(struct target *target, uint64_t virt, uint64_t *phys);

/* A NUL-terminated string of at most max bytes with the NUL (then it is cut); ret is the caller's. */
struct error *target_read_string(struct target *, enum space, uint64_t addr, size_t max, char **ret);

struct error *target_lookup(struct target *target, struct lookup *rows, size_t n);

/* One symbol by name; error_not_found when there is none. */
struct error *target_symbol(struct target *target, const char *name, uint64_t *ret);

const char *target_vmcoreinfo(struct target *target, const char *key);

/* A symbol's run-time address by VMCOREINFO, SYMBOL(name); false: it is not there. */
bool target_vmcoreinfo_symbol(struct target *target, const char *name, uint64_t *ret);

/* Adds every symbol and type answered so far to file: what a capture needs to be read anywhere. */
struct error *target_export(struct target *target, struct layout_file *file);

struct target_facts target_facts(struct target *target);

/* error_stopped once the user has interrupted, else NULL. Called in every loop over target data. */
struct error *target_poll(const struct target *target);

#endif
