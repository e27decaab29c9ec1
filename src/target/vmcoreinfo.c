/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/vmcoreinfo.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

static int line_compare(const void *a, const void *b)
{
	const struct vmcoreinfo_line *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	/* Equal keys stay in the order of the text, where they point. */
	return order ? order : (x->key > y->key) - (x->key < y->key);
}

struct error *vmcoreinfo_parse(const char *text, struct vmcoreinfo *ret)
{
	struct vmcoreinfo info = {.whole = strdup(text), .text = strdup(text)};
	char *rest = info.text, *line;

	if (!info.whole || !info.text) {
		vmcoreinfo_free(&info);
		return error_no_memory;
	}
	while ((line = strsep(&rest, "\n"))) {
		char *equals = strchr(line, '=');

		if (!equals)
			continue;
		*equals = '\0';
		struct vmcoreinfo_line *slot = vec_push(&info);
		if (!slot) {
			vmcoreinfo_free(&info);
			return error_no_memory;
		}
		*slot = (struct vmcoreinfo_line){.key = line, .value = equals + 1};
	}
	if (info.n)
		qsort(info.at, info.n, sizeof(*info.at), line_compare);
	*ret = info;
	return NULL;
}

const char *vmcoreinfo_get(const struct vmcoreinfo *info, const char *key)
{
	size_t low = 0, high = info->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(info->at[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < info->n && !strcmp(info->at[low].key, key) ? info->at[low].value : NULL;
}

bool vmcoreinfo_number(const struct vmcoreinfo *info, const char *key, int base, uint64_t *ret)
{
	const char *text = vmcoreinfo_get(info, key);
	char *end;

	if (!text || !(isxdigit((unsigned char)*text) || *text == '-'))
		return false;
	errno = 0;
	uint64_t value = strtoull(text, &end, base); /* -n wraps to the two's complement */
	if (errno || end == text || *end)
		return false;
	*ret = value;
	return true;
}

void vmcoreinfo_free(struct vmcoreinfo *info)
{
	free(info->whole);
	free(info->text);
	vec_free(info);
}
