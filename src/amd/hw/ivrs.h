/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O virtualization reporting structure: the ACPI table by which the firmware tells which
 * IOMMUs there are (IVHD blocks), which devices each serves, and which memory devices need (IVMD
 * blocks). AMD 48882, chapter 5. All of it reads bytes that may be damaged: nothing is read past
 * them, and each step goes on by at least four.
 */
#ifndef AMD_HW_IVRS_H
#define AMD_HW_IVRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/layout.h"

#define IVRS_BYTES_MAX (1u << 20) /* far more than any firmware's */
#define IVRS_DEVID_LAST 0xffff

extern const struct layout ivrs_info_layout;	   /* IVinfo of the table's header */
extern const struct layout ivhd_info_layout;	   /* info of a block, 16 bits */
extern const struct layout ivhd_feature_layout;	   /* block type 10h */
extern const struct layout ivhd_attributes_layout; /* block types 11h and 40h */
extern const struct layout ivhd_setting_layout;	   /* data byte of an entry */
extern const struct layout ivmd_flags_layout;

/* Block types. */
enum {
	IVHD_10 = 0x10,
	IVHD_11 = 0x11,
	IVHD_40 = 0x40,
	IVMD_ALL = 0x20,
	IVMD_ONE = 0x21,
	IVMD_RANGE = 0x22,
};

/* Types of an IVHD block's device entries. */
enum {
	ENTRY_PAD = 0x00,
	ENTRY_ALL = 0x01,
	ENTRY_SELECT = 0x02,
	ENTRY_RANGE = 0x03,
	ENTRY_RANGE_END = 0x04,
	ENTRY_PAD_8 = 0x40,
	ENTRY_ALIAS = 0x42,
	ENTRY_ALIAS_RANGE = 0x43,
	ENTRY_EXTENDED = 0x46,
	ENTRY_EXTENDED_RANGE = 0x47,
	ENTRY_SPECIAL = 0x48,
	ENTRY_ACPI = 0xf0,
};

/* Varieties of a special device. */
enum { SPECIAL_IOAPIC = 1, SPECIAL_HPET = 2 };

/* End with a row without a name. */
extern const struct field_value ivrs_block_names[], ivrs_entry_names[], ivrs_variety_names[];

/* The name of a value; NULL: none is known. */
const char *ivrs_name(const struct field_value *names, uint64_t value);

struct ivrs {
	const uint8_t *bytes; /* the caller's */
	size_t size;	      /* of the table, not more than there are bytes */
	uint32_t length;      /* as its header has it */
	uint8_t revision;
	bool checksum_holds;
	char oem_id[7], oem_table_id[9];
	uint32_t info;
};

/* Static text: why it is no such table; NULL: it is, though maybe cut short (size < length). */
const char *ivrs_open(const void *bytes, size_t size, struct ivrs *ret);

/* Flags of an IVMD block: mapped one to one; untranslated. With neither it asks for nothing. */
#define IVMD_UNITY 0x01
#define IVMD_EXCLUSION 0x08

struct ivrs_block {
	size_t offset; /* in the table */
	uint16_t length;
	uint8_t type, flags;
	uint16_t devid;
	/* IVHD */
	bool is_ivhd;
	uint16_t capability, segment, info;
	uint64_t base;
	uint32_t feature; /* 10h: features; 11h, 40h: attributes */
	uint64_t efr, efr2;
	size_t entries; /* offset of the first one; 0: it has none */
	/* IVMD: devices devid to last, IOVAs start to start + size - 1 */
	bool is_ivmd;
	uint16_t last;
	uint64_t start, size;
};

/*
 * The block at *offset, which goes on to the next one; at first it is 0. false: there is none any
 * more, or *problem (static text) says what keeps it and the rest from being read.
 */
bool ivrs_next_block(const struct ivrs *ivrs, size_t *offset, struct ivrs_block *ret,
		     const char **problem);

struct ivrs_entry {
	size_t offset; /* in the table */
	uint8_t type, setting;
	uint16_t first,
		last; /* devices; 0 and 0xffff: all; a range's end is taken in by its start */
	bool has_alias;
	uint16_t alias;		 /* ALIAS: the requester ID that they use; SPECIAL: the device's */
	uint32_t extended;	 /* EXTENDED */
	uint8_t handle, variety; /* SPECIAL */
	char hid[9], cid[9];	 /* ACPI: printable text */
	uint8_t uid_format;	 /* 0: none, 1: a number, 2: text */
	uint8_t uid_length;
	const uint8_t *uid;
};

/* Likewise, an IVHD block's entries; *offset is at first 0. */
bool ivrs_next_entry(const struct ivrs *ivrs, const struct ivrs_block *block, size_t *offset,
		     struct ivrs_entry *ret, const char **problem);

/* Entries that give devices to the block's IOMMU: not padding, not a range's end. */
bool ivrs_entry_has_devices(const struct ivrs_entry *entry);

/* amd_iommu get_highest_supported_ivhd_type(): the type whose blocks the driver goes by; 0: none.
 */
uint8_t ivrs_used_type(const struct ivrs *ivrs);

/* The table's view of one device, as the driver comes to it. */
struct ivrs_device {
	bool is_listed;
	uint16_t iommu; /* devid of its IOMMU */
	uint16_t alias; /* requester ID; itself where it is no other's */
};

struct ivrs_device ivrs_device(const struct ivrs *ivrs, uint16_t segment, uint16_t devid);

#endif
