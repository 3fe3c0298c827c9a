/*
 * A session's keeper: a tiny process between process 1 and Claude. It is a
 * child subreaper, so every tool that loses its parent becomes its child and
 * is found, whatever it did to hide. It starts Claude on descriptors 0, 1, 2
 * and speaks with process 1 over KEEPER_FD (a SOCK_SEQPACKET pair).
 *
 * It ends when Claude has ended, or process 1 has, after killing the rest.
 */
#ifndef SHIM_SUBREAPER_H
#define SHIM_SUBREAPER_H

#include <stdint.h>

#define KEEPER_FD 3

/* To the keeper, one byte each. */
enum keeper_order {
	KEEPER_INT = 'I',	/* the signal, to Claude alone */
	KEEPER_TERM = 'T',
	KEEPER_KILL = 'K',
	KEEPER_END_TOOLS = 'E',	/* answered by KEEPER_TOOLS_ENDED */
};

/* From the keeper. */
struct keeper_report {
	char what;		/* KEEPER_TOOLS_ENDED, KEEPER_CLAUDE_ENDED */
	int32_t count;		/* tools killed */
	int32_t code, signal;	/* of Claude */
};

#define KEEPER_TOOLS_ENDED 'e'
#define KEEPER_CLAUDE_ENDED 'x'

/* The program `gongbang-shim keeper <id> <argv of Claude>`; the exit code. */
int keeper_main(const char *id, char **argv);

#endif
