/*
 * Files of a workspace from their first bytes to a view, as every kind; the
 * first byte chooses the name.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/str.h"
#include "preview/csv_table.h"
#include "preview/json_tree.h"
#include "preview/notebook.h"
#include "preview/picture_size.h"
#include "preview/preview_text.h"
#include "preview/preview_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tree(const struct json_tree *t)
{
	size_t depth = 0, i;

	for (i = 0; t && i < t->n; i++) {
		depth += t->rows[i].kind == JSON_ROW_OPENS;
		if (t->rows[i].kind == JSON_ROW_CLOSES && !depth--)
			abort();
	}
	if (depth)
		abort();
}

static void check_table(const struct csv_table *t)
{
	size_t row, column;

	for (row = 0; row < t->rows; row++) {
		for (column = 0; column < CSV_COLUMNS; column++) {
			const char *cell = t->cells[row][column];

			if (cell && (column >= t->columns ||
				     !utf8_valid(cell, strlen(cell))))
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "a.csv", "a.svg", "a.ipynb", "a.json", "a" };
	auto_buf text = BUF_INIT(3 * size + 16);
	void *pool = talloc_new(NULL);
	struct picture_size picture;

	if (size)
		preview_type_find(names[data[0] % 5], data + 1, size - 1);
	if (picture_size_read(data, size, &picture))
		(void)picture_size_shown(&picture);
	if (preview_text_decode(data, size, &text)) {
		if (!utf8_valid(buf_text(&text), text.len))
			abort();
		check_table(csv_table_parse(pool, buf_text(&text), text.len, 0,
					    size % 2));
		check_tree(json_tree_parse(pool, buf_text(&text), text.len));
		notebook_parse(pool, buf_text(&text), text.len);
	}
	talloc_free(pool);
	return 0;
}
