/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/pte.h"

#include "amd/hw/rows.h"

const struct field_value pte_rule_names[] = {
	{PTE_RULE_NONE, "none", "no rule is broken"},
	{PTE_RULE_RESERVED, "reserved", "reserved bits are set"},
	{PTE_RULE_LEVEL, "level", "the next level is not below this one"},
	{PTE_RULE_TOP_LEAF, "top_leaf", "a page at a level that holds tables only"},
	{PTE_RULE_SMALL, "small", "the encoded page is smaller than what the entry spans"},
	{PTE_RULE_LARGE, "large", "the encoded page is larger than what the table spans"},
	{PTE_RULE_ENDLESS, "endless", "the encoded page size has no end"},
	{0},
};

static const struct field_value leaf_next_level_values[] = {
	{0, "page", "a page of this level's default size"},
	{7, "sized page", "a page whose size the low address bits encode"},
	{0},
};

static const struct field_value table_next_level_values[] = {
	{1, "level 1", "4 KiB pages"},   {2, "level 2", "2 MiB pages"},
	{3, "level 3", "1 GiB pages"},   {4, "level 4", "512 GiB pages"},
	{5, "level 5", "256 TiB pages"}, {6, "level 6", "never: nothing lies above it"},
	{0},
};

#define SPEC "AMD 48882 2.2.3"

static const struct field pte_fields[] = {
	FLAG(0, "pr", "Present", NULL, "The entry holds; 0: nothing is mapped here"),
	IGNORED(1, 4),
	FLAG(5, "a", "Accessed", "pr",
	     "Hardware has used the entry (when HAD tells it to note that)"),
	FLAG(6, "d", "Dirty", "pr",
	     "Hardware has written to the page (when HAD tells it to note that)"),
	IGNORED(7, 2),
	ENUM(9, 3, "next_level", "Next level", leaf_next_level_values, "pr",
	     "0 or 7: the entry maps a page; 1 to 6: it points to a table of that level"),
	ADDRESS(12, 40, 12, "address", "Page address", "pr",
		"Physical address of the page; with next level 7 its low bits encode the size"),
	RESERVED(52, 5),
	HEX(57, 2, "pmc", "Page migration", "pr",
	    "State of a page under migration between memory tiers"),
	FLAG(59, "u", "Untranslated only", "pr",
	     "ATS tells the device to leave this page untranslated"),
	FLAG(60, "fc", "Force coherent", "pr",
	     "Accesses snoop the processors' caches, as asked or not"),
	FLAG(61, "ir", "Read", "pr", "DMA may read"),
	FLAG(62, "iw", "Write", "pr", "DMA may write"),
	IGNORED(63, 1),
};

static const struct field pde_fields[] = {
	FLAG(0, "pr", "Present", NULL, "The entry holds; 0: nothing is mapped here"),
	IGNORED(1, 4),
	FLAG(5, "a", "Accessed", "pr",
	     "Hardware has used the entry (when HAD tells it to note that)"),
	IGNORED(6, 3),
	ENUM(9, 3, "next_level", "Next level", table_next_level_values, "pr",
	     "Level of the table at the address; levels in between are skipped"),
	ADDRESS(12, 40, 12, "address", "Table address", "pr", "Physical address of the next table"),
	RESERVED(52, 9),
	FLAG(61, "ir", "Read", "pr",
	     "DMA through the table may read, where its entries also say so"),
	FLAG(62, "iw", "Write", "pr",
	     "DMA through the table may write, where its entries also say so"),
	IGNORED(63, 1),
};

#undef SPEC
#define SPEC "AMD 24593 5.3"

static const struct field pte_v2_fields[] = {
	FLAG(0, "p", "Present", NULL, "The entry holds; 0: nothing is mapped here"),
	FLAG(1, "rw", "Write", "p", "Writes are allowed"),
	FLAG(2, "us", "User", "p", "User-privilege accesses are allowed"),
	FLAG(3, "pwt", "Write-through", "p", "Memory type: part of the PAT index"),
	FLAG(4, "pcd", "Cache disable", "p", "Memory type: part of the PAT index"),
	FLAG(5, "a", "Accessed", "p", "Hardware has used the entry"),
	FLAG(6, "d", "Dirty", "p", "Hardware has written to the page"),
	FLAG(7, "ps", "Large page", "p", "Levels 2 and 3: a page; level 1: part of the PAT index"),
	FLAG(8, "g", "Global", "p", "Not looked at by the IOMMU"),
	IGNORED(9, 3),
	ADDRESS(12, 40, 12, "address", "Page address", "p",
		"Address of the page; bit 12 of a large page is part of the PAT index"),
	IGNORED(52, 11),
	FLAG(63, "nx", "No execute", "p", "Execute requests are refused"),
};

static const struct field pde_v2_fields[] = {
	FLAG(0, "p", "Present", NULL, "The entry holds; 0: nothing is mapped here"),
	FLAG(1, "rw", "Write", "p", "Writes are allowed, where the next table also says so"),
	FLAG(2, "us", "User", "p",
	     "User-privilege accesses are allowed, where the next table says so"),
	FLAG(3, "pwt", "Write-through", "p", "Memory type of the next table"),
	FLAG(4, "pcd", "Cache disable", "p", "Memory type of the next table"),
	FLAG(5, "a", "Accessed", "p", "Hardware has used the entry"),
	IGNORED(6, 1),
	FLAG(7, "ps", "Large page", "p", "0: the entry points to a table"),
	IGNORED(8, 4),
	ADDRESS(12, 40, 12, "address", "Table address", "p", "Address of the next table"),
	IGNORED(52, 11),
	FLAG(63, "nx", "No execute", "p", "Execute requests through the table are refused"),
};

#undef SPEC
#define SPEC "AMD 48882, guest CR3 table"

static const struct field gcr3_fields[] = {
	FLAG(0, "v", "Valid", NULL, "The entry holds; 0: the PASIDs that it serves have no tables"),
	RESERVED(1, 11),
	ADDRESS(12, 40, 12, "address", "Table address", "v",
		"Last level: root of the PASID's v2 page table; above: the next GCR3 table"),
	RESERVED(52, 12),
};

const struct layout pte_layout = LAYOUT("pte", "Page table entry (v1), page", 64, pte_fields);
const struct layout pde_layout = LAYOUT("pde", "Page table entry (v1), table", 64, pde_fields);
const struct layout pte_v2_layout =
	LAYOUT("pte_v2", "Page table entry (v2), page", 64, pte_v2_fields);
const struct layout pde_v2_layout =
	LAYOUT("pde_v2", "Page table entry (v2), table", 64, pde_v2_fields);
const struct layout gcr3_layout = LAYOUT("gcr3", "GCR3 table entry", 64, gcr3_fields);
