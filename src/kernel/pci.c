/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/pci.h"

#include <inttypes.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "kernel/list.h"

#define FUNCTIONS_MAX ((size_t)1 << 20)
#define BUSES_MAX ((size_t)1 << 14) /* 256 in each of a few segments */

/* Buses still to be visited stand at the end of those already met. */
struct bus_vec {
	uint64_t *at;
	size_t n, room;
};

/* What the walk over the tree reads with, and what it fills. */
struct walk {
	struct reader *reader;
	struct arena *arena;
	const struct found *data_domain;
	struct pci_functions functions;
	struct bus_vec buses;
};

struct bus {
	uint64_t address;
	uint32_t segment;
	uint8_t number;
};

static char *put_hex(char *to, uint32_t value, unsigned digits)
{
	while (digits--)
		*to++ = "0123456789abcdef"[value >> 4 * digits & 15];
	return to;
}

/* By hand: it is made some times for each device. */
void pci_name(char name[PCI_NAME_SIZE], uint32_t segment, uint16_t devid)
{
	unsigned digits = 4;

	segment &= 0xffffff;
	while (segment >> 4 * digits)
		digits++;
	name = put_hex(name, segment, digits);
	*name++ = ':';
	name = put_hex(name, devid >> 8, 2);
	*name++ = ':';
	name = put_hex(name, devid >> 3 & 0x1f, 2);
	*name++ = '.';
	name = put_hex(name, devid & 7, 1);
	*name = '\0';
}

void pci_function_is_read(struct reader *reader, const struct pci_function *function)
{
	char name[PCI_NAME_SIZE];

	pci_name(name, function->segment, function->devid);
	reader_object_name(reader, name);
}

static bool bus_is_met(const struct bus_vec *buses, uint64_t address)
{
	for (size_t i = 0; i < buses->n; i++)
		if (buses->at[i] == address)
			return true;
	return false;
}

/* Notes err, if it is one, of a list for which functions may be missing now. */
static void note_loss(struct walk *walk, struct error *err, const char *what, const char *owner,
		      uint64_t address)
{
	if (err)
		walk->functions.state = problems_add(walk->reader->problems, err, what, "%s 0x%" PRIx64,
						     owner, address);
}

/* Adds the buses of a list of pci_bus.node; only running out of memory and interrupts are errors. */
static struct error *add_buses(struct walk *walk, uint64_t head)
{
	struct kernel *kernel = walk->reader->kernel;
	struct bus_vec *buses = &walk->buses;
	struct list_walk list = list_walk_begin(kernel, head);
	struct error *err;
	uint64_t node;

	while (!(err = list_walk_next(&list, &node)) && node) {
		uint64_t address = node - kernel->core[CORE_BUS_NODE].value;

		if (bus_is_met(buses, address)) {
			note_loss(walk,
				  error_new(ERROR_CORRUPT, "bus 0x%" PRIx64 " is in the tree twice",
					    address),
				  "buses", "PCI bus list", head);
			continue;
		}
		if (buses->n == BUSES_MAX) {
			err = error_new(ERROR_CORRUPT, "more than %zu buses", BUSES_MAX);
			break;
		}
		uint64_t *slot = vec_push(buses);
		if (!slot)
			return error_no_memory;
		*slot = address;
	}
	if (err && !error_is_unreadable(err))
		return err;
	note_loss(walk, err, "buses", "PCI bus list", head);
	return NULL;
}

/*
 * What the bus says of itself; a kernel that does not say the segment knows only 0. Other than
 * DATUM_OK: it can't be read, and its functions would bear the addresses of others.
 */
static enum datum_state read_bus(struct reader *reader, uint64_t address, struct bus *ret)
{
	const struct found *core = reader->kernel->core;

	reader_object_number(reader, "PCI bus 0x%" PRIx64, address);
	struct datum number = reader_member(reader, address, &core[CORE_BUS_NUMBER], "number");
	struct datum sysdata = reader_pointer(reader, address, &core[CORE_BUS_SYSDATA], "sysdata");
	struct datum segment = sysdata;

	if (sysdata.state == DATUM_OK)
		segment = reader_member(reader, sysdata.value, &core[CORE_SYSDATA_DOMAIN],
					"segment");
	if (segment.state == DATUM_NONE || segment.state == DATUM_ABSENT)
		segment = datum_ok(0);
	*ret = (struct bus){
		.address = address,
		.segment = (uint32_t)segment.value,
		.number = (uint8_t)number.value,
	};
	return number.state != DATUM_OK ? number.state : segment.state;
}

#define REMOVABLE 3 /* enum device_removable, include/linux/device.h: DEVICE_REMOVABLE */

/* pci_dev.untrusted from Linux 5.0 on, device.removable from 5.14 on. */
static struct datum read_external(struct reader *r, const struct pci_function *f)
{
	const struct found *core = r->kernel->core;
	struct datum untrusted =
		reader_member(r, f->pci_dev, &core[CORE_PCI_UNTRUSTED], "untrusted");
	struct datum removable =
		reader_member(r, f->device, &core[CORE_DEVICE_REMOVABLE], "removable");

	if (datum_is(removable, REMOVABLE))
		return datum_ok(true);
	if (untrusted.state == DATUM_OK && (removable.state == DATUM_OK || removable.state == DATUM_ABSENT))
		return datum_ok(untrusted.value);
	return untrusted.state == DATUM_OK ? removable : untrusted;
}

static struct text read_driver(struct reader *r, struct arena *arena, uint64_t device)
{
	const struct found *core = r->kernel->core;
	struct datum driver = reader_pointer(r, device, &core[CORE_DEVICE_DRIVER], "driver");

	if (driver.state != DATUM_OK)
		return (struct text){.state = driver.state};
	return reader_string(r, arena, driver.value, &core[CORE_DRIVER_NAME], "driver");
}

/* In archdata up to about Linux 5.8, then in dev_iommu. */
static struct datum read_data(struct reader *r, uint64_t device)
{
	const struct found *core = r->kernel->core;
	struct datum data = {.state = DATUM_ABSENT};

	if (is_found(&core[CORE_DEVICE_ARCHDATA]))
		data = reader_pointer(r, device, &core[CORE_DEVICE_ARCHDATA], "device data");
	if (data.state == DATUM_OK || !is_found(&core[CORE_DEV_IOMMU_PRIV]))
		return data;
	struct datum param = reader_pointer(r, device, &core[CORE_DEVICE_IOMMU], "device data");
	if (param.state != DATUM_OK)
		return param;
	return reader_pointer(r, param.value, &core[CORE_DEV_IOMMU_PRIV], "device data");
}

const char *pci_data_variant_name(const struct kernel *kernel)
{
	if (is_found(&kernel->core[CORE_DEVICE_ARCHDATA]))
		return "device.archdata.iommu";
	return is_found(&kernel->core[CORE_DEV_IOMMU_PRIV]) ? "device.iommu->priv" : NULL;
}

/* All at once, while its pages are at hand: there may be many functions, each on pages of its own. */
static void read_function(struct walk *walk, struct pci_function *f)
{
	struct reader *r = walk->reader;
	const struct found *core = r->kernel->core;

	pci_function_is_read(r, f);
	f->vendor = reader_member(r, f->pci_dev, &core[CORE_PCI_VENDOR], "vendor");
	f->device_id = reader_member(r, f->pci_dev, &core[CORE_PCI_DEVICE], "device");
	f->class = reader_member(r, f->pci_dev, &core[CORE_PCI_CLASS], "class");
	f->external = read_external(r, f);
	f->driver = read_driver(r, walk->arena, f->device);
	f->group = reader_pointer(r, f->device, &core[CORE_DEVICE_GROUP], "group");
	f->data = f->domain = read_data(r, f->device);
	if (f->data.state == DATUM_OK)
		f->domain = reader_pointer(r, f->data.value, walk->data_domain, "domain");
}

static struct error *add_functions(struct walk *walk, const struct bus *bus)
{
	struct reader *reader = walk->reader;
	struct kernel *kernel = reader->kernel;
	const struct found *core = kernel->core;
	struct pci_functions *functions = &walk->functions;
	struct list_walk list = list_walk_begin(kernel, bus->address + core[CORE_BUS_DEVICES].value);
	struct error *err;
	uint64_t node;

	while (!(err = list_walk_next(&list, &node)) && node && functions->n < FUNCTIONS_MAX) {
		uint64_t pci_dev = node - core[CORE_PCI_BUS_LIST].value;

		reader_object_number(reader, "PCI device 0x%" PRIx64, pci_dev);
		struct datum devfn = reader_member(reader, pci_dev, &core[CORE_PCI_DEVFN], "devfn");
		if (devfn.state != DATUM_OK) {
			functions->state = devfn.state;
			continue;
		}
		struct pci_function *f = vec_push(functions);
		if (!f)
			return error_no_memory;
		*f = (struct pci_function){
			.pci_dev = pci_dev,
			.device = pci_dev + core[CORE_PCI_DEV].value,
			.segment = bus->segment,
			.devid = (uint16_t)(bus->number << 8 | (devfn.value & 0xff)),
		};
		read_function(walk, f);
		err = target_poll(kernel->target);
		if (err)
			return err;
	}
	if (!err && node)
		err = error_new(ERROR_CORRUPT, "more than %zu functions", FUNCTIONS_MAX);
	if (err && !error_is_unreadable(err))
		return err;
	note_loss(walk, err, "devices", "PCI bus", bus->address);
	return NULL;
}

static int compare_functions(const void *a, const void *b)
{
	const struct pci_function *fa = a, *fb = b;

	if (fa->segment != fb->segment)
		return fa->segment < fb->segment ? -1 : 1;
	if (fa->devid != fb->devid)
		return fa->devid < fb->devid ? -1 : 1;
	return (fa->pci_dev > fb->pci_dev) - (fa->pci_dev < fb->pci_dev);
}

/* Sorted, and each once: a damaged list may have told some twice. */
static void sort_functions(struct pci_functions *functions)
{
	size_t n = 0;

	if (functions->n)
		qsort(functions->at, functions->n, sizeof(*functions->at), compare_functions);
	for (size_t i = 0; i < functions->n; i++)
		if (!n || compare_functions(&functions->at[n - 1], &functions->at[i]))
			functions->at[n++] = functions->at[i];
	functions->n = n;
}

struct error *pci_functions_read(struct reader *reader, struct arena *arena,
				 const struct found *data_domain, struct pci_functions *ret)
{
	static const enum core_need required[] = {
		CORE_PCI_ROOT_BUSES, CORE_BUS_NODE,     CORE_BUS_CHILDREN, CORE_BUS_DEVICES,
		CORE_BUS_NUMBER,     CORE_PCI_BUS_LIST, CORE_PCI_DEVFN,    CORE_PCI_DEV,
	};
	const struct found *core = reader->kernel->core;
	struct walk walk = {reader, arena, data_domain, .functions.state = DATUM_OK};

	for (size_t i = 0; i < ARRAY_SIZE(required); i++)
		if (!is_found(&core[required[i]]))
			return need_missing(&reader->kernel->core_set, required[i]);
	struct error *err = add_buses(&walk, core[CORE_PCI_ROOT_BUSES].value);
	for (size_t i = 0; i < walk.buses.n && !err; i++) {
		uint64_t address = walk.buses.at[i];
		struct bus bus;

		enum datum_state state = read_bus(reader, address, &bus);
		if (state == DATUM_OK)
			err = add_functions(&walk, &bus);
		else
			walk.functions.state = state;
		if (!err)
			err = add_buses(&walk, address + core[CORE_BUS_CHILDREN].value);
	}
	vec_free(&walk.buses);
	if (err) {
		vec_free(&walk.functions);
		return err;
	}
	sort_functions(&walk.functions);
	*ret = walk.functions;
	return NULL;
}
