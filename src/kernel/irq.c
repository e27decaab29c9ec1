/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/irq.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "kernel/maple.h"
#include "kernel/xarray.h"

#define HIERARCHY_MAX 16 /* chips that one interrupt goes through; real ones have 3 or 4 */
#define ACTIONS_MAX 64	 /* handlers that share one interrupt */
#define NUMBER_MAX UINT64_C(0xffffff)

struct line_state {
	struct reader *reader;
	struct irq_lines *lines;
};

static struct error *add_line(void *arg, uint64_t index, uint64_t entry)
{
	struct line_state *s = arg;
	struct irq_line *line;

	if (index > NUMBER_MAX)
		return error_new(ERROR_CORRUPT, "interrupt number 0x%" PRIx64, index);
	line = vec_push(s->lines);
	if (!line)
		return error_no_memory;
	*line = (struct irq_line){(uint32_t)index, entry};
	return NULL;
}

static struct error *add_range(void *arg, uint64_t first, uint64_t last, uint64_t entry)
{
	if (first != last)
		return error_new(ERROR_CORRUPT,
				 "one irq_desc for the interrupts %" PRIu64 " to %" PRIu64, first,
				 last);
	return add_line(arg, first, entry);
}

static void note_unreadable(void *arg, struct error *err)
{
	struct line_state *s = arg;

	s->lines->state = problems_add(s->reader->problems, err, "table", "interrupts");
}

/* To add a way that kernels have: a row, newest first, with the rows of CORE_NEEDS it goes by. */
static const struct tree_variant {
	const char *name;
	enum core_need symbol, member;
	bool maple;
} tree_variants[] = {
	{"maple tree sparse_irqs", CORE_SPARSE_IRQS, CORE_MAPLE_ROOT, true},
	{"xarray irq_desc_tree", CORE_IRQ_TREE, CORE_XA_HEAD, false},
};

static const struct tree_variant *find_variant(const struct kernel *kernel)
{
	for (size_t i = 0; i < ARRAY_SIZE(tree_variants); i++)
		if (is_found(&kernel->core[tree_variants[i].symbol]) &&
		    is_found(&kernel->core[tree_variants[i].member]))
			return &tree_variants[i];
	return NULL;
}

const char *irq_variant_name(const struct kernel *kernel)
{
	const struct tree_variant *variant = find_variant(kernel);

	return variant ? variant->name : NULL;
}

struct error *irq_lines_read(struct reader *reader, struct irq_lines *ret)
{
	struct kernel *kernel = reader->kernel;
	struct irq_lines lines = {.state = DATUM_OK};
	struct line_state s = {reader, &lines};
	const struct tree_variant *variant = find_variant(kernel);
	struct error *err;

	if (!variant)
		err = need_missing(&kernel->core_set, CORE_SPARSE_IRQS);
	else if (variant->maple)
		err = maple_walk(kernel, kernel->core[variant->symbol].value, add_range,
				 note_unreadable, &s);
	else
		err = xarray_walk(kernel, kernel->core[variant->symbol].value, add_line,
				  note_unreadable, &s);
	if (err && (error_is_unreadable(err) || error_code(err) == ERROR_NOT_FOUND)) {
		note_unreadable(&s, err);
		if (!variant)
			lines.state = DATUM_ABSENT;
		err = NULL;
	}
	if (err) {
		vec_free(&lines);
		return err;
	}
	*ret = lines;
	return NULL;
}

struct text irq_line_name(struct reader *reader, struct arena *arena, const struct irq_line *line)
{
	const struct found *core = reader->kernel->core;
	struct datum action =
		reader_pointer(reader, line->desc, &core[CORE_IRQ_DESC_ACTION], "name");
	struct text all = {.state = action.state};

	for (unsigned n = 0; action.state == DATUM_OK && n < ACTIONS_MAX; n++) {
		struct text name = reader_string(reader, arena, action.value,
						 &core[CORE_IRQ_ACTION_NAME], "name");

		if (name.state != DATUM_OK && name.state != DATUM_NONE)
			return name;
		const char *own = name.value ? name.value : "";
		all = text_ok(n ? arena_printf(arena, "%s, %s", all.value, own) : own);
		action = reader_pointer(reader, action.value, &core[CORE_IRQ_ACTION_NEXT], "name");
	}
	if (action.state == DATUM_OK)
		action.state = problems_add(reader->problems,
					    error_new(ERROR_CORRUPT, "more than %d handlers",
						      ACTIONS_MAX),
					    "name", "%s", reader_object_text(reader));
	if (action.state != DATUM_NONE)
		return (struct text){.state = action.state};
	return all;
}

struct datum irq_chip_data(struct reader *reader, const struct irq_line *line, uint64_t chip)
{
	const struct found *core = reader->kernel->core;

	if (!is_found(&core[CORE_IRQ_DESC_DATA]))
		return (struct datum){.state = DATUM_ABSENT};
	struct datum data = datum_ok(line->desc + core[CORE_IRQ_DESC_DATA].value);
	for (unsigned n = 0; n < HIERARCHY_MAX && data.state == DATUM_OK; n++) {
		struct datum its_chip =
			reader_pointer(reader, data.value, &core[CORE_IRQ_DATA_CHIP], "chip");

		if (!chip || datum_is(its_chip, chip))
			return reader_pointer(reader, data.value, &core[CORE_IRQ_DATA_CHIP_DATA],
					      "chip data");
		if (its_chip.state != DATUM_OK && its_chip.state != DATUM_NONE)
			return its_chip;
		data = reader_pointer(reader, data.value, &core[CORE_IRQ_DATA_PARENT], "chip");
	}
	if (data.state == DATUM_OK)
		return (struct datum){
			.state = problems_add(reader->problems,
					      error_new(ERROR_CORRUPT,
							"more than %d chips in a row", HIERARCHY_MAX),
					      "chip", "%s", reader_object_text(reader))};
	return data; /* DATUM_NONE: no more chips */
}
