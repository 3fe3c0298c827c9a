/* lib/core/piece.h: processor time counts, waiting does not. Tests log.c. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/piece.h"

/* The text that the call wrote to stderr. */
static char said[4096];
static int saved, end;

static void listen_to_stderr(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	saved = dup(2);
	dup2(ends[1], 2);
	close(ends[1]);
	end = ends[0];
}

static void read_stderr(void)
{
	ssize_t n;

	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	n = read(end, said, sizeof(said) - 1);
	said[n > 0 ? n : 0] = '\0';
	close(end);
}

static void compute(int ms)
{
	int64_t began = piece_begin();

	while (piece_begin() - began < ms * 1000)
		;
}

static void a_long_piece_is_said(void **state)
{
	int64_t began = piece_begin(), used;

	log_start("test", 0);
	compute(PIECE_MS + 10);
	listen_to_stderr();
	assert_true(piece_end(began, 2, "two pieces", NULL) > PIECE_MS * 1000);
	used = piece_end(began, 1, "page", "/usage");
	read_stderr();
	assert_true(used >= (PIECE_MS + 10) * 1000);
	assert_non_null(strstr(said, "event=long_piece"));
	assert_null(strstr(said, "two pieces"));
	assert_non_null(strstr(said, "what=page"));
	assert_non_null(strstr(said, "cpu_ms=6"));
	assert_non_null(strstr(said, "path=/usage"));
}

static void waiting_is_not(void **state)
{
	int64_t began = piece_begin(), used;

	usleep((PIECE_MS + 30) * 1000);
	listen_to_stderr();
	used = piece_end(began, 1, "loop", NULL);
	fputs("end", stderr);
	read_stderr();
	assert_true(used < PIECE_MS * 1000);
	assert_string_equal(said, "end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_piece_is_said),
		cmocka_unit_test(waiting_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
