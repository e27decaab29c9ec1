/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of DMA by default, by the variables that decided it in each era. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "fake_machine.h"
#include "kernel/dma_mode.h"

/* iommu_domain.type, include/linux/iommu.h */
enum { DMA = 3, IDENTITY = 4, DMA_LAZY = 11 };

static const struct row {
	const char *layouts;
	unsigned def_type, pass_through, dma_strict, unmap_flush; /* what the variables say */
	const char *mode;
} rows[] = {
	/* one variable, and the driver's for flushing */
	{"3.10", 0, 0, 0, 0, "translated"},
	{"3.10", 0, 1, 0, 0, "passthrough"},
	/* either of two */
	{"4.18", DMA, 0, 1, 0, "translated, lazy flush"},
	{"4.18", DMA, 0, 1, 1, "translated, strict flush"},
	{"4.18", DMA, 1, 1, 0, "passthrough"},
	{"4.18", IDENTITY, 0, 1, 0, "passthrough"},
	/* the driver's variable alone, whatever iommu_dma_strict says */
	{"5.10", DMA, 0, 1, 0, "translated, lazy flush"},
	{"5.10", DMA, 0, 0, 1, "translated, strict flush"},
	{"5.10", IDENTITY, 0, 1, 0, "passthrough"},
	/* the core's */
	{"6.1", DMA, 0, 1, 0, "translated, strict flush"},
	{"6.1", DMA_LAZY, 0, 0, 0, "translated, lazy flush"},
	{"7.2", DMA_LAZY, 0, 0, 0, "translated, lazy flush"},
	{"7.2", IDENTITY, 0, 0, 0, "passthrough"},
};

/* Of the command line, the last that decides; and what decides nothing. */
static const struct {
	const char *line, *reason;
	bool passthrough;
} lines[] = {
	{"quiet iommu=pt ro", "iommu=pt on the command line", true},
	{"iommu=noagp,pt", "iommu=noagp,pt on the command line", true},
	{"iommu.passthrough=Yes", "iommu.passthrough=Yes on the command line", true},
	{"iommu=pt iommu=nopt", "iommu=nopt on the command line", false},
	{"iommu=pt iommu.passthrough=off", "iommu.passthrough=off on the command line", false},
	{"iommu=pt", "default of this kernel's build", false},
	{"iommu=ptx xiommu=pt iommu.passthrough=maybe", "default of this kernel's build", true},
	{"", "default of this kernel's build", false},
};

static void put(struct fake_kernel *k, const char *symbol, unsigned size, unsigned value)
{
	uint64_t at = fake_symbol(k, symbol);

	if (at)
		fake_write(k, at, size, value);
}

static void test_modes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		const struct fake_options options = {.layouts = row->layouts};
		struct fake_machine *m = fake_machine_new(&options, 1);
		struct problems problems = {0};
		struct reader reader = {.problems = &problems};
		struct arena arena = {0};
		struct fake_view view;

		put(m->k, "iommu_def_domain_type", 4, row->def_type);
		put(m->k, "iommu_pass_through", 4, row->pass_through);
		put(m->k, "iommu_dma_strict", 1, row->dma_strict);
		put(m->k, "amd_iommu_unmap_flush", 1, row->unmap_flush);
		fake_view_open(m, &view);
		assert_null(session_kernel(view.session, &reader.kernel));
		struct dma_mode mode = dma_mode_read(&reader, &arena);
		if (mode.mode.state != DATUM_OK)
			fail_msg("%s: %s", row->layouts, datum_state_name(mode.mode.state));
		assert_string_equal(mode.mode.value, row->mode);
		arena_free(&arena);
		problems_free(&problems);
		fake_view_close(&view);
		fake_machine_free(m);
	}
}

static void test_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct fake_options options = {.layouts = "7.2"};
		struct fake_machine *m = fake_machine_new(&options, 1);
		struct problems problems = {0};
		struct reader reader = {.problems = &problems};
		struct arena arena = {0};
		struct fake_view view;

		put(m->k, "iommu_def_domain_type", 4, lines[i].passthrough ? IDENTITY : DMA);
		fake_write(m->k, fake_symbol(m->k, "saved_command_line"), 8,
			   fake_string(m->k, lines[i].line));
		fake_view_open(m, &view);
		assert_null(session_kernel(view.session, &reader.kernel));
		struct dma_mode mode = dma_mode_read(&reader, &arena);
		assert_int_equal(mode.reason.state, DATUM_OK);
		assert_string_equal(mode.reason.value, lines[i].reason);
		arena_free(&arena);
		problems_free(&problems);
		fake_view_close(&view);
		fake_machine_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
