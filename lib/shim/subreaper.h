/*
 * A session's keeper: a tiny process between process 1 and Claude. It is a
 * child subreaper, so every tool that loses its parent becomes its child and
 * is found, whatever it did to hide. It starts Claude on descriptors 0, 1, 2
 * and speaks with process 1 over SUBREAPER_FD (a SOCK_SEQPACKET pair).
 *
 * It ends when Claude has ended, or process 1 has, after killing the rest.
 */
#ifndef SHIM_SUBREAPER_H
#define SHIM_SUBREAPER_H

#include <stdint.h>

#define SUBREAPER_FD 3

/* To the keeper, one byte each. */
enum subreaper_order {
	SUBREAPER_INT = 'I',	/* the signal, to Claude alone */
	SUBREAPER_TERM = 'T',
	SUBREAPER_KILL = 'K',
	SUBREAPER_END_TOOLS = 'E',	/* answered by SUBREAPER_TOOLS_ENDED */
};

/* From the keeper. */
struct subreaper_report {
	char what;		/* SUBREAPER_TOOLS_ENDED, SUBREAPER_CLAUDE_ENDED */
	int32_t count;		/* tools killed */
	int32_t code, signal;	/* of Claude */
};

#define SUBREAPER_TOOLS_ENDED 'e'
#define SUBREAPER_CLAUDE_ENDED 'x'

/* The program `gongbang-shim keeper <id> <argv of Claude>`; the exit code. */
int subreaper_main(const char *id, char **argv);

#endif
