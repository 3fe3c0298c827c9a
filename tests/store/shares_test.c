/* lib/store/shares.c: limits of an account's links, and what remains of them. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "fixture.h"
#include "store/shares.h"
#include "store/users.h"

static char kim[ID_SIZE], lee[ID_SIZE];

static void users(struct fixture *f)
{
	struct err e = { 0 };

	OK(user_create(f->db, "kim", "h", false, kim, &e));
	OK(user_create(f->db, "lee", "h", false, lee, &e));
}

static struct share share_of(const char *user, const char *html, int64_t created_at)
{
	struct share s = {
		.kind = "execution", .subject_id = "x", .title = "t", .author = "a",
		.html = html, .created_at = created_at, .expires_at = created_at + 1000,
	};

	memcpy(s.user_id, user, ID_SIZE);
	return s;
}

static int64_t rows(struct fixture *f, const char *table)
{
	struct err e = { 0 };
	char sql[80];
	int64_t n = -1;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	OK(db_query(f->db, &e, db_keep_number, &n, sql, ""));
	return n;
}

static void links_are_counted_by_account(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct share s;
	char hash[16];
	int i;

	users(f);
	for (i = 0; i < SHARES_MAX; i++) {
		s = share_of(kim, "", 5000);
		snprintf(hash, sizeof(hash), "%d", i);
		OK(share_add(f->db, &s, hash, NULL, 0, &e));
	}
	s = share_of(kim, "", 5000);
	FAILS(ERR_LIMIT, share_add(f->db, &s, "more", NULL, 0, &e));
	assert_string_equal(e.key, "error_share_many");
	e = (struct err){ 0 };
	s = share_of(lee, "", 5000);
	OK(share_add(f->db, &s, "lee", NULL, 0, &e));
	/* Those that have expired leave room. */
	s = share_of(kim, "", 6000);
	OK(share_add(f->db, &s, "more", NULL, 0, &e));
	assert_int_equal(rows(f, "shares"), 1);
}

static void bytes_are_counted_with_files(void **state)
{
	const size_t n = SHARES_BYTES_MAX / 4;
	struct fixture *f = *state;
	char *content = calloc(1, n);
	const struct share_file file = { .path = "a", .content = content, .size = n };
	struct err e = { 0 };
	char hash[2] = "a";
	struct share s;
	int i;

	users(f);
	for (i = 0; i < 3; i++, hash[0]++) {
		s = share_of(kim, "", 5000);
		OK(share_add(f->db, &s, hash, &file, 1, &e));
	}
	s = share_of(kim, "1", 5000);
	FAILS(ERR_LIMIT, share_add(f->db, &s, "z", &file, 1, &e));
	assert_string_equal(e.key, "error_share_full");
	assert_int_equal(rows(f, "share_files"), 3);
	e = (struct err){ 0 };
	FAILS(ERR_MISSING, share_remove(f->db, lee, s.id, &e));
	free(content);
}

static void nothing_of_an_ended_one_remains(void **state)
{
	struct fixture *f = *state;
	const struct share_file file = { .path = "a", .content = "b", .size = 1 };
	struct err e = { 0 };
	struct share s;

	users(f);
	s = share_of(kim, "html", 5000);
	OK(share_add(f->db, &s, "hash", &file, 1, &e));
	assert_non_null(share_load(f->db, f->db, "hash", 5999, &e));
	assert_null(share_load(f->db, f->db, "hash", 6000, &e));
	assert_int_equal(e.kind, ERR_MISSING);
	OK(share_remove(f->db, kim, s.id, &e));
	assert_int_equal(rows(f, "shares"), 0);
	assert_int_equal(rows(f, "share_files"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(links_are_counted_by_account),
		TEST(bytes_are_counted_with_files),
		TEST(nothing_of_an_ended_one_remains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
