/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/elf_file.h"

#define SYMBOL_SIZE 24 /* Elf64_Sym */
#define HASH_SEED 2166136261u

/* A row that waits for its symbol; rows of one name are chained. */
struct wanted {
	struct lookup *row;
	size_t length;
	bool is_global;
	struct wanted *next; /* of the same slot */
};

struct wanted_symbols {
	struct wanted *at;
	struct wanted **slots;
	size_t mask;
	uint64_t lengths; /* bit length % 64: such a name is wanted */
};

static uint32_t hash_name(const char *name, size_t length)
{
	uint32_t hash = HASH_SEED;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static struct error *wanted_init(struct wanted_symbols *wanted, struct lookup *rows, size_t n)
{
	size_t slots = 64;

	while (slots < n * 4)
		slots *= 2;
	wanted->at = calloc(n, sizeof(*wanted->at));
	wanted->slots = calloc(slots, sizeof(*wanted->slots));
	if (!wanted->at || !wanted->slots)
		return error_no_memory;
	wanted->mask = slots - 1;
	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind != LOOKUP_SYMBOL)
			continue;
		struct wanted *added = &wanted->at[i];
		size_t length = strlen(rows[i].name);
		uint32_t hash = hash_name(rows[i].name, length);
		struct wanted **slot = &wanted->slots[hash & wanted->mask];
		*added = (struct wanted){.row = &rows[i], .length = length, .next = *slot};
		*slot = added;
		wanted->lengths |= UINT64_C(1) << length % 64;
		rows[i].state = LOOKUP_ABSENT;
	}
	return NULL;
}

static void wanted_free(struct wanted_symbols *wanted)
{
	free(wanted->at);
	free(wanted->slots);
}

static void answer(struct wanted *wanted, uint64_t value, bool is_global)
{
	struct lookup *row = wanted->row;

	if (row->state == LOOKUP_ABSENT || (is_global && !wanted->is_global)) {
		row->state = LOOKUP_FOUND;
		row->value = value;
		wanted->is_global = is_global;
	} else if (is_global == wanted->is_global && row->value != value) {
		row->state = LOOKUP_AMBIGUOUS;
	}
}

static void offer_symbol(const struct wanted_symbols *wanted, const char *name, size_t length,
			 uint64_t value, bool is_global)
{
	if (!(wanted->lengths >> length % 64 & 1))
		return;
	uint32_t hash = hash_name(name, length);
	for (struct wanted *w = wanted->slots[hash & wanted->mask]; w; w = w->next)
		if (w->length == length && !memcmp(w->row->name, name, length))
			answer(w, value, is_global);
}

/* Names something that has an address. */
static bool is_address(uint8_t info, uint16_t section)
{
	uint8_t type = ELF64_ST_TYPE(info);

	return section != SHN_UNDEF && section != SHN_COMMON && type != STT_SECTION &&
	       type != STT_FILE && type != STT_TLS;
}

static void offer_symbols(const struct wanted_symbols *wanted, struct span symbols,
			  struct span names)
{
	const char *text = (const char *)names.at;

	for (size_t i = 1; i < symbols.n / SYMBOL_SIZE; i++) {
		const uint8_t *symbol = symbols.at + i * SYMBOL_SIZE;
		uint32_t name = get_le32(symbol);
		if (name >= names.n || !is_address(symbol[4], get_le16(symbol + 6)))
			continue;
		/* A name that the table's end cuts off matches nothing worse than its prefix. */
		offer_symbol(wanted, text + name, strnlen(text + name, names.n - name),
			     get_le64(symbol + 8), ELF64_ST_BIND(symbol[4]) != STB_LOCAL);
	}
}

struct error *elf_symbols_lookup(struct elf_file *file, struct lookup *rows, size_t n)
{
	_cleanup_(wanted_free) struct wanted_symbols wanted = {0};
	struct span symbols, names;
	struct error *err = elf_file_section(file, ".symtab", &symbols);

	if (!err)
		err = elf_file_section(file, ".strtab", &names);
	if (!err && (!symbols.n || !names.n))
		err = error_not_found;
	if (!err)
		err = wanted_init(&wanted, rows, n);
	if (err)
		return err;
	offer_symbols(&wanted, symbols, names);
	return NULL;
}
