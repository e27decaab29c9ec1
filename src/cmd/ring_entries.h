/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entries of a ring, for `ring`: one nested table whatever the entries are. */
#ifndef CMD_RING_ENTRIES_H
#define CMD_RING_ENTRIES_H

#include "amd/hw/command_ring.h"
#include "model/snapshot.h"
#include "out/emit.h"

#define RING_PAGE 4096

struct ring_kind {
	const char *word;     /* "evt", as the user says */
	const char *form;     /* of amd/hw/layouts.h */
	unsigned entry_bytes; /* 8 or 16 */
	size_t ring;	      /* offset of its struct ring in struct iommu_unit */
	const char *hardware; /* what memory does not tell */
	const char *blank;    /* what it means when nothing is in it */
};

struct ring_image {
	uint64_t (*words)[COMMAND_WORDS]; /* by slot */
	bool *known;			  /* by slot: it could be read */
	uint32_t n, used;		  /* slots; those that are not all zero */
	enum datum_state state;		  /* DATUM_OK: all could be read */
	uint64_t sme_mask;		  /* the memory encryption bit that addresses bear; 0: none */
};

/* Which entries are shown, and in which order. */
struct ring_view {
	const struct ring_kind *kind;
	struct command_progress progress;
	uint32_t tail;	/* the slot that comes first */
	uint32_t limit; /* so many of the last are shown, and all from the first that is not done */
};

extern const struct table command_entry_table, log_entry_table;

/* Entries from slot `first` on, of `size` bytes. */
void ring_image_take(struct ring_image *image, const struct ring_kind *kind, uint32_t first,
		     const uint8_t *bytes, uint64_t size);

void ring_entries_emit(struct emit *e, const struct iommu_unit *unit,
		       const struct ring_image *image, const struct ring_view *view);

/* The device and the domain ID of a command, where it has them, appended to these columns. */
void ring_entry_emit_target(struct emit *e, const struct iommu_unit *unit, const uint64_t *words,
			    unsigned devices, unsigned domains);

/* It is for that domain. */
bool ring_entry_has_domain(const uint64_t *words, uint64_t domain);

/* Both commands are of one kind, for the same device or domain. */
bool ring_entry_same_target(const uint64_t *one, const uint64_t *other);

#endif
