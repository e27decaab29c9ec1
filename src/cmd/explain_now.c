/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/explain_now.h"

#include <inttypes.h>

#include "cmd/route.h"
#include "cmd/select.h"
#include "cmd/words.h"

static const char *access_words(const struct translation *t)
{
	if (t->read && t->write)
		return "reads and writes allowed";
	return t->read	  ? "only reads allowed"
	       : t->write ? "only writes allowed"
			  : "no access allowed";
}

/* " Domain 0x12 then, 0x8 now: ..."; "" when they are the same, or not both known. */
static const char *domain_change(struct arena *arena, const struct message *m,
				 const struct route *r)
{
	uint64_t then = message_operand(m, "domain_id");

	if (!m->has_domain || r->domain_id.state != DATUM_OK || r->domain_id.value == then)
		return "";
	return arena_printf(arena,
			    " The domain was 0x%" PRIx64 " then and is 0x%" PRIx64
			    " now: the device has changed hands since.",
			    then, r->domain_id.value);
}

/* The deepest level that was read. */
static const char *mapped_sentence(struct arena *arena, const struct translation *t,
				   uint64_t address, const struct route *r)
{
	if (t->mapped)
		return arena_printf(arena, "0x%" PRIx64 " leads to 0x%" PRIx64 " now, %s.", address,
				    t->pa, access_words(t));
	if (!t->n_steps)
		return arena_printf(arena, "0x%" PRIx64 " leads nowhere now: %s.", address,
				    t->stopped ? t->stopped : r->reason);
	return arena_printf(arena, "Nothing is mapped at 0x%" PRIx64 " now: %s, at level %u of %u.",
			    address, t->stopped, t->steps[t->n_steps - 1].level, r->table.levels);
}

static const char *untranslated_sentence(struct arena *arena, const struct device *d,
					 const struct route *r)
{
	struct text fate = dma_fate_text(d);

	if (r->through)
		return "The device's DMA passes untranslated now.";
	return arena_printf(arena, "The device's DMA is %s now: %s.",
			    fate.state == DATUM_OK ? fate.value : "not known", r->reason);
}

static struct error *say(struct command_call *call, struct target *target, const struct device *d,
			 const struct message *m, uint64_t address, const struct route *r,
			 struct explain_now *ret)
{
	struct translation t = {0};
	const char *sentence, *change = domain_change(call->arena, m, r);
	struct error *err = NULL;

	ret->domain_id = r->domain_id;
	ret->pa.state = DATUM_NONE;
	if (!r->table.ops || !m->has_address) {
		sentence = r->table.ops ? "The device's DMA is translated now."
					: untranslated_sentence(call->arena, d, r);
	} else {
		err = r->table.ops->translate(target, &r->table, address, &t);
		if (err && !error_is_unreadable(err))
			return err;
		sentence = err ? "What is mapped there now can't be read."
			       : mapped_sentence(call->arena, &t, address, r);
		if (err)
			ret->pa.state = DATUM_ABSENT;
		else if (t.mapped)
			ret->pa = datum_ok(t.pa);
		ret->read = t.read;
		ret->write = t.write;
	}
	problems_add(call->problems, err, "translation", "%s IOVA 0x%" PRIx64, d->name, address);
	ret->sentence =
		sentence && change ? arena_printf(call->arena, "%s%s", sentence, change) : NULL;
	return ret->sentence ? NULL : error_no_memory;
}

struct error *explain_now(struct command_call *call, const struct message *message,
			  uint64_t address, bool *ret_known, struct explain_now *ret)
{
	const struct device *device;
	struct target *target;
	struct snapshot *s;
	struct route route;

	*ret_known = *message->device;
	if (!*ret_known)
		return NULL;
	struct error *err = call_snapshot(call, SNAPSHOT_DEVICES, &s);
	if (!err)
		err = session_target(call->session, &target);
	if (err)
		return err;
	err = find_device(s, message->device, &device);
	if (err) {
		error_free(err);
		*ret = (struct explain_now){.sentence = "This kernel has no such PCI function.",
					    .domain_id = none_of(s),
					    .pa = none_of(s)};
		return NULL;
	}
	call_problems_of(call, s, device->name);
	uint32_t pasid = (uint32_t)message_operand(message, "pasid");
	err = route_find(target, s, device, message->has_pasid ? &pasid : NULL, &route);
	if (err && !error_is_unreadable(err))
		return err;
	problems_add(call->problems, err, "PASID table", "%s", device->name);
	return say(call, target, device, message, address, &route, ret);
}
