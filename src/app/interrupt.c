/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>

static volatile int own;
static volatile int *interrupted = &own; /* in memory that workers share */
static volatile bool shielded;
static bool is_parents;

static void on_interrupt(int signal_number)
{
	if (*interrupted && !shielded) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
	*interrupted = 1;
}

void interrupt_install(void)
{
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};

	void *shared = mmap(NULL, sizeof(*interrupted), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared != MAP_FAILED)
		interrupted = shared;
	sigaction(SIGINT, &action, NULL);
	/* A reader that has gone (`| head`) ends us quietly, even under a parent that ignores it.
	 */
	signal(SIGPIPE, SIG_DFL);
	/* A file that may not grow (ulimit -f) is a failed write, which is told or given up on. */
	signal(SIGXFSZ, SIG_IGN);
}

void interrupt_leave_to_parent(void)
{
	is_parents = true;
	signal(SIGINT, SIG_IGN);
}

void interrupt_clear(void)
{
	if (!is_parents)
		*interrupted = 0;
}

const volatile int *interrupt_flag(void)
{
	return interrupted;
}

void interrupt_shield(bool on)
{
	shielded = on;
}
