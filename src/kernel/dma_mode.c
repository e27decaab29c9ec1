/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/dma_mode.h"

#include <string.h>

#include "base/cleanup.h"

#define COMMAND_LINE_MAX 4096

/* iommu_domain.type values of include/linux/iommu.h that iommu_def_domain_type can have. */
enum { TYPE_DMA = 3, TYPE_IDENTITY = 4, TYPE_DMA_FQ = 0xb };

static struct text read_command_line(struct reader *r, struct arena *arena)
{
	const struct found *symbol = &r->kernel->core[CORE_COMMAND_LINE];
	_cleanup_(freep) char *line = NULL;

	reader_object(r, "command line");
	struct datum pointer = reader_symbol(r, symbol, 8, "saved_command_line");
	if (pointer.state != DATUM_OK)
		return (struct text){.state = pointer.state};
	struct error *err = target_read_string(r->kernel->target, SPACE_VIRT, pointer.value,
					       COMMAND_LINE_MAX, &line);
	if (err)
		return (struct text){
			.state = problems_add(r->problems, err, "text", "command line")};
	return text_ok(arena_strdup(arena, line));
}

/* What kstrtobool() makes of a word. */
static bool parse_bool(const char *word, bool *ret)
{
	bool is_on = *word == 'o' || *word == 'O';
	char c = is_on ? word[1] : *word;

	*ret = c && strchr(is_on ? "nN" : "yYtT1", c);
	return c && (*ret || strchr(is_on ? "fF" : "nNfF0", c));
}

/* One option of those that decide the mode (Documentation/admin-guide/kernel-parameters.txt). */
static bool option_decides(const char *word, bool *passthrough)
{
	if (!strncmp(word, "iommu.passthrough=", 18))
		return parse_bool(word + 18, passthrough);
	if (strncmp(word, "iommu=", 6) != 0)
		return false;
	bool decides = false;
	for (const char *p = word + 6; *p && *p != ' '; p += strcspn(p, ", "), p += *p == ',') {
		size_t n = strcspn(p, ", ");
		bool on = n == 2 && !strncmp(p, "pt", n);

		if (!on && !(n == 4 && !strncmp(p, "nopt", n)))
			continue;
		decides = true;
		*passthrough = on;
	}
	return decides;
}

/* The last one counts. */
static const char *mode_reason(struct arena *arena, const char *line, bool passthrough)
{
	const char *reason = NULL;
	bool is_passthrough;

	for (const char *word = line; *word; word += strcspn(word, " ")) {
		word += strspn(word, " ");
		if (option_decides(word, &is_passthrough))
			reason = is_passthrough == passthrough ? word : NULL;
	}
	return reason ? arena_printf(arena, "%.*s on the command line",
				     (int)strcspn(reason, " "), reason)
		      : "default of this kernel's build";
}

/* The core asks the driver as long as there is a way to. */
struct datum dma_driver_strict(struct reader *r)
{
	const struct found *core = r->kernel->core;

	return is_found(&core[CORE_OPS_GET_ATTR])
		       ? reader_symbol(r, &core[CORE_AMD_STRICT], 1, "amd_iommu_unmap_flush")
		       : (struct datum){.state = DATUM_ABSENT};
}

/* Before Linux 5.15 lazy flushing was no domain type. */
static const char *translated_mode(struct reader *r, uint64_t type)
{
	struct datum strict = dma_driver_strict(r);

	if (type == TYPE_DMA_FQ)
		return "translated, lazy flush";
	if (strict.state == DATUM_ABSENT)
		strict = reader_symbol(r, &r->kernel->core[CORE_DMA_STRICT], 1, "iommu_dma_strict");
	if (strict.state == DATUM_ABSENT)
		return "translated";
	if (strict.state != DATUM_OK)
		return "translated, flush unknown";
	return strict.value ? "translated, strict flush" : "translated, lazy flush";
}

/* Until Linux 5.3 iommu=pt sets a variable of its own, and either is enough. */
static struct datum default_type(struct reader *r)
{
	const struct found *core = r->kernel->core;
	struct datum type =
		reader_symbol(r, &core[CORE_DEF_DOMAIN_TYPE], 4, "iommu_def_domain_type");
	struct datum pt = reader_symbol(r, &core[CORE_PASS_THROUGH], 4, "iommu_pass_through");

	if (pt.state == DATUM_ABSENT || datum_is(type, TYPE_IDENTITY))
		return type;
	if (pt.state != DATUM_OK)
		return pt;
	if (pt.value)
		return datum_ok(TYPE_IDENTITY);
	return type.state == DATUM_ABSENT ? datum_ok(TYPE_DMA) : type;
}

struct dma_mode dma_mode_read(struct reader *r, struct arena *arena)
{
	struct dma_mode mode = {.command_line = read_command_line(r, arena)};
	bool passthrough;

	reader_object(r, "DMA mode");
	struct datum type = default_type(r);
	if (type.state == DATUM_OK && !type.value)
		type.state = DATUM_NONE; /* the IOMMU core had not come up */
	mode.mode = mode.reason = (struct text){.state = type.state};
	if (type.state != DATUM_OK)
		return mode;
	passthrough = type.value == TYPE_IDENTITY;
	mode.mode = text_ok(passthrough ? "passthrough" : translated_mode(r, type.value));
	if (mode.command_line.state == DATUM_OK)
		mode.reason = text_ok(mode_reason(arena, mode.command_line.value, passthrough));
	else
		mode.reason = (struct text){.state = mode.command_line.state};
	return mode;
}
