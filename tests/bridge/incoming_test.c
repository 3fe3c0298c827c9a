/*
 * lib/bridge: valid messages and Origins of a browser, and the handshake's
 * digest.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include <talloc.h>

#include "bridge/incoming.h"
#include "ws/websocket.h"

#define ID "11111111-1111-4111-8111-111111111111"

static struct incoming *parse(const char *text)
{
	struct err e = { 0 };

	return incoming_parse(NULL, text, strlen(text), &e);
}

static void commands_have_their_fields(void **state)
{
	struct incoming *c;

	c = parse("{\"type\":\"message\",\"id\":\"" ID "\",\"text\":\"\\uacf5\\ubc29\"}");
	assert_int_equal(c->type, INCOMING_MESSAGE);
	assert_string_equal(c->id, ID);
	assert_string_equal(c->text, "공방");
	assert_string_equal(c->held, "");
	talloc_free(c);
	c = parse("{\"type\":\"message\",\"id\":\"" ID "\",\"held\":\"" ID "\",\"text\":\"\"}");
	assert_string_equal(c->held, ID);
	talloc_free(c);
	c = parse("{\"type\":\"send\",\"id\":\"" ID "\",\"held\":\"" ID "\"}");
	assert_int_equal(c->type, INCOMING_SEND);
	assert_string_equal(c->held, ID);
	talloc_free(c);
	c = parse("{\"type\":\"discard\",\"held\":\"" ID "\"}");
	assert_int_equal(c->type, INCOMING_DISCARD);
	talloc_free(c);
	c = parse("{\"type\":\"answer\",\"target\":\"p-77\",\"choice\":\"deny\","
		  "\"reason\":\"no\",\"answers\":{\"q\":[\"a\",\"b\"],\"r\":\"c\"}}");
	assert_int_equal(c->target, 77);
	assert_string_equal(c->choice, "deny");
	assert_non_null(c->answers);
	talloc_free(c);
	c = parse("{\"type\":\"ask\",\"domain\":\"example.org\"}");
	assert_int_equal(c->type, INCOMING_ASK);
	assert_string_equal(c->domain, "example.org");
	assert_string_equal(c->reason, "");
	talloc_free(c);
	c = parse("{\"type\":\"message\",\"id\":\"" ID "\",\"text\":\"\",\"now\":true,"
		  "\"pictures\":[\"" ID "\",\"21111111-1111-4111-8111-111111111111\"]}");
	assert_string_equal(c->pictures, ID " 21111111-1111-4111-8111-111111111111");
	assert_true(c->now);
	talloc_free(c);
	c = parse("{\"type\":\"effort\",\"effort\":\"high\"}");
	assert_int_equal(c->type, INCOMING_EFFORT);
	assert_string_equal(c->effort, "high");
	talloc_free(c);
	c = parse("{\"type\":\"aside\",\"id\":\"" ID "\",\"text\":\"why?\"}");
	assert_int_equal(c->type, INCOMING_ASIDE);
	assert_string_equal(c->text, "why?");
	talloc_free(c);
	assert_null(parse("{\"type\":\"message\",\"id\":\"" ID "\",\"text\":\"\",\"pictures\":[1]}"));
	assert_null(parse("{\"type\":\"message\",\"id\":\"" ID "\",\"text\":\"\",\"pictures\":\"" ID "\"}"));
	assert_null(parse("{\"type\":\"message\",\"id\":\"" ID "\",\"text\":\"\","
			  "\"pictures\":[\"" ID "\",\"" ID "\"]}"));
	c = parse("{\"type\":\"ping\",\"new\":[1,{}]}");
	assert_int_equal(c->type, INCOMING_PING);
	talloc_free(c);
}

static void bad_commands_are_refused(void **state)
{
	static const char *const rows[] = {
		"", "x", "[]", "{}", "{\"type\":1}", "{\"type\":\"other\"}",
		"{\"type\":\"ping\"}x", "{\"type\":\"ping\"", "{'type':'ping'}",
		"{\"type\":\"message\",\"id\":\"" ID "\"}",
		"{\"type\":\"message\",\"id\":\"x\",\"text\":\"a\"}",
		"{\"type\":\"message\",\"id\":\"" ID "\",\"text\":\"a\\u0000b\"}",
		"{\"type\":\"message\",\"id\":\"" ID "\",\"text\":\"\xff\"}",
		"{\"type\":\"message\",\"id\":\"" ID "\",\"text\":1}",
		"{\"type\":\"message\",\"id\":\"" ID "\",\"text\":\"a\",\"held\":\"x\"}",
		"{\"type\":\"send\",\"id\":\"" ID "\"}",
		"{\"type\":\"send\",\"held\":\"" ID "\"}",
		"{\"type\":\"discard\",\"held\":1}",
		"{\"type\":\"ask\"}", "{\"type\":\"ask\",\"domain\":7}",
		"{\"type\":\"ask\",\"domain\":\"a\",\"reason\":[]}",
		"{\"type\":\"answer\",\"target\":\"p--1\",\"choice\":\"deny\"}",
		"{\"type\":\"answer\",\"target\":\"p-1\",\"choice\":\"maybe\"}",
		"{\"type\":\"answer\",\"target\":\"p-1\",\"choice\":\"deny\",\"answers\":{\"q\":1}}",
		"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}},\"type\":\"ping\"}",
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (parse(rows[i]))
			fail_msg("taken: %s", rows[i]);
	}
}

/* A tree costs json-c 700 bytes an empty object: {} is 3 bytes of text. */
static void a_rich_or_large_command_is_refused(void **state)
{
	static const char *const heads[] = {
		"{\"type\":\"ping\",\"x\":[{}", "{\"type\":\"ping\",\"x\":[1",
	};
	static const char *const units[] = { ",{}", ",1" };
	size_t n = 8 << 20, i, at;
	char *text = malloc(n + 64);
	struct incoming *c;

	assert_non_null(text);
	for (i = 0; i < 2; i++) {
		at = (size_t)sprintf(text, "%s", heads[i]);
		for (; at < n; at += strlen(units[i]))
			memcpy(text + at, units[i], strlen(units[i]));
		strcpy(text + at, "]}");
		assert_null(parse(text));
	}
	/* Not a message: small, whatever else it holds. */
	at = (size_t)sprintf(text, "{\"type\":\"ping\",\"x\":\"");
	memset(text + at, 'x', 70000);
	strcpy(text + at + 70000, "\"}");
	assert_null(parse(text));
	strcpy(text + at + 1000, "\"}");
	c = parse(text);
	assert_non_null(c);
	talloc_free(c);
	at = (size_t)sprintf(text, "{\"type\":\"message\",\"id\":\"" ID "\",\"text\":\"");
	memset(text + at, 'x', 4 << 20);
	strcpy(text + at + (4 << 20), "\"}");
	c = parse(text);
	assert_non_null(c);
	talloc_free(c);
	free(text);
}

/* It goes to Claude, or to an administrator. */
static void a_reason_has_a_length(void **state)
{
	static const char *const heads[] = {
		"{\"type\":\"answer\",\"target\":\"p-1\",\"choice\":\"deny\",\"reason\":\"",
		"{\"type\":\"ask\",\"domain\":\"a\",\"reason\":\"",
	};
	char text[10100];
	struct incoming *c;
	size_t i, at;

	for (i = 0; i < 2; i++) {
		at = (size_t)snprintf(text, sizeof(text), "%s", heads[i]);
		memset(text + at, 'x', 10001);
		strcpy(text + at + 10000, "\"}");
		c = parse(text);
		assert_non_null(c);
		assert_int_equal(strlen(c->reason), 10000);
		talloc_free(c);
		text[at + 10000] = 'x';
		strcpy(text + at + 10001, "\"}");
		assert_null(parse(text));
	}
}

static void an_id_is_found_in_a_cut_message(void **state)
{
	static const char text[] = "{\"type\":\"message\",\"id\": \"" ID "\",\"text\":\"xxx";
	char id[ID_SIZE];

	assert_true(incoming_find_id(text, sizeof(text) - 1, id));
	assert_string_equal(id, ID);
	assert_false(incoming_find_id(text, 40, id));
	assert_false(incoming_find_id("\"id\"", 4, id));
	assert_false(incoming_find_id("", 0, id));
}

/* The example of RFC 6455, section 1.3. */
static void the_handshake_is_proved(void **state)
{
	struct err e = { 0 };
	char out[29];

	assert_int_equal(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", out, &e), 0);
	assert_string_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_int_equal(websocket_accept("short==", out, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_have_their_fields),
		cmocka_unit_test(bad_commands_are_refused),
		cmocka_unit_test(a_rich_or_large_command_is_refused),
		cmocka_unit_test(a_reason_has_a_length),
		cmocka_unit_test(an_id_is_found_in_a_cut_message),
		cmocka_unit_test(the_handshake_is_proved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
