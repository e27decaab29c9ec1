/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/ivrs.h"

#include <string.h>

#include "base/bytes.h"

#define HEADER_BYTES 48
#define IVHD_10_BYTES 24
#define IVHD_11_BYTES 40
#define IVMD_BYTES 32
#define ACPI_ENTRY_BYTES 22

const char *ivrs_name(const struct field_value *names, uint64_t value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

/* Firmware's text may hold anything: what can't be printed is a full stop. */
static void take_text(char *ret, const uint8_t *bytes, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		ret[i] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '.';
		if (bytes[i] && bytes[i] != ' ')
			used = i + 1;
	}
	ret[used] = '\0';
}

static bool checksum_holds(const uint8_t *bytes, size_t n)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return !sum;
}

const char *ivrs_open(const void *bytes, size_t size, struct ivrs *ret)
{
	const uint8_t *at = bytes;

	if (size < HEADER_BYTES)
		return "it is shorter than an IVRS table's header (48 bytes)";
	if (memcmp(at, "IVRS", 4) != 0)
		return "it does not begin with IVRS";
	*ret = (struct ivrs){.bytes = at, .length = get_le32(at + 4), .revision = at[8]};
	if (ret->length < HEADER_BYTES)
		return "its length is shorter than its header";
	ret->size = ret->length < size ? ret->length : size;
	ret->checksum_holds = ret->length <= size && checksum_holds(at, ret->length);
	take_text(ret->oem_id, at + 10, 6);
	take_text(ret->oem_table_id, at + 16, 8);
	ret->info = get_le32(at + 36);
	return NULL;
}

static const char *take_ivhd(const uint8_t *at, struct ivrs_block *b)
{
	unsigned header = b->type == IVHD_10 ? IVHD_10_BYTES : IVHD_11_BYTES;

	if (b->length < header)
		return "an IVHD block is shorter than its header";
	b->is_ivhd = true;
	b->capability = get_le16(at + 6);
	b->base = get_le64(at + 8);
	b->segment = get_le16(at + 16);
	b->info = get_le16(at + 18);
	b->feature = get_le32(at + 20);
	if (header == IVHD_11_BYTES) {
		b->efr = get_le64(at + 24);
		b->efr2 = get_le64(at + 32);
	}
	b->entries = b->length > header ? b->offset + header : 0;
	return NULL;
}

static const char *take_ivmd(const uint8_t *at, struct ivrs_block *b)
{
	if (b->length < IVMD_BYTES)
		return "an IVMD block is shorter than 32 bytes";
	b->is_ivmd = true;
	b->last = b->devid;
	if (b->type == IVMD_ALL) {
		b->devid = 0;
		b->last = IVRS_DEVID_LAST;
	} else if (b->type == IVMD_RANGE) {
		b->last = get_le16(at + 6);
	}
	/* amd_iommu: in what was reserved before, the PCI segment. */
	b->segment = get_le16(at + 8);
	b->start = get_le64(at + 16);
	b->size = get_le64(at + 24);
	return NULL;
}

bool ivrs_next_block(const struct ivrs *ivrs, size_t *offset, struct ivrs_block *ret,
		     const char **problem)
{
	size_t at = *offset ? *offset : HEADER_BYTES;
	const uint8_t *bytes = ivrs->bytes + at;

	*problem = NULL;
	if (at >= ivrs->size) {
		*problem = ivrs->size < ivrs->length ? "the table is cut short" : NULL;
		return false;
	}
	if (ivrs->size - at < 6) {
		*problem = "there are too few bytes for another block";
		return false;
	}
	*ret = (struct ivrs_block){
		.offset = at,
		.type = bytes[0],
		.flags = bytes[1],
		.length = get_le16(bytes + 2),
		.devid = get_le16(bytes + 4),
	};
	if (ret->length < 6)
		*problem = "a block's length is less than its header's";
	else if (ret->length > ivrs->size - at)
		*problem = "a block reaches beyond the table's end";
	else if (ret->type == IVHD_10 || ret->type == IVHD_11 || ret->type == IVHD_40)
		*problem = take_ivhd(bytes, ret);
	else if (ret->type >= IVMD_ALL && ret->type <= IVMD_RANGE)
		*problem = take_ivmd(bytes, ret);
	*offset = at + ret->length;
	return !*problem;
}

/* Of types 240 and up the length is in the entry; 0: it is not known. */
static size_t entry_length(const uint8_t *at, size_t room)
{
	if (at[0] < ENTRY_ACPI)
		return at[0] < 0x40 ? 4 : (size_t)4 << (at[0] >> 6);
	if (at[0] == ENTRY_ACPI && room >= ACPI_ENTRY_BYTES)
		return ACPI_ENTRY_BYTES + (size_t)at[21];
	return 0;
}

/* A range goes on to the entry behind it that is an end; without one it is no range. */
static uint16_t range_last(const struct ivrs *ivrs, const struct ivrs_block *block,
			   const struct ivrs_entry *entry, size_t next)
{
	size_t end = block->offset + block->length;

	while (next < end && end - next >= 4) {
		const uint8_t *at = ivrs->bytes + next;
		size_t length = entry_length(at, end - next);

		if (at[0] == ENTRY_RANGE_END)
			return get_le16(at + 1);
		if ((at[0] != ENTRY_PAD && at[0] != ENTRY_PAD_8) || !length)
			break;
		next += length;
	}
	return entry->first;
}

static void take_acpi(const uint8_t *at, struct ivrs_entry *e)
{
	take_text(e->hid, at + 4, 8);
	take_text(e->cid, at + 12, 8);
	e->uid_format = at[20];
	e->uid_length = at[21];
	e->uid = at + ACPI_ENTRY_BYTES;
}

static void take_entry(const struct ivrs *ivrs, const struct ivrs_block *block, size_t next,
		       struct ivrs_entry *e)
{
	const uint8_t *at = ivrs->bytes + e->offset;

	switch (e->type) {
	case ENTRY_ALL:
		e->first = 0;
		e->last = IVRS_DEVID_LAST;
		break;
	case ENTRY_ALIAS:
	case ENTRY_ALIAS_RANGE:
		e->has_alias = true;
		e->alias = get_le16(at + 5);
		break;
	case ENTRY_EXTENDED:
	case ENTRY_EXTENDED_RANGE:
		e->extended = get_le32(at + 4);
		break;
	case ENTRY_SPECIAL:
		e->handle = at[4];
		e->first = e->last = get_le16(at + 5); /* bytes 1 and 2 are reserved */
		e->variety = at[7];
		break;
	case ENTRY_ACPI:
		take_acpi(at, e);
		break;
	}
	if (e->type == ENTRY_RANGE || e->type == ENTRY_ALIAS_RANGE ||
	    e->type == ENTRY_EXTENDED_RANGE)
		e->last = range_last(ivrs, block, e, next);
}

bool ivrs_next_entry(const struct ivrs *ivrs, const struct ivrs_block *block, size_t *offset,
		     struct ivrs_entry *ret, const char **problem)
{
	size_t at = *offset ? *offset : block->entries, end = block->offset + block->length;

	*problem = NULL;
	if (!block->entries || at >= end)
		return false;
	size_t length = end - at < 4 ? 0 : entry_length(ivrs->bytes + at, end - at);
	if (!length || length > end - at) {
		*problem = length ? "a device entry reaches beyond its block's end"
				  : "a device entry's length cannot be told";
		return false;
	}
	uint16_t devid = get_le16(ivrs->bytes + at + 1);
	*ret = (struct ivrs_entry){
		.offset = at,
		.type = ivrs->bytes[at],
		.first = devid,
		.last = devid,
		.setting = ivrs->bytes[at + 3],
	};
	*offset = at + length;
	take_entry(ivrs, block, *offset, ret);
	return true;
}

bool ivrs_entry_has_devices(const struct ivrs_entry *entry)
{
	return entry->type != ENTRY_PAD && entry->type != ENTRY_PAD_8 &&
	       entry->type != ENTRY_RANGE_END && ivrs_name(ivrs_entry_names, entry->type);
}

/* The highest type among the blocks of the table's first IOMMU. */
uint8_t ivrs_used_type(const struct ivrs *ivrs)
{
	struct ivrs_block block;
	const char *problem;
	uint16_t devid = 0;
	uint8_t type = 0;

	for (size_t at = 0; ivrs_next_block(ivrs, &at, &block, &problem);) {
		if (!block.is_ivhd || (type && block.devid != devid))
			continue;
		devid = block.devid;
		if (block.type > type)
			type = block.type;
	}
	return type;
}

static void apply_entry(const struct ivrs_block *block, const struct ivrs_entry *entry,
			uint16_t devid, struct ivrs_device *ret)
{
	bool is_alias_target = entry->has_alias && entry->alias == devid;

	if (!ivrs_entry_has_devices(entry))
		return;
	if (devid >= entry->first && devid <= entry->last) {
		ret->is_listed = true;
		ret->iommu = block->devid;
		if (entry->has_alias)
			ret->alias = entry->alias;
	} else if (is_alias_target) { /* set_dev_entry_from_acpi(devid_to) */
		ret->is_listed = true;
		ret->iommu = block->devid;
	}
}

struct ivrs_device ivrs_device(const struct ivrs *ivrs, uint16_t segment, uint16_t devid)
{
	struct ivrs_device ret = {.alias = devid};
	uint8_t type = ivrs_used_type(ivrs);
	struct ivrs_block block;
	struct ivrs_entry entry;
	const char *problem;

	for (size_t at = 0; ivrs_next_block(ivrs, &at, &block, &problem);) {
		if (!block.is_ivhd || block.type != type || block.segment != segment)
			continue;
		for (size_t k = 0; ivrs_next_entry(ivrs, &block, &k, &entry, &problem);)
			apply_entry(&block, &entry, devid, &ret);
	}
	return ret;
}
