/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture is a standard core: libkdumpfile, which knows nothing of us, reads the same from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "cmd/session.h"

#define CAPTURE "tests/fixtures/6.1-after.elf"

static void assert_no_error(struct error *err)
{
	if (err)
		fail_msg("%s", error_message(err));
}

static kdump_ctx_t *open_by_library(int fd)
{
	kdump_ctx_t *core = kdump_new();
	const char *text;

	assert_non_null(core);
	assert_int_equal(kdump_open_fd(core, fd), KDUMP_OK);
	assert_int_equal(kdump_get_string_attr(core, KDUMP_ATTR_ARCH_NAME, &text), KDUMP_OK);
	assert_string_equal(text, "x86_64");
	return core;
}

static void test_vmcoreinfo(void **state)
{
	int fd = open(CAPTURE, O_RDONLY);
	kdump_ctx_t *core = open_by_library(fd);
	char *release;

	(void)state;
	/* What makes the library look at VMCOREINFO. */
	assert_int_equal(kdump_set_string_attr(core, KDUMP_ATTR_OSTYPE, "linux"), KDUMP_OK);
	assert_int_equal(kdump_vmcoreinfo_line(core, "OSRELEASE", &release), KDUMP_OK);
	assert_int_equal(strncmp(release, "6.1.", 4), 0);
	free(release);
	kdump_free(core);
	close(fd);
}

static void test_memory(void **state)
{
	static const char *const cores[] = {CAPTURE};
	const struct target_spec spec = {
		.cores = cores, .n_cores = 1, .no_symbols = true, .no_cache = true};
	int fd = open(CAPTURE, O_RDONLY);
	kdump_ctx_t *core = open_by_library(fd);
	struct session *session;
	struct snapshot *snapshot;
	unsigned n = 0;

	(void)state;
	assert_no_error(session_new(&spec, &session));
	assert_no_error(session_snapshot(session, SNAPSHOT_DEVICES, &snapshot));
	for (uint32_t i = 0; i < snapshot->n_devices; i++) {
		const struct hw_entry *entry = &snapshot->devices[i].entry;
		uint8_t bytes[ENTRY_WORDS_MAX * 8];
		size_t length = sizeof(bytes);

		if (entry->state != DATUM_OK)
			continue;
		assert_int_equal(kdump_read(core, KDUMP_MACHPHYSADDR, entry->address.value, bytes,
					    &length),
				 KDUMP_OK);
		for (unsigned w = 0; w < ENTRY_WORDS_MAX; w++)
			assert_int_equal(get_le64(bytes + 8 * w), entry->words[w]);
		n++;
	}
	assert_true(n > 5);
	session_free(session);
	kdump_free(core);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vmcoreinfo),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
