/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/death.h"

#include <string.h>

#include "base/cleanup.h"

enum omen { OMEN_PANIC, OMEN_CAUSE, OMEN_DETAIL };

/*
 * How the lines begin (kernel/panic.c, arch/x86/kernel/traps.c, arch/x86/mm/fault.c,
 * kernel/watchdog.c, drivers/tty/sysrq.c, arch/x86/kernel/cpu/mce/core.c). A detail counts where no
 * cause stands before it.
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
	{"Out of memory: ", OMEN_DETAIL},
	{"sysrq: Trigger a crash", OMEN_CAUSE},
	{"SysRq : Trigger a crash", OMEN_CAUSE}, /* before Linux 4.20 */
	{"Oops: ", OMEN_DETAIL},
};

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
	for (size_t i = 0; i < ARRAY_SIZE(omens); i++) {
		if (strncmp(record->text.value, omens[i].begins, strlen(omens[i].begins)) != 0)
			continue;
		if (omens[i].omen == OMEN_PANIC)
			return keep(&death->panic, &death->panic_ns, arena, record);
		if (omens[i].omen == OMEN_CAUSE || death->cause.state == DATUM_NONE)
			return keep(&death->cause, &death->cause_ns, arena, record);
		return NULL;
	}
	return NULL;
}
