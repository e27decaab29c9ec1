/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_moving.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"

static struct error *moving_read(struct target *target, enum space space, uint64_t addr, void *buf,
				 size_t len)
{
	struct moving *m = container_of(target, struct moving, base);

	(void)space;
	m->n_reads++;
	if (m->before)
		m->before(m, addr, len);
	if (!range_within(addr, len, sizeof(m->bytes)))
		return error_new(ERROR_FAULT, "no memory at 0x%" PRIx64, addr);
	memcpy(buf, m->bytes + addr, len);
	return NULL;
}

static const struct target_ops moving_ops = {.kind = "live", .read = moving_read};

void moving_init(struct moving *m)
{
	*m = (struct moving){.base = {.ops = &moving_ops, .moving = true}};
}

void moving_put(struct moving *m, uint64_t addr, uint64_t word)
{
	word = htole64(word);
	memcpy(m->bytes + addr, &word, sizeof(word));
}

uint64_t moving_get(const struct moving *m, uint64_t addr)
{
	return get_le64(m->bytes + addr);
}
