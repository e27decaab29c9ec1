/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes made by hand: those that hold VFIO's files are found, and damage of any kind ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "fake_kernel.h"
#include "kernel/vfio.h"
#include "target/recorder.h"

#define TASK_SIZE 4096
#define OWNER UINT64_C(0xffff888000ab0000)

struct machine {
	struct fake_kernel *k;
	struct target *target;
	struct kernel *kernel;
	struct vfio_holders holders;
	struct problems problems;
	uint64_t other_ops, vfio_ops, iommufd_ops;
	uint64_t head;
	uint64_t idle, vm, second; /* tasks */
	uint64_t vm_table, vm_array;
};

static void put_text(struct fake_kernel *k, uint64_t at, const char *text)
{
	for (size_t i = 0; text[i]; i++)
		fake_write(k, at + i, 1, (unsigned char)text[i]);
}

static uint64_t make_ops(struct fake_kernel *k, const char *module_name)
{
	uint64_t ops = fake_alloc_bytes(k, 256), module = 0;

	if (module_name) {
		module = fake_alloc_bytes(k, 256);
		put_text(k, module + fake_offset(k, "struct module", "name"), module_name);
	}
	fake_put(k, ops, "struct file_operations", "owner", module);
	return ops;
}

static uint64_t make_file(struct fake_kernel *k, uint64_t ops, const char *name, uint64_t private)
{
	uint64_t file = fake_alloc_bytes(k, 256), dentry = fake_alloc_bytes(k, 256);

	fake_put(k, file, "struct file", "f_op", ops);
	fake_put(k, file, "struct file", "f_path.dentry", dentry);
	fake_put(k, file, "struct file", "private_data", private);
	fake_put(k, dentry, "struct dentry", "d_name.name", fake_string(k, name));
	return file;
}

/* n files, then one free slot. */
static uint64_t make_task(struct machine *m, uint64_t pid, const char *name, const uint64_t *files,
			  size_t n)
{
	struct fake_kernel *k = m->k;
	uint64_t task = fake_alloc_bytes(k, TASK_SIZE), open = fake_alloc_bytes(k, 256);

	m->vm_table = fake_alloc_bytes(k, 64);
	m->vm_array = fake_alloc_bytes(k, (n + 1) * 8);
	fake_put(k, task, "struct task_struct", "tgid", pid);
	put_text(k, task + fake_offset(k, "struct task_struct", "comm"), name);
	fake_put(k, task, "struct task_struct", "files", open);
	fake_put(k, open, "struct files_struct", "fdt", m->vm_table);
	fake_put(k, m->vm_table, "struct fdtable", "max_fds", n + 1);
	fake_put(k, m->vm_table, "struct fdtable", "fd", m->vm_array);
	for (size_t i = 0; i < n; i++)
		fake_write(k, m->vm_array + i * 8, 8, files[i]);
	fake_list_add(k, m->head, task + fake_offset(k, "struct task_struct", "tasks"));
	return task;
}

/* A process without files of VFIO, one that holds groups 7 and 8, one with iommufd. */
static int set_up(void **state)
{
	static struct machine machine;
	struct machine *m = &machine;

	*m = (struct machine){.k = fake_new(&(struct fake_options){.layouts = "6.12"})};
	*state = m;
	m->head = fake_symbol(m->k, "init_task") + fake_offset(m->k, "struct task_struct", "tasks");
	fake_list_init(m->k, m->head);
	m->other_ops = make_ops(m->k, "tun");
	m->vfio_ops = make_ops(m->k, "vfio");
	m->iommufd_ops = make_ops(m->k, "iommufd");
	uint64_t null = make_file(m->k, make_ops(m->k, NULL), "null", 0);
	const uint64_t iommufd[] = {make_file(m->k, m->iommufd_ops, "iommu", OWNER),
				    make_file(m->k, m->vfio_ops, "vfio3", 1)};
	const uint64_t idle[] = {null, make_file(m->k, m->other_ops, "12", 1)};
	const uint64_t vm[] = {null, make_file(m->k, m->vfio_ops, "vfio", 0x10),
			       make_file(m->k, m->vfio_ops, "7", 0x20),
			       make_file(m->k, m->vfio_ops, "noiommu-8", 0x30),
			       make_file(m->k, m->vfio_ops, "[vfio-device]", 0x40)};

	m->second = make_task(m, 900, "iommufd-vm", iommufd, ARRAY_SIZE(iommufd));
	m->idle = make_task(m, 300, "idle", idle, ARRAY_SIZE(idle));
	m->vm = make_task(m, 441, "qemu-system-x86", vm, ARRAY_SIZE(vm));
	return 0;
}

static int tear_down(void **state)
{
	struct machine *m = *state;

	vfio_holders_free(&m->holders);
	problems_free(&m->problems);
	kernel_close(m->kernel);
	target_close(m->target);
	fake_free(m->k);
	return 0;
}

static void read_holders(struct machine *m)
{
	const char *path = fake_image(m->k);
	const struct target_spec spec = {.cores = &path, .n_cores = 1, .no_cache = true};
	struct error *err = target_open(&spec, &m->target);

	if (!err)
		err = kernel_open(m->target, NULL, 0, &m->kernel);
	struct reader reader = {.kernel = m->kernel, .problems = &m->problems};
	if (!err)
		err = vfio_holders_read(&reader, &m->holders);
	if (err)
		fail_msg("%s", error_message(err));
}

static void check_vm(const struct machine *m, const struct vfio_holder *h)
{
	static const struct {
		enum vfio_kind kind;
		const char *name;
		uint64_t object;
	} files[] = {
		{VFIO_CONTAINER, "vfio", 0x10},
		{VFIO_GROUP, "7", 0x20},
		{VFIO_GROUP, "noiommu-8", 0x30},
		{VFIO_DEVICE, "[vfio-device]", 0x40},
	};

	assert_int_equal(h->pid, 441);
	assert_int_equal(h->task, m->vm);
	assert_string_equal(h->name.value, "qemu-system-x86"); /* which fills its array */
	assert_int_equal(h->n_files, ARRAY_SIZE(files));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct vfio_file *f = &m->holders.files.at[h->first_file + i];

		assert_int_equal(f->kind, files[i].kind);
		assert_string_equal(f->name, files[i].name);
		assert_int_equal(f->object, files[i].object);
	}
}

static bool holds(const struct machine *m, const struct vfio_holder *h, struct datum number,
		  struct datum owner)
{
	for (size_t i = 0; i < h->n_files; i++)
		if (vfio_file_holds(&m->holders.files.at[h->first_file + i], number, owner))
			return true;
	return false;
}

static void test_holders(void **state)
{
	struct machine *m = *state;
	const struct datum none = {0}, unknown = {.state = DATUM_EXCLUDED};

	read_holders(m);
	assert_int_equal(m->problems.n, 0);
	assert_int_equal(m->holders.state, DATUM_OK);
	assert_int_equal(m->holders.holders.n, 2);
	const struct vfio_holder *vm = &m->holders.holders.at[0], *second = vm + 1;
	check_vm(m, vm);
	assert_int_equal(second->pid, 900);
	assert_true(holds(m, vm, datum_ok(7), none));
	assert_true(holds(m, vm, datum_ok(8), unknown));
	assert_true(holds(m, vm, unknown, datum_ok(0x20)));
	assert_false(holds(m, vm, datum_ok(12), none));
	assert_false(holds(m, vm, datum_ok(0), none));
	assert_false(holds(m, vm, datum_ok(9), datum_ok(OWNER)));
	assert_true(holds(m, second, datum_ok(9), datum_ok(OWNER)));
	assert_true(holds(m, second, unknown,
			  datum_ok(m->holders.files.at[second->first_file].address)));
	assert_false(holds(m, second, datum_ok(3), none));
}

/* What can't be read of one is said, and hides no other. */
static void test_excluded(void **state)
{
	struct machine *m = *state;

	fake_exclude(m->k, fake_get(m->k, m->idle, "struct task_struct", "files"), 256);
	read_holders(m);
	assert_int_equal(m->holders.holders.n, 2);
	check_vm(m, &m->holders.holders.at[0]);
	assert_int_equal(m->holders.state, DATUM_EXCLUDED);
	assert_int_equal(m->problems.n, 1);
}

static void check_damaged(struct machine *m)
{
	read_holders(m);
	assert_int_not_equal(m->holders.state, DATUM_OK);
	assert_true(m->problems.n > 0);
}

static void test_wild_count(void **state)
{
	struct machine *m = *state;

	fake_put(m->k, m->vm_table, "struct fdtable", "max_fds", 0xffffffff);
	check_damaged(m);
	assert_int_equal(m->holders.holders.n, 1);
	assert_int_equal(m->holders.state, DATUM_CORRUPT);
}

/* The array ends before the count says: what is in it is told nevertheless. */
static void test_short_array(void **state)
{
	struct machine *m = *state;

	fake_put(m->k, m->vm_table, "struct fdtable", "max_fds", 1 << 20);
	fake_remove(m->k, (m->vm_array + FAKE_PAGE) & ~(FAKE_PAGE - 1), FAKE_PAGE);
	check_damaged(m);
	assert_int_equal(m->holders.holders.n, 2);
	check_vm(m, &m->holders.holders.at[0]);
}

static void test_wild_file(void **state)
{
	struct machine *m = *state;

	fake_write(m->k, m->vm_array + 8, 8, UINT64_C(0x4141414141414141));
	check_damaged(m);
	assert_int_equal(m->holders.holders.n, 1);
}

static void test_loop(void **state)
{
	struct machine *m = *state;
	uint64_t offset = fake_offset(m->k, "struct task_struct", "tasks");

	fake_write(m->k, m->vm + offset, 8, m->second + offset);
	fake_write(m->k, m->second + offset + 8, 8, m->vm + offset);
	check_damaged(m);
	assert_true(m->holders.holders.n <= 2); /* each once */
}

static void test_list_cut(void **state)
{
	struct machine *m = *state;
	uint64_t offset = fake_offset(m->k, "struct task_struct", "tasks");

	fake_write(m->k, m->second + offset, 8, UINT64_C(0xffff888f00000000));
	check_damaged(m);
	assert_int_equal(m->holders.holders.n, 2); /* one from each end */
}

static void test_recorded(void **state)
{
	struct machine *m = *state;
	struct recorder recorder = {0};
	struct vfio_holders again = {0};

	read_holders(m);
	m->target->recorder = &recorder;
	struct reader reader = {.kernel = m->kernel, .problems = &m->problems};
	assert_null(vfio_holders_read(&reader, &again));
	m->target->recorder = NULL;
	assert_int_equal(again.holders.n, 2);
	size_t n = recorder.n;
	const struct {
		uint64_t object;
		bool is_held;
	} pages[] = {
		{fake_get(m->k, m->idle, "struct task_struct", "files"), false},
		{fake_get(m->k, m->vm, "struct task_struct", "files"), true},
		{m->vm_array, true},
	};
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) { /* noting what is noted adds no page */
		assert_null(recorder_note(&recorder,
					  fake_phys(m->k, pages[i].object) & ~UINT64_C(4095), 1));
		assert_int_equal(recorder.n, n + !pages[i].is_held);
		n = recorder.n;
	}
	recorder_free(&recorder);
	vfio_holders_free(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_holders, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_excluded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wild_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_short_array, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wild_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_loop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_list_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_recorded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
