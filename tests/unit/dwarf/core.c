/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiled as kernel/core.c, which no hint names: found because it mentions the name. */
#include "truth.h"

struct twin {
	int shared;
	char other;
};

struct off_the_path {
	struct twin first;
	struct twin second;
};

/* Two units' own, and neither of them hinted: see other.c. */
struct cousin {
	char shared;
};

struct off_the_path core_object;
struct cousin core_cousin;

/* A static of other.c's, and a static that a global outdoes. */
static int twice_static = 1;
static int global_and_static = 1;
int only_global = 1;

int core_function(void);
int core_function(void)
{
	return twice_static++ + global_and_static++;
}

void print_driver_truth(void);
void print_other_truth(void);

int main(void)
{
	print_driver_truth();
	print_other_truth();
	SIZE(struct off_the_path);
	MEMBER(struct off_the_path, second.other);
	return 0;
}
