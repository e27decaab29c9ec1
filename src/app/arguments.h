/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options and operands among words: --name, --name=VALUE, --name VALUE, -n, -nVALUE, -n VALUE,
 * -abc. Options may stand behind operands; "--" ends them; "-" is an operand.
 */
#ifndef APP_ARGUMENTS_H
#define APP_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define OPTION_NAME_MAX 32

struct arguments {
	const char *const *words;
	size_t n, next;
	const char *cluster; /* what is left of "-abc" */
	bool ended;	     /* "--" was there */
};

struct argument {
	const char *operand;	    /* NULL: an option */
	char name[OPTION_NAME_MAX]; /* one letter: a short one; cut when too long */
	const char *value;	    /* that stands in the same word; NULL: none */
};

static inline struct arguments arguments_of(const char *const *words, size_t n)
{
	return (struct arguments){.words = words, .n = n};
}

/* False: there are no more. */
bool arguments_next(struct arguments *arguments, struct argument *ret);

/* The option takes a value: its own or the next word. */
struct error *argument_value(struct arguments *arguments, const struct argument *option,
			     const char **ret);
/* The option is a flag: it has no value. */
struct error *argument_flag(struct arguments *arguments, const struct argument *option);

/* "--range" or "-p", for messages; overwritten by the next call with the same buffer. */
const char *argument_name(const struct argument *option, char buffer[OPTION_NAME_MAX + 2]);

#endif
