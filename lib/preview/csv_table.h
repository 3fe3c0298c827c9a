/* The first rows of delimiter-separated values (RFC 4180, and what else is written). */
#ifndef PREVIEW_CSV_TABLE_H
#define PREVIEW_CSV_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#define CSV_ROWS 21	/* a head and twenty rows */
#define CSV_COLUMNS 40
#define CSV_CELL_MAX 300	/* bytes of a cell; what is longer ends in "…" */

struct csv_table {
	size_t rows, columns;	/* rows of cells below; the longest row's cells */
	const char *cells[CSV_ROWS][CSV_COLUMNS];	/* NULL: the row is shorter */
	bool number[CSV_COLUMNS];	/* every cell below the head is a number, or empty */
	bool more_rows, more_columns;	/* than these */
};

/*
 * Parses valid UTF-8. delimiter 0: the one of , ; tab | that the first line has
 * most of. whole: the text is all there is; else its last line is cut off and
 * left out. Quoted cells may contain delimiters, line ends and "" for a quote. Gives
 * (child of ctx).
 */
struct csv_table *csv_table_parse(const void *ctx, const char *text, size_t n,
				  char delimiter, bool whole);

#endif
