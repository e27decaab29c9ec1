/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiled as drivers/iommu/amd/init.c: types that the driver's unit defines. */
#include <stdbool.h>
#include <stdint.h>

#include "truth.h"

typedef struct {
	long counter;
} atomic64_like_t;

typedef unsigned long word_t;
typedef const volatile word_t shy_word_t;

struct declared_only;

struct node {
	struct node *parent;
	const struct node *children[2];
};

enum colour { RED, GREEN = 5, BLUE = -7, HUGE_ONE = 0x7fffffff };
enum wide { NARROW = 1, WIDE_ONE = 0x123456789abcdefll, WIDE_BELOW = -0x123456789abcdefll };
enum { NAMELESS_ONE = 42, NAMELESS_TWO };

struct packed_bits {
	uint8_t a : 3;
	uint16_t b : 9;
	uint32_t c : 17;
	uint8_t d;
} __attribute__((packed));

struct everything {
	char first;
	word_t word;
	shy_word_t shy;
	struct declared_only *pointer;
	int (*function)(int);
	unsigned int one : 1;
	unsigned int three : 3;
	int signed_five : 5;
	bool flag : 1;
	unsigned char byte_bits : 2;
	unsigned int : 0;
	unsigned long long_bits : 40;
	unsigned long more_bits : 24;
	union {
		int in_union;
		struct {
			short in_struct;
			unsigned short low : 4, high : 12;
			union {
				char deep;
				long deeper;
			};
		};
	};
	struct {
		struct node root;
		atomic64_like_t count;
	} tree;
	struct node nodes[4];
	uint8_t matrix[3][5];
	enum colour colour;
	atomic64_like_t total;
	struct packed_bits packed;
	struct empty {
	} empty;
	char flexible[];
};

union either {
	uint32_t raw;
	struct {
		uint32_t low : 8, middle : 16, high : 8;
	};
	uint64_t both[2];
};

/* Another one in the other unit: this one has more of what is asked for. */
struct twin {
	int shared;
	long extra;
	int only_here;
};

struct everything driver_object;
union either driver_either;
struct twin driver_twin;
enum wide driver_wide;

int amd_iommu_detect(void);
int amd_iommu_detect(void)
{
	return driver_object.first + NAMELESS_ONE + driver_wide;
}

void print_driver_truth(void);
void print_driver_truth(void)
{
	SIZE(struct everything);
	SIZE(struct packed_bits);
	SIZE(struct empty);
	SIZE(union either);
	SIZE(struct twin);
	SIZE(word_t);
	SIZE(shy_word_t);
	SIZE(atomic64_like_t);
	SIZE(enum colour);
	MEMBER(struct everything, first);
	MEMBER(struct everything, word);
	MEMBER(struct everything, shy);
	MEMBER(struct everything, pointer);
	MEMBER(struct everything, function);
	BITS(struct everything, one);
	BITS(struct everything, three);
	BITS(struct everything, signed_five);
	BITS(struct everything, flag);
	BITS(struct everything, byte_bits);
	BITS(struct everything, long_bits);
	BITS(struct everything, more_bits);
	MEMBER(struct everything, in_union);
	MEMBER(struct everything, in_struct);
	BITS(struct everything, low);
	BITS(struct everything, high);
	MEMBER(struct everything, deep);
	MEMBER(struct everything, deeper);
	MEMBER(struct everything, tree);
	MEMBER(struct everything, tree.root);
	MEMBER(struct everything, tree.root.parent);
	MEMBER(struct everything, tree.root.children);
	MEMBER(struct everything, tree.count.counter);
	MEMBER(struct everything, nodes);
	MEMBER_AS(struct everything, nodes.children, nodes[0].children, sizeof(void *) * 2);
	MEMBER(struct everything, matrix);
	MEMBER(struct everything, colour);
	MEMBER(struct everything, total.counter);
	MEMBER(struct everything, packed);
	MEMBER(struct everything, packed.d);
	MEMBER(struct everything, empty);
	MEMBER_AS(struct everything, flexible, flexible, 0);
	BITS(struct packed_bits, a);
	BITS(struct packed_bits, b);
	BITS(struct packed_bits, c);
	MEMBER(struct packed_bits, d);
	MEMBER(union either, raw);
	MEMBER(union either, both);
	BITS(union either, low);
	BITS(union either, middle);
	BITS(union either, high);
	MEMBER(atomic64_like_t, counter);
	MEMBER(struct twin, shared);
	MEMBER(struct twin, extra);
	MEMBER(struct twin, only_here);
	ENUMERATOR(colour, RED);
	ENUMERATOR(colour, GREEN);
	ENUMERATOR(colour, BLUE);
	ENUMERATOR(colour, HUGE_ONE);
	ENUMERATOR(wide, WIDE_ONE);
	ENUMERATOR(wide, WIDE_BELOW);
	ENUMERATOR(, NAMELESS_ONE);
	ENUMERATOR(, NAMELESS_TWO);
	ENUMERATOR(, GREEN);
	/* Looked for where they can't be. */
	ABSENT("member struct everything.nothing");
	ABSENT("member struct everything.tree.nothing");
	ABSENT("member struct everything.word.counter");
	ABSENT("member struct everything.pointer.first");
	ABSENT("member struct everything.tre");
	ABSENT("member struct everything.treee");
	ABSENT("member struct twin.flexible");
	ABSENT("size union everything");
	ABSENT("size struct either");
	ABSENT("size everything");
	ABSENT("size struct word_t");
	ABSENT("size struct declared_only");
	ABSENT("size struct nowhere_mentioned");
	ABSENT("size struct wee");
	ABSENT("enum colour.NAMELESS_ONE");
	ABSENT("enum colour.PURPLE");
	ABSENT("enum .PURPLE");
	/* A string ends in it, but nothing bears it as a name. */
	ABSENT("size struct verything");
}
