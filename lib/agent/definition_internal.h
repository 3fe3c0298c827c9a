/* Table rows shared by checking, reading and writing a definition. */
#ifndef AGENT_DEFINITION_INTERNAL_H
#define AGENT_DEFINITION_INTERNAL_H

#include <stddef.h>

#include "agent/definition.h"

#define DEFINITION_VERSION 1

struct number_row {
	const char *field;	/* in the form */
	const char *member;	/* in the JSON */
	const char *key;	/* the sentence for a value out of range */
	size_t offset;		/* of the int64_t in struct definition */
	int64_t min, max, preset;
};
extern const struct number_row definition_numbers[];
extern const size_t definition_nnumbers;

int64_t *definition_number(struct definition *d, const struct number_row *row);
int64_t definition_number_of(const struct definition *d, const struct number_row *row);

/* The JSON member of a form's field, "schedule.time" for time. */
const char *definition_member(const char *field);

#endif
