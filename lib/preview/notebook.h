/* A Jupyter notebook (nbformat 4) as cells: text, code, and what it printed or drew. */
#ifndef PREVIEW_NOTEBOOK_H
#define PREVIEW_NOTEBOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTEBOOK_CELLS 200
#define NOTEBOOK_OUTPUTS 20		/* of a cell */
#define NOTEBOOK_TEXT_MAX 20000		/* bytes of a text; what is longer is cut */
#define NOTEBOOK_PICTURES_MAX (4 << 20)	/* bytes of base64, of all pictures */

enum notebook_output_kind { NOTEBOOK_PRINTED, NOTEBOOK_FAILED, NOTEBOOK_DRAWN };

struct notebook_output {
	enum notebook_output_kind kind;
	const char *text;	/* without terminal escapes; of a picture its data: URL */
	bool cut;
};

enum notebook_cell_kind { NOTEBOOK_MARKDOWN, NOTEBOOK_CODE, NOTEBOOK_RAW };

struct notebook_cell {
	enum notebook_cell_kind kind;
	int64_t number;		/* of its execution; 0: none */
	const char *source;
	bool cut;
	struct notebook_output outputs[NOTEBOOK_OUTPUTS];
	size_t n;		/* outputs */
	size_t pictures_left_out;	/* too large, or of a kind that is not shown */
};

struct notebook {
	struct notebook_cell *cells;
	size_t n;
	bool more;		/* cells than these */
};

/* NULL when the bytes are no notebook, or are cut off. Gives (child of ctx). */
struct notebook *notebook_parse(const void *ctx, const char *text, size_t n);

#endif
