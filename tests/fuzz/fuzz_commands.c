/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every command over hostile memory: whatever the driver's objects hold leads somewhere. */
#include <stdlib.h>

#include "fuzz.h"
#include "whole.h"

static struct hostile hostile;

/* In place of target/open.c. */
struct error *target_open(const struct target_spec *spec, struct target **ret)
{
	(void)spec;
	*ret = &hostile.base;
	return NULL;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	size_t line = input_le(&input, 1);

	hostile_init(&hostile, input);
	whole_run(NULL, whole_lines[line / 2 % whole_n_lines], line & 1);
}
