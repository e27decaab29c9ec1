/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/kallsyms.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/kallsyms_find.h"
#include "target/memory.h"
#include "target/spec.h"
#include "target/x86_64.h"

#define TOKEN_TABLE_MAX 65536 /* bytes: its index is of 16 bits */
#define NAME_LENGTH_MAX 511   /* characters, of names that may be asked for */
#define NAME_BYTES_MAX (2 + 0x7fff)
#define POLL_EVERY 65536 /* symbols: a millisecond or two */

struct kallsyms;

/* How a kernel notes the address of symbol i. To add a way: a row in `schemes`. */
struct scheme {
	bool (*has)(const struct kallsyms_tables *);
	struct error *(*address)(const struct kallsyms *, uint32_t i, uint64_t *ret);
};

struct token {
	const char *text;
	size_t length;
};

struct kallsyms {
	struct symbol_table table;
	const struct target_spec *spec;
	struct target *target;
	uint64_t kaslr_offset;
	struct kallsyms_tables at;
	uint64_t base; /* what at.relative_base holds */
	uint64_t stext; /* the run-time address of _stext, to tell the scheme by */
	const struct scheme *scheme;
	char *token_text;
	struct token tokens[KALLSYMS_TOKENS];
};

/* Addresses. */

static struct error *read_offset(const struct kallsyms *k, uint32_t i, uint32_t *ret)
{
	return target_read_u32(k->target, SPACE_VIRT, k->at.offsets + UINT64_C(4) * i, ret);
}

static bool has_base(const struct kallsyms_tables *at)
{
	return at->offsets && at->relative_base;
}

/* Linux 4.6 to 6.14: what is not negative is an address by itself, as that of per-CPU variables. */
static struct error *address_below_base(const struct kallsyms *k, uint32_t i, uint64_t *ret)
{
	uint32_t offset;
	struct error *err = read_offset(k, i, &offset);

	if (!err)
		*ret = offset >> 31 ? k->base - 1 + (uint32_t)-offset : offset;
	return err;
}

/* Linux 6.15 to 6.19, and before on one CPU. */
static struct error *address_above_base(const struct kallsyms *k, uint32_t i, uint64_t *ret)
{
	uint32_t offset;
	struct error *err = read_offset(k, i, &offset);

	if (!err)
		*ret = k->base + offset;
	return err;
}

static bool has_no_base(const struct kallsyms_tables *at)
{
	return at->offsets && !at->relative_base;
}

/* Linux 7.0: counted from where the offset itself stands. */
static struct error *address_from_place(const struct kallsyms *k, uint32_t i, uint64_t *ret)
{
	uint32_t offset;
	struct error *err = read_offset(k, i, &offset);

	if (!err)
		*ret = k->at.offsets + UINT64_C(4) * i + (uint64_t)(int64_t)(int32_t)offset;
	return err;
}

static bool has_addresses(const struct kallsyms_tables *at)
{
	return at->addresses;
}

/* Before Linux 4.6. */
static struct error *address_in_full(const struct kallsyms *k, uint32_t i, uint64_t *ret)
{
	return target_read_u64(k->target, SPACE_VIRT, k->at.addresses + UINT64_C(8) * i, ret);
}

static const struct scheme schemes[] = {
	{has_base, address_below_base},
	{has_base, address_above_base},
	{has_no_base, address_from_place},
	{has_addresses, address_in_full},
};

/* Names. */

static struct error *read_tokens(struct kallsyms *k)
{
	uint64_t size = k->at.token_index - k->at.token_table;
	uint8_t index[2 * KALLSYMS_TOKENS];

	if (k->at.token_index <= k->at.token_table || size > TOKEN_TABLE_MAX)
		return error_new(ERROR_CORRUPT, "the tokens do not end before their index");
	k->token_text = malloc(size);
	if (!k->token_text)
		return error_no_memory;
	struct error *err =
		target_read(k->target, SPACE_VIRT, k->at.token_table, k->token_text, size);
	if (!err)
		err = target_read(k->target, SPACE_VIRT, k->at.token_index, index, sizeof(index));
	for (unsigned i = 0; !err && i < KALLSYMS_TOKENS; i++) {
		uint16_t start = get_le16(index + (size_t)2 * i);
		struct token *token = &k->tokens[i];
		if (start >= size)
			return error_new(ERROR_CORRUPT, "token %u lies outside of their table", i);
		token->text = k->token_text + start;
		token->length = strnlen(token->text, size - start);
		if (token->length == size - start)
			return error_new(ERROR_CORRUPT, "token %u has no end", i);
	}
	return err;
}

/* Goes through the names in memory of a few pages. */
struct names {
	const struct kallsyms *k;
	uint64_t next; /* address of what comes behind the buffer */
	size_t start, end;
	uint8_t buffer[NAME_BYTES_MAX + 2 * PAGE_SIZE];
};

/* Never reads beyond the page that holds the n-th byte: what follows the names may be unmapped. */
static struct error *names_need(struct names *names, size_t n)
{
	while (names->end - names->start < n) {
		size_t page = PAGE_SIZE - (names->next & (PAGE_SIZE - 1));

		if (sizeof(names->buffer) - names->end < page) {
			names->end -= names->start;
			memmove(names->buffer, names->buffer + names->start, names->end);
			names->start = 0;
		}
		struct error *err = target_read(names->k->target, SPACE_VIRT, names->next,
						names->buffer + names->end, page);
		if (err)
			return err;
		names->next += page;
		names->end += page;
	}
	return NULL;
}

/*
 * The tokens of the next name; ret lives until the next call. From Linux 6.1 on two bytes may
 * hold n.
 */
static struct error *names_next(struct names *names, const uint8_t **ret, size_t *ret_n)
{
	struct error *err = names_need(names, 1);
	if (err)
		return err;
	size_t n = names->buffer[names->start], head = 1;
	if (n & 0x80) {
		err = names_need(names, 2);
		if (err)
			return err;
		n = (n & 0x7f) | (size_t)names->buffer[names->start + 1] << 7;
		head = 2;
	}
	err = names_need(names, head + n);
	if (err)
		return err;
	*ret = names->buffer + names->start + head;
	*ret_n = n;
	names->start += head + n;
	return NULL;
}

/* A name, taken apart no more than it has to be. The first character is the symbol's type. */
struct name {
	char text[1 + NAME_LENGTH_MAX];
	size_t length; /* without the type */
};

static bool may_want(const struct kallsyms *k, const struct symbol_batch *batch,
		     const uint8_t *tokens, size_t n, size_t *ret_length)
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++)
		length += k->tokens[tokens[i]].length;
	if (length < 2 || length > 1 + NAME_LENGTH_MAX)
		return false;
	const struct token *last = &k->tokens[tokens[n - 1]];
	if (!last->length ||
	    !symbol_batch_may_want(batch, length - 1, last->text[last->length - 1]))
		return false;
	*ret_length = length - 1;
	return true;
}

static void expand(const struct kallsyms *k, const uint8_t *tokens, size_t n, char *text)
{
	for (size_t i = 0; i < n; i++) {
		const struct token *token = &k->tokens[tokens[i]];
		memcpy(text, token->text, token->length);
		text += token->length;
	}
}

/* A symbol that the batch wants: number i. done: no more are needed. */
typedef struct error *found_function(struct kallsyms *k, struct symbol_batch *batch, uint32_t i,
				     const struct name *name, bool *done);

static struct error *for_each_wanted(struct kallsyms *k, struct symbol_batch *batch,
				     found_function *found)
{
	struct names names = {.k = k, .next = k->at.names};
	struct error *err = NULL;
	bool done = false;

	for (uint32_t i = 0; !err && !done && i < k->at.n; i++) {
		const uint8_t *tokens;
		struct name name;
		size_t n;

		if (i % POLL_EVERY == 0)
			err = spec_poll(k->spec);
		if (!err)
			err = names_next(&names, &tokens, &n);
		if (err || !may_want(k, batch, tokens, n, &name.length))
			continue;
		expand(k, tokens, n, name.text);
		if (symbol_batch_wants(batch, name.text + 1, name.length))
			err = found(k, batch, i, &name, &done);
	}
	return err;
}

/* Looking up. */

static struct error *offer(struct kallsyms *k, struct symbol_batch *batch, uint32_t i,
			   const struct name *name, bool *done)
{
	uint64_t address;
	struct error *err = k->scheme->address(k, i, &address);

	(void)done;
	if (err)
		return err;
	/* Per-CPU offsets and absolute symbols lie below the image and are not moved. */
	if (address >= START_KERNEL_MAP + k->kaslr_offset)
		address -= k->kaslr_offset;
	/* Up to Linux 6.14 static per-CPU variables are of type 'A' as well. */
	bool is_global = isupper((unsigned char)name->text[0]) && name->text[0] != 'A';
	symbol_batch_offer(batch, name->text + 1, name->length, address, is_global);
	return NULL;
}

static struct error *kallsyms_lookup(struct symbol_table *table, struct symbol_batch *batch)
{
	struct kallsyms *k = container_of(table, struct kallsyms, table);
	struct error *err = for_each_wanted(k, batch, offer);

	return err ? error_prepend(err, "kallsyms") : NULL;
}

/* Opening. */

/* The scheme that puts _stext, the symbol i, where VMCOREINFO has it. */
static struct error *try_schemes(struct kallsyms *k, struct symbol_batch *batch, uint32_t i,
				 const struct name *name, bool *done)
{
	(void)batch;
	(void)name;
	for (size_t s = 0; s < ARRAY_SIZE(schemes) && !k->scheme; s++) {
		uint64_t address;
		if (!schemes[s].has(&k->at))
			continue;
		struct error *err = schemes[s].address(k, i, &address);
		if (!err && address == k->stext)
			k->scheme = &schemes[s];
		error_free(err); /* no memory where this scheme has its table */
	}
	*done = k->scheme;
	return NULL;
}

static struct error *choose_scheme(struct kallsyms *k)
{
	_cleanup_(symbol_batch_free) struct symbol_batch batch = {0};
	struct lookup row = {.kind = LOOKUP_SYMBOL, .name = "_stext"};

	if (!target_vmcoreinfo_symbol(k->target, row.name, &k->stext))
		return error_new(ERROR_NOT_FOUND, "no VMCOREINFO to check them against");
	struct error *err = symbol_batch_init(&batch, 1);
	if (err)
		return err;
	symbol_batch_add(&batch, &row, 1);
	err = for_each_wanted(k, &batch, try_schemes);
	if (err || k->scheme)
		return err;
	return error_new(ERROR_CORRUPT,
			 "the tables do not have _stext where VMCOREINFO has it (0x%" PRIx64 ")",
			 k->stext);
}

static void kallsyms_close(struct symbol_table *table)
{
	struct kallsyms *k = container_of(table, struct kallsyms, table);

	free(k->token_text);
	free(k);
}

static const struct symbol_table_ops kallsyms_ops = {
	.name = "kallsyms",
	.lookup = kallsyms_lookup,
	.close = kallsyms_close,
};

static struct error *open_tables(struct kallsyms *k)
{
	struct error *err = NULL;

	if (k->at.relative_base)
		err = target_read_u64(k->target, SPACE_VIRT, k->at.relative_base, &k->base);
	if (!err)
		err = read_tokens(k);
	if (!err)
		err = choose_scheme(k);
	return err ? error_prepend(err, "kallsyms") : NULL;
}

struct error *kallsyms_open(const struct target_spec *spec, struct target *target,
			    uint64_t kaslr_offset, struct symbol_table **ret)
{
	struct kallsyms *k = calloc(1, sizeof(*k));

	if (!k)
		return error_no_memory;
	k->table.ops = &kallsyms_ops;
	k->spec = spec;
	k->target = target;
	k->kaslr_offset = kaslr_offset;
	struct error *err = kallsyms_find(spec, target, &k->at);
	if (!err)
		err = open_tables(k);
	if (err) {
		kallsyms_close(&k->table);
		return err;
	}
	*ret = &k->table;
	return NULL;
}
