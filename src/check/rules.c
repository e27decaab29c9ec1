/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules there are; to add a topic: its file's set here. */
#include <string.h>

#include "check/rule.h"

const struct rule_set *const rule_sets[] = {
	&device_table_rules, &domain_rules,   &page_table_rules, &mapping_rules, &interrupt_rules,
	&ring_rules,	     &exposure_rules, &iova_rules,	 &log_rules,	 NULL,
};

const struct rule *rule_find(const char *id)
{
	for (size_t s = 0; rule_sets[s]; s++)
		for (size_t i = 0; i < rule_sets[s]->n; i++)
			if (!strcmp(rule_sets[s]->rules[i].id, id))
				return &rule_sets[s]->rules[i];
	return NULL;
}

enum check_cost rule_cost(const struct rule *rule)
{
	return rule->inputs & (INPUT_TABLES | INPUT_PAGES) ? COST_TABLES : COST_SNAPSHOT;
}
