/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/irte.h"

#include "amd/hw/rows.h"

#define IRTE_GUEST_MODE (UINT64_C(1) << 7)
#define IRTE128_VECTOR UINT64_C(0xff) /* in word 1 */

static const struct field_value int_type_values[] = {
	{0, "fixed", "delivered to the destination"},
	{1, "arbitrated", "delivered to the destination with the lowest priority"},
	{0},
};

static const struct field_value dm_values[] = {
	{0, "physical", "the destination is an APIC ID"},
	{1, "logical", "the destination is a logical APIC ID"},
	{0},
};

#define REMAP_EN                                                                                   \
	FLAG(0, "remap_en", "Enabled", NULL, "The entry holds; 0: the interrupt is aborted")
#define SUP_IOPF                                                                                   \
	FLAG(1, "sup_iopf", "Suppress faults", NULL, "A fault on this entry logs no event")
#define INT_TYPE                                                                                   \
	ENUM(2, 3, "int_type", "Interrupt type", int_type_values, "remap_en", "How it is delivered")
#define RQ_EOI                                                                                     \
	FLAG(5, "rq_eoi", "Request EOI", "remap_en", "An end of interrupt is asked for")
#define DM ENUM(6, 1, "dm", "Destination mode", dm_values, "remap_en", "What the destination names")
#define GUEST_MODE                                                                                 \
	FLAG(7, "guest_mode", "Guest mode", NULL, "Posted to a guest's virtual APIC")

#define SPEC "AMD 48882 2.2.5.1 Table 20"

static const struct field irte32_fields[] = {
	REMAP_EN,
	SUP_IOPF,
	INT_TYPE,
	RQ_EOI,
	DM,
	GUEST_MODE,
	HEX(8, 8, "destination", "Destination", "remap_en", "APIC ID"),
	HEX(16, 8, "vector", "Vector", "remap_en", "Interrupt vector"),
	RESERVED(24, 8),
};

#undef SPEC
#define SPEC "AMD 48882 2.2.5.2 Table 21"

static const struct field irte128_fields[] = {
	REMAP_EN,
	SUP_IOPF,
	INT_TYPE,
	RQ_EOI,
	DM,
	GUEST_MODE,
	FIRST_PIECE(8, 24, FIELD_HEX, 0, "destination", "Destination", "remap_en",
	    "APIC ID; 8 bits unless x2APIC mode is on"),
	RESERVED(32, 32),
	HEX(64, 8, "vector", "Vector", "remap_en", "Interrupt vector"),
	RESERVED(72, 48),
	PIECE(120, 8, FIELD_HEX, 24, "destination"),
};

#undef SPEC
#define SPEC "AMD 48882 2.2.5.2"

static const struct field irte128_posted_fields[] = {
	REMAP_EN,
	SUP_IOPF,
	FLAG(2, "ga_log_intr", "Log when not running", "remap_en",
	     "An interrupt for a virtual processor that is not running is logged in the GA log"),
	RESERVED(3, 2),
	FLAG(5, "gappi_dis", "GAPPI disabled", "remap_en",
	     "No physical interrupt is sent when the virtual processor is not running"),
	FLAG(6, "is_run", "Running", "remap_en", "The virtual processor is running"),
	GUEST_MODE,
	FIRST_PIECE(8, 24, FIELD_HEX, 0, "destination", "Destination", "remap_en",
	    "APIC ID of the processor that the virtual processor runs on"),
	HEX(32, 32, "ga_tag", "GA tag", "remap_en", "Names the virtual processor in the GA log"),
	HEX(64, 8, "vector", "Vector", "remap_en", "Interrupt vector in the guest"),
	RESERVED(72, 4),
	ADDRESS(76, 40, 12, "vapic_root", "Virtual APIC page", "remap_en",
		"Physical address of the virtual processor's APIC backing page"),
	RESERVED(116, 4),
	PIECE(120, 8, FIELD_HEX, 24, "destination"),
};

const struct layout irte32_layout =
	LAYOUT("irte32", "Interrupt remapping entry, 32-bit", 32, irte32_fields);
const struct layout irte128_layout =
	LAYOUT("irte128", "Interrupt remapping entry, 128-bit", 128, irte128_fields);
const struct layout irte128_posted_layout =
	LAYOUT("irte128_posted", "Interrupt remapping entry, 128-bit, posted to a guest", 128,
	       irte128_posted_fields);

const struct layout *irte_layout(unsigned bytes, const uint64_t words[IRTE_WORDS])
{
	if (bytes == IRTE32_BYTES)
		return &irte32_layout;
	return words[0] & IRTE_GUEST_MODE ? &irte128_posted_layout : &irte128_layout;
}

uint64_t irte_get(const struct layout *layout, const uint64_t words[IRTE_WORDS], const char *key)
{
	/* Most entries of a table are blank. */
	bool is_blank = !(words[0] | words[1]);
	int row = is_blank ? -1 : layout_find(layout, key);

	return row < 0 ? 0 : layout_get(layout, words, (size_t)row);
}

bool irte_is_free(unsigned bytes, const uint64_t words[IRTE_WORDS])
{
	if (bytes == IRTE32_BYTES)
		return !words[0];
	return !(words[1] & IRTE128_VECTOR);
}
