/* The schema's migrations, generated from migrations/NNNN_name.sql. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include <stddef.h>
#include <stdint.h>

struct migration {
	int64_t number;		/* 1, 2, 3 ..., ascending; each runs once, even after a later one */
	const char *name;
	const char *sql;	/* one or more statements */
};

extern const struct migration migrations[];
extern const size_t migrations_count;

#endif
