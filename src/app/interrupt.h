/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ctrl-C: the first one asks the command at work to stop, a second one before it did ends the
 * program. The flag is a global of the program, and its workers' too: a signal handler has no other way.
 */
#ifndef APP_INTERRUPT_H
#define APP_INTERRUPT_H

#include <stdbool.h>

void interrupt_install(void);
void interrupt_clear(void); /* before each command */
const volatile int *interrupt_flag(void);

/* In a worker: the flag is the parent's, and Ctrl-C is for that one. */
void interrupt_leave_to_parent(void);

/* While another program has the terminal, Ctrl-C is for that one: it never ends us. */
void interrupt_shield(bool on);

#endif
