/* Shared by the emulator's files. */
#ifndef EMULATOR_EMULATOR_INTERNAL_H
#define EMULATOR_EMULATOR_INTERNAL_H

#include <stdint.h>

#include "emulator/emulator.h"

#define COLOR_DEFAULT 0u
#define COLOR_INDEX (1u << 24)		/* | 0..255 */
#define COLOR_RGB (2u << 24)		/* | 0xrrggbb */
#define COLOR_KIND (3u << 24)

enum {
	PEN_BOLD = 1, PEN_DIM = 2, PEN_ITALIC = 4, PEN_BLINK = 8,
	PEN_INVERSE = 16, PEN_HIDDEN = 32, PEN_STRIKE = 64, PEN_OVERLINE = 128,
	PEN_UNDERLINE = 7 << 8,		/* its style, 1 (single) to 5 (dashed) */
};
#define PEN_UNDERLINE_SHIFT 8

struct pen {
	uint32_t fg, bg;
	uint16_t flags, link;		/* link: 0 none, else links[link - 1] */
};

/* What a cell holds, beside a code point. */
#define CELL_EMPTY 0u			/* nothing was written, or it was erased */
#define CELL_REST 0xffffffffu		/* right half of the wide one before it */
#define CELL_CLUSTER 0x80000000u	/* | index of several code points */

struct cell {
	uint32_t ch;
	struct pen pen;
};

struct row {
	bool wrapped;			/* continues the row above */
	bool wide_end;			/* its last cell is free because a wide one did not fit */
	struct cell cells[];
};

struct saved {
	int x, y;
	struct pen pen;
	char charsets[4];
	int charset;
};

struct grid {
	struct row **rows;
	struct saved saved;
};

#define CLUSTER_POINTS 12		/* code points of a cell; more are dropped */
#define CLUSTERS_MAX 4096
struct cluster {
	uint32_t points[CLUSTER_POINTS];
	unsigned n;			/* 0: free */
};

#define LINKS_MAX 512
#define LINK_BYTES 2048

/* Scrolled-out rows as the bytes that draw them, the newest last. continues: the next one does. */
struct history {
	char *bytes;			/* a ring; see history.c */
	size_t size, head, used;
	int lines;
};

enum state {
	STATE_GROUND, STATE_ESCAPE, STATE_CSI, STATE_OSC, STATE_STRING,
};

#define PARAMS_MAX 32
#define OSC_MAX 4096
#define PENDING_MAX 4096

struct parser {
	enum state state;
	uint32_t point;			/* of a UTF-8 sequence that is being read */
	unsigned more;			/* its bytes that are still missing */
	uint32_t least;
	int32_t params[PARAMS_MAX];	/* -1: empty */
	bool sub[PARAMS_MAX];		/* after a colon */
	unsigned nparams;
	char prefix, middle;		/* of a CSI: '?', '>'; ' ', '$', '!' */
	bool ignore;
	struct buf osc, pending;	/* pending: the sequence's own bytes so far */
};

struct modes {
	bool insert, origin, wrap, cursor_keys, keypad, paste, focus, shown,
	     reverse_wrap, blink;
	int mouse;			/* 0, 9, 1000, 1002, 1003 */
	int mouse_encoding;		/* 0, 1006, 1016 */
	int cursor_style;		/* of DECSCUSR; 0: never set */
};

struct emulator {
	int nrows, ncols;
	struct grid main, alt, *grid;	/* grid: the one on show */
	int x, y;			/* x == ncols: the next character wraps */
	int top, bottom;		/* the scroll region's rows, inclusive */
	struct pen pen;
	char charsets[4];		/* 'B': ASCII, '0': line drawing, 'A': UK */
	int charset;			/* which of them is used */
	bool tabs[EMULATOR_COLS_MAX], tabs_moved;
	struct modes modes;
	struct parser parser;
	struct history history;
	uint32_t last;			/* the code point before this one; 0: none */
	int32_t break_state;		/* libutf8proc's, between last and the next */
	struct cluster *clusters;
	unsigned next_cluster;
	int sweep_pause;		/* clusters that were dropped since none was free */
	char *links[LINKS_MAX];
	char title[EMULATOR_TEXT_MAX], folder[EMULATOR_TEXT_MAX];
	emulator_reply *reply;
	void *data;
	int mark_x, mark_y;		/* the cursor's place while lines are broken again */
};

/* grid.c */
void grid_init(struct grid *g, int rows, int cols);
void grid_release(struct grid *g, int rows);
/* What erasing leaves: the pen's background. */
struct cell grid_blank(const struct emulator *t);
struct row *grid_row(const struct emulator *t, int y);
void grid_fill(struct row *row, int from, int to, struct cell with);
/* Erases cells from..to (exclusive) of a row; halves of wide ones too. */
void grid_erase(struct emulator *t, int y, int from, int to);
/* Erases whole rows from..to (exclusive). */
void grid_erase_rows(struct emulator *t, int from, int to);
/* Moves the rows top..bottom up (n > 0) or down. keep: what leaves goes to the history. */
void grid_scroll(struct emulator *t, int top, int bottom, int n, bool keep);
void grid_insert(struct emulator *t, int y, int x, int n);
void grid_delete(struct emulator *t, int y, int x, int n);
/* A wide character that begins or ends here loses its other half. */
void grid_split(const struct emulator *t, struct row *row, int x);

/* glyph.c */
void glyph_print(struct emulator *t, uint32_t point);
/* Printed after the other it would join it. */
bool glyph_joins(uint32_t before, uint32_t point);
/* The character before the cursor, n times. */
void glyph_repeat(struct emulator *t, int n);
/* n bytes of printable ASCII. */
void glyph_print_ascii(struct emulator *t, const char *bytes, size_t n);
bool glyph_is_wide(const struct emulator *t, const struct row *row, int x);
/* The cell's code points; their number. */
unsigned glyph_points(const struct emulator *t, uint32_t ch,
		      const uint32_t **points, uint32_t *one);

/* cursor.c */
void cursor_line_feed(struct emulator *t);
/* To the next line's start, which continues this one. */
void cursor_wrap(struct emulator *t);
void cursor_reverse_feed(struct emulator *t);
void cursor_go(struct emulator *t, int x, int y);
void cursor_save(struct emulator *t);
void cursor_restore(struct emulator *t);
void cursor_tab(struct emulator *t, int n);
void cursor_back_tab(struct emulator *t, int n);
/* Puts it inside: a waiting wrap is forgotten. */
void cursor_restrict(struct emulator *t);
void cursor_reset_tabs(struct emulator *t);

/* control_sequence.c: complete sequences */
void control_c0(struct emulator *t, unsigned char c);
void control_escape(struct emulator *t, char middle, char final);
void control_csi(struct emulator *t, char final);

/* modes.c */
void modes_reset(struct modes *m);
void modes_set(struct emulator *t, bool on);
void modes_report(struct emulator *t);
void modes_draw(const struct emulator *t, struct buf *out);

/* pen.c */
void pen_select(struct emulator *t);
/* Appends what changes one pen into another. */
void pen_draw(const struct emulator *t, struct buf *out, const struct pen *from,
	      const struct pen *to);
bool pen_equal(const struct pen *a, const struct pen *b);

/* osc.c */
void osc_run(struct emulator *t);
void osc_release_links(struct emulator *t);

/* history.c */
void history_push(struct history *h, const char *bytes, size_t n, bool continues);
/* Removes the newest line and appends its bytes; false when there is none. */
bool history_pop(struct history *h, struct buf *out, bool *continues);
/* Whether the newest line continues below. */
bool history_continues(const struct history *h);
/* It does not any more; there must be one. */
void history_break(struct history *h);
void history_clear(struct history *h);
/* line(): the bytes are in two pieces. */
void history_each(const struct history *h, void *data,
		  void (*line)(void *data, const char *a, size_t an,
			       const char *b, size_t bn, bool continues));

/* snapshot.c */
void snapshot_row(const struct emulator *t, const struct row *row, int from,
		  int to, struct buf *out);
/* Columns in use: behind them nothing was written. */
int snapshot_width(const struct row *row, int ncols);
/* Whether writing the rows one after the other wraps the same way. */
bool snapshot_joins(const struct row *above, const struct row *row, int ncols);

/* emulator.c */
void emulator_reset(struct emulator *t);
void emulator_clamp(int *rows, int *cols);

#endif
