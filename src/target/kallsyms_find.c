/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/kallsyms_find.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/memory.h"
#include "target/spec.h"
#include "target/x86_64.h"

static struct error *read_count(struct target *target, uint64_t address, uint32_t *ret)
{
	uint32_t n;
	struct error *err = target_read_u32(target, SPACE_VIRT, address, &n);

	if (err)
		return error_prepend(err, "kallsyms");
	if (!n || n > KALLSYMS_MAX)
		return error_new(ERROR_CORRUPT, "kallsyms: %" PRIu32 " symbols are not credible",
				 n);
	*ret = n;
	return NULL;
}

static bool find_by_vmcoreinfo(struct target *target, struct kallsyms_tables *ret, uint64_t *n_at)
{
	struct kallsyms_tables t = {0};

	if (!target_vmcoreinfo_symbol(target, "kallsyms_names", &t.names) ||
	    !target_vmcoreinfo_symbol(target, "kallsyms_num_syms", n_at) ||
	    !target_vmcoreinfo_symbol(target, "kallsyms_token_table", &t.token_table) ||
	    !target_vmcoreinfo_symbol(target, "kallsyms_token_index", &t.token_index))
		return false;
	target_vmcoreinfo_symbol(target, "kallsyms_relative_base", &t.relative_base);
	if (!target_vmcoreinfo_symbol(target, "kallsyms_offsets", &t.offsets) &&
	    !target_vmcoreinfo_symbol(target, "kallsyms_addresses", &t.addresses))
		return false;
	*ret = t;
	return true;
}

/*
 * The search. These kernels have the tables in this order, each aligned to 8 bytes:
 *
 *	addresses, or offsets and the base that they are relative to; the number of symbols; names;
 *	markers (the offset in names of every 256th symbol); token_table; token_index
 *
 * Each digit is a token by itself, so token_table holds "0\0" "1\0" ... "9\0" somewhere, which
 * hardly anything else does; from there it goes on backwards.
 */

#define FIRST_DIGIT 48 /* the token '0' */
static const char digits[20] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

#define IMAGE_MAX (UINT64_C(1) << 30)  /* bytes that a kernel's image can take */
#define WINDOW (UINT64_C(1) << 16)
#define AFTER_DIGITS (UINT64_C(16) << 10) /* room for the other tokens and their index */
#define MARKERS_MAX (UINT64_C(64) << 10)  /* bytes */
#define BLOCK 256                         /* symbols per marker */
#define BLOCK_MAX (BLOCK * 128)           /* bytes of names of them */
#define COUNT_BACK 24                     /* from names back to before the base */

/* [address, address + size) as far as it could be read: bytes are the last `n` of it. */
struct tail {
	uint8_t *bytes;
	size_t n;
	uint64_t end;
};

static void tail_free(struct tail *tail)
{
	free(tail->bytes);
}

/* Zeros where it can't be read; how many of its bytes could be. */
static size_t read_window(struct target *target, uint64_t address, uint8_t *buf, size_t len)
{
	size_t n_read = 0;

	for (size_t done = 0; done < len;) {
		size_t n = PAGE_SIZE - ((address + done) & (PAGE_SIZE - 1));
		if (n > len - done)
			n = len - done;
		struct error *err = target_read(target, SPACE_VIRT, address + done, buf + done, n);
		if (err)
			memset(buf + done, 0, n);
		else
			n_read += n;
		error_free(err);
		done += n;
	}
	return n_read;
}

/* The bytes before `end`, at most len of them. */
static struct error *read_tail(struct target *target, uint64_t end, size_t len, struct tail *ret)
{
	uint8_t *bytes = malloc(len);

	if (!bytes)
		return error_no_memory;
	read_window(target, end - len, bytes, len);
	*ret = (struct tail){.bytes = bytes, .n = len, .end = end};
	return NULL;
}

/* The u64 (or u32) that ends `back` bytes before the tail's end. */
static const uint8_t *before_end(const struct tail *tail, size_t back)
{
	return tail->bytes + tail->n - back;
}

/* From the string "0" at `zero` on: the tokens '0' and higher, then the index of all. */
static bool match_tokens(struct target *target, uint64_t zero, struct kallsyms_tables *t)
{
	uint8_t bytes[AFTER_DIGITS];
	uint16_t starts[KALLSYMS_TOKENS];
	size_t at = 0;

	read_window(target, zero, bytes, sizeof(bytes));
	for (unsigned i = FIRST_DIGIT; i < KALLSYMS_TOKENS; i++) {
		const uint8_t *end = memchr(bytes + at, '\0', sizeof(bytes) - at);
		if (!end)
			return false;
		starts[i] = at;
		at = end - bytes + 1;
	}
	uint64_t index = (zero + at + 7) & ~UINT64_C(7);
	const uint8_t *words = bytes + (index - zero);
	if (!range_within(index - zero, 2 * KALLSYMS_TOKENS, sizeof(bytes)) || get_le16(words))
		return false;
	uint16_t first = get_le16(words + (size_t)2 * FIRST_DIGIT);
	for (unsigned i = 1; i < KALLSYMS_TOKENS; i++) {
		uint16_t start = get_le16(words + (size_t)2 * i);
		if (start <= get_le16(words + (size_t)2 * (i - 1)) ||
		    (i >= FIRST_DIGIT && start != first + starts[i]))
			return false;
	}
	t->token_table = zero - first;
	t->token_index = index;
	return true;
}

/*
 * Markers rise from 0 on. How many of `size` bytes each end at `back` bytes before the tail's
 * end.
 */
static size_t count_markers(const struct tail *tail, unsigned size, size_t back)
{
	uint64_t above = UINT64_MAX;

	for (size_t n = 0; back + (n + 1) * size <= tail->n; n++) {
		uint64_t marker = get_le(before_end(tail, back + (n + 1) * size), size);
		if (marker >= above)
			return 0;
		if (!marker)
			return n + 1;
		above = marker;
	}
	return 0;
}

struct markers {
	size_t n;
	uint64_t at, second, last; /* run-time address of the first; their values */
};

/* u32 from Linux 4.20 on, then perhaps with 4 bytes up to token_table; before that u64. */
static bool match_markers(const struct tail *tail, struct markers *ret)
{
	static const struct {
		unsigned size, pad;
	} forms[] = {{8, 0}, {4, 0}, {4, 4}};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		unsigned size = forms[i].size, pad = forms[i].pad;
		size_t n = count_markers(tail, size, pad);
		if (n < 2)
			continue;
		*ret = (struct markers){
			.n = n,
			.at = tail->end - pad - n * size,
			.second = get_le(before_end(tail, pad + (n - 1) * size), size),
			.last = get_le(before_end(tail, pad + size), size),
		};
		return true;
	}
	return false;
}

/* The bytes that the names of the first BLOCK symbols take. */
static uint64_t measure_block(struct target *target, uint64_t names)
{
	uint8_t bytes[BLOCK_MAX + 1];
	size_t at = 0;

	read_window(target, names, bytes, sizeof(bytes));
	for (unsigned i = 0; i < BLOCK && at < sizeof(bytes); i++)
		at += 1 + bytes[at];
	return at;
}

/* names end where the markers begin, and right before names stands how many they are. */
static struct error *match_names(struct target *target, const struct markers *markers,
				 struct kallsyms_tables *t)
{
	_cleanup_(tail_free) struct tail tail = {0};
	uint64_t end = (markers->at - markers->last) & ~UINT64_C(7);
	struct error *err = read_tail(target, end, BLOCK_MAX + COUNT_BACK, &tail);

	if (err)
		return err;
	for (size_t back = 0; back + COUNT_BACK <= tail.n; back += 8) {
		uint64_t n = get_le64(before_end(&tail, back + 8));
		if (!n || n > KALLSYMS_MAX || (n + BLOCK - 1) / BLOCK != markers->n ||
		    measure_block(target, end - back) != markers->second)
			continue;
		t->names = end - back;
		t->n = n;
		t->relative_base = t->names - 16;
		t->offsets = t->relative_base - ((n * 4 + 7) & ~UINT64_C(7));
		t->addresses = t->names - 8 - n * 8;
		return NULL;
	}
	return error_not_found;
}

/* What begins with the digits at `zero` are the tables, or error_not_found. */
static struct error *match_tables(struct target *target, uint64_t zero, struct kallsyms_tables *ret)
{
	_cleanup_(tail_free) struct tail tail = {0};
	struct kallsyms_tables t = {0};
	struct markers markers;

	if (!match_tokens(target, zero, &t))
		return error_not_found;
	struct error *err = read_tail(target, t.token_table, MARKERS_MAX, &tail);
	if (!err && !match_markers(&tail, &markers))
		err = error_not_found;
	if (!err)
		err = match_names(target, &markers, &t);
	if (!err)
		*ret = t;
	return err;
}

/* All places of the digits in a window that begins at address. */
static struct error *search_window(struct target *target, uint64_t address, const uint8_t *bytes,
				   size_t n, struct kallsyms_tables *ret)
{
	struct error *err = error_not_found;

	for (const uint8_t *at = bytes; err && error_code(err) == ERROR_NOT_FOUND; at++) {
		at = memmem(at, bytes + n - at, digits, sizeof(digits));
		if (!at)
			break;
		error_free(err);
		err = match_tables(target, address + (at - bytes), ret);
	}
	return err;
}

/*
 * Downwards: the tables are read-only data, of which there is less between them and the first
 * data than there is text below.
 */
static struct error *search(const struct target_spec *spec, struct target *target, uint64_t start,
			    uint64_t end, struct kallsyms_tables *ret)
{
	uint8_t bytes[WINDOW + sizeof(digits) - 1] = {0}; /* with the first of the one before */
	const size_t overlap = sizeof(digits) - 1;

	while (end > start) {
		struct error *err = spec_poll(spec);
		if (err)
			return err;
		memcpy(bytes + WINDOW, bytes, overlap);
		end = (end - 1) & ~(WINDOW - 1);
		if (!read_window(target, end, bytes, WINDOW))
			continue;
		err = search_window(target, end, bytes, sizeof(bytes), ret);
		if (!err || error_code(err) != ERROR_NOT_FOUND)
			return err;
	}
	return error_new(ERROR_NOT_FOUND,
			 "no table of symbols (kallsyms) is in the kernel's memory");
}

struct error *kallsyms_find(const struct target_spec *spec, struct target *target,
			    struct kallsyms_tables *ret)
{
	struct kallsyms_tables tables;
	uint64_t n_at, text, data;

	if (find_by_vmcoreinfo(target, &tables, &n_at)) {
		struct error *err = read_count(target, n_at, &tables.n);
		if (!err)
			*ret = tables;
		return err;
	}
	if (!target_vmcoreinfo_symbol(target, "_stext", &text) ||
	    !target_vmcoreinfo_symbol(target, "init_uts_ns", &data) || text < START_KERNEL_MAP ||
	    data < text || data - text > IMAGE_MAX)
		return error_new(ERROR_NOT_FOUND,
				 "no VMCOREINFO says where the kernel's own symbols are");
	return search(spec, target, text, data, ret);
}
