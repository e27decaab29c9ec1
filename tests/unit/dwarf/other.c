/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "truth.h"

struct cousin {
	long before;
	char shared;
	char own;
};

struct cousin other_cousin;

static int twice_static = 2;
int global_and_static = 2;

int other_function(void);
int other_function(void)
{
	return twice_static++ + global_and_static;
}

void print_other_truth(void);
void print_other_truth(void)
{
	SIZE(struct cousin);
	MEMBER(struct cousin, shared);
	MEMBER(struct cousin, own);
	ABSENT("member struct cousin.missing");
}
