/*
 * A workspace and its shim without either: stands in for lib/workspace and
 * lib/link at link time. The test says what Claude does with each input line.
 */
#ifndef TESTS_FAKE_SHIM_H
#define TESTS_FAKE_SHIM_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "core/buf.h"
#include "store/jobs.h"
#include "workspace/workspace.h"

struct fake {
	struct buf log;			/* the session's, all of it */
	size_t sent;			/* bytes of it that its reader took */
	bool running, has_log;
	char args[4096];		/* of the last start, parted by blanks */
	int starts, tools_ends, deletes, purges;
	int64_t trimmed;
	struct buf input;		/* all lines Claude was given */
	const char *changes;		/* GET /changes */
	const char *written;		/* GET /sessions/ID/written; NULL: 404 */
	const char *file;		/* GET /files/... */
	char wrote[256];		/* the last POST /sessions/ID/wrote */
	char written_asked[256];
	bool silent;			/* it is never answered */
	int place;			/* in the start line, of those that join it; 0: it is their turn */
	bool in_line;			/* somebody stands there, or has his turn */
	int stretch;			/* of deadlines, by how busy the host is */
	bool urgent;			/* whoever stands there */
	int64_t since;
	char boosts[16];		/* + for workspace_boost, - for its end */
	int looks, reads;		/* GET /changes, /files */
	int64_t skipped;		/* ms that clock_mono_ms() is ahead */
	bool costly;			/* decoding takes the time that it takes, and rests after it */
	int refuse_start;		/* answer POST /sessions/ID so; 0: it is started */
	bool mute;			/* starts and ends are never answered */
	bool no_link;			/* the link is going: no request can be made */
	bool disk_full;
	int refuse_input;		/* answer 409 so many times */
	void (*on_line)(const char *line);
	void (*on_end)(void);		/* it is about to be ended */
};

extern struct fake fake;

void fake_reset(void);
/* The workspace is ready, with a fresh link; or its link is lost. */
void fake_ready(void);
void fake_lose(void);
void fake_workspace(enum workspace_state state);
/* Appends a line to the log. */
void fake_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Claude's process ends. */
void fake_exit(int code, int signal, const char *stderr_tail);
/* Answers what was asked and sends what the log has; false when there was nothing to do. */
bool fake_pump(void);
/*
 * Runs the loop until nothing is left to do at once: no answer, no line, no
 * job of the store, no timer that is due. Aborts when there is no end of it.
 */
void fake_settle(uv_loop_t *loop, struct jobs *jobs);

#endif
