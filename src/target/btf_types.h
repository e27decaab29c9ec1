/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Type layouts from BTF that lies elsewhere than in a vmlinux. */
#ifndef TARGET_BTF_TYPES_H
#define TARGET_BTF_TYPES_H

#include "target/type_source.h"

#define BTF_SIZE_MAX (UINT64_C(64) << 20) /* bytes; kernels have 4 to 6 MB of it */

/* blob has to outlive the source. */
struct error *btf_types_borrow(const struct target_spec *spec, struct span blob,
			       struct type_source **ret);

/* Takes bytes, which came from malloc(), on success only. spec has to outlive the source. */
struct error *btf_types_open(const struct target_spec *spec, void *bytes, size_t n,
			     struct type_source **ret);

/* From the kernel's memory between two run-time addresses. */
struct error *btf_types_read(const struct target_spec *spec, struct target *target, uint64_t start,
			     uint64_t stop, struct type_source **ret);

/* A file that is BTF and nothing else: /sys/kernel/btf/vmlinux. */
struct error *btf_types_open_file(const struct target_spec *spec, const char *path,
				  struct type_source **ret);

#endif
