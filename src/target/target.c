/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/memory.h"
#include "target/together.h"

#define STABLE_TRIES 8
#define STRING_STEP 16

void target_close(struct target *target)
{
	if (target)
		target->ops->close(target);
}

struct error *target_read(struct target *target, enum space space, uint64_t addr, void *buf,
			  size_t len)
{
	if (space == SPACE_PHYS)
		addr &= ~target->sme_mask;
	return target->watch ? watch_read(target, space, addr, buf, len)
			     : target->ops->read(target, space, addr, buf, len);
}

struct error *target_read_stable(struct target *target, enum space space, uint64_t addr, void *buf,
				 size_t len)
{
	uint8_t seen[2][STABLE_MAX];
	struct error *err = target_read(target, space, addr, seen[0], len);

	for (unsigned i = 1; target->moving && !err; i++) {
		err = target_read(target, space, addr, seen[i % 2], len);
		if (!err && !memcmp(seen[0], seen[1], len))
			break;
		if (!err && i == STABLE_TRIES)
			err = error_new(ERROR_TORN,
					"0x%" PRIx64 " changed each of the %u times that it was read",
					addr, i + 1);
	}
	if (!err)
		memcpy(buf, seen[0], len);
	return err;
}

static struct error *read_word(struct target *target, enum space space, uint64_t addr,
			       unsigned size, uint64_t *ret)
{
	uint8_t bytes[8];
	struct error *err = target_read(target, space, addr, bytes, size);

	if (!err)
		*ret = get_le(bytes, size);
	return err;
}

#define TARGET_READ_WORD(type, name)                                                               \
	struct error *target_read_##name(struct target *target, enum space space, uint64_t addr,   \
					 type *ret)                                                \
	{                                                                                          \
		uint64_t value;                                                                    \
		struct error *err = read_word(target, space, addr, sizeof(type), &value);          \
                                                                                                   \
		if (!err)                                                                          \
			*ret = (type)value;                                                        \
		return err;                                                                        \
	}

TARGET_READ_WORD(uint32_t, u32)
TARGET_READ_WORD(uint64_t, u64)

struct error *target_translate(struct target *target, uint64_t virt, uint64_t *phys)
{
	return target->watch ? watch_translate(target, virt, phys)
			     : target->ops->translate(target, virt, phys);
}

/*
 * Step by step: what lies behind the string's end may well be missing, and on a running machine change
 * when the string does not.
 */
struct error *target_read_string(struct target *target, enum space space, uint64_t addr, size_t max,
				 char **ret)
{
	_cleanup_(freep) char *text = NULL;
	size_t length = 0;

	if (!max)
		return error_new(ERROR_USAGE, "a string of no bytes");
	for (;;) {
		size_t room = PAGE_SIZE - ((addr + length) & (PAGE_SIZE - 1));
		size_t n = max - length < room ? max - length : room;
		if (n > STRING_STEP)
			n = STRING_STEP;
		char *more = realloc(text, length + n);

		if (!more)
			return error_no_memory;
		text = more;
		struct error *err = target_read(target, space, addr + length, text + length, n);
		if (err)
			return err;
		if (memchr(text + length, '\0', n))
			break;
		length += n;
		if (length == max) {
			text[max - 1] = '\0';
			break;
		}
	}
	*ret = take_ptr(text);
	return NULL;
}

struct error *target_lookup(struct target *target, struct lookup *rows, size_t n)
{
	return n ? target->ops->lookup(target, rows, n) : NULL;
}

struct error *target_symbol(struct target *target, const char *name, uint64_t *ret)
{
	struct lookup row = {.kind = LOOKUP_SYMBOL, .name = name};
	struct error *err = target_lookup(target, &row, 1);

	if (err)
		return err;
	if (row.state == LOOKUP_AMBIGUOUS)
		return error_new(ERROR_OTHER, "%s: several symbols have this name", name);
	if (row.state != LOOKUP_FOUND)
		return error_not_found;
	*ret = row.value;
	return NULL;
}

const char *target_vmcoreinfo(struct target *target, const char *key)
{
	return target->ops->vmcoreinfo ? target->ops->vmcoreinfo(target, key) : NULL;
}

bool target_vmcoreinfo_symbol(struct target *target, const char *name, uint64_t *ret)
{
	char key[64], *end;

	snprintf(key, sizeof(key), "SYMBOL(%s)", name);
	const char *value = target_vmcoreinfo(target, key);
	if (!value || !*value)
		return false;
	uint64_t address = strtoull(value, &end, 16);
	if (*end)
		return false;
	*ret = address;
	return true;
}

struct error *target_export(struct target *target, struct layout_file *file)
{
	return target->ops->export ? target->ops->export(target, file) : NULL;
}

struct target_facts target_facts(struct target *target)
{
	struct target_facts facts = {.kind = target->ops->kind};

	if (target->ops->facts)
		target->ops->facts(target, &facts);
	return facts;
}

struct error *target_poll(const struct target *target)
{
	return target->interrupt && *target->interrupt ? error_stopped : NULL;
}
