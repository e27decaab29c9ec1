/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In libFuzzer's place: runs the inputs that it is given, once each. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "fuzz.h"

#define INPUT_MAX (1u << 20)
#define MEMORY_MAX (512l << 10) /* KB */

int main(int argc, char **argv)
{
	static uint8_t bytes[INPUT_MAX];

	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");

		if (!file) {
			perror(argv[i]);
			return 1;
		}
		size_t n = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
		/* Of the right size, so that a read behind it shows. */
		uint8_t *copy = malloc(n ? n : 1);
		for (size_t k = 0; copy && k < n; k++)
			copy[k] = bytes[k];
		if (!copy)
			return 1;
		printf("%s\n", argv[i]);
		fflush(stdout);
		LLVMFuzzerTestOneInput(copy, n);
		free(copy);
		struct rusage usage;
		if (getrusage(RUSAGE_SELF, &usage) || usage.ru_maxrss > MEMORY_MAX) {
			fprintf(stderr, "%s: %ld KB of memory\n", argv[i], usage.ru_maxrss);
			return 1;
		}
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
