/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The tests' own failure, which is no finding: said, and ended. */
static void give_up(const char *what)
{
	perror(what);
	exit(99);
}

static volatile sig_atomic_t seconds_taken;

static void second_is_over(int number)
{
	static const char said[] = "fuzz: the input takes too long\n";

	(void)number;
	if (++seconds_taken <= FUZZ_SECONDS)
		return;
	if (write(STDERR_FILENO, said, sizeof(said) - 1) < 0)
		_exit(99);
	abort();
}

static void begin_clock(void)
{
	const struct itimerval each_second = {{1, 0}, {1, 0}};
	const struct sigaction action = {.sa_handler = second_is_over, .sa_flags = SA_RESTART};

	if (sigaction(SIGPROF, &action, NULL) || setitimer(ITIMER_PROF, &each_second, NULL))
		give_up("setitimer");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int has_clock;

	if (!has_clock)
		begin_clock();
	has_clock = 1;
	seconds_taken = 0;
	fuzz_one(data, size);
	return 0;
}

const char *fuzz_file(const void *bytes, size_t n)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, bytes, n, 0) != (ssize_t)n)
		give_up("memfd");
	return path;
}

FILE *fuzz_nowhere(void)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (!nowhere)
		give_up("/dev/null");
	return nowhere;
}

uint64_t input_le(struct input *input, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size && input->n; i++, input->at++, input->n--)
		value |= (uint64_t)*input->at << 8 * i;
	return value;
}

void fuzz_ignore(struct error *err)
{
	error_free(err);
}

/* Kernels. */

static const char *const kernels[] = {"3.10", "4.18", "5.10", "5.11", "5.15", "5.8",
				      "6.1",  "6.12", "6.16", "6.19", "7.2"};

_Static_assert(ARRAY_SIZE(kernels) == HOSTILE_LAYOUTS, "one layout file each");

static const struct layout_file *read_layouts(size_t i)
{
	static struct layout_file files[HOSTILE_LAYOUTS];
	char path[64];

	if (files[i].n)
		return &files[i];
	snprintf(path, sizeof(path), "tests/fixtures/layouts/%s.layouts", kernels[i]);
	FILE *file = fopen(path, "r");
	_cleanup_(freep) char *text = NULL;
	size_t room = 0;
	ssize_t length = file ? getdelim(&text, &room, '\0', file) : -1;
	if (length < 0 || layout_file_parse(&files[i], text, (size_t)length))
		give_up(path);
	fclose(file);
	return &files[i];
}

/* A memory that holds nothing but pointers to itself still has its ends. */
static enum error_code is_unreadable(uint64_t address)
{
	switch (address >> 40 & 0xff) {
	case 0xee:
		return ERROR_EXCLUDED;
	case 0xef:
		return ERROR_FAULT;
	default:
		return ERROR_OTHER;
	}
}

static struct error *hostile_read(struct target *target, enum space space, uint64_t address,
				  void *buf, size_t len)
{
	struct hostile *hostile = container_of(target, struct hostile, base);
	const struct input memory = hostile->memory;
	enum error_code code = is_unreadable(address);
	uint8_t *bytes = buf;

	(void)space;
	hostile->is_interrupted = ++hostile->n_reads > HOSTILE_READS;
	if (code != ERROR_OTHER || !memory.n)
		return error_new(code == ERROR_OTHER ? ERROR_FAULT : code, "no memory there");
	size_t at = address % memory.n;
	while (len) {
		size_t part = len < memory.n - at ? len : memory.n - at;

		memcpy(bytes, memory.at + at, part);
		bytes += part;
		len -= part;
		at = 0;
	}
	return NULL;
}

static struct error *hostile_translate(struct target *target, uint64_t virt, uint64_t *phys)
{
	enum error_code code = is_unreadable(virt);

	(void)target;
	if (code != ERROR_OTHER)
		return error_new(code, "no memory there");
	*phys = virt & ((UINT64_C(1) << 46) - 1);
	return NULL;
}

static struct error *hostile_lookup(struct target *target, struct lookup *rows, size_t n)
{
	const struct hostile *hostile = container_of(target, struct hostile, base);

	for (size_t i = 0; i < n; i++)
		if (!layout_file_find(hostile->layouts, &rows[i]))
			rows[i].state = LOOKUP_ABSENT;
	return NULL;
}

static void hostile_facts(struct target *target, struct target_facts *ret)
{
	(void)target;
	*ret = (struct target_facts){.kind = "dump", .page_levels = 4};
}

static void hostile_close(struct target *target)
{
	(void)target;
}

static const struct target_ops hostile_ops = {
	.kind = "dump",
	.read = hostile_read,
	.translate = hostile_translate,
	.lookup = hostile_lookup,
	.facts = hostile_facts,
	.close = hostile_close,
};

void hostile_init(struct hostile *ret, struct input input)
{
	size_t kernel = input_le(&input, 1) % HOSTILE_LAYOUTS;

	*ret = (struct hostile){
		.base.ops = &hostile_ops,
		.base.interrupt = &ret->is_interrupted,
		.memory = input,
		.layouts = read_layouts(kernel),
	};
}
