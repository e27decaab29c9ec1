/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals while a command of ours is at work. crash's own handlers leave by longjmp(), from
 * wherever the program is; these only note that the command shall stop.
 */
#ifndef CRASH_SIGNALS_H
#define CRASH_SIGNALS_H

/* Our handlers for SIGINT and SIGPIPE take the place of crash's. */
void signals_take(void);

/*
 * crash's come back. A Ctrl-C that stopped the command is handed on to crash, which stops what it
 * was doing, a script perhaps: this does not return then.
 */
void signals_give_back(void);

/* Around a call of crash's gdb: it sets handlers of its own. No signal arrives between the two. */
void signals_hold(void);
void signals_release(void);

#endif
