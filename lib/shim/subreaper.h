/*
 * A session's subreaper: a tiny process between process 1 and Claude. As a
 * child subreaper it becomes the parent of every orphaned tool, so that each
 * is found, however it tried to hide. It starts Claude on descriptors 0, 1, 2
 * and talks to process 1 over SUBREAPER_FD (a SOCK_SEQPACKET pair).
 *
 * A terminal's shell has one too, in Claude's place; its descriptors 0, 1, 2
 * are a terminal, which becomes its controlling one.
 *
 * It also reports the files that Claude's descendants open for writing
 * (shim/write_notifier.h). When Claude or process 1 has ended it kills the rest and exits.
 */
#ifndef SHIM_SUBREAPER_H
#define SHIM_SUBREAPER_H

#include <stdint.h>

#include "shim/start_request.h"
#include "shim/write_notifier.h"

#define SUBREAPER_FD 3

/* To the subreaper, one byte each. */
enum subreaper_order {
	SUBREAPER_HUP = 'H',	/* the signal, to Claude alone */
	SUBREAPER_INT = 'I',
	SUBREAPER_TERM = 'T',
	SUBREAPER_KILL = 'K',
	SUBREAPER_END_TOOLS = 'E',	/* answered by SUBREAPER_TOOLS_ENDED */
};

/* From the subreaper. */
struct subreaper_report {
	char what;		/* SUBREAPER_* below */
	int32_t count;		/* tools killed */
	int32_t code, signal;	/* Claude's */
	int64_t at;		/* of an open: UTC ms */
	/*
	 * Of an open: the file; of a move: the folder, a zero byte and its new
	 * path; sent up to the last byte only. Paths below the home.
	 */
	char paths[2 * (WRITE_NOTIFIER_PATH_MAX + 1)];
};

#define SUBREAPER_TOOLS_ENDED 'e'
#define SUBREAPER_CLAUDE_ENDED 'x'
#define SUBREAPER_UNNAMED 'u'	/* what its processes write stays unnamed */
#define SUBREAPER_OPENED 'o'
#define SUBREAPER_MOVED 'm'

/*
 * The program `gongbang-shim subreaper <id> <argv of Claude>`; returns its exit
 * code.
 */
int subreaper_main(const char *id, char **argv);

/*
 * In a child of process 1: becomes the subreaper of a session or terminal.
 * fds: what it starts on, and SUBREAPER_FD.
 */
_Noreturn void subreaper_exec(const char *id, const struct start_request *start,
			      const int fds[4]);

#endif
