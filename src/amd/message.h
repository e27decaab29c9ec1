/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines that the kernel prints of the AMD IOMMU (drivers/iommu/amd/ and what it is called by), in
 * the wordings of all its generations. Pure functions on text; the rows are in message_rows.c.
 *
 * To add a message: one row. {name} in a pattern stands for a piece of text up to what follows it,
 * {#name} for hexadecimal digits.
 */
#ifndef AMD_MESSAGE_H
#define AMD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/layout.h"

enum message_severity {
	MESSAGE_INFO,	 /* says how the machine is set up */
	MESSAGE_WARNING, /* something is not as it should be; DMA goes on */
	MESSAGE_ERROR,	 /* a device's DMA, or the IOMMU, has failed */
};

struct message_kind {
	const char *id;	     /* stable: "completion_wait_timeout" */
	const char *pattern; /* of the text behind "AMD-Vi: "; NULL: a row of events */
	enum message_severity severity;
	const char *meaning; /* what the kernel says by it */
	const char *cause;   /* what usually is behind it; NULL: nothing more to say */
	const char *next;    /* what to do or look at next; NULL: nothing */
	bool bare;	     /* the line has no "AMD-Vi: " */
};

/* End with a NULL id. Of events: the id is the event's name, "IO_PAGE_FAULT". */
extern const struct message_kind message_rows[], message_events[];

/* Of several rows for what hardware says in an IO_PAGE_FAULT's flags, the first that fits. */
struct fault_case {
	uint64_t mask, value; /* of the event's word 0 */
	const char *meaning, *cause, *next;
};

extern const struct fault_case message_fault_cases[]; /* the last has mask 0 */

#define MESSAGE_DEVICE_MAX 24
#define MESSAGE_VALUES_MAX 6

/* A {name} of the pattern, and what stood there: in the line that was parsed. */
struct message_value {
	const char *name, *text;
	uint8_t name_length, length;
};

struct message {
	const struct message_kind *kind; /* NULL: the driver's, but not one that is known */
	bool firmware_bug;		 /* "[Firmware Bug]: " or "[Firmware Warn]: " */
	char device[MESSAGE_DEVICE_MAX]; /* "0000:28:00.0", that the line is of; "": none */
	/* An event, as its log entry was: those operands that the line has. */
	const struct layout *layout; /* NULL: no event */
	uint64_t words[2];
	bool has_domain, has_pasid, has_address, has_flags;
	struct message_value values[MESSAGE_VALUES_MAX];
	size_t n_values;
};

enum message_parse {
	MESSAGE_NONE,	   /* not of an IOMMU */
	MESSAGE_PARSED,	   /* kind may be NULL */
	MESSAGE_CONTINUED, /* old kernels' "Event logged [": the next line has the rest */
};

/*
 * A line of a log, with its time stamp, host name and level or without. The result points into
 * line. after: the line before was MESSAGE_CONTINUED.
 */
enum message_parse message_parse(const char *line, bool after, struct message *ret);

const char *message_severity_name(enum message_severity severity);

/* The operand of the event, 0 for none; keys of the layout: "domain_id", "pasid", "address". */
uint64_t message_operand(const struct message *message, const char *key);

/* The case that describes an IO_PAGE_FAULT. */
const struct fault_case *message_fault_case(const struct message *message);

/* What was wrong in an INVALID_DEVICE_REQUEST, by its type and TR; NULL: not listed. */
const char *message_request_type(const struct message *message);

#endif
