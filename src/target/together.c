/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target/together.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/vec.h"

/* So often everything is read anew; then so often without what changes. */
#define WHOLE_TRIES 8
#define TORN_TRIES 8
#define PAUSE_FIRST 500000L /* nanoseconds, twice as much after each try */

enum watched_kind { WATCHED_PHYS, WATCHED_VIRT, WATCHED_TRANSLATION };

/* What a read came to. */
struct outcome {
	bool failed;
	enum error_code code;
	uint64_t hash; /* of the bytes, or the translation itself */
};

struct watched {
	enum watched_kind kind;
	uint64_t addr;
	size_t len;
	struct outcome outcome;
};

struct watch {
	VEC(struct watched) reads;
	VEC(struct watched) torn; /* not to be read any more */
};

/* FNV-1a, by words: it has to tell an accident from no change, and not to withstand an enemy. */
static uint64_t hash_of(const uint8_t *bytes, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static struct outcome outcome_of(const struct error *err, uint64_t hash)
{
	if (err)
		return (struct outcome){.failed = true, .code = error_code(err)};
	return (struct outcome){.hash = hash};
}

static bool outcome_is(const struct outcome *a, const struct outcome *b)
{
	return a->failed == b->failed && a->code == b->code && a->hash == b->hash;
}

static struct error *check_torn(const struct watch *watch, enum watched_kind kind, uint64_t addr,
				size_t len)
{
	for (size_t i = 0; i < watch->torn.n; i++) {
		const struct watched *torn = &watch->torn.at[i];

		if (torn->kind == kind && addr < torn->addr + torn->len && torn->addr < addr + len)
			return error_new(ERROR_TORN,
					 "0x%" PRIx64 " changes while it is read, again and again",
					 addr);
	}
	return NULL;
}

/* Takes err and gives it back, or the error that the note ended with. */
static struct error *note(struct watch *watch, enum watched_kind kind, uint64_t addr, size_t len,
			  struct error *err, uint64_t hash)
{
	struct watched *watched = vec_push(&watch->reads);

	if (!watched) {
		error_free(err);
		return error_no_memory;
	}
	*watched = (struct watched){kind, addr, len, outcome_of(err, hash)};
	return err;
}

struct error *watch_read(struct target *target, enum space space, uint64_t addr, void *buf,
			 size_t len)
{
	enum watched_kind kind = space == SPACE_PHYS ? WATCHED_PHYS : WATCHED_VIRT;
	struct error *err = check_torn(target->watch, kind, addr, len);

	if (err)
		return err;
	err = target->ops->read(target, space, addr, buf, len);
	return note(target->watch, kind, addr, len, err, err ? 0 : hash_of(buf, len));
}

struct error *watch_translate(struct target *target, uint64_t virt, uint64_t *phys)
{
	struct error *err = check_torn(target->watch, WATCHED_TRANSLATION, virt, 1);
	uint64_t pa = 0;

	if (err)
		return err;
	err = target->ops->translate(target, virt, &pa);
	err = note(target->watch, WATCHED_TRANSLATION, virt, 1, err, pa);
	if (!err)
		*phys = pa;
	return err;
}

static struct error *read_again(struct target *target, const struct watched *watched,
				struct outcome *ret)
{
	enum space space = watched->kind == WATCHED_PHYS ? SPACE_PHYS : SPACE_VIRT;
	uint8_t *bytes = malloc(watched->len ? watched->len : 1);
	struct error *err;
	uint64_t hash = 0;

	if (!bytes)
		return error_no_memory;
	if (watched->kind == WATCHED_TRANSLATION) {
		err = target->ops->translate(target, watched->addr, &hash);
	} else {
		err = target->ops->read(target, space, watched->addr, bytes, watched->len);
		hash = err ? 0 : hash_of(bytes, watched->len);
	}
	free(bytes);
	if (err && !error_is_unreadable(err))
		return err;
	*ret = outcome_of(err, hash);
	error_free(err);
	return NULL;
}

/* Moves what is not as it was to the front of watch->reads; *ret: how many those are. */
static struct error *confirm(struct target *target, size_t *ret)
{
	struct watch *watch = target->watch;
	size_t n = 0;

	for (size_t i = 0; i < watch->reads.n; i++) {
		struct watched watched = watch->reads.at[i];
		struct outcome outcome = {0};
		struct error *err = read_again(target, &watched, &outcome);

		if (err)
			return err;
		if (!outcome_is(&outcome, &watched.outcome))
			watch->reads.at[n++] = watched;
	}
	*ret = n;
	return NULL;
}

static struct error *give_up_on(struct watch *watch, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct watched *torn = vec_push(&watch->torn);

		if (!torn)
			return error_no_memory;
		*torn = watch->reads.at[i];
	}
	return NULL;
}

/* The kernel is in the middle of something: let it end that. */
static void pause_after(unsigned n_tries)
{
	struct timespec time = {.tv_nsec = PAUSE_FIRST << (n_tries < 6 ? n_tries : 6)};

	nanosleep(&time, NULL);
}

static struct error *read_until_agreed(struct target *target, struct error *(*read)(void *arg),
				       void *arg)
{
	struct watch *watch = target->watch;

	for (unsigned i = 0; i < WHOLE_TRIES + TORN_TRIES; i++) {
		size_t n_changed;

		watch->reads.n = 0;
		struct error *err = read(arg);
		if (err && (error_code(err) == ERROR_STOPPED || err == error_no_memory))
			return err;
		struct error *confirm_err = confirm(target, &n_changed);
		if (!confirm_err && !n_changed)
			return err;
		error_free(err);
		err = confirm_err ? confirm_err : target_poll(target);
		if (!err && i + 1 >= WHOLE_TRIES)
			err = give_up_on(watch, n_changed);
		if (err)
			return err;
		pause_after(i);
	}
	return error_new(ERROR_TORN,
			 "the kernel has changed it each of the %d times that it was read: try again",
			 WHOLE_TRIES + TORN_TRIES);
}

struct error *target_read_together(struct target *target, struct error *(*read)(void *arg),
				   void *arg)
{
	struct watch watch = {0};

	if (!target->moving || target->watch)
		return read(arg);
	target->watch = &watch;
	struct error *err = read_until_agreed(target, read, arg);
	target->watch = NULL;
	vec_free(&watch.reads);
	vec_free(&watch.torn);
	return err;
}
