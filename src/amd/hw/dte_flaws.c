/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "amd/hw/dte_flaws.h"

#include "amd/hw/registers.h"
#include "base/cleanup.h"

/* What the rules look at. */
struct view {
	const uint64_t *words;
	const uint64_t *efr; /* NULL: not known */
	struct dte_verdict verdict;
	bool translates; /* V and TV */
	bool guest;	 /* and GV */
};

static bool reserved_in_word(const struct view *v, unsigned word)
{
	for (size_t row = 0; row < DTE_ROWS; row++) {
		const struct field *f = &dte_layout.fields[row];

		if (f->format == FIELD_RESERVED && f->first / 64 == word &&
		    layout_get(&dte_layout, v->words, row))
			return true;
	}
	return false;
}

static bool reserved_0(const struct view *v)
{
	return reserved_in_word(v, 0);
}

static bool reserved_1(const struct view *v)
{
	return reserved_in_word(v, 1);
}

static bool reserved_2(const struct view *v)
{
	return reserved_in_word(v, 2);
}

static bool reserved_3(const struct view *v)
{
	return reserved_in_word(v, 3);
}

static bool tv_without_v(const struct view *v)
{
	return dte_get(v->words, DTE_TV) && !dte_get(v->words, DTE_V);
}

static bool is_illegal(const struct view *v, enum dte_illegal what)
{
	return v->verdict.illegal >> what & 1;
}

static bool illegal_mode(const struct view *v)
{
	return is_illegal(v, DTE_ILLEGAL_MODE);
}

static bool illegal_had(const struct view *v)
{
	return is_illegal(v, DTE_ILLEGAL_HAD);
}

static bool illegal_glx(const struct view *v)
{
	return is_illegal(v, DTE_ILLEGAL_GLX);
}

static bool illegal_guest_mode(const struct view *v)
{
	return is_illegal(v, DTE_ILLEGAL_GUEST_PAGING_MODE);
}

static bool illegal_int_ctl(const struct view *v)
{
	return is_illegal(v, DTE_ILLEGAL_INT_CTL);
}

static bool illegal_int_tab_len(const struct view *v)
{
	return is_illegal(v, DTE_ILLEGAL_INT_TAB_LEN);
}

static bool host_levels_beyond(const struct view *v)
{
	unsigned most = v->efr ? efr_host_levels(*v->efr) : 0;

	return v->translates && most && v->verdict.host_levels > most;
}

static bool guest_levels_beyond(const struct view *v)
{
	return v->guest && v->efr && efr_has_guest(*v->efr) &&
	       v->verdict.guest_levels > efr_guest_levels(*v->efr);
}

static bool gcr3_levels_beyond(const struct view *v)
{
	return v->guest && v->efr && efr_has_guest(*v->efr) &&
	       v->verdict.gcr3_levels > efr_gcr3_levels(*v->efr);
}

static bool guest_unsupported(const struct view *v)
{
	return v->guest && v->efr && !efr_has_guest(*v->efr);
}

static bool guest_without_root(const struct view *v)
{
	return v->guest && !v->verdict.illegal && !v->verdict.gcr3_root;
}

static bool giov_without_gv(const struct view *v)
{
	return v->translates && !v->guest && dte_get(v->words, DTE_GIOV);
}

static bool root_without_gv(const struct view *v)
{
	return v->translates && !v->guest && dte_get(v->words, DTE_GCR3_ROOT);
}

static bool glx_without_gv(const struct view *v)
{
	return v->translates && !v->guest && dte_get(v->words, DTE_GLX);
}

static bool host_without_root(const struct view *v)
{
	return v->verdict.host_levels && !v->verdict.host_root;
}

static bool interrupts_without_root(const struct view *v)
{
	return v->verdict.interrupts == DTE_INTERRUPTS_REMAPPED && !v->verdict.irt_root;
}

/* To add a rule: a function above, a row here. */
static const struct {
	enum dte_flaw_kind kind;
	unsigned word; /* that shows it */
	bool (*is_broken)(const struct view *v);
	const char *message;
} rules[] = {
	{DTE_FLAW_RESERVED, 0, reserved_0, "reserved bits of word 0 are set"},
	{DTE_FLAW_RESERVED, 1, reserved_1, "reserved bits of word 1 are set"},
	{DTE_FLAW_RESERVED, 2, reserved_2, "reserved bits of word 2 are set"},
	{DTE_FLAW_RESERVED, 3, reserved_3, "reserved bits of word 3 are set"},
	{DTE_FLAW_VALID, 0, tv_without_v,
	 "TV is set without V: DMA passes unchecked, whatever the other fields say"},
	{DTE_FLAW_VALUE, 0, illegal_mode, "paging mode 7 is reserved: hardware rejects the entry"},
	{DTE_FLAW_VALUE, 0, illegal_had, "HAD 2 is reserved: hardware rejects the entry"},
	{DTE_FLAW_VALUE, 0, illegal_glx, "GLX 3 is reserved: hardware rejects the entry"},
	{DTE_FLAW_VALUE, 2, illegal_guest_mode,
	 "the guest paging mode is reserved: hardware rejects the entry"},
	{DTE_FLAW_VALUE, 2, illegal_int_ctl,
	 "IntCtl 3 is reserved: hardware rejects the entry's interrupts"},
	{DTE_FLAW_VALUE, 2, illegal_int_tab_len,
	 "the interrupt table length is reserved: hardware rejects the entry's interrupts"},
	{DTE_FLAW_LIMIT, 0, host_levels_beyond,
	 "the paging mode has more levels than this IOMMU walks (EFR HATS)"},
	{DTE_FLAW_LIMIT, 2, guest_levels_beyond,
	 "the guest tables have more levels than this IOMMU walks (EFR GATS)"},
	{DTE_FLAW_LIMIT, 0, gcr3_levels_beyond,
	 "the GCR3 table has more levels than this IOMMU walks (EFR GLXSup)"},
	{DTE_FLAW_GUEST, 0, guest_unsupported,
	 "GV asks for guest translation, which this IOMMU lacks (EFR GTSup)"},
	{DTE_FLAW_GUEST, 0, guest_without_root, "GV is set, but the GCR3 table's address is 0"},
	{DTE_FLAW_GUEST, 0, giov_without_gv, "GIoV is set without GV"},
	{DTE_FLAW_GUEST, 1, root_without_gv, "there is a GCR3 table, but GV is clear"},
	{DTE_FLAW_GUEST, 0, glx_without_gv, "GLX is set, but GV is clear"},
	{DTE_FLAW_ROOT, 0, host_without_root,
	 "the paging mode asks for a page table, but its address is 0"},
	{DTE_FLAW_ROOT, 2, interrupts_without_root,
	 "interrupts are to be remapped, but the table's address is 0"},
};

_Static_assert(ARRAY_SIZE(rules) <= DTE_FLAWS_MAX, "dte_flaws() could overflow its caller's array");

size_t dte_flaws(const uint64_t words[DTE_WORDS], const uint64_t *efr, uint64_t sme_mask,
		 struct dte_flaw ret[DTE_FLAWS_MAX])
{
	struct view v = {.words = words, .efr = efr, .verdict = dte_judge(words, sme_mask)};
	size_t n = 0;

	v.translates = dte_get(words, DTE_V) && dte_get(words, DTE_TV);
	v.guest = v.translates && dte_get(words, DTE_GV);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].is_broken(&v))
			ret[n++] =
				(struct dte_flaw){rules[i].kind, rules[i].word, rules[i].message};
	return n;
}
