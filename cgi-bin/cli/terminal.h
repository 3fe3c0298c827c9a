/* Reading a password: from a terminal, or one line of any other input. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "auth/password.h"

/* Room for the longest password, one byte more and a NUL. */
#define TERMINAL_PASSWORD_SIZE (PASSWORD_MAX + 2)

/*
 * For that account. Reads one line of standard input without its newline. On a
 * terminal it asks twice, without echo. ERR_INPUT for no line, a NUL in it, or
 * two that differ.
 */
int terminal_read_password(const struct user *u, char out[TERMINAL_PASSWORD_SIZE],
			   struct err *e) must_check;

#endif
