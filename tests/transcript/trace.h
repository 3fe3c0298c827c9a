/* A decoder's callbacks as text; and the final parts. */
#ifndef TESTS_SESSION_TRACE_H
#define TESTS_SESSION_TRACE_H

#include "core/id.h"
#include "transcript/decoder.h"

#define TRACE_PARTS 4096

struct trace {
	void *ctx;
	char *calls;		/* a line each */
	struct part parts[TRACE_PARTS];	/* the last of each name, in order of names */
	size_t nparts;
	struct {
		char id[ID_SIZE];
		int64_t at;
	} echoes[64];
	size_t nechoes;
	int started, ended, ended_ok, processes, exits;
	int64_t background;
	struct turn_usage usage;
	char mode[40], activity[200];
	int deltas_for_no_part;	/* and other things that never may be */
};

extern const struct decoder_events trace_events;

struct trace *trace_new(void);
void trace_free(struct trace *t);
int64_t trace_now(void);

/* The whole of tests/transcript/data/<name>.jsonl. Gives (child of t). */
char *trace_file(struct trace *t, const char *name, size_t *n);

/* A trace of all of the bytes at once. */
struct trace *trace_of(const char *bytes, size_t n);
struct trace *trace_of_file(const char *name);

/* The nth part of that kind, or NULL. */
const struct part *trace_part(const struct trace *t, const char *kind, size_t nth);
size_t trace_count(const struct trace *t, const char *kind);

#endif
