/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/dwarf_unit.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "target/spec.h"

static const char *const section_names[DWARF_N_SECTIONS] = {
	[DWARF_NO_SECTION] = "",
	[DWARF_INFO] = ".debug_info",
	[DWARF_ABBREV] = ".debug_abbrev",
	[DWARF_STR] = ".debug_str",
	[DWARF_LINE_STR] = ".debug_line_str",
	[DWARF_STR_OFFSETS] = ".debug_str_offsets",
	[DWARF_ADDR] = ".debug_addr",
	[DWARF_ARANGES] = ".debug_aranges",
};

/*
 * libdwarf's interface to an object file, before (20210528) and after the names of its types
 * changed in 0.1. The latter also wants to know the file's size.
 */
#ifdef DW_LIBDWARF_VERSION_MAJOR
typedef Dwarf_Unsigned section_number;
typedef Dwarf_Small byte_order;
typedef Dwarf_Obj_Access_Section_a section_facts;
typedef Dwarf_Obj_Access_Methods_a object_methods;
typedef Dwarf_Obj_Access_Interface_a object_interface;
#define METHOD(name) .om_##name
#define FACT(name) as_##name
#define INTERFACE(view, table) {.ai_object = (view), .ai_methods = (table)}
#define OBJECT_FINISH(dbg) dwarf_object_finish(dbg)
#define LEAST_BYTE_FIRST DW_END_little
#else
typedef Dwarf_Half section_number;
typedef Dwarf_Endianness byte_order;
typedef Dwarf_Obj_Access_Section section_facts;
typedef Dwarf_Obj_Access_Methods object_methods;
typedef Dwarf_Obj_Access_Interface object_interface;
#define METHOD(name) .name
#define FACT(name) name
#define INTERFACE(view, table) {.object = (view), .methods = (table)}
#define OBJECT_FINISH(dbg) dwarf_object_finish(dbg, NULL)
#define LEAST_BYTE_FIRST DW_OBJECT_LSB
#endif

#define WORK_ALL ((uint64_t)4 << 20) /* what references across units lead to */

#define RELEASE_STEP ((uint64_t)8 << 20)

struct dwarf_view {
	Dwarf_Debug dbg;
	object_interface object;
	struct span sections[DWARF_N_SECTIONS];
	uint64_t work; /* bytes that are going to be looked at */
};

static int view_section_info(void *object, section_number number, section_facts *ret, int *error)
{
	const struct dwarf_view *view = object;

	(void)error;
	if (number >= DWARF_N_SECTIONS)
		return DW_DLV_NO_ENTRY;
	memset(ret, 0, sizeof(*ret));
	ret->FACT(name) = section_names[number];
	ret->FACT(type) = number ? SHT_PROGBITS : SHT_NULL;
	ret->FACT(size) = view->sections[number].n;
	return DW_DLV_OK;
}

static int view_load_section(void *object, section_number number, Dwarf_Small **ret, int *error)
{
	const struct dwarf_view *view = object;

	(void)error;
	if (number >= DWARF_N_SECTIONS || !view->sections[number].n)
		return DW_DLV_NO_ENTRY;
	*ret = (Dwarf_Small *)view->sections[number].at; /* which only reads */
	return DW_DLV_OK;
}

static byte_order view_byte_order(void *object)
{
	(void)object;
	return LEAST_BYTE_FIRST;
}

static Dwarf_Small view_offset_size(void *object)
{
	(void)object;
	return 4;
}

static Dwarf_Small view_pointer_size(void *object)
{
	(void)object;
	return 8;
}

static Dwarf_Unsigned view_section_count(void *object)
{
	(void)object;
	return DWARF_N_SECTIONS;
}

#ifdef DW_LIBDWARF_VERSION_MAJOR
/*
 * libdwarf sizes its hash table of allocations by this: for the true size of a vmlinux it would be
 * 576 MB, which are gone through at the end.
 */
static Dwarf_Unsigned view_file_size(void *object)
{
	const struct dwarf_view *view = object;

	return view->work;
}
#endif

static const object_methods view_methods = {
	METHOD(get_section_info) = view_section_info,
	METHOD(get_byte_order) = view_byte_order,
	METHOD(get_length_size) = view_offset_size,
	METHOD(get_pointer_size) = view_pointer_size,
	METHOD(get_section_count) = view_section_count,
	METHOD(load_section) = view_load_section,
#ifdef DW_LIBDWARF_VERSION_MAJOR
	METHOD(get_filesize) = view_file_size,
#endif
};

static void view_close(struct dwarf_view *view)
{
	if (view && view->dbg)
		OBJECT_FINISH(view->dbg);
	free(view);
}

static void view_closep(struct dwarf_view **view)
{
	view_close(*view);
}

static struct error *view_open(const struct dwarf_file *file, struct span info, uint64_t work,
			       struct dwarf_view **ret)
{
	_cleanup_(view_closep) struct dwarf_view *view = calloc(1, sizeof(*view));
	Dwarf_Error error = NULL;

	if (!view)
		return error_no_memory;
	memcpy(view->sections, file->sections, sizeof(view->sections));
	view->sections[DWARF_INFO] = info;
	view->work = work;
	view->object = (object_interface)INTERFACE(view, &view_methods);
	int status = dwarf_object_init_b(&view->object, NULL, NULL, DW_GROUPNUMBER_ANY, &view->dbg,
					 &error);
	if (status == DW_DLV_ERROR)
		return dwarf_error(NULL, error);
	if (status != DW_DLV_OK)
		return error_new(ERROR_CORRUPT, "no DWARF sections");
	*ret = take_ptr(view);
	return NULL;
}

struct error *dwarf_error(Dwarf_Debug dbg, Dwarf_Error error)
{
	struct error *err = error_new(ERROR_CORRUPT, "%s", dwarf_errmsg(error));

	dwarf_dealloc_error(dbg, error);
	return err;
}

struct error *dwarf_file_init(struct dwarf_file *file, struct elf_file *elf)
{
	*file = (struct dwarf_file){.elf = elf};
	for (size_t i = DWARF_INFO; i < DWARF_N_SECTIONS; i++) {
		struct error *err = elf_file_section(elf, section_names[i], &file->sections[i]);
		if (err)
			return err;
	}
	return NULL;
}

void dwarf_file_free(struct dwarf_file *file)
{
	view_close(take_ptr(file->all));
}

struct error *dwarf_file_view_all(struct dwarf_file *file, Dwarf_Debug *ret)
{
	if (!file->all) {
		struct error *err = view_open(file, file->sections[DWARF_INFO], WORK_ALL,
					      &file->all);
		if (err)
			return err;
	}
	*ret = file->all->dbg;
	return NULL;
}

/* The offset of the unit behind the one at `offset`. */
static struct error *next_unit(const struct dwarf_file *file, uint64_t offset, uint64_t *ret)
{
	struct span info = file->sections[DWARF_INFO];
	uint64_t header = 4, length;

	if (!range_within(offset, 12, info.n))
		return error_new(ERROR_CORRUPT, "DWARF unit at 0x%jx: cut off", (uintmax_t)offset);
	length = get_le32(info.at + offset);
	if (length == UINT32_MAX) { /* the 64-bit format */
		header = 12;
		length = get_le64(info.at + offset + 4);
	}
	if (length < 7 || !range_within(offset + header, length, info.n))
		return error_new(ERROR_CORRUPT, "DWARF unit at 0x%jx: bad length 0x%jx",
				 (uintmax_t)offset, (uintmax_t)length);
	*ret = offset + header + length;
	return NULL;
}

struct error *dwarf_scan_next(const struct target_spec *spec, struct dwarf_scan *scan, bool *more)
{
	struct span info = scan->file->sections[DWARF_INFO];
	struct error *err = spec_poll(spec);

	*more = !err && scan->end < info.n;
	if (!*more)
		return err;
	scan->offset = scan->end;
	if (scan->offset - scan->released > RELEASE_STEP) {
		struct span behind = {.at = info.at + scan->released,
				      .n = scan->offset - scan->released};
		elf_file_release(scan->file->elf, behind);
		scan->released = scan->offset;
	}
	return next_unit(scan->file, scan->offset, &scan->end);
}

/* The DIE of the only unit that dbg shows. */
static struct error *first_die(Dwarf_Debug dbg, Dwarf_Die *ret)
{
	Dwarf_Unsigned length, type_offset, next;
	Dwarf_Off abbreviations;
	Dwarf_Half version, address_size, offset_size, extension_size, type;
	Dwarf_Sig8 signature;
	Dwarf_Error error = NULL;
	int status = dwarf_next_cu_header_d(dbg, true, &length, &version, &abbreviations,
					    &address_size, &offset_size, &extension_size,
					    &signature, &type_offset, &next, &type, &error);

	if (status == DW_DLV_OK)
		status = dwarf_siblingof_b(dbg, NULL, true, ret, &error);
	if (status == DW_DLV_ERROR)
		return dwarf_error(dbg, error);
	return status == DW_DLV_OK ? NULL : error_new(ERROR_CORRUPT, "empty");
}

struct error *dwarf_unit_open(struct dwarf_file *file, uint64_t offset, struct dwarf_unit *ret)
{
	struct dwarf_unit unit = {.file = file, .offset = offset};
	struct error *err = next_unit(file, offset, &unit.end);

	if (err)
		return err;
	err = view_open(file,
			(struct span){.at = file->sections[DWARF_INFO].at + offset,
				      .n = unit.end - offset},
			unit.end - offset, &unit.view);
	if (!err) {
		unit.dbg = unit.view->dbg;
		err = first_die(unit.dbg, &unit.die);
	}
	if (err) {
		view_close(unit.view);
		return error_prepend(err, "DWARF unit at 0x%jx", (uintmax_t)offset);
	}
	*ret = unit;
	return NULL;
}

void dwarf_unit_close(struct dwarf_unit *unit)
{
	if (unit->die)
		dwarf_dealloc_die(unit->die);
	view_close(unit->view);
	*unit = (struct dwarf_unit){0};
}

static uint64_t unit_at(Dwarf_Debug dbg, Dwarf_Arange *ranges, Dwarf_Signed n, uint64_t address)
{
	Dwarf_Arange range;
	Dwarf_Off offset;
	Dwarf_Error error = NULL;
	int status = dwarf_get_arange(ranges, n, address, &range, &error);

	if (status == DW_DLV_OK)
		status = dwarf_get_arange_cu_header_offset(range, &offset, &error);
	if (status == DW_DLV_ERROR)
		dwarf_dealloc_error(dbg, error);
	return status == DW_DLV_OK ? offset : UINT64_MAX;
}

struct error *dwarf_units_at(struct dwarf_file *file, const uint64_t *addresses, size_t n,
			     uint64_t *ret)
{
	_cleanup_(view_closep) struct dwarf_view *view = NULL;
	Dwarf_Arange *ranges = NULL;
	Dwarf_Signed n_ranges = 0;
	Dwarf_Error error = NULL;
	struct error *err = view_open(file, file->sections[DWARF_INFO],
				      file->sections[DWARF_ARANGES].n, &view);

	if (err)
		return err;
	/* What it allocates ends with the view. */
	int status = dwarf_get_aranges(view->dbg, &ranges, &n_ranges, &error);
	if (status == DW_DLV_ERROR)
		dwarf_dealloc_error(view->dbg, error);
	for (size_t i = 0; i < n; i++)
		ret[i] = status == DW_DLV_OK ? unit_at(view->dbg, ranges, n_ranges, addresses[i])
					     : UINT64_MAX;
	return NULL;
}
