/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/words.h"

#include <string.h>

const char *entry_writer_name(enum entry_writer writer)
{
	static const char *const names[] = {
		[WRITER_NONE] = "none",
		[WRITER_KERNEL] = "kernel",
		[WRITER_CAPTURE] = "capture",
		[WRITER_UNKNOWN] = "unknown",
	};

	return names[writer];
}

struct text dma_fate_text(const struct device *device)
{
	static const char *const names[] = {
		[DMA_TRANSLATED] = "translated",   [DMA_GUEST] = "guest",
		[DMA_NESTED] = "nested",           [DMA_PASSTHROUGH] = "passthrough",
		[DMA_UNCHECKED] = "unchecked",     [DMA_BLOCKED] = "blocked",
		[DMA_ILLEGAL] = "illegal",
	};

	if (device->dma != DMA_UNKNOWN)
		return text_ok(names[device->dma]);
	return (struct text){.state = device->domain_id.state};
}

struct text domain_type_text(const struct domain *domain)
{
	if (domain->type_name)
		return text_ok(domain->type_name);
	return (struct text){.state = domain->type.state == DATUM_OK ? DATUM_CORRUPT
								     : domain->type.state};
}

#define LINE_MAX_WIDTH 90

void print_wrapped(FILE *out, size_t at, size_t indent, const char *text)
{
	bool begun = false;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (begun && at + 1 + length > LINE_MAX_WIDTH) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
			begun = false;
		}
		if (begun)
			fputc(' ', out);
		fwrite(text, 1, length, out);
		at += begun + length;
		begun = true;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

void emit_nonzero_fields(struct emit *e, unsigned column, struct datum word,
			 const struct layout *layout)
{
	uint64_t words[LAYOUT_WORDS_MAX] = {word.value};

	if (word.state != DATUM_OK) {
		emit_datum(e, column, word);
		return;
	}
	emit_empty(e, column);
	for (size_t i = 0; i < layout->n_fields; i++) {
		const struct field *f = &layout->fields[i];
		uint64_t value = field_is_piece(f) ? 0 : layout_get(layout, words, i);

		if (!value)
			continue;
		if (f->format == FIELD_FLAG)
			emit_text(e, column, f->key);
		else
			emit_textf(e, column, "%s=%llu", f->key, (unsigned long long)value);
	}
}
