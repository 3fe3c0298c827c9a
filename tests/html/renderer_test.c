/*
 * lib/html/renderer.c: hostile texts end as HTML or as plain text, in bounded
 * time and memory.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>
#include <json-c/json.h>

#include "core/str.h"
#include "html/markdown.h"
#include "html/renderer.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#define ENOUGH_MS 60000		/* nothing here takes so long on any machine */

static struct json_object *corpus;

static int start(void **state)
{
	const char *srcdir = getenv("top_srcdir");
	char path[512];

	renderer_start();
	snprintf(path, sizeof(path), "%s/tests/html/hostile.json", srcdir ? srcdir : ".");
	corpus = json_object_from_file(path);
	return corpus ? 0 : -1;
}

static int stop(void **state)
{
	json_object_put(corpus);
	return 0;
}

static const char *member(struct json_object *o, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(o, key, &value) ?
	       json_object_get_string(value) : "";
}

/* head, then unit until n bytes, then tail. */
static size_t fill(char *text, struct json_object *row, size_t n)
{
	const char *head = member(row, "head"), *unit = member(row, "unit");
	const char *tail = member(row, "tail");
	size_t at = strlen(head), one = strlen(unit), end = n - strlen(tail);

	memcpy(text, head, at);
	for (; at + one <= end; at += one)
		memcpy(text + at, unit, one);
	memcpy(text + at, tail, strlen(tail));
	return at + strlen(tail);
}

static int64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* Processor time of this process, not of the renderer's; so it holds on a busy machine. */
static void hostile_texts_end(void **state)
{
	static const size_t sizes[] = { 20000, MARKDOWN_TEXT_MAX };
	struct renderer *r = renderer_new(NULL);
	char *text = malloc(MARKDOWN_TEXT_MAX);
	size_t i, k, n, plain = 0, rows = json_object_array_length(corpus);
	struct rusage before, after;

	assert_non_null(text);
	assert_true(rows >= 100);
	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < rows; i++) {
		struct json_object *row = json_object_array_get_idx(corpus, i);

		for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
			auto_buf out = BUF_INIT(MARKDOWN_HTML_MAX);
			int64_t began = cpu_ms();
			enum rendered how;

			n = fill(text, row, sizes[k]);
			how = renderer_markdown(r, text, n, ENOUGH_MS, &out);
			if (how == RENDERED_LATER || cpu_ms() - began > 50)
				fail_msg("%s, %zu bytes: %d, %d ms", member(row, "name"),
					 n, how, (int)(cpu_ms() - began));
			if (how == RENDERED_PLAIN) {
				plain++;
				assert_int_equal(out.len, 0);
			}
			assert_true(utf8_valid(buf_text(&out), out.len));
		}
	}
	getrusage(RUSAGE_SELF, &after);
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)
	assert_true(after.ru_maxrss - before.ru_maxrss < 16 << 10);
#else	/* it keeps what was freed */
	(void)before;
#endif
	assert_true(plain > 0 && plain < rows);
	free(text);
	talloc_free(r);
}

static void later_texts_are_rendered(void **state)
{
	struct renderer *r = renderer_new(NULL);
	auto_buf out = BUF_INIT(1000);
	size_t n = 150000;
	char *text = malloc(n);

	assert_non_null(text);
	memset(text, ')', n);
	memcpy(text, "http://a.b/", 11);
	assert_int_equal(renderer_markdown(r, text, n, ENOUGH_MS, &out), RENDERED_PLAIN);
	assert_int_equal(out.len, 0);
	assert_int_equal(renderer_markdown(r, "*a*", 3, ENOUGH_MS, &out), RENDERED_HTML);
	assert_string_equal(buf_text(&out), "<p><em>a</em></p>\n");
	free(text);
	talloc_free(r);
}

/* Our descendants of that name but for the one that forks them. */
static void kill_renderers(bool all)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	char path[300], comm[64];
	pid_t us = getpid();

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		FILE *f;
		int parent = 0, grand = 0;

		snprintf(path, sizeof(path), "/proc/%s/stat", d->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fscanf(f, "%*d (%63[^)]) %*c %d", comm, &parent) != 2)
			parent = 0;
		fclose(f);
		if (!parent || !str_equal(comm, "gongbang-render"))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/stat", parent);
		f = fopen(path, "r");
		if (f) {
			if (fscanf(f, "%*d (%*[^)]) %*c %d", &grand) != 1)
				grand = 0;
			fclose(f);
		}
		if (grand == us || (all && parent == us))
			kill(atoi(d->d_name), SIGKILL);
	}
	closedir(dir);
}

static void a_dead_process_is_replaced(void **state)
{
	struct renderer *r = renderer_new(NULL);
	int i;

	for (i = 0; i < 3; i++) {
		auto_buf out = BUF_INIT(1000);

		assert_int_equal(renderer_markdown(r, "*a*", 3, ENOUGH_MS, &out),
				 RENDERED_HTML);
		assert_string_equal(buf_text(&out), "<p><em>a</em></p>\n");
		kill_renderers(i == 1);
	}
	talloc_free(r);
}

static void a_caller_does_not_wait_longer_than_it_said(void **state)
{
	struct renderer *r = renderer_new(NULL);
	auto_buf out = BUF_INIT(1000);
	char *text = malloc(150000);

	assert_non_null(text);
	memset(text, ')', 150000);
	memcpy(text, "http://a.b/", 11);
	assert_int_equal(renderer_markdown(r, text, 150000, 1, &out), RENDERED_LATER);
	assert_int_equal(out.len, 0);
	free(text);
	talloc_free(r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_texts_end),
		cmocka_unit_test(later_texts_are_rendered),
		cmocka_unit_test(a_dead_process_is_replaced),
		cmocka_unit_test(a_caller_does_not_wait_longer_than_it_said),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
