/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/candidates.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "amd/hw/layouts.h"
#include "base/cleanup.h"
#include "check/rule.h"
#include "cmd/command.h"
#include "cmd/prompt.h"
#include "cmd/words.h"

#define WORD_MAX 64
#define WHAT_MAX 256

/* NULL: it can't be had, which is for the command to say. */
static const struct snapshot *snapshot_of(struct session *session)
{
	struct snapshot *snapshot;
	struct error *err = session_snapshot(session, SNAPSHOT_DEVICES, &snapshot);

	if (!err)
		return snapshot;
	error_free(err);
	return NULL;
}

static const char *or_nothing(struct text text)
{
	return text.state == DATUM_OK ? text.value : "-";
}

static void list_devices(struct session *session, candidate_visit visit, void *arg)
{
	const struct snapshot *s = snapshot_of(session);

	for (uint32_t i = 0; s && i < s->n_devices; i++) {
		const struct device *d = &s->devices[i];
		char what[WHAT_MAX], id[WORD_MAX] = "?";

		if (d->vendor.state == DATUM_OK && d->device_id.state == DATUM_OK)
			snprintf(id, sizeof(id), "%04" PRIx64 ":%04" PRIx64, d->vendor.value,
				 d->device_id.value);
		snprintf(what, sizeof(what), "%s  %s, %s", id, or_nothing(d->driver),
			 or_nothing(dma_fate_text(d)));
		visit(arg, d->name, what);
	}
}

static void list_domains(struct session *session, candidate_visit visit, void *arg)
{
	const struct snapshot *s = snapshot_of(session);

	for (uint32_t i = 0; s && i < s->n_domains; i++) {
		const struct domain *d = &s->domains[i];
		char word[WORD_MAX], what[WHAT_MAX];

		if (d->id.state != DATUM_OK)
			continue;
		snprintf(word, sizeof(word), "0x%" PRIx64, d->id.value);
		snprintf(what, sizeof(what), "%s, %u device%s%s%s",
			 d->type_name ? d->type_name : "?", d->n_devices,
			 d->n_devices == 1 ? "" : "s", d->n_devices ? ": " : "",
			 d->n_devices ? s->devices[d->devices[0]].name : "");
		visit(arg, word, what);
	}
}

static void list_groups(struct session *session, candidate_visit visit, void *arg)
{
	const struct snapshot *s = snapshot_of(session);

	for (uint32_t i = 0; s && i < s->n_groups; i++) {
		const struct group *g = &s->groups[i];
		char word[WORD_MAX], what[WHAT_MAX];

		if (g->id.state != DATUM_OK)
			continue;
		snprintf(word, sizeof(word), "%" PRIu64, g->id.value);
		snprintf(what, sizeof(what), "%u device%s%s%s", g->n_devices,
			 g->n_devices == 1 ? "" : "s", g->n_devices ? ": " : "",
			 g->n_devices ? s->devices[g->devices[0]].name : "");
		visit(arg, word, what);
	}
}

static void list_iommus(struct session *session, candidate_visit visit, void *arg)
{
	const struct snapshot *s = snapshot_of(session);

	for (uint32_t i = 0; s && i < s->n_iommus; i++)
		if (s->iommus[i].name.state == DATUM_OK)
			visit(arg, s->iommus[i].name.value, NULL);
}

static void list_commands(struct session *session, candidate_visit visit, void *arg)
{
	(void)session;
	for (size_t i = 0; commands[i]; i++)
		visit(arg, commands[i]->name, commands[i]->summary);
	for (const struct prompt_word *word = prompt_words; word->name; word++)
		if (word->name[1])
			visit(arg, word->name, word->summary);
}

static void list_structures(struct session *session, candidate_visit visit, void *arg)
{
	const char *last = "";

	(void)session;
	for (const struct layout_form *form = layout_forms; form->name; form++) {
		if (strcmp(form->name, last) != 0)
			visit(arg, form->name, form->layout->title);
		last = form->name;
	}
}

static void list_checks(struct session *session, candidate_visit visit, void *arg)
{
	(void)session;
	for (size_t k = 0; rule_sets[k]; k++)
		for (size_t i = 0; i < rule_sets[k]->n; i++)
			visit(arg, rule_sets[k]->rules[i].id, rule_sets[k]->rules[i].title);
}

static const struct {
	const char *placeholder;
	void (*list)(struct session *session, candidate_visit visit, void *arg);
} listers[] = {
	{"BDF", list_devices},		{"DOMAIN", list_domains},
	{"ID", list_domains},		{"N", list_groups},
	{"IOMMU", list_iommus},		{"COMMAND", list_commands},
	{"STRUCTURE", list_structures},
	{"CHECK", list_checks},
};

/* The usage's part for operand `nth`: "[BDF...]", the last one for all that follow. */
static const char *usage_part(const char *usage, size_t nth, size_t *length)
{
	for (;;) {
		usage += strspn(usage, " ");
		*length = strcspn(usage, " ");
		const char *next = usage + *length + strspn(usage + *length, " ");
		if (!nth-- || !*next)
			return usage;
		usage = next;
	}
}

/* The part's next alternative, without brackets and dots; false: there are no more. */
static bool next_alternative(const char **part, const char *end, char word[WORD_MAX])
{
	*part += strspn(*part, "[]|.,");
	size_t length = strcspn(*part, "[]|.,");
	size_t room = (size_t)(end - *part);

	if (*part >= end)
		return false;
	length = length < room ? length : room;
	snprintf(word, WORD_MAX, "%.*s", (int)length, *part);
	*part += length;
	return true;
}

void candidates_visit(struct session *session, const char *usage, size_t nth, candidate_visit visit,
		      void *arg)
{
	size_t length;
	const char *part = usage_part(usage, nth, &length), *end = part + length;
	char word[WORD_MAX];

	while (next_alternative(&part, end, word)) {
		if (word[0] >= 'a' && word[0] <= 'z')
			visit(arg, word, NULL);
		for (size_t i = 0; i < ARRAY_SIZE(listers); i++)
			if (!strcmp(listers[i].placeholder, word))
				listers[i].list(session, visit, arg);
	}
}

bool candidates_are_files(const char *usage, size_t nth)
{
	size_t length;
	const char *part = usage_part(usage, nth, &length), *end = part + length;
	char word[WORD_MAX];

	while (next_alternative(&part, end, word))
		if (!strcmp(word, "FILE"))
			return true;
	return false;
}
