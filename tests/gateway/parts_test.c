/* lib/gateway: routes, header lists, keys, the fair queue, bounded buffers. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "gateway/api_routes.h"
#include "gateway/betas.h"
#include "gateway/bounded_buffer.h"
#include "gateway/fair_queue.h"
#include "gateway/gateway_internal.h"
#include "gateway/headers.h"
#include "gateway/keys.h"

static void only_these_targets_pass(void **state)
{
	static const struct {
		const char *method, *raw;
		enum api_route_verdict verdict;
	} cases[] = {
		{ "POST", "/v1/messages", API_ROUTE_GOOD },
		{ "POST", "/v1/messages?beta=true", API_ROUTE_GOOD },
		{ "POST", "/v1/messages/count_tokens?beta=true", API_ROUTE_GOOD },
		{ "GET", "/v1/models?limit=1000", API_ROUTE_GOOD },
		{ "GET", "/v1/models/claude-opus-4-1@20250805", API_ROUTE_GOOD },
		{ "HEAD", "/", API_ROUTE_GOOD },
		{ "GET", "/", API_ROUTE_GOOD },
		{ "GET", "/v1/messages", API_ROUTE_NO_METHOD },
		{ "POST", "/", API_ROUTE_NO_METHOD },
		{ "post", "/v1/messages", API_ROUTE_NO_METHOD },
		{ "POST", "/v1/messages/", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages/batches", API_ROUTE_NO_PATH },
		{ "POST", "//v1/messages", API_ROUTE_NO_PATH },
		{ "POST", "/v1/./messages", API_ROUTE_NO_PATH },
		{ "POST", "/v1/%6dessages", API_ROUTE_NO_PATH },
		{ "POST", "/V1/messages", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages#x", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages;x", API_ROUTE_NO_PATH },
		{ "POST", "http://elsewhere/v1/messages", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages?a b", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages?a#b", API_ROUTE_NO_PATH },
		{ "POST", "/v1/messages?a\r\nx:y", API_ROUTE_NO_PATH },
		{ "GET", "/v1/models/", API_ROUTE_NO_PATH },
		{ "GET", "/v1/models/..", API_ROUTE_NO_PATH },
		{ "GET", "/v1/models/../files", API_ROUTE_NO_PATH },
		{ "GET", "/v1/models/a/b", API_ROUTE_NO_PATH },
		{ "GET", "/v1/models/a%2f..", API_ROUTE_NO_PATH },
		{ "GET", "/v1/files", API_ROUTE_NO_PATH },
		{ "GET", "*", API_ROUTE_NO_PATH },
		{ "GET", "", API_ROUTE_NO_PATH },
	};
	const struct api_route *t;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (api_route_find(cases[i].method, cases[i].raw,
				   &t) != cases[i].verdict)
			fail_msg("%s %s", cases[i].method, cases[i].raw);
	}
	assert_int_equal(api_route_find("POST", "/v1/messages", &t),
			 API_ROUTE_GOOD);
	assert_true(t->metered && t->body && !t->local);
	assert_int_equal(api_route_find("POST", "/v1/messages/count_tokens",
					&t), API_ROUTE_GOOD);
	assert_true(!t->metered && t->body);
	assert_int_equal(api_route_find("HEAD", "/", &t), API_ROUTE_GOOD);
	assert_true(t->local);
}

static int take(struct headers *h, enum headers_way way, const char *name,
		const char *value)
{
	struct err e = { 0 };

	return headers_take(h, way, name, strlen(name), value, strlen(value), &e);
}

static void fields_pass_by_list(void **state)
{
	static const char *const kept[] = {
		"Anthropic-Version", "anthropic-beta", "ACCEPT",
		"user-agent", "x-stainless-os", "X-App", "X-Claude-Code-Session-Id",
		"x-client-request-id",
	};
	static const char *const dropped[] = {
		"authorization", "x-api-key", "cookie", "host", "connection",
		"content-type", "content-length", "transfer-encoding", "expect", "accept-encoding",
		"x-forwarded-for", "x-stainless", "anthropic", "x-apple",
		"proxy-authorization", "accept-charset",
	};
	void *ctx = talloc_new(NULL);
	struct headers h;
	size_t i;

	headers_init(&h, ctx);
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		assert_int_equal(take(&h, HEADERS_REQUEST, kept[i], " v "), 0);
		assert_int_equal(h.n, i + 1);
	}
	assert_string_equal(h.lines[0], "Anthropic-Version: v");
	for (i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		assert_int_equal(take(&h, HEADERS_REQUEST, dropped[i], "v"), 0);
	assert_int_equal(take(&h, HEADERS_REQUEST, "accept", " \t"), 0);
	assert_int_equal(h.n, sizeof(kept) / sizeof(kept[0]));
	assert_string_equal(headers_value(&h, "x-app"), "v");
	assert_null(headers_value(&h, "retry-after"));
	headers_init(&h, ctx);
	assert_int_equal(take(&h, HEADERS_RESPONSE, "Retry-After", "7"), 0);
	assert_int_equal(take(&h, HEADERS_RESPONSE, "set-cookie", "x"), 0);
	assert_int_equal(take(&h, HEADERS_RESPONSE, "server", "x"), 0);
	assert_int_equal(take(&h, HEADERS_RESPONSE, "content-encoding", "gzip"), 0);
	assert_int_equal(h.n, 1);
	talloc_free(ctx);
}

static void bad_fields_are_refused(void **state)
{
	void *ctx = talloc_new(NULL);
	char *large = malloc(HEADERS_BYTES);
	struct headers h;
	int i;

	memset(large, 'x', HEADERS_BYTES - 1);
	large[HEADERS_BYTES - 1] = '\0';
	headers_init(&h, ctx);
	assert_int_equal(take(&h, HEADERS_REQUEST, "accept", "a\rb: c"), -1);
	assert_int_equal(take(&h, HEADERS_REQUEST, "accept", "a\nb: c"), -1);
	assert_int_equal(take(&h, HEADERS_REQUEST, "anthropic-a\r\nb", "c"), -1);
	assert_int_equal(take(&h, HEADERS_REQUEST, "anthropic-a b", "c"), -1);
	assert_int_equal(take(&h, HEADERS_REQUEST, "anthropic-a", large), -1);
	assert_int_equal(h.n, 0);
	for (i = 0; i < HEADERS_MAX; i++)
		assert_int_equal(take(&h, HEADERS_REQUEST, "anthropic-a", "c"), 0);
	assert_int_equal(take(&h, HEADERS_REQUEST, "anthropic-a", "c"), -1);
	free(large);
	talloc_free(ctx);
}

static void load_text(struct keys *k, const char *text)
{
	struct err e = { 0 };

	assert_int_equal(keys_parse(k, text, strlen(text), &e), 0);
}

static void keys_take_turns_and_rest(void **state)
{
	struct keys *k = keys_new();
	struct key_use a, b, c, old;
	bool refused;

	assert_true(keys_next(k, "m", 0, &a));
	assert_null(a.line);
	load_text(k, "# ours\nsk-one\r\n\nBearer tok-two\n");
	assert_true(keys_next(k, "m", 0, &a));
	assert_string_equal(a.line, "x-api-key: sk-one");
	assert_true(keys_next(k, "m", 0, &b));
	assert_string_equal(b.line, "authorization: Bearer tok-two");
	assert_true(keys_next(k, "m", 0, &c));
	assert_int_equal(c.number, a.number);
	keys_rest(k, &a, NULL, KEY_REFUSED, 1000);
	assert_true(keys_next(k, "m", 500, &c));
	assert_int_equal(c.number, b.number);
	assert_int_equal(keys_ready_at(k, NULL, 500, &refused), 0);
	assert_false(refused);
	keys_rest(k, &b, NULL, KEY_BUSY, 700);
	assert_false(keys_next(k, "m", 500, &c));
	assert_int_equal(keys_ready_at(k, NULL, 500, &refused), 700);
	assert_false(refused);
	keys_rest(k, &b, NULL, KEY_REFUSED, 900);
	assert_int_equal(keys_ready_at(k, NULL, 500, &refused), 900);
	assert_true(refused);
	assert_true(keys_next(k, "m", 900, &c));
	old = c;
	load_text(k, "sk-three");
	keys_rest(k, &old, NULL, KEY_REFUSED, 5000);	/* of an earlier file: nothing */
	assert_true(keys_next(k, "m", 1000, &c));
	assert_string_equal(c.line, "x-api-key: sk-three");
	keys_free(k);
}

static void a_key_is_doubted_before_it_is_refused(void **state)
{
	struct keys *k = keys_new();
	struct key_use a;
	bool refused;

	assert_true(keys_next(k, "m", 0, &a));
	assert_false(keys_refuse(k, &a, 0, 1));		/* there is none */
	load_text(k, "sk-one\n");
	assert_true(keys_next(k, "m", 1000, &a));
	assert_false(keys_refuse(k, &a, 1000, 1500));
	assert_int_equal(keys_ready_at(k, NULL, 1500, &refused), 1500 + KEYS_DOUBT_MS);
	assert_false(refused);
	/* One that was under way meanwhile says nothing new. */
	assert_false(keys_refuse(k, &a, 1400, 1600));
	keys_take(k, &a);
	assert_false(keys_refuse(k, &a, 7000, 7100));
	assert_true(keys_refuse(k, &a, 13000, 13100));
	assert_int_equal(keys_ready_at(k, NULL, 13100, &refused), 13100 + KEYS_REFUSED_MS);
	assert_true(refused);
	keys_free(k);
}

static void bad_key_files_are_refused(void **state)
{
	static const char *const bad[] = { "", "# nothing\n", "two words\n",
					   "sk-\x01\n", "Bearer \n", "sk-\xc3\xa9\n" };
	char path[] = "/tmp/keysXXXXXX";
	struct keys *k = keys_new();
	struct key_use use;
	struct err e = { 0 };
	int fd = mkstemp(path);
	size_t i;

	load_text(k, "sk-kept");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(keys_parse(k, bad[i], strlen(bad[i]), &e), -1);
	assert_int_equal(write(fd, "sk-file\n", 8), 8);
	fchmod(fd, 0440);
	assert_int_equal(keys_load(k, path, &e), -1);
	assert_non_null(strstr(e.text, "0400"));
	assert_null(strstr(e.text, "sk-file"));
	assert_int_equal(keys_load(k, "/nonexistent", &e), -1);
	assert_int_equal(keys_load(k, "/tmp", &e), -1);
	assert_true(keys_next(k, "m", 0, &use));
	assert_string_equal(use.line, "x-api-key: sk-kept");
	fchmod(fd, 0400);
	assert_int_equal(keys_load(k, path, &e), 0);
	assert_true(keys_next(k, "m", 0, &use));
	assert_string_equal(use.line, "x-api-key: sk-file");
	assert_int_equal(keys_load(k, "", &e), 0);
	assert_true(keys_next(k, "m", 0, &use));
	assert_null(use.line);
	close(fd);
	unlink(path);
	keys_free(k);
}

/* ---- the line: data is a place's name */

static struct {
	char served[256];
	bool may;
} seen;

static void note_turn(void *data)
{
	size_t n = strlen(seen.served);

	seen.served[n] = *(const char *)data;
	seen.served[n + 1] = '\0';
}

static bool note_may(void *data)
{
	return seen.may;
}

static struct fair_queue *a_line(int64_t calls, int64_t user_calls,
				 int64_t minute,
				 int64_t waiting)
{
	struct fair_queue_limits limits = { calls, user_calls, minute, waiting };

	memset(&seen, 0, sizeof(seen));
	seen.may = true;
	return fair_queue_new(&limits, note_may, note_turn, NULL);
}

static void join(struct fair_queue *l, struct queue_place *p, const char *user,
		 const char *name)
{
	int64_t retry;

	memset(p, 0, sizeof(*p));
	assert_int_equal(fair_queue_enter(l, p, user, 0,
					  (void *)(uintptr_t)name, &retry), FAIR_QUEUE_GOOD);
	assert_true(fair_queue_wait(l, p, 0));
}

#define ANN "01900000-0000-7000-8000-00000000000a"
#define BEN "01900000-0000-7000-8000-00000000000b"

static void nobody_starves(void **state)
{
	struct fair_queue *l = a_line(2, 100, 1000, 1000);
	struct queue_place ann[20], ben[2];
	int i;

	/* Ann comes first with all she has; half of the service is hers. */
	for (i = 0; i < 20; i++) {
		join(l, &ann[i], ANN, "a");
		fair_queue_serve(l);
	}
	assert_string_equal(seen.served, "a");
	join(l, &ben[0], BEN, "b");
	join(l, &ben[1], BEN, "b");
	fair_queue_serve(l);
	assert_string_equal(seen.served, "ab");
	/* Each place that comes free goes to who has none. */
	fair_queue_leave(l, &ben[0], 0);
	fair_queue_serve(l);
	assert_string_equal(seen.served, "abb");
	fair_queue_leave(l, &ann[0], 0);
	fair_queue_serve(l);
	assert_string_equal(seen.served, "abba");
	fair_queue_leave(l, &ben[1], 0);
	fair_queue_serve(l);
	assert_string_equal(seen.served, "abba");
	for (i = 0; i < 20; i++)
		fair_queue_leave(l, &ann[i], 0);
	assert_int_equal(fair_queue_calling(l), 0);
	assert_int_equal(fair_queue_waiting(l), 0);
	fair_queue_free(l);
}

static void turns_go_round(void **state)
{
	struct fair_queue *l = a_line(2, 100, 1000, 1000);
	struct queue_place p[9];
	static const char *const users[] = { ANN, BEN,
		"01900000-0000-7000-8000-00000000000c" };
	static const char *const names[] = { "a", "b", "c" };
	int i;

	seen.may = false;	/* all keys rest */
	for (i = 0; i < 9; i++)
		join(l, &p[i], users[i / 3], names[i / 3]);
	fair_queue_serve(l);
	assert_string_equal(seen.served, "");
	seen.may = true;
	fair_queue_serve(l);
	assert_string_equal(seen.served, "ab");
	fair_queue_leave(l, &p[0], 0);
	fair_queue_leave(l, &p[3], 0);
	fair_queue_serve(l);
	assert_int_equal(strlen(seen.served), 4);
	assert_non_null(strchr(seen.served, 'c'));
	for (i = 0; i < 9; i++)
		fair_queue_leave(l, &p[i], 0);
	fair_queue_free(l);
}

static void rates_and_lengths_are_held(void **state)
{
	struct fair_queue *l = a_line(1, 2, 3, 1);
	struct queue_place a, b, c;
	int64_t retry = 0;

	join(l, &a, ANN, "a");
	memset(&b, 0, sizeof(b));
	memset(&c, 0, sizeof(c));
	assert_int_equal(fair_queue_enter(l, &b, ANN, 10, NULL, &retry),
			 FAIR_QUEUE_GOOD);
	assert_false(fair_queue_wait(l, &b, 10));	/* one waits already */
	assert_int_equal(fair_queue_enter(l, &c, ANN, 10, NULL, &retry),
			 FAIR_QUEUE_BUSY);
	fair_queue_leave(l, &b, 10);
	assert_int_equal(fair_queue_enter(l, &b, ANN, 20, NULL, &retry),
			 FAIR_QUEUE_GOOD);
	fair_queue_leave(l, &b, 20);
	assert_int_equal(fair_queue_enter(l, &b, ANN, 20, NULL, &retry),
			 FAIR_QUEUE_OFTEN);
	assert_int_equal(retry, 59980);
	assert_int_equal(fair_queue_enter(l, &c, BEN, 20, NULL, &retry),
			 FAIR_QUEUE_GOOD);
	assert_int_equal(fair_queue_enter(l, &b, ANN, 60000, NULL, &retry),
			 FAIR_QUEUE_GOOD);
	fair_queue_leave(l, &a, 0);
	fair_queue_leave(l, &b, 0);
	fair_queue_leave(l, &c, 0);
	fair_queue_leave(l, &c, 0);	/* harmless */
	fair_queue_free(l);
}

static void windows_keep_their_cap_and_order(void **state)
{
	struct bounded_buffer w;
	unsigned char next_in = 0, next_out = 0, bytes[97];
	size_t n, i, round;

	bounded_buffer_init(&w, 1000, false);
	srand(7);
	for (round = 0; round < 5000; round++) {
		n = (size_t)rand() % sizeof(bytes);
		for (i = 0; i < n; i++)
			bytes[i] = (unsigned char)(next_in + i);
		next_in = (unsigned char)(next_in + bounded_buffer_add(&w, bytes, n));
		assert_true(w.len <= 1000 && w.size <= 1000);
		n = bounded_buffer_take(&w, bytes,
					(size_t)rand() % sizeof(bytes));
		for (i = 0; i < n; i++)
			assert_int_equal(bytes[i], next_out++);
	}
	bounded_buffer_release(&w);
}

static void windows_go_back_while_they_can(void **state)
{
	struct bounded_buffer w;
	char out[8];

	bounded_buffer_init(&w, 6, true);
	assert_int_equal(bounded_buffer_add(&w, "abcd", 4), 4);
	assert_int_equal(bounded_buffer_take(&w, out, 3), 3);
	assert_true(bounded_buffer_rewind(&w));
	assert_int_equal(bounded_buffer_take(&w, out, 8), 4);
	assert_memory_equal(out, "abcd", 4);
	assert_int_equal(bounded_buffer_add(&w, "efghij", 6), 6);	/* over what was taken */
	assert_false(bounded_buffer_rewind(&w));
	assert_int_equal(bounded_buffer_take(&w, out, 8), 6);
	assert_memory_equal(out, "efghij", 6);
	bounded_buffer_release(&w);
}

static void betas_pass_by_list(void **state)
{
	static const struct {
		const char *sent, *allowed, *passed;	/* NULL: the field goes */
	} rows[] = {
		{ "effort-2025-11-24", "", "effort-2025-11-24" },
		{ "a,b", "", NULL },
		{ " mcp-client-2025-11-20 ,effort-2025-11-24, ,files-api-2025-04-14", "", "effort-2025-11-24" },
		{ "claude-code-20250219,claude-code-20250219-x", "", "claude-code-20250219" },
		{ "effort-2025-11-2", "", NULL },
		{ "web-search-2025-03-05,web-fetch-2025-09-10", "web_search", "web-search-2025-03-05" },
		{ "web-searching-2025-03-05", "web_search", NULL },
		{ "web-search-results-only-2026-11-15", "web_search", "web-search-results-only-2026-11-15" },
		{ "mcp-client-2025-11-20", "url mcp_servers", "mcp-client-2025-11-20" },
	};
	void *ctx = talloc_new(NULL);
	struct headers h;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		headers_init(&h, ctx);
		assert_int_equal(take(&h, HEADERS_REQUEST, "Anthropic-Beta", rows[i].sent), 0);
		assert_int_equal(take(&h, HEADERS_REQUEST, "x-app", "cli"), 0);
		betas_filter(&h, rows[i].allowed);
		assert_int_equal(h.n, rows[i].passed ? 2 : 1);
		if (rows[i].passed)
			assert_string_equal(headers_value(&h, "anthropic-beta"), rows[i].passed);
		assert_string_equal(headers_value(&h, "x-app"), "cli");
	}
	talloc_free(ctx);
}

static void a_busy_key_rests_for_its_model(void **state)
{
	static const char two[] = "sk-1\nsk-2\n";
	struct keys *k = keys_new();
	struct key_use one, use;
	struct err e = { 0 };
	bool refused;
	char model[16];
	int i;

	assert_int_equal(keys_parse(k, two, strlen(two), &e), 0);
	assert_true(keys_next(k, "opus", 0, &one));
	assert_false(keys_alone(k, &one, "opus", 0));
	keys_rest(k, &one, "opus", KEY_BUSY, 1000);
	assert_true(keys_next(k, "opus", 0, &use));
	assert_int_not_equal(use.number, one.number);
	assert_true(keys_alone(k, &use, "opus", 0));
	keys_rest(k, &use, "opus", KEY_BUSY, 2000);
	assert_false(keys_next(k, "opus", 0, &use));
	assert_int_equal(keys_ready_at(k, "opus", 0, &refused), 1000);
	assert_false(refused);
	assert_true(keys_next(k, "haiku", 0, &use));
	assert_int_equal(keys_ready_at(k, NULL, 0, &refused), 0);
	assert_true(keys_next(k, "opus", 1000, &use));
	/* What ends first makes room. */
	for (i = 0; i < KEYS_MODELS; i++) {
		snprintf(model, sizeof(model), "m%d", i);
		keys_rest(k, &one, model, KEY_BUSY, 5000 + i);
	}
	assert_int_equal(keys_ready_at(k, "opus", 1500, &refused), 0);
	keys_free(k);
}

/* Before its answer and after it; how the body moves says when. */
static void a_service_that_takes_no_body_is_late(void **state)
{
	struct call c = { .took_at = 5000 };

	assert_false(call_late(&c, 5000 + TAKE_MS));
	assert_true(call_late(&c, 5001 + TAKE_MS));
	c.took_at += 1;
	assert_false(call_late(&c, 5001 + TAKE_MS));
	/* It has all, and thinks. */
	c.given_all = true;
	assert_false(call_late(&c, FIRST_BYTE_MS));
	assert_true(call_late(&c, FIRST_BYTE_MS + 1));
	/* It streams. */
	c.status = 200;
	c.sent = true;
	assert_false(call_late(&c, SILENCE_MS));
	assert_true(call_late(&c, SILENCE_MS + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_these_targets_pass),
		cmocka_unit_test(betas_pass_by_list),
		cmocka_unit_test(a_busy_key_rests_for_its_model),
		cmocka_unit_test(fields_pass_by_list),
		cmocka_unit_test(bad_fields_are_refused),
		cmocka_unit_test(keys_take_turns_and_rest),
		cmocka_unit_test(a_key_is_doubted_before_it_is_refused),
		cmocka_unit_test(bad_key_files_are_refused),
		cmocka_unit_test(nobody_starves),
		cmocka_unit_test(turns_go_round),
		cmocka_unit_test(rates_and_lengths_are_held),
		cmocka_unit_test(windows_keep_their_cap_and_order),
		cmocka_unit_test(windows_go_back_while_they_can),
		cmocka_unit_test(a_service_that_takes_no_body_is_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
