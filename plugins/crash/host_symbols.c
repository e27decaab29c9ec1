/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols through crash. */
#include "crash.h"
#include "host.h"

#include <ctype.h>
#include <string.h>

#include "target/symbol_batch.h"
#include "base/cleanup.h"

/* Symbols of one name: crash chains those whose names hash alike, in no order. */
static void offer(struct symbol_batch *batch, const char *name)
{
	size_t length = strlen(name);

	for (struct syment *s = kernel_symbol_search(name); s; s = s->next_by_name)
		if (!strcmp(s->name, name))
			symbol_batch_offer(batch, name, length, s->value,
					   isupper((unsigned char)s->type));
}

struct error *host_symbols_lookup(struct lookup *rows, size_t n)
{
	_cleanup_(symbol_batch_free) struct symbol_batch batch = {0};
	struct error *err = symbol_batch_init(&batch, n);

	if (err)
		return err;
	symbol_batch_add(&batch, rows, n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].kind == LOOKUP_SYMBOL && *rows[i].name)
			offer(&batch, rows[i].name);
	return NULL;
}
