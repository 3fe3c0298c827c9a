/*
 * A password change that crashes at each step: no old login survives beside a
 * new password.
 */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "core/str.h"
#include "store/users.h"
#include "tests/cgi-bin/pages/in_process.h"

#define NEW "another+long+one"

static char own[TOKEN_SIZE], other[TOKEN_SIZE];
static const char *old_hash;

static struct user *kim(void)
{
	struct err e = { 0 };
	struct user *u = user_load(site.db, NULL, site.kim, &e);

	if (!u)
		fail_msg("%s", e.text);
	return u;
}

static void two_logins_under_the_old_password(void)
{
	struct err e = { 0 };
	struct user *u;

	must(user_set_password_hash(site.db, site.kim, old_hash, &e), &e);
	u = kim();
	must(login_start(pages_kv, u, 600, own, &e), &e);
	must(login_start(pages_kv, u, 600, other, &e), &e);
	talloc_free(u);
}

static bool lives(const char *token)
{
	struct err e = { 0 };
	struct login l;
	struct user *u = kim();
	bool yes = login_find(pages_kv, token, &l, &e) == 0 &&
		   login_holds(&l, u);

	talloc_free(u);
	return yes;
}

static bool is_changed(void)
{
	struct user *u = kim();
	bool yes = !str_equal(u->password_hash, old_hash);

	talloc_free(u);
	return yes;
}

static _Noreturn void change_password(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	_exit(pages_ask(page_worker_new(NULL, pages_site), own, METHOD_POST,
			"/account/password", "current=correct+horse+battery"
			"&password=" NEW "&again=" NEW, true) == 303 ? 0 : 1);
}

static bool writes(uint64_t call)
{
	static const long calls[] = {
		SYS_write, SYS_writev, SYS_sendto, SYS_sendmsg, SYS_pwrite64,
		SYS_fsync, SYS_fdatasync, SYS_ftruncate,
	};
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (call == (uint64_t)calls[i])
			return true;
	}
	return false;
}

/* Kills it before the n-th call with which it changes anything. False: it came to its end. */
static bool killed_at(int n)
{
	struct __ptrace_syscall_info info;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		change_password();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL,
				(void *)(PTRACE_O_EXITKILL |
					 PTRACE_O_TRACESYSGOOD)), 0);
	while (n) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return false;
		}
		assert_true(WIFSTOPPED(status));
		if (WSTOPSIG(status) != (SIGTRAP | 0x80) ||
		    ptrace(PTRACE_GET_SYSCALL_INFO, pid,
			   (void *)sizeof(info), &info) <= 0 ||
		    info.op != PTRACE_SYSCALL_INFO_ENTRY)
			continue;
		n -= writes(info.entry.nr);
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return true;
}

static void test_death_at_every_step(void **state)
{
	int n, ended = 0, changed = 0;
	struct user *u = kim();

	(void)state;
	old_hash = u->password_hash;
	two_logins_under_the_old_password();
	for (n = 1; killed_at(n); n++) {
		if (is_changed() && lives(other))
			fail_msg("step %d: a new password, an old login", n);
		changed += is_changed();
		ended += !is_changed() && !lives(other);
		two_logins_under_the_old_password();
	}
	assert_true(is_changed());
	assert_true(lives(own));
	assert_false(lives(other));
	/* It did die between the steps that matter. */
	assert_true(ended > 0);
	assert_true(changed > 0);
	talloc_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_death_at_every_step),
	};

	return cmocka_run_group_tests(tests, pages_begin, pages_end);
}
