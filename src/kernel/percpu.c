/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/percpu.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/vec.h"
#include "kernel/iova.h"

#define CPUS_MAX 8192 /* CONFIG_NR_CPUS of x86-64 at most */

static struct error *add_copy(struct kernel *kernel, const struct found *offsets, unsigned number,
			      struct percpu *copies)
{
	struct percpu_copy *copy = vec_push(copies);

	if (!copy)
		return error_no_memory;
	copy->number = number;
	return target_read_u64(kernel->target, SPACE_VIRT, offsets->value + number * 8,
			       &copy->offset);
}

struct error *percpu_read(struct kernel *kernel, struct percpu *ret)
{
	const struct need_set *needs;
	struct percpu copies = {0};
	uint64_t n = 0, word = 0;
	struct error *err = kernel_part(kernel, PART_IOVA, &needs);

	if (err)
		return err;
	const struct found *found = needs->found;
	if (!is_found(&found[IOVA_CPU_OFFSETS]))
		return need_missing(needs, IOVA_CPU_OFFSETS);
	if (!is_found(&found[IOVA_CPUS_POSSIBLE]))
		return need_missing(needs, IOVA_CPUS_POSSIBLE);
	err = kernel_read_symbol(kernel, &kernel->core[CORE_CPU_COUNT], 4, &n);
	if (!err && n > CPUS_MAX)
		err = error_new(ERROR_CORRUPT, "nr_cpu_ids is more than %d", CPUS_MAX);
	for (unsigned i = 0; i < n && !err; i++) {
		if (i % 64 == 0)
			err = target_read_u64(kernel->target, SPACE_VIRT,
					      found[IOVA_CPUS_POSSIBLE].value + i / 8, &word);
		if (!err && bits(word, i % 64, 1))
			err = add_copy(kernel, &found[IOVA_CPU_OFFSETS], i, &copies);
	}
	if (err) {
		vec_free(&copies);
		return error_prepend(err, "CPUs");
	}
	*ret = copies;
	return NULL;
}
