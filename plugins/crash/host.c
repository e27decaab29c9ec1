/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target that is whatever crash has open, made as live.c makes the running kernel. */
#include "host.h"
#include "crash.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "target/boot_info.h"
#include "target/btf_types.h"
#include "target/layout_cache.h"
#include "target/layout_file.h"
#include "target/machine.h"

struct host {
	struct machine machine;
	struct boot_info boot;
	struct target_spec spec;
	struct layout_file answered, cached; /* link-time addresses */
	char *cache_path;		     /* NULL: no cache */
	struct type_source *btf; /* NULL: this kernel has none, or it was not needed yet */
};

static struct host *host_of(struct target *target)
{
	return container_of(target, struct host, machine.base);
}

static const char *host_vmcoreinfo(struct target *target, const char *key)
{
	return vmcoreinfo_get(&host_of(target)->boot.vmcoreinfo, key);
}

/* Kept answers are of link-time addresses, crash's are where the kernel ran. */
static void move_symbol(struct lookup *row, uint64_t by)
{
	if (row->kind == LOOKUP_SYMBOL && row->state == LOOKUP_FOUND &&
	    row->value >= START_KERNEL_MAP)
		row->value += by;
}

static bool answer_from_kept(struct host *host, struct lookup *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!layout_file_find(&host->answered, &rows[i]) &&
		    !layout_file_find(&host->cached, &rows[i]))
			return false;
	return true;
}

/* The kernel's own BTF, as it lies in its memory; without it nothing changes. */
static struct error *ask_btf(struct host *host, struct type_batch *batch)
{
	struct lookup place[] = {{.kind = LOOKUP_SYMBOL, .name = "__start_BTF"},
				 {.kind = LOOKUP_SYMBOL, .name = "__stop_BTF"}};
	struct error *err = host_symbols_lookup(place, ARRAY_SIZE(place));

	if (err || place[0].state != LOOKUP_FOUND || place[1].state != LOOKUP_FOUND)
		return err;
	if (!host->btf)
		err = btf_types_read(&host->spec, &host->machine.base, place[0].value,
				     place[1].value, &host->btf);
	if (!err)
		return btf_types.lookup(host->btf, batch);
	if (error_code(err) == ERROR_STOPPED || error_code(err) == ERROR_NO_MEMORY)
		return err;
	error_free(err); /* damaged, or not in the dump: crash has the types as well */
	return NULL;
}

static struct error *ask_crash(struct host *host, struct lookup *rows, size_t n)
{
	_cleanup_(type_batch_free) struct type_batch batch = {0};
	struct recorder *recorder = take_ptr(host->machine.base.recorder);
	struct error *err = host_symbols_lookup(rows, n);

	if (!err)
		err = type_batch_init(&batch, rows, n);
	if (!err && batch.n_open)
		err = ask_btf(host, &batch);
	if (!err && batch.n_open)
		err = host_types_ask(&batch);
	/* A capture gets the answers, and not the memory that they were read from. */
	host->machine.base.recorder = recorder;
	for (size_t i = 0; i < n && !err; i++)
		move_symbol(&rows[i], -host->boot.kaslr_offset);
	return err;
}

static struct error *host_lookup(struct target *target, struct lookup *rows, size_t n)
{
	struct host *host = host_of(target);
	bool is_kept = answer_from_kept(host, rows, n);
	struct error *err = is_kept ? NULL : ask_crash(host, rows, n);

	for (size_t i = 0; i < n && !err; i++) {
		if (rows[i].state != LOOKUP_UNANSWERED)
			err = layout_file_add(&host->answered, &rows[i]);
		move_symbol(&rows[i], host->boot.kaslr_offset);
	}
	if (!err && !is_kept && host->cache_path)
		layout_cache_write(&host->spec, host->cache_path, &host->answered);
	return err;
}

static struct error *host_export(struct target *target, struct layout_file *file)
{
	return layout_file_merge(file, &host_of(target)->answered);
}

static void host_facts(struct target *target, struct target_facts *ret)
{
	struct host *host = host_of(target);

	*ret = (struct target_facts){
		.kind = "crash",
		.format = host->machine.memory->format,
		.release = host->boot.release,
		.build_id = host_vmcoreinfo(target, "BUILD-ID"),
		.symbols = "crash",
		.types = "crash",
		.symbols_path = pc->namelist,
		.kaslr_known = true,
		.kaslr_offset = host->boot.kaslr_offset,
		.phys_base = host->boot.phys_base,
		.sme_mask = host->boot.sme_mask,
		.page_levels = host->boot.levels,
		.page_table = host->boot.root,
		.vmcoreinfo = host->boot.vmcoreinfo.whole,
	};
}

static void host_close(struct target *target)
{
	struct host *host = host_of(target);

	if (host->btf)
		btf_types.close(host->btf);
	layout_file_free(&host->answered);
	layout_file_free(&host->cached);
	free(host->cache_path);
	boot_info_free(&host->boot);
	machine_done(&host->machine);
	free(host);
}

static const struct target_ops host_ops = {
	.kind = "crash",
	.read = machine_read,
	.translate = machine_translate,
	.lookup = host_lookup,
	.vmcoreinfo = host_vmcoreinfo,
	.export = host_export,
	.facts = host_facts,
	.close = host_close,
};

/* What was answered before, by crash or, of a vmlinux, by the program itself. */
static struct error *host_names(struct host *host)
{
	const char *build_id = host_vmcoreinfo(&host->machine.base, "BUILD-ID");
	const char *release = host->boot.release;
	struct error *err = NULL;

	if (build_id && build_id_is_valid(build_id)) {
		err = layout_file_set_build_id(&host->answered, build_id);
		host->cache_path = err ? NULL : layout_cache_path(build_id);
	}
	if (!err && release && release_is_valid(release))
		err = layout_file_set_release(&host->answered, release);
	if (!err && host->cache_path)
		layout_cache_read(&host->spec, host->cache_path, build_id, &host->cached);
	return err;
}

static struct error *host_load(struct host *host)
{
	struct error *err = host_memory_open(&host->machine.memory);

	if (!err)
		err = boot_info_find(&host->machine, &host->spec, NULL, &host->boot);
	return err ? err : host_names(host);
}

static bool is_this_system(void)
{
	const unsigned long long elsewhere = CRASH_REMOTE | CRASH_RAM_DUMP;

	return (pc->flags & (CRASH_LIVE_SYSTEM | elsewhere)) == CRASH_LIVE_SYSTEM;
}

/* In place of target/open.c: there is one target here. */
struct error *target_open(const struct target_spec *spec, struct target **ret)
{
	struct host *host = calloc(1, sizeof(*host));

	if (!host)
		return error_no_memory;
	host->machine.base = (struct target){
		.ops = &host_ops,
		.interrupt = spec->interrupt,
		.system = is_this_system() ? "/sys" : NULL,
	};
	host->spec = *spec;
	struct error *err = host_load(host);
	if (err) {
		host_close(&host->machine.base);
		return err;
	}
	*ret = &host->machine.base;
	return NULL;
}
