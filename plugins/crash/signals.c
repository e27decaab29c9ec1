/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signals.h"

#include <signal.h>
#include <stddef.h>

#include "app/interrupt.h"
#include "base/cleanup.h"

static const int numbers[] = {SIGINT, SIGPIPE};

static struct sigaction theirs[ARRAY_SIZE(numbers)];
static volatile int stop;		  /* the command shall stop */
static volatile sig_atomic_t interrupted; /* by Ctrl-C */

static void on_signal(int number)
{
	if (number == SIGINT)
		interrupted = 1;
	stop = 1;
}

/* For app/run.c, in place of app/interrupt.c. */
void interrupt_clear(void)
{
	stop = 0;
}

const volatile int *interrupt_flag(void)
{
	return &stop;
}

static void install(struct sigaction *previous)
{
	const struct sigaction ours = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &ours, previous ? &previous[i] : NULL);
}

void signals_take(void)
{
	interrupted = 0;
	install(theirs);
}

void signals_give_back(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &theirs[i], NULL);
	if (interrupted)
		raise(SIGINT);
}

static void change_mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(how, &set, NULL);
}

void signals_hold(void)
{
	change_mask(SIG_BLOCK);
}

void signals_release(void)
{
	install(NULL);
	change_mask(SIG_UNBLOCK);
}
