/*
 * The terminals of process 1. Each is a login shell below a subreaper, on a
 * pseudo terminal whose other end process 1 holds, with an emulator beside it
 * (emulator/emulator.h): so it outlives every link, and any number of viewers
 * may come and go.
 *
 * What a viewer reads (GET /terminals/<id>/io) is a sequence of records: a
 * byte that says what it is, the length of the rest in 3 bytes, big-endian:
 * 'S'  a new state: rows and columns in 2 bytes each, then the bytes that draw
 *      everything; the first record, and again after a resize or a jump
 * 'O'  output of the terminal
 * 'X'  the end: the shell's exit code and signal, a byte each
 *
 * Flow control: reading stops when a viewer is TERMINAL_HIGH bytes behind, and
 * continues when all are within TERMINAL_LOW. A viewer that delays the others,
 * or the program, for a second jumps: it gets a new state instead of what it
 * missed. So does one that is far behind when a key interrupts the program.
 */
#ifndef SHIM_SHIM_TERMINAL_H
#define SHIM_SHIM_TERMINAL_H

#include "core/err.h"
#include "shim/link_server.h"
#include "shim/shim_limits.h"

#define TERMINAL_HIGH (1 << 20)
#define TERMINAL_LOW (256 << 10)
#define TERMINAL_INPUT_MAX (64 << 10)	/* bytes of one request */
#define TERMINAL_UNREAD_MAX (2 << 20)	/* input that the program has not read */
#define TERMINAL_VIEWERS_MAX 16

struct terminal;

/* Call first. Borrowed for good. */
void terminal_limit(const struct shim_limits *limits);

/* NULL: not running. */
struct terminal *terminal_find(const char *id);

struct terminal_start {
	int rows, cols;		/* beyond the emulator's caps: moved to them */
	const char *name;	/* for people; "" for none */
	const char *folder;	/* absolute, or "" for the home */
};

/* ERR_LIMIT: too many; ERR_UNAVAILABLE: no process or pseudo terminal. */
int terminal_start(const char *id, const struct terminal_start *start,
		   struct err *e) must_check;

/* Streams its records to x. ERR_LIMIT: too many viewers. */
int terminal_view(struct terminal *t, struct exchange *x, struct err *e) must_check;

/* Bytes for the program. ERR_LIMIT: it does not read. */
int terminal_input(struct terminal *t, const char *bytes, size_t n,
		   struct err *e) must_check;

void terminal_resize(struct terminal *t, int rows, int cols);
/* ERR_INPUT: not UTF-8, or longer than TERMINAL_NAME_MAX bytes. */
#define TERMINAL_NAME_MAX 128
int terminal_rename(struct terminal *t, const char *name, struct err *e) must_check;

/* Hangs up; what still lives after a moment is killed. */
void terminal_end(struct terminal *t);
void terminal_end_all(void);

/*
 * One line each: "<id> <rows> <cols> <started, UTC ms> <viewers> <program>
 * <name> <folder> <title>", the last four percent-encoded and "-" when unknown.
 */
int terminal_list(struct buf *out, struct err *e) must_check;

#endif
