/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ctrl-C: the first one asks the command at work to stop, a second one before it did ends the
 * program. The flag is the one global of the program: a signal handler has no other way.
 */
#ifndef APP_INTERRUPT_H
#define APP_INTERRUPT_H

void interrupt_install(void);
void interrupt_clear(void); /* before each command */
const volatile int *interrupt_flag(void);

#endif
