/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/elf_file.h"
#include "target/symbol_table.h"

#define SYMBOL_SIZE 24 /* Elf64_Sym */
/* Names something that has an address. */
static bool is_address(uint8_t info, uint16_t section)
{
	uint8_t type = ELF64_ST_TYPE(info);

	return section != SHN_UNDEF && section != SHN_COMMON && type != STT_SECTION &&
	       type != STT_FILE && type != STT_TLS;
}

static void offer_symbols(struct symbol_batch *batch, struct span symbols, struct span names)
{
	const char *text = (const char *)names.at;

	for (size_t i = 1; i < symbols.n / SYMBOL_SIZE; i++) {
		const uint8_t *symbol = symbols.at + i * SYMBOL_SIZE;
		uint32_t name = get_le32(symbol);
		if (name >= names.n || !is_address(symbol[4], get_le16(symbol + 6)))
			continue;
		/* A name that the table's end cuts off matches nothing worse than its prefix. */
		symbol_batch_offer(batch, text + name, strnlen(text + name, names.n - name),
				   get_le64(symbol + 8), ELF64_ST_BIND(symbol[4]) != STB_LOCAL);
	}
}

static struct error *offer_file(struct elf_file *file, struct symbol_batch *batch)
{
	struct span symbols, names;
	struct error *err = elf_file_section(file, ".symtab", &symbols);

	if (!err)
		err = elf_file_section(file, ".strtab", &names);
	if (!err && (!symbols.n || !names.n))
		err = error_not_found;
	if (!err)
		offer_symbols(batch, symbols, names);
	return err;
}

struct error *elf_symbols_lookup(struct elf_file *file, struct lookup *rows, size_t n)
{
	_cleanup_(symbol_batch_free) struct symbol_batch batch = {0};
	struct error *err = symbol_batch_init(&batch, n);

	if (err)
		return err;
	symbol_batch_add(&batch, rows, n);
	return offer_file(file, &batch);
}

/* As a table of symbols. */

struct elf_table {
	struct symbol_table table;
	struct elf_file *file;
};

static struct error *elf_table_lookup(struct symbol_table *table, struct symbol_batch *batch)
{
	return offer_file(container_of(table, struct elf_table, table)->file, batch);
}

static void elf_table_close(struct symbol_table *table)
{
	free(container_of(table, struct elf_table, table));
}

static const struct symbol_table_ops elf_table_ops = {
	.name = "elf",
	.is_complete = true,
	.lookup = elf_table_lookup,
	.close = elf_table_close,
};

struct error *elf_symbol_table_open(struct elf_file *file, struct symbol_table **ret)
{
	struct elf_table *elf = calloc(1, sizeof(*elf));

	if (!elf)
		return error_no_memory;
	elf->table.ops = &elf_table_ops;
	elf->file = file;
	*ret = &elf->table;
	return NULL;
}
