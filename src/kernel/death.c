/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/death.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"

enum omen { OMEN_PANIC, OMEN_CAUSE, OMEN_DETAIL, OMEN_HINT };

/*
 * How the lines begin (kernel/panic.c, arch/x86/kernel/traps.c, arch/x86/mm/fault.c,
 * kernel/watchdog.c, drivers/tty/sysrq.c, arch/x86/kernel/cpu/mce/core.c); # stands for a number. A
 * detail counts where no cause stands before it, a hint where nothing does. From Linux 6.10 on what
 * dies says "Oops: " first (__die_header).
 */
static const struct {
	const char *begins;
	enum omen omen;
} omens[] = {
	{"Kernel panic - not syncing", OMEN_PANIC},
	{"BUG: ", OMEN_CAUSE},
	{"kernel BUG at ", OMEN_CAUSE},
	{"watchdog: BUG: ", OMEN_CAUSE},
	{"NMI watchdog: BUG: ", OMEN_CAUSE},
	{"watchdog: Watchdog detected hard LOCKUP", OMEN_CAUSE},
	{"watchdog: CPU#: Watchdog detected hard LOCKUP", OMEN_CAUSE},
	{"NMI watchdog: Watchdog detected hard LOCKUP", OMEN_CAUSE},
	{"INFO: rcu", OMEN_CAUSE},
	{"rcu: INFO: rcu", OMEN_CAUSE},
	{"general protection fault", OMEN_CAUSE},
	{"divide error", OMEN_CAUSE},
	{"invalid opcode", OMEN_DETAIL}, /* behind "kernel BUG at" */
	{"double fault", OMEN_CAUSE},
	{"traps: PANIC: double fault", OMEN_CAUSE},
	{"stack segment", OMEN_CAUSE},
	{"Unable to handle kernel", OMEN_CAUSE},
	{"mce: [Hardware Error]: Machine check: ", OMEN_CAUSE},
	{"Out of memory: ", OMEN_HINT},
	{"sysrq: Trigger a crash", OMEN_CAUSE},
	{"SysRq : Trigger a crash", OMEN_CAUSE}, /* before Linux 4.20 */
	{"Oops: general protection fault", OMEN_CAUSE},
	{"Oops: divide error", OMEN_CAUSE},
	{"Oops: double fault", OMEN_CAUSE},
	{"Oops: stack segment", OMEN_CAUSE},
	{"Oops: ", OMEN_DETAIL},
};

static bool begins(const char *line, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern != '#') {
			if (*line++ != *pattern)
				return false;
			continue;
		}
		if (!isdigit((unsigned char)*line))
			return false;
		while (isdigit((unsigned char)*line))
			line++;
	}
	return true;
}

/* The row that the line goes by; ARRAY_SIZE(omens): none. */
static size_t omen_of(const char *line)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(omens) && !begins(line, omens[i].begins))
		i++;
	return i;
}

bool death_is_told(const char *line)
{
	return omen_of(line) < ARRAY_SIZE(omens);
}

/* What is known already says more. */
static bool says_less(enum omen omen, const struct death *death)
{
	if (omen == OMEN_CAUSE || death->cause.state == DATUM_NONE)
		return false;
	return omen == OMEN_HINT || !death->is_hint;
}

static struct error *keep(struct text *text, struct datum *time, struct arena *arena,
			  const struct log_record *record)
{
	const char *line = record->text.value;
	char *copy = arena_strndup(arena, line, strcspn(line, "\n"));

	if (!copy)
		return error_no_memory;
	*text = text_ok(copy);
	*time = record->time_ns;
	return NULL;
}

struct error *death_take(struct death *death, struct arena *arena, const struct log_record *record)
{
	/* After the panic other CPUs' troubles follow. */
	if (record->text.state != DATUM_OK || death->panic.state == DATUM_OK)
		return NULL;
	size_t i = omen_of(record->text.value);
	if (i == ARRAY_SIZE(omens))
		return NULL;
	enum omen omen = omens[i].omen;
	if (omen == OMEN_PANIC)
		return keep(&death->panic, &death->panic_ns, arena, record);
	if (says_less(omen, death))
		return NULL;
	death->is_hint = omen == OMEN_HINT;
	return keep(&death->cause, &death->cause_ns, arena, record);
}
