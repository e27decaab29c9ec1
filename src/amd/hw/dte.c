/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/dte.h"

#include "amd/hw/rows.h"

#define SPEC "AMD 48882 2.2.2 Table 7"

#define INT_TAB_LEN_MAX 11 /* 2048 entries; larger codes are reserved */

static const struct field_value had_values[] = {
	{0, "none", "hardware sets neither bit"},
	{1, "accessed", "hardware sets A"},
	{2, "reserved", NULL},
	{3, "accessed+dirty", "hardware sets A and D"},
	{0},
};

static const struct field_value mode_values[] = {
	{0, "none", "no host translation: the address is used as it is, subject to IR and IW"},
	{1, "1-level", "21-bit addresses"},
	{2, "2-level", "30-bit addresses"},
	{3, "3-level", "39-bit addresses"},
	{4, "4-level", "48-bit addresses"},
	{5, "5-level", "57-bit addresses"},
	{6, "6-level", "64-bit addresses"},
	{7, "reserved", NULL},
	{0},
};

static const struct field_value glx_values[] = {
	{0, "1-level", "9-bit PASIDs"},
	{1, "2-level", "18-bit PASIDs"},
	{2, "3-level", "20-bit PASIDs"},
	{3, "reserved", NULL},
	{0},
};

static const struct field_value io_ctl_values[] = {
	{0, "aborted", "target abort"},
	{1, "forwarded", "passed on untranslated"},
	{2, "translated", "translated like memory"},
	{3, "reserved", NULL},
	{0},
};

static const struct field_value sys_mgt_values[] = {
	{0, "aborted", "target abort"},
	{1, "forwarded", "all messages pass untranslated"},
	{2, "INTx forwarded", "INTx messages pass, others are aborted"},
	{3, "translated", "translated like memory"},
	{0},
};

static const struct field_value int_tab_len_values[] = {
	{0, "1 entry", NULL},       {1, "2 entries", NULL},     {2, "4 entries", NULL},
	{3, "8 entries", NULL},     {4, "16 entries", NULL},    {5, "32 entries", NULL},
	{6, "64 entries", NULL},    {7, "128 entries", NULL},   {8, "256 entries", NULL},
	{9, "512 entries", NULL},   {10, "1024 entries", NULL}, {11, "2048 entries", NULL},
	{12, "reserved", NULL},     {13, "reserved", NULL},     {14, "reserved", NULL},
	{15, "reserved", NULL},     {0},
};

static const struct field_value guest_paging_mode_values[] = {
	{0, "4-level", "48-bit guest addresses"},
	{1, "5-level", "57-bit guest addresses"},
	{2, "reserved", NULL},
	{3, "reserved", NULL},
	{0},
};

static const struct field_value int_ctl_values[] = {
	{0, "aborted", "target abort"},
	{1, "forwarded", "passed on unmapped"},
	{2, "remapped", "through the interrupt remapping table"},
	{3, "reserved", NULL},
	{0},
};

static const struct field dte_fields[] = {
#define ROW(id, ...) [DTE_##id] = __VA_ARGS__,
#include "amd/hw/dte_rows.h"
#undef ROW
};

const struct layout dte_layout = LAYOUT("dte", "Device table entry", 256, dte_fields);

const struct field_value dte_dma_names[] = {
	{DTE_DMA_UNCHECKED, "unchecked", "neither translated nor checked (V is 0)"},
	{DTE_DMA_BLOCKED, "blocked", "blocked: there is no valid translation (TV is 0)"},
	{DTE_DMA_DENIED, "denied",
	 "blocked: neither reads nor writes are allowed (IR and IW are 0)"},
	{DTE_DMA_PASSTHROUGH, "passthrough", "passed through untranslated (mode 0)"},
	{DTE_DMA_HOST, "host", "translated by the host page table (v1)"},
	{DTE_DMA_GUEST, "guest", "translated by the guest page tables (v2)"},
	{DTE_DMA_NESTED, "nested", "translated by the guest page tables, then by the host's"},
	{DTE_DMA_ILLEGAL, "illegal", "blocked: hardware rejects the entry"},
	{0},
};

const struct field_value dte_interrupt_names[] = {
	{DTE_INTERRUPTS_UNMAPPED, "unmapped", "passed on unmapped (IV is 0)"},
	{DTE_INTERRUPTS_ABORTED, "aborted", "aborted (IntCtl 0)"},
	{DTE_INTERRUPTS_FORWARDED, "forwarded", "forwarded unmapped (IntCtl 1)"},
	{DTE_INTERRUPTS_REMAPPED, "remapped", "remapped (IntCtl 2)"},
	{DTE_INTERRUPTS_ILLEGAL, "illegal", "blocked: hardware rejects the entry"},
	{0},
};

const struct field_value dte_illegal_names[] = {
	{DTE_ILLEGAL_MODE, "mode", "paging mode 7 is reserved"},
	{DTE_ILLEGAL_HAD, "had", "HAD 2 is reserved"},
	{DTE_ILLEGAL_GLX, "glx", "GLX 3 is reserved"},
	{DTE_ILLEGAL_GUEST_PAGING_MODE, "guest_paging_mode",
	 "guest paging modes above 1 are reserved"},
	{DTE_ILLEGAL_INT_CTL, "int_ctl", "IntCtl 3 is reserved"},
	{DTE_ILLEGAL_INT_TAB_LEN, "int_tab_len", "interrupt table lengths above 11 are reserved"},
	{DTE_ILLEGAL_RESERVED, "reserved", "reserved bits are set"},
	{0},
};

static uint8_t illegal_if(bool condition, enum dte_illegal what)
{
	return condition ? 1u << what : 0;
}

/* Of each word, as the rows have them: tests/unit holds that. */
static const uint64_t reserved_bits[DTE_WORDS] = {
	UINT64_C(3) << 2 | UINT64_C(1) << 63,
	0,
	UINT64_C(3) << 52,
	UINT64_C(0x7fff) | UINT64_C(0x1f) << 48,
};

static bool has_reserved(const uint64_t words[DTE_WORDS], unsigned word)
{
	return words[word] & reserved_bits[word];
}

static void judge_dma(const uint64_t words[DTE_WORDS], struct dte_verdict *v)
{
	unsigned mode = dte_get(words, DTE_MODE);
	bool guest = dte_get(words, DTE_GV);

	if (!dte_get(words, DTE_V)) {
		v->dma = DTE_DMA_UNCHECKED;
		v->read = v->write = true;
		return;
	}
	v->illegal |= illegal_if(has_reserved(words, 0) || has_reserved(words, 1) ||
					 has_reserved(words, 3),
				 DTE_ILLEGAL_RESERVED);
	if (!dte_get(words, DTE_TV)) {
		v->dma = DTE_DMA_BLOCKED;
		return;
	}
	uint8_t illegal = illegal_if(mode == 7, DTE_ILLEGAL_MODE) |
			  illegal_if(dte_get(words, DTE_HAD) == 2, DTE_ILLEGAL_HAD);
	if (guest)
		illegal |= illegal_if(dte_get(words, DTE_GLX) == 3, DTE_ILLEGAL_GLX) |
			   illegal_if(dte_get(words, DTE_GUEST_PAGING_MODE) > 1,
				      DTE_ILLEGAL_GUEST_PAGING_MODE);
	v->illegal |= illegal;
	if (illegal) {
		v->dma = DTE_DMA_ILLEGAL;
		return;
	}
	v->read = dte_get(words, DTE_IR);
	v->write = dte_get(words, DTE_IW);
	v->host_levels = mode;
	v->host_root = mode ? dte_get(words, DTE_PT_ROOT) : 0;
	if (guest) {
		v->gcr3_levels = dte_get(words, DTE_GLX) + 1;
		v->guest_levels = dte_get(words, DTE_GUEST_PAGING_MODE) + 4;
		v->gcr3_root = dte_get(words, DTE_GCR3_ROOT);
	}
	if (!v->read && !v->write) {
		v->dma = DTE_DMA_DENIED;
		return;
	}
	v->pasid_translated = guest;
	if (guest && dte_get(words, DTE_GIOV))
		v->dma = mode ? DTE_DMA_NESTED : DTE_DMA_GUEST;
	else
		v->dma = mode ? DTE_DMA_HOST : DTE_DMA_PASSTHROUGH;
}

static void judge_interrupts(const uint64_t words[DTE_WORDS], struct dte_verdict *v)
{
	unsigned control = dte_get(words, DTE_INT_CTL);
	unsigned length = dte_get(words, DTE_INT_TAB_LEN);

	if (!dte_get(words, DTE_IV)) {
		v->interrupts = DTE_INTERRUPTS_UNMAPPED;
		return;
	}
	uint8_t illegal = illegal_if(control == 3, DTE_ILLEGAL_INT_CTL) |
			  illegal_if(control == 2 && length > INT_TAB_LEN_MAX,
				     DTE_ILLEGAL_INT_TAB_LEN);
	v->illegal |= illegal | illegal_if(has_reserved(words, 2), DTE_ILLEGAL_RESERVED);
	if (illegal) {
		v->interrupts = DTE_INTERRUPTS_ILLEGAL;
	} else if (control == 2) {
		v->interrupts = DTE_INTERRUPTS_REMAPPED;
		v->irt_entries = 1u << length;
		v->irt_root = dte_get(words, DTE_IRT_ROOT);
	} else {
		v->interrupts = control ? DTE_INTERRUPTS_FORWARDED : DTE_INTERRUPTS_ABORTED;
	}
}

struct dte_verdict dte_judge(const uint64_t words[DTE_WORDS], uint64_t sme_mask)
{
	struct dte_verdict v = {0};

	judge_dma(words, &v);
	judge_interrupts(words, &v);
	v.host_root &= ~sme_mask;
	v.gcr3_root &= ~sme_mask;
	v.irt_root &= ~sme_mask;
	return v;
}
