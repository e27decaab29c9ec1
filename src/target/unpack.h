/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed ELF files (vmlinux-*.gz, .xz, .zst as SUSE ships them), told by their first bytes and
 * not by their name.
 */
#ifndef TARGET_UNPACK_H
#define TARGET_UNPACK_H

#include "base/error.h"
#include "target/target.h"

/*
 * ret: a new file descriptor of an unnamed file with the content of fd, unpacked, when that is
 * compressed; -1 when it is not. fd stays the caller's. Refused are content that is no ELF file
 * (noticed at its first bytes, so a bomb of zeros is never written) and growth beyond what
 * compressed kernels show.
 */
struct error *unpack_file(const struct target_spec *spec, int fd, int *ret);

#endif
