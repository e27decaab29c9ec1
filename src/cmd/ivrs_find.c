/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cmd/ivrs.h"
#include "cmd/session.h"
#include "kernel/acpi.h"
#include "target/system.h"

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static struct error *read_file(struct command_call *call, const char *path, struct ivrs_source *ret)
{
	_cleanup_(close_file) FILE *file = file_stream(path);
	uint8_t *bytes = arena_alloc(call->arena, IVRS_BYTES_MAX);

	if (!file)
		return error_new(ERROR_USAGE, "can't open '%s': %s", path, strerror(errno));
	if (!bytes)
		return error_no_memory;
	size_t n = fread(bytes, 1, IVRS_BYTES_MAX, file);
	if (ferror(file))
		return error_new(ERROR_USAGE, "can't read '%s': %s", path, strerror(errno));
	*ret = (struct ivrs_source){.where = path, .bytes = bytes, .size = n};
	return NULL;
}

static struct error *read_sysfs(struct command_call *call, struct target *target,
				struct ivrs_source *ret)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	size_t size;
	struct error *err = target_system_file(target, "firmware/acpi/tables/IVRS", IVRS_BYTES_MAX,
					       &bytes, &size);

	if (err)
		return err;
	uint8_t *copy = arena_alloc(call->arena, size + 1);
	if (!copy)
		return error_no_memory;
	memcpy(copy, bytes, size);
	*ret = (struct ivrs_source){.where = "sysfs", .bytes = copy, .size = size};
	return NULL;
}

static struct error *read_memory(struct command_call *call, struct target *target,
				 struct ivrs_source *ret)
{
	struct kernel *kernel;
	uint64_t address;
	uint32_t length;
	struct error *err = session_kernel(call->session, &kernel);

	if (!err)
		err = acpi_find_table(kernel, "IVRS", &address, &length);
	if (err)
		return err;
	if (length > IVRS_BYTES_MAX)
		return error_new(ERROR_CORRUPT,
				 "acpi_gbl_root_table_list: an IVRS table of %u bytes", length);
	uint8_t *bytes = arena_alloc(call->arena, length + 1);
	if (!bytes)
		return error_no_memory;
	err = target_read(target, SPACE_PHYS, address, bytes, length);
	if (err)
		return error_prepend(
			err, "the firmware's memory is not in this dump ('ivrs FILE' reads a copy "
			     "of the machine's /sys/firmware/acpi/tables/IVRS)");
	*ret = (struct ivrs_source){"memory", datum_ok(address), bytes, length};
	return NULL;
}

struct error *ivrs_find(struct command_call *call, struct ivrs_source *ret)
{
	struct target *target;

	if (call->n_operands)
		return read_file(call, call->operands[0], ret);
	struct error *err = session_target(call->session, &target);
	if (err)
		return err;
	err = read_sysfs(call, target, ret);
	if (!err)
		return NULL;
	if (error_code(err) != ERROR_NOT_FOUND)
		return err;
	error_free(err);
	err = read_memory(call, target, ret);
	if (err == error_not_found)
		return error_new(ERROR_NOT_FOUND,
				 "the firmware has given the kernel no IVRS table");
	return err;
}
