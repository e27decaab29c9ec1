/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where symbols come from. To add a kind: write its ops, embed struct symbol_table first in your
 * own struct, and open it where symbols.c chooses.
 */
#ifndef TARGET_SYMBOL_TABLE_H
#define TARGET_SYMBOL_TABLE_H

#include "target/symbol_batch.h"

struct symbol_table;

struct symbol_table_ops {
	const char *name; /* for `info`: "elf" */
	bool is_complete; /* a name that is not in it is nowhere in the kernel */
	/* Offers every symbol that the batch wants, at its LINK-TIME address. */
	struct error *(*lookup)(struct symbol_table *table, struct symbol_batch *batch);
	void (*close)(struct symbol_table *table);
};

struct symbol_table {
	const struct symbol_table_ops *ops;
};

#endif
