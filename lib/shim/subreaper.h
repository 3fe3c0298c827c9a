/*
 * A session's subreaper: a tiny process between process 1 and Claude. As a
 * child subreaper it becomes the parent of every orphaned tool, so that each
 * is found, however it tried to hide. It starts Claude on descriptors 0, 1, 2
 * and talks to process 1 over SUBREAPER_FD (a SOCK_SEQPACKET pair).
 *
 * When Claude or process 1 has ended it kills the rest and exits.
 */
#ifndef SHIM_SUBREAPER_H
#define SHIM_SUBREAPER_H

#include <stdint.h>

#define SUBREAPER_FD 3

/* To the subreaper, one byte each. */
enum subreaper_order {
	SUBREAPER_INT = 'I',	/* the signal, to Claude alone */
	SUBREAPER_TERM = 'T',
	SUBREAPER_KILL = 'K',
	SUBREAPER_END_TOOLS = 'E',	/* answered by SUBREAPER_TOOLS_ENDED */
};

/* From the subreaper. */
struct subreaper_report {
	char what;		/* SUBREAPER_TOOLS_ENDED, SUBREAPER_CLAUDE_ENDED */
	int32_t count;		/* tools killed */
	int32_t code, signal;	/* Claude's */
};

#define SUBREAPER_TOOLS_ENDED 'e'
#define SUBREAPER_CLAUDE_ENDED 'x'

/*
 * The program `gongbang-shim subreaper <id> <argv of Claude>`; returns its exit
 * code.
 */
int subreaper_main(const char *id, char **argv);

#endif
