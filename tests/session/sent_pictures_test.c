/* lib/session/sent_pictures.c: messages with pictures, from the store to Claude and back. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <talloc.h>

#include "core/str.h"
#include "fake_shim.h"
#include "session/message_queue.h"
#include "session_world.h"
#include "store/pictures.h"

#define BLOCK(data) "{\"type\":\"image\",\"source\":{\"type\":\"base64\"," \
	"\"media_type\":\"image/png\",\"data\":\"" data "\"}}"

static char one[ID_SIZE], two[ID_SIZE], both[2 * ID_SIZE];

static void keep(const char *bytes, char id[ID_SIZE])
{
	struct picture p = {
		.name = "a.png", .media_type = "image/png", .width = 20,
		.height = 10, .data = bytes, .bytes = strlen(bytes),
	};
	struct err e = { 0 };
	struct db *db = database();

	assert_int_equal(picture_add(db, w.user, &p, 1 << 20, id, &e), 0);
	talloc_free(db);
}

static void store_both(void)
{
	keep("one", one);
	keep("two2", two);
	snprintf(both, sizeof(both), "%s %s", one, two);
}

static void say(const char *id, const char *text, const char *pictures, bool now)
{
	session_message_for(w.s, 1, &(struct session_message){
		.id = id, .text = text, .pictures = pictures, .now = now,
	});
	turn_loop();
}

/* Claude has read it, with a picture of its own making. */
static void echo(const char *id)
{
	fake_say("{\"type\":\"user\",\"isReplay\":true,\"uuid\":\"%s\","
		 "\"timestamp\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"user\","
		 "\"content\":[" BLOCK("AAAA") ",{\"type\":\"text\",\"text\":\"look\"}]}}", id);
	turn_loop();
	wait_recorded();
}

struct found {
	char *all;
};

static int add_image(void *data, const struct part *p, struct err *e)
{
	struct found *f = data;

	(void)e;
	if (str_equal(p->kind, "image"))
		f->all = talloc_asprintf_append(f->all, "%s;", p->data);
	return 0;
}

/* The recorded parts of kind image. */
static char *images(struct db *db)
{
	struct found f = { talloc_strdup(db, "") };
	struct err e = { 0 };

	assert_int_equal(part_each(db, w.conversation, -1, 0, 0, add_image, &f, &e), 0);
	return f.all;
}

static void claude_gets_the_stored_bytes_in_order(void **state)
{
	store_both();
	fake_ready();
	say(M1, "look \"here\"", both, false);
	say(M2, "and", "", false);
	assert_int_equal(given("\"content\":[" BLOCK("b25l") "," BLOCK("dHdvMg==")
			       ",{\"type\":\"text\",\"text\":\"look \\\"here\\\"\"}]},\"uuid\":\"" M1 "\"}"), 1);
	assert_true(strstr(buf_text(&fake.input), "\"uuid\":\"" M1) <
		    strstr(buf_text(&fake.input), "\"uuid\":\"" M2));
}

static void pictures_alone_are_a_message(void **state)
{
	store_both();
	fake_ready();
	say(M1, "", one, false);
	assert_int_equal(given("\"content\":[" BLOCK("b25l") "]},\"uuid\":\"" M1 "\"}"), 1);
	assert_int_equal(w.refused, 0);
	say(M2, "", "", false);
	assert_string_equal(w.refused_key, "error_message_empty");
}

static void the_record_names_what_the_store_has(void **state)
{
	struct db *db = database();

	store_both();
	fake_ready();
	say(M1, "look", one, false);
	echo(M1);
	assert_string_equal(images(db), talloc_asprintf(db, "{\"picture\":\"%s\","
		"\"media_type\":\"image/png\",\"name\":\"a.png\",\"width\":20,\"height\":10};", one));
	talloc_free(db);
}

static void a_new_bridge_sends_it_once_more_and_draws_it_once(void **state)
{
	struct db *db = database();

	store_both();
	w.answers = false;
	fake_ready();
	say(M1, "look", one, false);
	close_session();
	fake_lose();
	open_session();
	turn_loop();
	fake_ready();
	turn_loop();
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 2);
	echo(M1);
	assert_non_null(strstr(images(db), one));
	assert_null(strstr(strstr(images(db), one) + 1, "picture"));
	talloc_free(db);
}

static void a_withdrawn_one_keeps_its_pictures(void **state)
{
	store_both();
	say(M1, "look", both, false);		/* no workspace yet */
	session_withdraw(w.s, M1);
	turn_loop();
	assert_non_null(strstr(session_queued(w.s, 0)->pictures, two));
	fake_ready();
	session_send_held(w.s, 1, M2, M1);
	turn_loop();
	assert_int_equal(given(BLOCK("dHdvMg==")), 1);
	assert_int_equal(given("\"uuid\":\"" M2 "\""), 1);
	assert_int_equal(given("\"uuid\":\"" M1 "\""), 0);
}

static void one_that_is_gone_is_refused(void **state)
{
	fake_ready();
	say(M1, "look", M5, false);
	assert_string_equal(w.refused_id, M1);
	assert_string_equal(w.refused_key, "error_picture_gone");
	assert_null(session_queued(w.s, 0));
}

static void now_interrupts(void **state)
{
	store_both();
	fake_ready();
	say(M1, "stop that", "", true);
	say(M2, "look", one, true);
	assert_int_equal(given("\"uuid\":\"" M1 "\",\"priority\":\"now\"}"), 1);
	assert_int_equal(given("\"uuid\":\"" M2 "\",\"priority\":\"now\"}"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(claude_gets_the_stored_bytes_in_order),
		TEST(pictures_alone_are_a_message),
		TEST(the_record_names_what_the_store_has),
		TEST(a_new_bridge_sends_it_once_more_and_draws_it_once),
		TEST(a_withdrawn_one_keeps_its_pictures),
		TEST(one_that_is_gone_is_refused),
		TEST(now_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
