/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/arguments.h"

#include <stdio.h>
#include <string.h>

static void take_short(struct arguments *arguments, const char *letters, struct argument *ret)
{
	*ret = (struct argument){.name = {letters[0]}};
	arguments->cluster = letters[1] ? letters + 1 : NULL;
	ret->value = arguments->cluster;
}

static void take_long(const char *word, struct argument *ret)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);

	*ret = (struct argument){.value = equals ? equals + 1 : NULL};
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)length, word);
}

bool arguments_next(struct arguments *arguments, struct argument *ret)
{
	if (arguments->cluster) {
		take_short(arguments, arguments->cluster, ret);
		return true;
	}
	if (arguments->next == arguments->n)
		return false;
	const char *word = arguments->words[arguments->next++];
	if (!arguments->ended && !strcmp(word, "--")) {
		arguments->ended = true;
		return arguments_next(arguments, ret);
	}
	if (arguments->ended || word[0] != '-' || !word[1])
		*ret = (struct argument){.operand = word};
	else if (word[1] == '-')
		take_long(word + 2, ret);
	else
		take_short(arguments, word + 1, ret);
	return true;
}

struct error *argument_value(struct arguments *arguments, const struct argument *option,
			     const char **ret)
{
	char name[OPTION_NAME_MAX + 2];

	arguments->cluster = NULL;
	if (option->value)
		*ret = option->value;
	else if (arguments->next < arguments->n)
		*ret = arguments->words[arguments->next++];
	else
		return error_new(ERROR_USAGE, "%s needs a value", argument_name(option, name));
	return NULL;
}

struct error *argument_flag(struct arguments *arguments, const struct argument *option)
{
	char name[OPTION_NAME_MAX + 2];

	if (option->value && !arguments->cluster)
		return error_new(ERROR_USAGE, "%s takes no value", argument_name(option, name));
	return NULL;
}

const char *argument_name(const struct argument *option, char buffer[OPTION_NAME_MAX + 2])
{
	snprintf(buffer, OPTION_NAME_MAX + 2, "%s%s", option->name[1] ? "--" : "-", option->name);
	return buffer;
}
