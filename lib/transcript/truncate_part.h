/* A shortened part: its title and state, marked as cut. */
#ifndef TRANSCRIPT_TRUNCATE_PART_H
#define TRANSCRIPT_TRUNCATE_PART_H

#include "store/conversations.h"

/* The maximum size of a shortened part's data, in bytes. */
#define TRUNCATED_PART_MAX 4096

/* Its data without the long fields, same kind. Gives (child of ctx). */
char *truncate_part(const void *ctx, const struct part *p);

#endif
