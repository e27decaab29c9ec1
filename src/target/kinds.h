/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The openers of the rows in open.c's table. */
#ifndef TARGET_KINDS_H
#define TARGET_KINDS_H

#include "target/target.h"

/* The running kernel. */
struct error *live_target_open(const struct target_spec *spec, struct target **ret);

struct error *dump_target_open(const struct target_spec *spec, struct target **ret);

/* The text begins with this line; image.c describes the rest. */
#define IMAGE_MAGIC "iommuscope-image 1\n"
struct error *image_target_open(const struct target_spec *spec, struct target **ret);

#endif
