/*
 * lib/shim/processes.c: descendants of this process are found, stopped and
 * killed.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/processes.h"

#define SWEEP_MS 60000		/* of which a sweep that works needs a moment */

static volatile sig_atomic_t stops;

static void child_changed(int number, siginfo_t *info, void *context)
{
	stops += info->si_code == CLD_STOPPED;
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (!pid) {
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	return pid;
}

static int killed_by(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	return WTERMSIG(status);
}

/* Or one that forks faster than it is looked for would get away. */
static void what_is_killed_was_stopped_before(void **state)
{
	const struct sigaction told = {
		.sa_sigaction = child_changed, .sa_flags = SA_SIGINFO | SA_RESTART,
	};
	pid_t pid = sleeper();

	stops = 0;
	assert_int_equal(sigaction(SIGCHLD, &told, NULL), 0);
	assert_int_equal(processes_sweep(SWEEP_ALL, getpid(), 0, "s", SWEEP_MS), 1);
	signal(SIGCHLD, SIG_DFL);
	assert_int_equal(killed_by(pid), SIGKILL);
	assert_int_equal(stops, 1);
}

static void the_spared_one_lives(void **state)
{
	pid_t spare = sleeper(), other = sleeper();

	assert_int_equal(processes_sweep(SWEEP_ALL, getpid(), spare, "s",
					 SWEEP_MS), 1);
	assert_int_equal(killed_by(other), SIGKILL);
	assert_int_equal(waitpid(spare, NULL, WNOHANG), 0);
	kill(spare, SIGTERM);
	assert_int_equal(killed_by(spare), SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_killed_was_stopped_before),
		cmocka_unit_test(the_spared_one_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
