/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives up, for good, all that a process needs not that computes on the descriptors it has: no file
 * can be opened by name, for reading neither, nothing run, no process made or looked at, no socket
 * made.
 */
#ifndef APP_SANDBOX_H
#define APP_SANDBOX_H

#define SANDBOX_TEXT_MAX 160

/* text: what is on now: "landlock, seccomp", one of them, or "off" and why. */
void sandbox_enter(char text[SANDBOX_TEXT_MAX]);

#endif
