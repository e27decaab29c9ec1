/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flattened container: any dump as a stream of records {offset, size, bytes}, for writers that
 * cannot seek (makedumpfile -F, QEMU's kdump formats). Put back in order here whatever libkdumpfile
 * can do, so that an answer does not depend on its version: 0.5.1 reads none, later ones only some.
 */
#ifndef TARGET_FLATTENED_H
#define TARGET_FLATTENED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "target/core_file.h"
#include "target/memory_open.h"
#include "target/target.h"

bool flattened_is_magic(const uint8_t magic[MAGIC_SIZE]);

/*
 * ret: the dump in order, in a file without a name in $TMPDIR (else /var/tmp, else /tmp), gone when
 * it is closed. from stays the caller's. When from ends early or a record is damaged, what came
 * before is in ret and the user is told through spec; a file of which nothing can be used is an
 * error, and so is no room to write.
 */
struct error *flattened_rearrange(const struct target_spec *spec, const struct core_file *from,
				  struct core_file *ret);

#endif
