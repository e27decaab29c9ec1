/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/select.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/vec.h"
#include "kernel/pci.h"

struct error *call_snapshot(struct command_call *call, unsigned parts, struct snapshot **ret)
{
	struct error *err = session_snapshot(call->session, parts, ret);

	if (!err && !call->n_operands)
		problems_copy(call->problems, &(*ret)->problems, NULL);
	return err;
}

void call_problems_of(struct command_call *call, const struct snapshot *snapshot, const char *object)
{
	if (call->n_operands)
		problems_copy(call->problems, &snapshot->problems, object);
}

bool call_problems_of_domain(struct command_call *call, const struct snapshot *snapshot,
			     const struct domain *domain)
{
	char object[40];

	snprintf(object, sizeof(object), "domain 0x%" PRIx64,
		 domain->address ? domain->address : domain->core_address);
	call_problems_of(call, snapshot, object);
	return problems_find(&snapshot->problems, object, NULL);
}

const char *call_option(const struct command_call *call, const char *name)
{
	for (size_t i = 0; i < call->command->n_options; i++)
		if (!strcmp(call->command->options[i].name, name))
			return call->values[i];
	return NULL;
}

/* With something unread it may be there all the same: then that is no mistake of the caller's. */
struct error *error_not_listed(const struct snapshot *snapshot, const char *what, const char *word,
			       const char *command)
{
	if (snapshot->problems.n)
		return error_new(ERROR_NOT_FOUND, "no %s %s among those that could be read; '%s' says "
				 "what could not", what, word, command);
	return error_new(ERROR_USAGE, "no %s %s here; '%s' lists them", what, word, command);
}

struct error *error_of_state(const struct snapshot *snapshot, const char *fmt, ...)
{
	va_list args;
	char *words;

	va_start(args, fmt);
	int n = vasprintf(&words, fmt, args);
	va_end(args);
	if (n < 0)
		return error_no_memory;
	struct error *err = snapshot->moving
				    ? error_new(ERROR_TORN, "%s at this moment: a function that changes "
							    "hands is so for a while; ask again", words)
				    : error_new(ERROR_USAGE, "%s", words);
	free(words);
	return err;
}

struct error *find_device(const struct snapshot *snapshot, const char *word,
			  const struct device **ret)
{
	uint32_t bdf;
	struct error *err = parse_bdf(word, &bdf);

	if (err)
		return err;
	*ret = snapshot_device(snapshot, bdf >> 16, (uint16_t)bdf);
	if (*ret)
		return NULL;
	char name[PCI_NAME_SIZE];

	pci_name(name, bdf >> 16, (uint16_t)bdf);
	return error_not_listed(snapshot, "PCI function", name, "devices");
}

struct error *select_devices(struct command_call *call, const struct snapshot *snapshot,
			     struct selection *ret)
{
	size_t n = call->n_operands ? call->n_operands : snapshot->n_devices;

	for (size_t i = 0; i < n; i++) {
		const struct device *device;
		struct error *err = NULL;

		if (call->n_operands)
			err = find_device(snapshot, call->operands[i], &device);
		else
			device = &snapshot->devices[i];
		uint32_t *slot = err ? NULL : vec_push(ret);
		if (!slot)
			return err ? err : error_no_memory;
		*slot = (uint32_t)(device - snapshot->devices);
		call_problems_of(call, snapshot, device->name);
	}
	return NULL;
}

static bool iommu_goes_by(const struct iommu_unit *u, const char *word, const uint32_t *bdf,
			  const uint64_t *number)
{
	if (bdf)
		return datum_is(u->segment, *bdf >> 16) && datum_is(u->devid, *bdf & 0xffff);
	if (number)
		return datum_is(u->index, *number);
	return u->name.state == DATUM_OK && !strcmp(u->name.value, word);
}

struct error *find_iommu(const struct snapshot *snapshot, const char *word, uint32_t *ret)
{
	bool is_bdf = strchr(word, ':'), is_number = !is_bdf && isdigit((unsigned char)word[0]);
	uint64_t number;
	uint32_t bdf;
	struct error *err = is_bdf	? parse_bdf(word, &bdf)
			    : is_number ? parse_number(word, &number)
					: NULL;

	if (err)
		return err;
	for (uint32_t i = 0; i < snapshot->n_iommus; i++) {
		if (iommu_goes_by(&snapshot->iommus[i], word, is_bdf ? &bdf : NULL,
				  is_number ? &number : NULL)) {
			*ret = i;
			return NULL;
		}
	}
	return error_not_listed(snapshot, "IOMMU", word, "iommus");
}

struct error *find_domain(const struct snapshot *snapshot, const char *word,
			  const struct domain **ret)
{
	const struct device *device;
	uint64_t number;

	if (strchr(word, ':')) {
		struct error *err = find_device(snapshot, word, &device);

		if (err)
			return err;
		*ret = device_domain(snapshot, device);
		if (*ret)
			return NULL;
		if (device->domain.state == DATUM_NONE)
			return error_of_state(snapshot, "%s is in no domain", device->name);
		static const char unread[] = "is in no domain that could be read";
		return snapshot->moving
			       ? error_of_state(snapshot, "%s %s", device->name, unread)
			       : error_new(ERROR_NOT_FOUND, "%s %s", device->name, unread);
	}
	struct error *err = parse_number(word, &number);
	if (err)
		return err;
	for (uint32_t i = 0; i < snapshot->n_domains; i++) {
		const struct domain *d = &snapshot->domains[i];

		if (datum_is(d->id, number) || (d->address && d->address == number) ||
		    (d->core_address && d->core_address == number)) {
			*ret = d;
			return NULL;
		}
	}
	return error_not_listed(snapshot, "domain", word, "domains");
}

void domain_label(const struct domain *domain, char *label, size_t size)
{
	if (domain->id.state == DATUM_OK)
		snprintf(label, size, "domain 0x%" PRIx64, domain->id.value);
	else
		snprintf(label, size, "domain 0x%" PRIx64,
			 domain->address ? domain->address : domain->core_address);
}
