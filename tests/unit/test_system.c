/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the running system says of itself, on folders made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "scratch.h"
#include "target/system.h"

#define LARGE 10000 /* bytes; more than are read at one go */

struct context {
	struct scratch scratch;
	struct target target;
};

static int set_up(void **state)
{
	struct context *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	scratch_make(&c->scratch);
	c->target.system = c->scratch.path;
	*state = c;
	return 0;
}

static int tear_down(void **state)
{
	struct context *c = *state;

	scratch_remove(&c->scratch);
	free(c);
	return 0;
}

static void test_file(void **state)
{
	struct context *c = *state;
	uint8_t *bytes, large[LARGE];
	size_t size;

	memset(large, 'x', sizeof(large));
	scratch_write(&c->scratch, "firmware/table", large, sizeof(large));
	scratch_write_text(&c->scratch, "empty", "");
	assert_null(target_system_file(&c->target, "firmware/table", LARGE, &bytes, &size));
	assert_int_equal(size, LARGE);
	assert_memory_equal(bytes, large, LARGE);
	assert_int_equal(bytes[size], '\0');
	free(bytes);
	assert_null(target_system_file(&c->target, "empty", LARGE, &bytes, &size));
	assert_int_equal(size, 0);
	free(bytes);
}

static void assert_error(struct error *err, enum error_code code)
{
	assert_non_null(err);
	assert_int_equal(error_code(err), code);
	error_free(err);
}

static void test_no_file(void **state)
{
	struct context *c = *state;
	struct target dump = {0};
	uint8_t *bytes;
	size_t size;

	scratch_write(&c->scratch, "file", "12345", 5);
	assert_error(target_system_file(&c->target, "file", 4, &bytes, &size), ERROR_IO);
	assert_error(target_system_file(&c->target, ".", 4, &bytes, &size), ERROR_IO);
	assert_error(target_system_file(&c->target, "none", 4, &bytes, &size), ERROR_NOT_FOUND);
	assert_error(target_system_file(&c->target, "file/none", 4, &bytes, &size),
		     ERROR_NOT_FOUND);
	/* Whatever lies in this machine's /sys is none of a dump's. */
	assert_error(target_system_file(&dump, "kernel/notes", 4096, &bytes, &size),
		     ERROR_NOT_FOUND);
}

static void test_names(void **state)
{
	struct context *c = *state;
	struct system_names names;
	struct target dump = {0};

	scratch_write_text(&c->scratch, "groups/9/type", "DMA\n");
	scratch_write_text(&c->scratch, "groups/10/type", "DMA\n");
	scratch_write_text(&c->scratch, "groups/.hidden", "");
	assert_null(target_system_names(&c->target, "groups", &names));
	assert_int_equal(names.n, 2);
	assert_string_equal(names.at[0], "10");
	assert_string_equal(names.at[1], "9");
	system_names_free(&names);
	assert_error(target_system_names(&c->target, "none", &names), ERROR_NOT_FOUND);
	assert_error(target_system_names(&dump, "kernel", &names), ERROR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
