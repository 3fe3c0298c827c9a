/*
 * lib/i18n: catalogues, choice of language, numbers, times. Tests locale.c,
 * lib/time/zone.c, lib/time/zone_find.c, lib/time/zone_rule.c and
 * lib/core/locale_names.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

#include "html/template.h"
#include "i18n/i18n.h"
#include "time/zone.h"

static struct i18n *texts;
static const struct i18n_locale *en, *ko;

static const char *folder(void)
{
	static char path[1024];
	const char *srcdir = getenv("top_srcdir");

	snprintf(path, sizeof(path), "%s/templates", srcdir ? srcdir : ".");
	return path;
}

static int load(void **state)
{
	struct err e = { 0 };
	char path[1100];

	snprintf(path, sizeof(path), "%s/locale", folder());
	texts = i18n_load(NULL, path, &e);
	if (!texts) {
		print_error("%s\n", e.text);
		return -1;
	}
	en = i18n_find(texts, "en");
	ko = i18n_find(texts, "ko");
	return en && ko ? 0 : -1;
}

static int unload(void **state)
{
	return talloc_free(texts);
}

/* Placeholders of a sentence, as bits. */
static unsigned placeholders(const char *s)
{
	unsigned bits = 0;

	for (; (s = strchr(s, '{')); s++) {
		assert_true(s[1] >= '0' && s[1] <= '7' && s[2] == '}');
		bits |= 1u << (s[1] - '0');
	}
	return bits;
}

static void catalogues_agree(void **state)
{
	const char *last = "";
	struct json_object *root;
	char path[1100];
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/locale/%s.json", folder(),
			 i ? "ko" : "en");
		root = json_object_from_file(path);
		assert_non_null(root);
		last = "";
		json_object_object_foreach(root, key, value) {
			const char *other, *text = json_object_get_string(value);
			char plain[64];

			if (strcmp(last, key) >= 0)
				fail_msg("%s: \"%s\" is not sorted", path, key);
			last = key;
			assert_true(*text);
			snprintf(plain, sizeof(plain), "%.*s",
				 (int)strcspn(key, "."), key);
			other = i18n_sentence(i ? en : ko, plain);
			if (!other || placeholders(other) != placeholders(text))
				fail_msg("%s: {n} of \"%s\" differ", path, key);
		}
		json_object_put(root);
	}
}

static void the_products_templates_load(void **state)
{
	struct err e = { 0 };
	struct templates *t = templates_load(NULL, folder(), texts, &e);

	if (!t)
		fail_msg("%s", e.text);
	talloc_free(t);
}

static void the_language_is_negotiated(void **state)
{
	static const struct { const char *header, *preset, *chosen; } rows[] = {
		{ NULL, "ko", "ko" },
		{ "", "en", "en" },
		{ "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "en", "ko" },
		{ "en-US,en;q=0.9,ko;q=0.8", "ko", "en" },
		{ "ko,en", "en", "ko" },
		{ "en,ko", "ko", "en" },
		{ "fr, de;q=0.5", "ko", "ko" },
		{ "fr, KO;q=0.1", "en", "ko" },
		{ "*", "ko", "ko" },
		{ "en;q=0, *", "en", "ko" },
		{ "en;q=0", "en", "en" },
		{ "kor, en;q=0.1", "ko", "en" },
		{ "ko;q=1.001, en;q=0.1", "ko", "en" },
		{ "ko;q=, en;q=0.001", "ko", "en" },
		{ "ko ; q=0.5 , en ; q=0.6", "ko", "en" },
		{ ",,;;,q=1,ko", "en", "ko" },
		{ "xx", "yy", "en" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(i18n_name(i18n_negotiate(texts,
			rows[i].header, rows[i].preset)), rows[i].chosen);
}

static void same(char *given, const char *wanted)
{
	assert_string_equal(given, wanted);
	talloc_free(given);
}

static void numbers_and_sizes_read_well(void **state)
{
	same(i18n_number(NULL, 0), "0");
	same(i18n_number(NULL, 999), "999");
	same(i18n_number(NULL, -1204), "-1,204");
	same(i18n_number(NULL, INT64_MIN), "-9,223,372,036,854,775,808");
	same(i18n_bytes(NULL, 0), "0 B");
	same(i18n_bytes(NULL, 1023), "1023 B");
	same(i18n_bytes(NULL, 1536), "1.5 KB");
	same(i18n_bytes(NULL, 340 << 20), "340 MB");
	same(i18n_bytes(NULL, 1 << 30), "1 GB");
	same(i18n_bytes(NULL, (1 << 20) - 1), "1 MB");
	same(i18n_bytes(NULL, INT64_MAX), "8388608 TB");
	same(i18n_bytes(NULL, -1), "0 B");
}

static void durations_and_ages_read_well(void **state)
{
	same(i18n_duration(NULL, en, 1250), "1.2 s");
	same(i18n_duration(NULL, en, 14999), "14 s");
	same(i18n_duration(NULL, ko, 80000), "1분 20초");
	same(i18n_duration(NULL, en, 7500000), "2 h 5 min");
	same(i18n_duration(NULL, en, 60999), "1 min");
	same(i18n_duration(NULL, ko, 1800000), "30분");
	same(i18n_duration(NULL, en, 7259999), "2 h");
	same(i18n_duration(NULL, ko, 7200000), "2시간");
	same(i18n_duration(NULL, en, 86400000 + 3600000), "1 d 1 h");
	same(i18n_duration(NULL, ko, 2 * INT64_C(86400000)), "2일");
	same(i18n_duration(NULL, en, -5), "0.0 s");
	same(i18n_ago(NULL, en, 1000, 1500), "just now");
	same(i18n_ago(NULL, en, 5000, 1000), "just now");
	same(i18n_ago(NULL, en, 0, 60000), "1 minute ago");
	same(i18n_ago(NULL, en, 0, 7200000), "2 hours ago");
	same(i18n_ago(NULL, ko, 0, 7200000), "2시간 전");
	same(i18n_ago(NULL, en, 0, 86400000), "1 day ago");
	same(i18n_ago(NULL, en, 0, INT64_C(86400000) * 800), "2 years ago");
	same(i18n_until(NULL, en, 59999, 0), "within 1 minute");
	same(i18n_until(NULL, en, 1000, 5000), "within 1 minute");
	same(i18n_until(NULL, en, 60000, 0), "in 1 minute");
	same(i18n_until(NULL, en, 7200000, 0), "in 2 hours");
	same(i18n_until(NULL, ko, 7200000, 0), "2시간 뒤");
	same(i18n_until(NULL, en, INT64_C(86400000) * 40, 0), "in 1 month");
}

static void times_are_local(void **state)
{
	/* 2026-11-23 06:06:59 UTC */
	int64_t ms = INT64_C(1795414019) * 1000;

	same(i18n_time(NULL, en, ms, "UTC"), "Mon 23 Nov 2026, 06:06 UTC");
	same(i18n_time(NULL, ko, ms, "Asia/Seoul"),
	     "2026년 11월 23일(월) 15:06 KST");
	same(i18n_time(NULL, en, ms, "America/New_York"),
	     "Mon 23 Nov 2026, 01:06 EST");
	same(i18n_time(NULL, en, ms, "Asia/Kolkata"),
	     "Mon 23 Nov 2026, 11:36 IST");
	same(i18n_clock(NULL, en, ms, ms, "UTC"), "06:06");
	same(i18n_clock(NULL, en, ms, ms + 86400000, "UTC"),
	     "Mon 23 Nov 2026, 06:06 UTC");
	same(i18n_clock(NULL, en, ms, ms + 12 * 3600000, "Asia/Seoul"),
	     "Mon 23 Nov 2026, 15:06 KST");
	same(i18n_time(NULL, en, -1, "No/Where"), "Wed 31 Dec 1969, 23:59 UTC");
	same(i18n_time(NULL, en, INT64_MAX, "UTC"), i18n_time(texts, en,
	     INT64_MAX, "UTC"));
	assert_null(zone_find("../../etc/passwd"));
	assert_null(zone_find("/etc/localtime"));
	assert_null(zone_find(""));
	assert_null(zone_find("Asia"));
	assert_null(zone_find("posix/Asia/Seoul"));
	assert_null(zone_find("right/Asia/Seoul"));
	assert_null(zone_find("localtime"));
	assert_null(zone_find("asia/seoul"));
	assert_non_null(zone_find("ROK"));
	assert_non_null(zone_find("UTC"));
	assert_ptr_equal(zone_find("Asia/Seoul"), zone_find("Asia/Seoul"));
}

/* The rule for the far future agrees with what libc makes of the same rule. */
static void rules_agree_with_libc(void **state)
{
	static const char *const rules[] = {
		"EST5EDT,M3.2.0,M11.1.0", "KST-9", "<+0330>-3:30",
		"AEST-10AEDT,M10.1.0,M4.1.0/3", "IST-1GMT0,M10.5.0,M3.5.0/1",
		"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "XXX3YYY,J60/0,J300/0",
		"XXX3YYY,59/0,299/0", "CET-1CEST,M3.5.0,M10.5.0/3",
	};
	struct err e = { 0 };
	struct zone_rule r;
	struct zone_time got;
	size_t i;
	time_t t;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		assert_int_equal(zone_rule_parse(rules[i], &r, &e), 0);
		setenv("TZ", rules[i], 1);
		tzset();
		for (t = 1700000000; t < 1900000000; t += 86400 * 3 + 1801) {
			struct tm tm;

			localtime_r(&t, &tm);
			zone_rule_at(&r, t, &got);
			if (got.offset != tm.tm_gmtoff ||
			    strcmp(got.name, tm.tm_zone) != 0)
				fail_msg("%s at %lld: %s %d, libc %s %ld",
					 rules[i], (long long)t, got.name,
					 got.offset, tm.tm_zone, tm.tm_gmtoff);
		}
	}
	unsetenv("TZ");
	assert_int_equal(zone_rule_parse("EST5EDT,M13.1.0,M1.1.1", &r, &e), -1);
	assert_int_equal(zone_rule_parse("E5", &r, &e), -1);
	assert_int_equal(zone_rule_parse("", &r, &e), -1);
}

static void zones_agree_with_libc(void **state)
{
	static const char *const names[] = {
		"Asia/Seoul", "America/New_York", "Australia/Lord_Howe",
		"Europe/Dublin", "Africa/Casablanca", "America/St_Johns",
	};
	size_t i;
	time_t t;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct zone *z = zone_find(names[i]);

		assert_non_null(z);
		setenv("TZ", names[i], 1);
		tzset();
		for (t = -2500000000; t < 4000000000; t += 86400 * 9 + 7201) {
			struct zone_time got;
			struct tm tm;

			localtime_r(&t, &tm);
			zone_at(z, t, &got);
			if (got.offset != tm.tm_gmtoff)
				fail_msg("%s at %lld: %d, libc %ld", names[i],
					 (long long)t, got.offset, tm.tm_gmtoff);
		}
	}
	unsetenv("TZ");
}

static void sentences_are_filled(void **state)
{
	same(i18n_fill(NULL, en, "duration_minutes_seconds", "1", "{0}", NULL),
	     "1 min {0} s");
	same(i18n_fill(NULL, en, "no_such_key", "1", NULL), "no_such_key");
	same(i18n_count(NULL, en, "ago_hours", 1), "1 hour ago");
	same(i18n_count(NULL, ko, "ago_hours", 1), "1시간 전");
	same(i18n_count(NULL, en, "ago_hours", 1200), "1,200 hours ago");
	assert_null(i18n_sentence(en, "no_such_key"));
	assert_null(i18n_find(texts, "fr"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(catalogues_agree),
		cmocka_unit_test(the_products_templates_load),
		cmocka_unit_test(the_language_is_negotiated),
		cmocka_unit_test(numbers_and_sizes_read_well),
		cmocka_unit_test(durations_and_ages_read_well),
		cmocka_unit_test(times_are_local),
		cmocka_unit_test(rules_agree_with_libc),
		cmocka_unit_test(zones_agree_with_libc),
		cmocka_unit_test(sentences_are_filled),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
