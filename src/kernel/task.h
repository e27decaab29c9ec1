/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes: the kernel's list of tasks (include/linux/sched.h), the files that one has open
 * (include/linux/fdtable.h), its command line. Threads share their process's files and are not
 * looked at by themselves. Read only when asked for: a machine has many of them.
 *
 *	err = tasks_open(kernel, &tasks);
 *	struct list_walk walk = list_walk_begin(kernel, tasks.head);
 *	while (!(err = list_walk_next(&walk, &node)) && node)
 *		task_files(&tasks, task_of_node(&tasks, node), visit, arg);
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "kernel/kernel.h"

#define TASK_NEEDS(X)                                                                              \
	X(TASK_INIT, SYMBOL, NULL, "init_task", REQUIRED, "processes")                             \
	X(TASK_LIST, MEMBER, "struct task_struct", "tasks", REQUIRED, "processes")                 \
	X(TASK_PID, MEMBER, "struct task_struct", "tgid", REQUIRED, "processes")                   \
	X(TASK_NAME, MEMBER, "struct task_struct", "comm", OPTIONAL, "names of processes")         \
	X(TASK_FILES, MEMBER, "struct task_struct", "files", REQUIRED, "files of processes")       \
	X(TASK_MM, MEMBER, "struct task_struct", "mm", OPTIONAL, "command lines of processes")     \
	X(TASK_FD_TABLE, MEMBER, "struct files_struct", "fdt", REQUIRED, "files of processes")     \
	X(TASK_FD_MAX, MEMBER, "struct fdtable", "max_fds", REQUIRED, "files of processes")        \
	X(TASK_FD_ARRAY, MEMBER, "struct fdtable", "fd", REQUIRED, "files of processes")           \
	X(TASK_PAGE_TABLE, MEMBER, "struct mm_struct", "pgd", OPTIONAL,                            \
	  "command lines of processes")                                                            \
	X(TASK_ARG_START, MEMBER, "struct mm_struct", "arg_start", OPTIONAL,                       \
	  "command lines of processes")                                                            \
	X(TASK_ARG_END, MEMBER, "struct mm_struct", "arg_end", OPTIONAL,                           \
	  "command lines of processes")                                                            \
	X(FILE_OPS, MEMBER, "struct file", "f_op", REQUIRED, "who holds devices")                  \
	X(FILE_PRIVATE, MEMBER, "struct file", "private_data", REQUIRED, "who holds devices")      \
	X(FILE_DENTRY, MEMBER, "struct file", "f_path.dentry", REQUIRED, "who holds devices")      \
	X(FILE_OPS_OWNER, MEMBER, "struct file_operations", "owner", REQUIRED,                     \
	  "who holds devices")                                                                     \
	X(MODULE_NAME, MEMBER, "struct module", "name", REQUIRED, "who holds devices")             \
	X(DENTRY_NAME, MEMBER, "struct dentry", "d_name.name", REQUIRED, "who holds devices")      \
	X(GROUP_OWNER, MEMBER, "struct iommu_group", "owner", OPTIONAL,                            \
	  "who holds groups of iommufd, from Linux 5.18 on")                                       \
	X(VFIO_OPS, SYMBOL, NULL, "vfio_fops", OPTIONAL, "who holds devices, VFIO being built in") \
	X(VFIO_GROUP_OPS, SYMBOL, NULL, "vfio_group_fops", OPTIONAL,                               \
	  "who holds devices, VFIO being built in")                                                \
	X(VFIO_DEVICE_OPS, SYMBOL, NULL, "vfio_device_fops", OPTIONAL,                             \
	  "who holds devices, VFIO being built in")                                                \
	X(IOMMUFD_OPS, SYMBOL, NULL, "iommufd_fops", OPTIONAL,                                     \
	  "who holds devices, iommufd being built in")

enum task_need { TASK_NEEDS(NEED_ENUMERATOR) TASK_N };

extern const struct need_table task_needs;

struct tasks {
	struct kernel *kernel;
	const struct found *found;
	uint64_t head;	/* of the list of processes */
	uint64_t slots; /* file descriptors gone through so far; bounded over all processes */
};

/* ERROR_NOT_FOUND: a row is missing that there is no doing without. */
struct error *tasks_open(struct kernel *kernel, struct tasks *ret);

/* The struct task_struct whose node in the list this is. */
uint64_t task_of_node(const struct tasks *tasks, uint64_t node);

/*
 * visit for the address of each struct file that is open in the task, in the order of their
 * descriptors; an error of visit ends it and is returned.
 */
struct error *task_files(struct tasks *tasks, uint64_t task,
			 struct error *(*visit)(void *arg, uint64_t file), void *arg);

/* An array of characters within an object, as task_struct.comm and module.name are; in arena. */
struct error *task_read_name(struct tasks *tasks, struct arena *arena, uint64_t base,
			     enum task_need member, const char **ret);

/*
 * The task's arguments as they lie in its memory, each with its NUL, at most TASK_COMMAND_MAX
 * bytes; in arena. *size 0: it has none. A dump often lacks processes' memory: ERROR_EXCLUDED;
 * ERROR_FAULT: it is swapped out.
 */
#define TASK_COMMAND_MAX 65536
struct error *task_command(struct tasks *tasks, struct arena *arena, uint64_t task,
			   const char **ret, size_t *size);

#endif
