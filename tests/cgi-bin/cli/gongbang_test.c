/* The program gongbang, run like an administrator runs it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "auth/login.h"
#include "auth/password.h"
#include "core/str.h"
#include "operator.h"
#include "store/conversation_tokens.h"

static void accounts_are_made(void **state)
{
	struct fixture *f = *state;
	struct ran r;
	struct user *u;

	expect(f, 0, "user add kim", "correct horse\nnot read\n");
	u = load(f, "kim");
	assert_false(u->admin);
	assert_true(password_matches(u->password_hash, "correct horse"));
	expect(f, 0, "user add boss --role admin", "공방에오신것을환영해요\r\n");
	u = load(f, "boss");
	assert_true(u->admin);
	assert_true(password_matches(u->password_hash,
				     "공방에오신것을환영해요"));
	r = expect(f, 0, "user add lee --generate", "");
	assert_int_equal(strlen(r.out), 21);
	r.out[20] = '\0';
	assert_true(password_matches(load(f, "lee")->password_hash, r.out));
	r = expect(f, 1, "user add kim", "correct horse\n");
	assert_non_null(strstr(r.err, "gongbang user passwd kim"));
	r = expect(f, 1, "user add pak", "short\n");
	assert_non_null(strstr(r.err, "at least 10 characters"));
	r = expect(f, 1, "user add pak", "");
	assert_non_null(strstr(r.err, "--generate"));
	r = expect(f, 1, "user add Pak/..", "correct horse\n");
	assert_non_null(strstr(r.err, "starting with a letter"));
	r = run(f, "user add pak", "correct\0horse\n", 14);
	assert_int_equal(r.status, 1);
	assert_non_null(strstr(r.err, "NUL"));
}

static void lists_are_for_people_and_programs(void **state)
{
	struct fixture *f = *state;
	struct ran r = expect(f, 0, "user list --json", "");

	assert_string_equal(r.out, "[\n]\n");
	expect(f, 0, "user add kim --role admin", "correct horse\n");
	expect(f, 0, "user add lee", "correct horse\n");
	expect(f, 0, "user disable lee", "");
	r = expect(f, 0, "user list", "");
	assert_non_null(strstr(r.out, "USERNAME"));
	assert_non_null(strstr(r.out, "kim "));
	assert_non_null(strstr(r.out, "disabled 20"));
	assert_null(strstr(r.out, "argon2"));
	r = expect(f, 0, "user list --json", "");
	assert_non_null(strstr(r.out, "\"login\":\"kim\""));
	assert_non_null(strstr(r.out, "\"role\":\"admin\""));
	assert_non_null(strstr(r.out, "\"disabled_at\":null"));
	assert_null(strstr(r.out, "argon2"));
}

/* Without a bridge nothing but the mark can be done; run again, it goes on. */
static void a_removal_asks_and_says_what_is_left(void **state)
{
	struct fixture *f = *state;
	char folder[192], mark[256];
	struct ran r;

	expect(f, 0, "user add kim", "correct horse\n");
	snprintf(folder, sizeof(folder), "%s/removing", f->server.folder);
	snprintf(mark, sizeof(mark), "%s/%s", folder, load(f, "kim")->id);
	r = expect(f, 1, "user remove kim", "lee\n");
	assert_non_null(strstr(r.err, "nothing changed"));
	r = expect(f, 1, "user remove kim", "");
	assert_non_null(strstr(r.err, "nothing changed"));
	assert_int_equal(load(f, "kim")->disabled_at, 0);
	assert_int_equal(access(mark, F_OK), -1);
	r = expect(f, 1, "user remove kim", "kim\n");
	if (geteuid() != 0) {
		assert_non_null(strstr(r.err, "only root"));
		assert_int_equal(load(f, "kim")->disabled_at, 0);
		return;
	}
	assert_int_equal(access(mark, F_OK), 0);
	assert_non_null(strstr(r.err, "kim is disabled, but"));
	assert_non_null(strstr(r.err, "run this again"));
	r = expect(f, 1, "user enable kim", "");
	assert_non_null(strstr(r.err, "being removed"));
	r = expect(f, 0, "user list", "");
	assert_non_null(strstr(r.out, "being removed since 20"));
	r = expect(f, 1, "user remove kim --yes", "");
	assert_non_null(strstr(r.err, "run this again"));
	r = expect(f, 1, "user add kim", "correct horse\n");
	assert_non_null(strstr(r.err, "is taken"));
	assert_int_equal(unlink(mark), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void usage_is_2(void **state)
{
	static const char *const wrong[] = { "", "user", "user rename kim",
		"nonsense", "user add", "user add kim lee",
		"user add kim --role root", "user add kim --role",
		"user disable kim --generate", "user list kim", "--nonsense",
		"budget", "budget set", "budget clear", "budget show kim lee",
		"budget set all --day-tokens", "usage kim", "usage --month",
		"domain grant kim", "domain refuse kim", "domain list --http",
		"domain list --state", "domain list --state granted|asked",
		"stop-all now", "resume-all --json" };
	struct fixture *f = *state;
	struct ran r;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		r = expect(f, 2, wrong[i], "");
		assert_string_equal(r.out, "");
		assert_non_null(strstr(r.err, "gongbang"));
	}
	r = expect(f, 0, "help", "");
	assert_non_null(strstr(r.out, "gongbang user passwd USERNAME"));
	assert_non_null(strstr(r.out, "gongbang agent list --user USERNAME\n"));
	assert_non_null(strstr(r.out, "gongbang domain list [USERNAME] [--json]"));
}

static void new_password_ends_logins_everywhere(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_SIZE], told[1024], want[128];
	struct login login;
	struct kv *kv = kv_new(f, f->server.socket);
	struct err e = { 0 };
	struct user *u;
	struct ran r;
	int pipes[2];

	expect(f, 0, "user add kim", "correct horse\n");
	u = load(f, "kim");
	assert_int_equal(login_start(kv, u, 100, token, &e), 0);
	assert_int_equal(pipe(pipes), 0);
	serve_control(f, pipes[1]);
	r = expect(f, 0, "user passwd kim", "battery staple\n");
	assert_null(strstr(r.err, "warning"));
	slurp(pipes[0], told, sizeof(told));
	wait(NULL);
	snprintf(want, sizeof(want), "POST /users/%s/ended HTTP/1.1", u->id);
	assert_string_equal(told, want);
	assert_int_equal(login_find(kv, token, &login, &e), -1);
	assert_int_equal(e.kind, ERR_AUTH);
	u = load(f, "kim");
	assert_true(password_matches(u->password_hash, "battery staple"));
	r = expect(f, 1, "user passwd nobody", "battery staple\n");
	assert_non_null(strstr(r.err, "gongbang user list"));
}

static int count_ending(void *data, const struct token_ending *t, struct err *e)
{
	assert_true(id_valid(t->user_id));
	assert_string_equal(t->hash, "");
	++*(int *)data;
	return 0;
}

/* What the bridge is still to end. */
static int endings(struct fixture *f)
{
	struct err e = { 0 };
	struct db *db = db_open(f, f->database, &e);
	int n = 0;

	assert_non_null(db);
	assert_int_equal(token_ending_each(db, count_ending, &n, &e), 0);
	talloc_free(db);
	return n;
}

static void disabling_warns_when_others_are_away(void **state)
{
	struct fixture *f = *state;
	struct kv *kv = kv_new(f, f->server.socket);
	char token[TOKEN_SIZE];
	struct login login;
	struct err e = { 0 };
	struct ran r;

	expect(f, 0, "user add kim", "correct horse\n");
	assert_int_equal(login_start(kv, load(f, "kim"), 100, token, &e), 0);
	r = expect(f, 0, "user disable kim", "");
	assert_non_null(strstr(r.err, "warning: the bridge was not notified"));
	assert_int_equal(login_find(kv, token, &login, &e), -1);
	assert_true(load(f, "kim")->disabled_at > 0);
	assert_int_equal(endings(f), 0);
	expect(f, 0, "user enable kim", "");
	assert_int_equal(load(f, "kim")->disabled_at, 0);
	server_kill(&f->server);
	r = expect(f, 1, "user disable kim", "");
	assert_non_null(strstr(r.err, "start Redis and run this again"));
	assert_true(load(f, "kim")->disabled_at > 0);
	assert_int_equal(endings(f), 1);
}

/* Reads from the terminal until text was seen. */
static void await(int fd, char *seen, size_t size, const char *text)
{
	size_t n = strlen(seen);
	ssize_t got;

	while (!strstr(seen, text)) {
		got = read(fd, seen + n, size - 1 - n);
		if (got <= 0)
			fail_msg("no \"%s\" in \"%s\"", text, seen);
		n += (size_t)got;
		seen[n] = '\0';
	}
}

static void type(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)),
			 (ssize_t)strlen(text));
}

static int ask_on_terminal(const struct fixture *f, const char *first,
			   const char *second, char *seen, size_t size)
{
	int fd, status;
	pid_t child = forkpty(&fd, NULL, NULL, NULL);

	assert_true(child >= 0);
	if (child == 0)
		exec_command(f, "user add kim");
	seen[0] = '\0';
	await(fd, seen, size, "Password: ");
	type(fd, first);
	if (second) {
		await(fd, seen, size, "again: ");
		type(fd, second);
	}
	/* Up to the end: the terminal hands out what it likes at a time. */
	slurp(fd, seen + strlen(seen), size - strlen(seen));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_terminal_asks_twice_without_echo(void **state)
{
	struct fixture *f = *state;
	char seen[2048];

	assert_int_equal(ask_on_terminal(f, "correct horse\n", "other\n", seen,
					 sizeof(seen)), 1);
	assert_non_null(strstr(seen, "differ"));
	assert_int_equal(ask_on_terminal(f, "\003", NULL, seen, sizeof(seen)),
			 1);
	assert_non_null(strstr(seen, "interrupted"));
	assert_int_equal(ask_on_terminal(f, "correct horse\n",
					 "correct horse\n", seen,
					 sizeof(seen)), 0);
	assert_null(strstr(seen, "horse"));
	assert_true(password_matches(load(f, "kim")->password_hash,
				     "correct horse"));
}

/* A line's blanks are tabs here: words are parted by spaces. */
static void schedules_are_shown(void **state)
{
	static const char *const wrong[][2] = {
		{ "", "such as --cron" }, { "--cron 0\t0\t30\t2\t*", "never" },
		{ "--cron 60\t*\t*\t*\t*", "minute must be 0 to 59" },
		{ "--cron @daily --zone Mars/Olympus", "Asia/Seoul" },
		{ "--cron @daily --from x", "--from" },
		{ "--cron @daily --from -1", "--from" },
		{ "--cron @daily --from 99999999999999999999", "--from" },
		{ "--cron @daily --count 0", "--count" },
		{ "--cron @daily --count 10001", "--count" },
	};
	struct fixture *f = *state;
	char words[128];
	struct ran r;
	size_t i;

	r = expect(f, 0, "schedule next --cron 30\t2\t*\t*\t* --zone"
		   " America/New_York --from 1772900000 --count 2", "");
	assert_string_equal(r.out,
		"1772953200 2026-03-08 03:00:00 -04:00 EDT\n"
		"1773037800 2026-03-09 02:30:00 -04:00 EDT\n");
	r = expect(f, 0, "schedule next --cron @yearly --from 4070908799", "");
	assert_non_null(strstr(r.out, "4102412400 2100-01-01 00:00:00 +09:00"
			       " KST\n"));
	r = expect(f, 0, "schedule next --cron */30\t*\t*\t*\t*"
		   " --zone America/St_Johns --from 0 --count 1", "");
	assert_string_equal(r.out, "1800 1969-12-31 21:00:00 -03:30 NST\n");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(words, sizeof(words), "schedule next %s", wrong[i][0]);
		r = expect(f, 1, words, "");
		assert_string_equal(r.out, "");
		if (!strstr(r.err, wrong[i][1]))
			fail_msg("%s: %s", words, r.err);
	}
	expect(f, 2, "schedule", "");
	expect(f, 2, "schedule next now", "");
	expect(f, 2, "schedule next --cron", "");
}

/* Nothing of it is there: each check says so, and what to do. */
static void doctor_finds_what_is_away(void **state)
{
	static const char *const names[] = { "settings", "upstream", "gateway",
		"store", "bridge", "pages", "engine", "guard", "volumes", "image", "network" };
	struct fixture *f = *state;
	FILE *file = fopen(f->settings, "a");
	struct ran r;
	char row[128];
	size_t i;

	assert_non_null(file);
	fprintf(file, "templates = /nonexistent\npages_socket = /nonexistent\n"
		"engine_socket = /nonexistent\negress_proxy =\n"
		"model_upstream = http://127.0.0.1:9\n"
		"gateway_listen = 127.0.0.1:9\n");
	fclose(file);
	r = expect(f, 1, "doctor --json", "");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(row, sizeof(row), "\"check\":\"%s\",\n"
			 "    \"state\":\"fail\"", names[i]);
		if (!strstr(r.out, row))
			fail_msg("%s: %s", names[i], r.out);
	}
	assert_non_null(strstr(r.err, "checks failed"));
	r = expect(f, 1, "doctor", "");
	assert_non_null(strstr(r.out, "fail  engine "));
	assert_non_null(strstr(r.out, "\n                fix: "));
	r = expect(f, 1, "doctor now", "");
	assert_string_equal(r.err, "gongbang: unknown check \"now\"\n");
	assert_string_equal(r.out, "");
	r = expect(f, 1, "doctor engine", "");
	assert_ptr_equal(strstr(r.out, "fail  engine "), r.out);
	assert_null(strstr(r.out, "image"));
	r = expect(f, 0, "doctor prices", "");
	assert_non_null(strstr(r.out, "warn  prices    not compared: Claude"
			       " Code couldn't be started: "));
	expect(f, 2, "doctor engine image", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(accounts_are_made),
		TEST(lists_are_for_people_and_programs),
		TEST(a_removal_asks_and_says_what_is_left),
		TEST(usage_is_2),
		TEST(new_password_ends_logins_everywhere),
		TEST(disabling_warns_when_others_are_away),
		TEST(a_terminal_asks_twice_without_echo),
		TEST(schedules_are_shown),
		TEST(doctor_finds_what_is_away),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
