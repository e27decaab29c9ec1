/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/facts.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/words.h"

void facts_free(struct facts *facts)
{
	vec_free(&facts->rows);
}

static void add(struct facts *facts, const char *key, struct text value, bool allocated)
{
	struct fact *fact = vec_push(&facts->rows);

	if (fact)
		*fact = (struct fact){key, value, allocated};
	else
		facts->failed = true;
}

/* A value that was printed into the arena; NULL: memory ran out. */
static struct text printed(struct facts *facts, const char *text)
{
	facts->failed |= !text;
	return text_ok(text);
}

static struct text number_text(struct facts *facts, struct datum value, const char *format)
{
	if (value.state != DATUM_OK)
		return (struct text){.state = value.state};
	return printed(facts, arena_printf(facts->arena, format, value.value));
}

void facts_add_text(struct facts *facts, const char *key, struct text value)
{
	add(facts, key, value, false);
}

void facts_add_number(struct facts *facts, const char *key, struct datum value)
{
	add(facts, key, number_text(facts, value, "%" PRIu64), false);
}

static void add_hex(struct facts *facts, const char *key, struct datum value, bool allocated)
{
	add(facts, key, number_text(facts, value, "0x%" PRIx64), allocated);
}

static void add_bool(struct facts *facts, const char *key, struct datum value)
{
	if (value.state == DATUM_OK)
		add(facts, key, text_ok(value.value ? "yes" : "no"), false);
	else
		add(facts, key, (struct text){.state = value.state}, false);
}

static struct text field_text(struct facts *facts, const struct field *field, uint64_t value)
{
	const struct field_value *name = field_value_find(field, value);

	if (field->format == FIELD_FLAG)
		return text_ok(value ? "yes" : "no");
	if (name)
		return text_ok(name->name);
	return printed(facts,
		       arena_printf(facts->arena,
				    field->format == FIELD_NUMBER ? "%" PRIu64 : "0x%" PRIx64,
				    value));
}

/* The domain ID is the one number in an entry that is given out in some order. */
static bool field_is_allocated(const struct field *field)
{
	return field->format == FIELD_ADDRESS || !strcmp(field->key, "domain_id");
}

static void add_entry(struct facts *facts, const struct hw_entry *entry)
{
	const struct layout *layout = entry->layout;

	for (size_t row = 0; layout && row < layout->n_fields; row++) {
		const struct field *field = &layout->fields[row];
		const char *key;
		struct text value = {.state = entry->state};

		if (field_is_piece(field))
			continue;
		key = arena_printf(facts->arena, "dte.%s", field->key);
		facts->failed |= !key;
		if (entry->state == DATUM_OK)
			value = field_text(facts, field, layout_get(layout, entry->words, row));
		if (key)
			add(facts, key, value, field_is_allocated(field));
	}
}

static struct text iommu_name(const struct snapshot *s, const struct device *d)
{
	if (d->iommu.state != DATUM_OK)
		return (struct text){.state = d->iommu.state};
	return s->iommus[d->iommu.value].name;
}

static struct datum group_number(const struct snapshot *s, const struct device *d)
{
	return d->group.state == DATUM_OK ? s->groups[d->group.value].id : d->group;
}

static struct text domain_type(const struct snapshot *s, const struct device *d)
{
	const struct domain *domain = device_domain(s, d);

	return domain ? domain_type_text(domain) : (struct text){.state = d->domain.state};
}

static struct text page_table_format(const struct device *d)
{
	if (!d->pt_format && d->entry.state != DATUM_OK)
		return (struct text){.state = d->entry.state};
	return text_ok(d->pt_format);
}

static struct text entry_writer_text(enum entry_writer writer)
{
	if (writer == WRITER_UNKNOWN)
		return (struct text){.state = DATUM_ABSENT};
	return text_ok(entry_writer_name(writer));
}

void facts_of_device(struct facts *facts, const struct snapshot *s, const struct device *d)
{
	add_hex(facts, "vendor", d->vendor, false);
	add_hex(facts, "device", d->device_id, false);
	add_hex(facts, "class", d->class, false);
	add(facts, "driver", d->driver, false);
	add(facts, "group", number_text(facts, group_number(s, d), "%" PRIu64), true);
	add_hex(facts, "domain_id", d->domain_id, true);
	add(facts, "domain_type", domain_type(s, d), false);
	add(facts, "dma", dma_fate_text(d), false);
	add(facts, "paging_mode", number_text(facts, d->paging_mode, "%" PRIu64), false);
	add(facts, "pt_format", page_table_format(d), false);
	add_hex(facts, "pt_root", d->pt_root, true);
	add_bool(facts, "int_remap", d->int_remap);
	add(facts, "iommu", iommu_name(s, d), false);
	add(facts, "entry_writer", entry_writer_text(d->entry.writer), false);
	add_entry(facts, &d->entry);
}

void facts_of_iommu(struct facts *facts, const struct iommu_unit *u)
{
	add_hex(facts, "mmio", u->mmio, false);
	add_hex(facts, "features", u->features, false);
	add_hex(facts, "features2", u->features2, false);
	add_hex(facts, "capability", u->capability, false);
	add_hex(facts, "acpi_flags", u->acpi_flags, false);
	add_hex(facts, "exclusion_start", u->exclusion_start, false);
	add_hex(facts, "exclusion_size", u->exclusion_size, false);
	add_bool(facts, "interrupts_enabled", u->interrupts_enabled);
	add_bool(facts, "taken_over", u->taken_over);
	add_hex(facts, "device_table", u->device_table, true);
	add_hex(facts, "command_ring", u->command_ring.address, true);
	add_hex(facts, "event_ring", u->event_ring.address, true);
	add_hex(facts, "page_request_ring", u->page_request_ring.address, true);
	add_hex(facts, "guest_ring", u->guest_ring.address, true);
}

static struct datum count(enum datum_state state, uint64_t n)
{
	return state == DATUM_OK ? datum_ok(n) : (struct datum){.state = state};
}

void facts_of_machine(struct facts *facts, const struct snapshot *s)
{
	facts_add_number(facts, "iommus", count(s->iommus_state, s->n_iommus));
	facts_add_number(facts, "devices", count(s->devices_state, s->n_devices));
	facts_add_number(facts, "groups", count(s->groups_state, s->n_groups));
	facts_add_number(facts, "domains", count(s->domains_state, s->n_domains));
}
