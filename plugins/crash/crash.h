/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of crash this module uses, declared anew: the same in every crash from 7.2.9 to 9.0.2
 * (defs.h there), so that one module loads in all of them and none has to be installed to build it.
 *
 * crash leaves functions by longjmp() when it gives up. Those below do not, called as is said here.
 */
#ifndef CRASH_H
#define CRASH_H

#include <stdint.h>
#include <stdio.h>

/* A command of crash. */
struct command_table_entry {
	const char *name;
	void (*func)(void);
	const char **help_data; /* name, summary, arguments, lines of text, NULL */
	unsigned long flags;
};

/* flags: the command is there in `crash --minimal` too, where crash looks for neither tasks nor modules. */
#define CRASH_IN_MINIMAL 0x8UL

/* A NULL name ends the table, which stays the module's. Called while dlopen() is at work. */
void register_extension(struct command_table_entry *table);

/* The command line, cut into words: args[0] is the command. */
extern char *args[];
extern int argcnt;

extern FILE *fp; /* where a command's answer goes: terminal, pager, pipe or file */

/* The first members of crash's state, which have not moved since crash 4. */
struct program_context {
	char *program_name, *program_path, *program_version, *gdb_version, *prompt;
	unsigned long long flags;
	char *namelist; /* the vmlinux */
	char *dumpfile;
};

/* flags. A live system need not be this one: it may be another machine, or a virtual one's memory.
 */
#define CRASH_LIVE_SYSTEM 0x1ULL
#define CRASH_DEV_MEM 0x2000000ULL
#define CRASH_REMOTE 0x4000000ULL
#define CRASH_RAM_DUMP 0x10000000ULL
#define CRASH_PROC_KCORE 0x8000000000000000ULL

extern struct program_context *pc;

/* Flags of dump readers; *diskdump_flags are those of the dump at hand. */
#define CRASH_ZERO_EXCLUDED 0x8UL

extern unsigned long *diskdump_flags;

/* Memory: 1 when all of it was read. Leaves only without CRASH_RETURN_ON_ERROR. */
#define CRASH_KVADDR 0x1
#define CRASH_PHYSADDR 0x4
#define CRASH_RETURN_ON_ERROR 0x2UL
#define CRASH_QUIET 0x4UL

int readmem(unsigned long long addr, int space, void *buf, long len, const char *what,
	    unsigned long flags);

/* Symbols, run-time addresses. */
struct syment {
	unsigned long value;
	char *name;
	struct syment *next_by_value, *next_by_name;
	char type; /* as nm shows it: upper case is global */
};

struct syment *kernel_symbol_search(const char *name); /* the first; others follow by name */

/*
 * A line for crash's gdb, whose output goes to out; 0: gdb had an error. It sets SIGINT and SIGSEGV
 * to crash's own handlers, and leaves by longjmp() when the reader of a pipe has gone: ask
 * output_open() first.
 */
#define CRASH_GDB_RETURN_ON_ERROR 0x8UL

int gdb_pass_through(char *line, FILE *out, unsigned long flags);
int output_open(void);

#endif
