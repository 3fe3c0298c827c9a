/* Runs the program gongbang like an administrator, with files of the test's own. */
#ifndef OPERATOR_H
#define OPERATOR_H

#include <stddef.h>
#include <sys/types.h>

#include "store/users.h"
#include "tests/cgi-bin/control_socket.h"
#include "tests/kv/redis_server.h"

struct fixture {
	struct redis_server server;
	char settings[128], database[128], control[128];
};

/* What a run left. */
struct ran {
	int status;
	char out[8192], err[4096];
};

int operator_set_up(void **state);
int operator_tear_down(void **state);

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, operator_set_up, operator_tear_down)

/* In a child: becomes gongbang with these words, parted by spaces. */
void exec_command(const struct fixture *f, const char *words);

/* words: as exec_command; input: what its standard input has. */
struct ran run(const struct fixture *f, const char *words, const char *input, size_t n);
/* Fails the test when the status is another. */
struct ran expect(const struct fixture *f, int status, const char *words, const char *input);

/* The account of a login; a child of f. */
struct user *load(struct fixture *f, const char *login);

/* Answers one request as the bridge; its first line goes to the pipe. */
pid_t serve_control(const struct fixture *f, int told);

#endif
