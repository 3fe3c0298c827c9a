#include "config.h"
#include "operator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

int operator_set_up(void **state)
{
	struct fixture *f = talloc_zero(NULL, struct fixture);
	const char *top = getenv("top_srcdir");
	FILE *file;

	server_init(&f->server);
	snprintf(f->settings, sizeof(f->settings), "%s/settings",
		 f->server.folder);
	snprintf(f->database, sizeof(f->database), "%s/g.db",
		 f->server.folder);
	snprintf(f->control, sizeof(f->control), "%s/control",
		 f->server.folder);
	file = fopen(f->settings, "w");
	assert_non_null(file);
	fprintf(file, "database = %s\nredis_socket = %s\n"
		"control_socket = %s\nprices = %s/conf/prices.list\n"
		"default_timezone = Asia/Seoul\nguard_state = %s\n", f->database,
		f->server.socket, f->control, top ? top : ".", f->server.folder);
	fclose(file);
	*state = f;
	return 0;
}

int operator_tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->settings);
	unlink(f->database);
	unlink(f->control);
	server_release(&f->server);
	talloc_free(f);
	return 0;
}

void exec_command(const struct fixture *f, const char *words)
{
	char line[1024], *argv[16], *save = NULL;
	int n = 0;

	snprintf(line, sizeof(line), "gongbang --settings %s %s", f->settings,
		 words);
	for (argv[0] = strtok_r(line, " ", &save); argv[n];
	     argv[n] = strtok_r(NULL, " ", &save))
		n++;
	execv("./gongbang", argv);
	_exit(127);
}

struct ran run(const struct fixture *f, const char *words,
	       const char *input, size_t n)
{
	struct ran r = { 0 };
	int in[2], out[2], err[2], status;
	pid_t child;

	assert_int_equal(pipe(in) | pipe(out) | pipe(err), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		close(in[1]);
		exec_command(f, words);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	if (n)
		assert_true(write(in[1], input, n) == (ssize_t)n);
	close(in[1]);
	slurp(out[0], r.out, sizeof(r.out));
	slurp(err[0], r.err, sizeof(r.err));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	r.status = WEXITSTATUS(status);
	return r;
}

struct ran expect(const struct fixture *f, int status, const char *words,
		  const char *input)
{
	struct ran r = run(f, words, input, strlen(input));

	if (r.status != status)
		fail_msg("%s: status %d: %s", words, r.status, r.err);
	assert_null(strstr(r.err, "Sanitizer"));
	return r;
}

struct user *load(struct fixture *f, const char *login)
{
	struct err e = { 0 };
	struct db *db = db_open(f, f->database, &e);
	struct user *u;

	assert_non_null(db);
	u = user_load_by_login(db, f, login, &e);
	talloc_free(db);
	assert_non_null(u);
	return u;
}

pid_t serve_control(const struct fixture *f, int told)
{
	return control_serve(f->control, told);
}
