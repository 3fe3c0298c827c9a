#include "config.h"
#include "cli/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/str.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = 1;
}

/*
 * Signals are blocked except while it waits in ppoll, so that one that arrives
 * just before the wait ends it, too.
 */
static ssize_t read_byte(char *c, const sigset_t *waiting)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	if (waiting && ppoll(&in, 1, NULL, waiting) < 0)
		return -1;
	return read(STDIN_FILENO, c, 1);
}

/* Byte by byte: input after the line is not ours. */
static int read_line(char out[TERMINAL_PASSWORD_SIZE],
		     const sigset_t *waiting, struct err *e)
{
	size_t n = 0;
	ssize_t got;
	char c;

	while ((got = read_byte(&c, waiting)) == 1 && c != '\n') {
		if (!c)
			return err_set(e, ERR_INPUT,
				       "the password contains a NUL byte");
		if (n < TERMINAL_PASSWORD_SIZE - 1)
			out[n++] = c;
	}
	if (interrupted)
		return err_set(e, ERR_INPUT, "interrupted; nothing changed");
	if (got < 0)
		return err_errno(e, ERR_INPUT, errno, "standard input");
	if (got == 0 && n == 0)
		return err_set(e, ERR_INPUT, "no password: pass it as one"
			       " line on standard input, or use --generate");
	if (n && out[n - 1] == '\r')
		n--;
	out[n] = '\0';
	return 0;
}

static int ask_password(const char *prompt, char out[TERMINAL_PASSWORD_SIZE],
			const sigset_t *waiting, struct err *e)
{
	int rc;

	fputs(prompt, stderr);
	rc = read_line(out, waiting, e);
	fputs("\n", stderr);
	return rc;
}

static int ask_twice(const struct user *u, char out[TERMINAL_PASSWORD_SIZE],
		     const sigset_t *waiting, struct err *e)
{
	char again[TERMINAL_PASSWORD_SIZE];
	int rc;

	if (ask_password("Password: ", out, waiting, e) < 0 ||
	    password_check(out, u, e) < 0 ||
	    ask_password("Password again: ", again, waiting, e) < 0)
		return -1;
	rc = str_equal(out, again) ? 0 :
	     err_set(e, ERR_INPUT, "the passwords differ; nothing changed");
	explicit_bzero(again, sizeof(again));
	return rc;
}

/* However it ends, the terminal gets its echo back. */
static int ask_unseen(const struct user *u, char out[TERMINAL_PASSWORD_SIZE],
		      const struct termios *before, struct err *e)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction ours = { .sa_handler = on_signal }, old[4];
	struct termios unseen = *before;
	sigset_t blocked, waiting;
	size_t i;
	int rc;

	sigemptyset(&blocked);
	for (i = 0; i < 4; i++) {
		sigaddset(&blocked, numbers[i]);
		sigaction(numbers[i], &ours, &old[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	unseen.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	/* Otherwise Ctrl-C may discard our next output. */
	unseen.c_lflag |= NOFLSH;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
	rc = ask_twice(u, out, &waiting, e);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, before);
	sigprocmask(SIG_SETMASK, &waiting, NULL);
	for (i = 0; i < 4; i++)
		sigaction(numbers[i], &old[i], NULL);
	return rc;
}

int terminal_read_password(const struct user *u,
			   char out[TERMINAL_PASSWORD_SIZE], struct err *e)
{
	struct termios before;

	if (tcgetattr(STDIN_FILENO, &before) == 0)
		return ask_unseen(u, out, &before, e);
	return read_line(out, NULL, e);
}
