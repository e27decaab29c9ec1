/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel made by hand: memory with objects in it, laid out as a layout file says (layout_file.h;
 * its symbols have their addresses there too), written as a test image. What goes wrong here fails
 * the running test.
 *
 * Every object has pages of its own, so that a test can take one away without its neighbours. The
 * linear map, the kernel's image and vmalloc space are there; addresses go through `map` lines or
 * through real page tables. Members are named as in C; putting one that the layouts lack fails,
 * fake_put_if() passes it over.
 */
#ifndef UNIT_FAKE_KERNEL_H
#define UNIT_FAKE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_options {
	const char *layouts;  /* file name in FAKE_LAYOUTS, without its ending */
	unsigned page_levels; /* of the kernel's page tables: 4 or 5; 0: linear maps, no tables */
	uint64_t sme_mask;    /* memory encryption bit; 0: none */
	uint64_t kaslr_offset;
};

#define FAKE_LAYOUTS "tests/fixtures/layouts"
#define FAKE_PAGE UINT64_C(4096)

struct fake_kernel;

struct fake_kernel *fake_new(const struct fake_options *options);
void fake_free(struct fake_kernel *k); /* NULL is fine */
const struct fake_options *fake_options(const struct fake_kernel *k);

/* Zeroed memory; the virtual address of its first byte, page-aligned. */
uint64_t fake_alloc_bytes(struct fake_kernel *k, uint64_t size);
uint64_t fake_vmalloc(struct fake_kernel *k, uint64_t size);  /* physically scattered */
uint64_t fake_alloc(struct fake_kernel *k, const char *type); /* an object of "struct ..." */
uint64_t fake_string(struct fake_kernel *k, const char *text);

uint64_t fake_phys(const struct fake_kernel *k, uint64_t va);
uint64_t fake_symbol(struct fake_kernel *k, const char *name); /* with KASLR; 0: none in this era */

bool fake_has(const struct fake_kernel *k, const char *type, const char *member);
unsigned fake_size(const struct fake_kernel *k, const char *type, const char *member);
uint64_t fake_offset(const struct fake_kernel *k, const char *type, const char *member);
void fake_put(struct fake_kernel *k, uint64_t object, const char *type, const char *member,
	      uint64_t value);
void fake_put_if(struct fake_kernel *k, uint64_t object, const char *type, const char *member,
		 uint64_t value);
uint64_t fake_get(const struct fake_kernel *k, uint64_t object, const char *type,
		  const char *member);

void fake_write(struct fake_kernel *k, uint64_t va, unsigned size, uint64_t value);
uint64_t fake_read64(const struct fake_kernel *k, uint64_t va);

/* struct list_head: an empty one, and a node put at the end of one. */
void fake_list_init(struct fake_kernel *k, uint64_t head);
void fake_list_add(struct fake_kernel *k, uint64_t head, uint64_t node);

/* One past the last object: objects lie one behind the other in the linear map. */
uint64_t fake_objects_end(const struct fake_kernel *k);

/* Takes the pages of [va, va + size) out of the dump, or out of the machine. */
void fake_exclude(struct fake_kernel *k, uint64_t va, uint64_t size);
void fake_remove(struct fake_kernel *k, uint64_t va, uint64_t size);

/*
 * The image does not tell of a row, as when a kernel has renamed or dropped it: "member struct x.y",
 * "symbol z". The memory stays as it is.
 */
void fake_forget(struct fake_kernel *k, const char *row);

/* Writes the image into an temporary file, which goes when k goes; the path is k's. Once only. */
const char *fake_image(struct fake_kernel *k);

#endif
