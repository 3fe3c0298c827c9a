/* A part in little room: what its head says, marked as cut. */
#ifndef TRANSCRIPT_TRUNCATE_PART_H
#define TRANSCRIPT_TRUNCATE_PART_H

#include "store/conversations.h"

/* The most that a shrunk part's data takes, in bytes. */
#define TRUNCATED_PART_MAX 4096

/* Its data without what makes it long, same kind. Gives (child of ctx). */
char *truncate_part(const void *ctx, const struct part *p);

#endif
