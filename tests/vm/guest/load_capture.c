// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads the capture kernel: `kexec -p -s` without kexec-tools and its libraries.
 *
 *	load_capture KERNEL INITRAMFS COMMAND-LINE
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: load_capture KERNEL INITRAMFS COMMAND-LINE\n");
		return 2;
	}

	int kernel = open(argv[1], O_RDONLY);
	int initramfs = open(argv[2], O_RDONLY);

	if (kernel < 0 || initramfs < 0) {
		perror("load_capture: open");
		return 1;
	}
	if (syscall(SYS_kexec_file_load, kernel, initramfs, strlen(argv[3]) + 1,
		    argv[3], KEXEC_FILE_ON_CRASH)) {
		perror("load_capture: kexec_file_load");
		return 1;
	}
	return 0;
}
