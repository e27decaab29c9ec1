/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O page tables as commands see them: present leaves in IOVA order, and one translation level by
 * level. Each format (amd v1, ...) is one struct page_table_ops.
 */
#ifndef MODEL_PAGE_TABLE_H
#define MODEL_PAGE_TABLE_H

#include "base/error.h"
#include "target/target.h"

struct page_table_ops;

/*
 * On a machine that runs: words of the kernel's that hold these values as long as the table is the
 * domain's, and the domain is in use. What is read of the table counts only if they still do afterwards.
 */
struct table_anchor {
	uint64_t address, value; /* kernel virtual; the word's value, little endian */
	unsigned size;		 /* bytes, at most 8 */
};

#define TABLE_ANCHORS_MAX 3

struct page_table {
	const struct page_table_ops *ops; /* NULL: no table; DMA is not translated by one */
	uint64_t root;                    /* physical address of the top table, encryption bit off */
	unsigned levels;
	uint64_t sme_mask;
	/* Two stages: all addresses in this table, the root too, are IOVAs of that one, and only it
	   leads to physical memory. NULL: they are physical. */
	const struct page_table *host;
	bool sign_extended; /* the highest address bit that it translates is repeated in those above
			     */
	struct table_anchor anchors[TABLE_ANCHORS_MAX];
	unsigned n_anchors;
};

/* ERROR_TORN: the table is no longer the domain's. Asked on a moving target only. */
struct error *page_table_confirm(struct target *target, const struct page_table *table);

/* One present leaf entry, replicated entries of one big page taken as one. */
struct leaf {
	uint64_t iova;
	uint64_t pa;
	uint64_t size; /* bytes; a power of two */
	bool read, write;
};

/* What is wrong with an entry: it can't be, or hardware takes it in another way than a kernel means it. */
enum table_damage_kind {
	DAMAGE_RESERVED, /* reserved bits are set */
	DAMAGE_LEVEL,    /* it leads to a level that can't be below its own, or is a page where none can be */
	DAMAGE_SIZE,     /* the page's size can't be */
	DAMAGE_COPIES,   /* the entries of one big page differ; each is told as a leaf by itself */
};

struct table_damage {
	enum table_damage_kind kind;
	uint64_t iova;
	uint64_t entry_address; /* physical */
	uint64_t entry;
	unsigned level; /* of the table that holds it */
	const char *message; /* static text */
};

/* Physical addresses first to last. */
struct physical_span {
	uint64_t first, last;
};

/* Callbacks; NULL where not wanted. An error returned ends the walk and is its result. */
struct page_table_visitor {
	struct error *(*leaf)(void *arg, const struct leaf *leaf);
	/* Each table page once per place it is reached from, before its leaves. */
	struct error *(*table)(void *arg, uint64_t pa, unsigned level, uint64_t iova);
	/* A part that can't be told: IOVAs [iova, iova + size - 1]. Takes err. NULL: dropped. */
	struct error *(*unknown)(void *arg, uint64_t iova, uint64_t size, struct error *err);
	void *arg;
	/* Where it is given, unknown is not told what an entry's damage hides. */
	struct error *(*damaged)(void *arg, const struct table_damage *damage);
	/* Where it is given, it is told of tables that hold nothing but pages of one size in one call
	   each, and leaf of all others: n pages of `size` bytes. */
	struct error *(*leaves)(void *arg, uint64_t size, unsigned n);
	/* Where it is given, leaf need not be told of pages that have no byte from here on to there. */
	const struct physical_span *only;
	/* Where it is given, leaf need not be told of these n pages of 4 KB at these physical addresses, all
	   of one table, when the answer is true. */
	bool (*skips)(void *arg, const uint64_t *pages, unsigned n);
	/* Tables of the lowest level need not be read: they are told of, and nothing that is in
	 * them. */
	bool tables_only;
};

/* One level of a translation. */
struct walk_step {
	unsigned level;         /* of the table that holds the entry, top first */
	uint64_t entry_address; /* physical */
	uint64_t entry;
	unsigned next_level; /* 0: a leaf, or nothing */
	const char *stage;   /* whose table: "host", "guest", "pasid"; static text */
	const char *meaning; /* static text */
};

/* Five levels of a guest's table, each found through six of the host's, and the page once more. */
#define WALK_STEPS_MAX 48

struct translation {
	struct walk_step steps[WALK_STEPS_MAX];
	unsigned n_steps;
	bool mapped;
	uint64_t pa;        /* of the IOVA itself, when mapped */
	uint64_t page_size;
	bool read, write;
	const char *stopped; /* why it is not mapped; static text; NULL when mapped */
};

struct page_table_ops {
	const char *name; /* "v1" */
	/* Leaves that touch [first, last]; whole leaves are told, also those that reach beyond. */
	struct error *(*walk)(struct target *target, const struct page_table *table, uint64_t first,
			      uint64_t last, const struct page_table_visitor *visitor);
	/* An unreadable table is an error; ret then holds the steps that could be read. */
	struct error *(*translate)(struct target *target, const struct page_table *table,
				   uint64_t iova, struct translation *ret);
	/* The highest IOVA that a table of so many levels can map. */
	uint64_t (*last_iova)(const struct page_table *table);
};

/*
 * Which page table a request goes by that bears a PASID: a table of tables. Addresses in it are
 * physical, or IOVAs of the host's table where the hardware takes them for such.
 */
struct pasid_table {
	const struct pasid_table_ops *ops; /* NULL: there is none, such requests are aborted */
	uint64_t root;
	unsigned levels;
	bool in_host;		 /* the tables of this table too are found through pages.host */
	bool serves_plain;	 /* requests without a PASID go by PASID 0's table */
	struct page_table pages; /* a PASID's page table, all but its root */
};

#define PASID_MAX 0xfffff

struct pasid_visitor {
	struct error *(*table)(void *arg, uint32_t pasid, const struct page_table *table);
	/* Nothing can be told of PASIDs first to last. Takes err. */
	struct error *(*unknown)(void *arg, uint32_t first, uint32_t last, struct error *err);
	void *arg;
};

struct pasid_table_ops {
	/*
	 * The page table of one PASID; ret->ops NULL: it has none, and steps->stopped says why. An
	 * unreadable table is an error; steps then holds what could be read.
	 */
	struct error *(*find)(struct target *target, const struct pasid_table *table,
			      uint32_t pasid, struct translation *steps, struct page_table *ret);
	/* Every PASID that has a page table, in order. */
	struct error *(*each)(struct target *target, const struct pasid_table *table,
			      const struct pasid_visitor *visitor);
};

#endif
