/*
 * lib/notify/mail.c: the message, and its delivery to a real SMTP server.
 * Tests also mail_send.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "notify/mail.h"
#include "smtp.h"

#define ID "019aad3c-7f2e-7d41-8c55-0b9c8d3f1a22"

static struct mail plain(void)
{
	return (struct mail){ .from = "gongbang@example.org",
		.to = "kim@example.org", .subject = "Hello",
		.body = "One\nTwo\n", .id = ID, .at = INT64_C(1764025200999) };
}

static void set(struct settings *s, const char *name, const char *value)
{
	struct err e = { 0 };

	if (settings_set(s, name, value, &e) < 0)
		fail_msg("%s", e.text);
}

static struct settings *settings_for(const char *scheme, const char *host,
				     int port)
{
	struct settings *s = settings_new();
	char url[128];

	snprintf(url, sizeof(url), "%s://%s:%d", scheme, host, port);
	set(s, "smtp_url", url);
	set(s, "smtp_from", "gongbang@example.org");
	return s;
}

static struct sending post(struct settings *s, const char *to)
{
	struct mail m = plain();
	struct sending out = { SEND_AGAIN, "?" };

	m.to = to;
	mail_send(s, &m, 5000, &out);
	settings_free(s);
	return out;
}

static void a_message_is_the_standards(void **state)
{
	struct mail m = plain();
	auto_buf out = BUF_INIT(1 << 16);
	struct err e = { 0 };

	m.subject = "\xea\xb3\xb5\xeb\xb0\xa9";
	assert_int_equal(mail_format(&m, &out, &e), 0);
	assert_string_equal(buf_text(&out),
		"From: Gongbang <gongbang@example.org>\r\n"
		"To: <kim@example.org>\r\n"
		"Subject: =?UTF-8?B?6rO167Cp?=\r\n"
		"Date: Mon, 24 Nov 2025 23:00:00 +0000\r\n"
		"Message-ID: <" ID "@example.org>\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\n"
		"T25lDQpUd28NCg==\r\n");
}

/* Whatever a name holds: no line of its own, none longer than 76, ASCII alone. */
static void a_subject_cannot_become_a_header(void **state)
{
	struct mail m = plain();
	auto_buf out = BUF_INIT(1 << 16);
	struct err e = { 0 };
	const char *line, *end;
	char longest[400] = "a\r\nBcc: all@example.org\r\n\r\nBody ?= ";
	size_t i;

	for (i = 0; i < 80; i++)
		strcat(longest, "\xea\xb3\xb5");
	m.subject = longest;
	m.body = "\r\n.\r\nQUIT\r\n";
	assert_int_equal(mail_format(&m, &out, &e), 0);
	assert_null(strstr(buf_text(&out), "Bcc"));
	assert_null(strstr(buf_text(&out), "QUIT"));
	for (line = buf_text(&out); *line; line = end + 2) {
		end = strstr(line, "\r\n");
		assert_non_null(end);
		assert_true(end - line <= 76);
		for (i = 0; line + i < end; i++)
			assert_in_range((unsigned char)line[i], ' ', '~');
	}
}

static void an_address_is_one_word(void **state)
{
	static const char *const bad[] = { "", "kim", "@example.org", "kim@",
		"kim@example.org\r\nRCPT TO:<x@y.z>", "kim@example.org, x@y.z",
		"<kim@example.org>", "kim example@a.b", "\"kim\"@a.b", "a@b@c.d",
		"-oX@a.b", ".kim@a.b", "kim@-a.b", "kim@a..b", "kim@a.b.",
		"kim@[127.0.0.1]", "k\xc3\xadm@a.b", "kim@a.b>", "kim@a b" };
	static const char *const good[] = { "kim@example.org", "k@localhost",
		"a.b+c_d'e@x-y.example.co.kr" };
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (mail_address_check(bad[i], &e) == 0)
			fail_msg("%s", bad[i]);
		assert_string_equal(e.key, "error_notify_address");
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (mail_address_check(good[i], &e) < 0)
			fail_msg("%s", good[i]);
	}
}

static void a_server_takes_it(void **state)
{
	struct smtp smtp;
	struct sending s;

	smtp_start(&smtp, false);
	s = post(settings_for("smtp", "127.0.0.1", smtp.port),
		 "kim@example.org");
	assert_string_equal(s.error, "");
	assert_int_equal(s.result, SEND_DONE);
	assert_non_null(strstr(smtp_file(&smtp, "mail.1"),
			       "\r\n\r\nT25lDQpUd28NCg==\r\n"));
	assert_non_null(strstr(smtp_file(&smtp, "smtp.log"),
			       "MAIL FROM:<gongbang@example.org>"));
	assert_non_null(strstr(smtp_file(&smtp, "smtp.log"),
			       "RCPT TO:<kim@example.org>"));
	smtp_stop(&smtp);
}

static void a_refusal_is_told_apart(void **state)
{
	struct smtp smtp;
	struct sending s;

	smtp_start(&smtp, false);
	s = post(settings_for("smtp", "127.0.0.1", smtp.port),
		 "refused@example.org");
	assert_string_equal(s.error, "mail 550");
	assert_int_equal(s.result, SEND_NEVER);
	s = post(settings_for("smtp", "127.0.0.1", smtp.port),
		 "later@example.org");
	assert_string_equal(s.error, "mail 451");
	assert_int_equal(s.result, SEND_LATER);
	assert_string_equal(smtp_file(&smtp, "mail.1"), "");
	smtp_stop(&smtp);
	s = post(settings_for("smtp", "127.0.0.1", smtp.port),
		 "kim@example.org");
	assert_string_equal(s.error, "connect");
	assert_int_equal(s.result, SEND_LATER);
	s = post(settings_new(), "kim@example.org");
	assert_string_equal(s.error, "setup");
}

/* Who refuses us says nothing about the receiver, whatever the code. */
static void only_rcpt_speaks_about_the_receiver(void **state)
{
	static const struct {
		const char *refuse, *error;
		enum send_result result;
	} rows[] = {
		{ "220 554 no service here", "mailer 554 (220)", SEND_LATER },
		{ "MAIL 530 authentication required", "mailer 530 (MAIL)",
		  SEND_LATER },
		{ "MAIL 550 5.7.1 sender is not yours", "mailer 550 (MAIL)",
		  SEND_LATER },
		{ "DATA 554 not now", "mailer 554 (DATA)", SEND_LATER },
		{ "END 552 too much", "mailer 552 (DATA)", SEND_LATER },
		{ "RCPT 530 authentication required", "mail 530", SEND_LATER },
		{ "RCPT 554 5.7.1 relay access denied", "mail 554", SEND_LATER },
		{ "RCPT 452 too many", "mail 452", SEND_LATER },
		{ "RCPT 550 5.1.1 no such user", "mail 550", SEND_NEVER },
		{ "RCPT 553 no such name", "mail 553", SEND_NEVER },
	};
	struct smtp smtp;
	struct sending s;
	size_t i;

	smtp_start(&smtp, false);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		smtp_refuse(&smtp, rows[i].refuse);
		s = post(settings_for("smtp", "127.0.0.1", smtp.port),
			 "kim@example.org");
		assert_string_equal(s.error, rows[i].error);
		assert_int_equal(s.result, rows[i].result);
	}
	smtp_refuse(&smtp, NULL);
	s = post(settings_for("smtp", "127.0.0.1", smtp.port),
		 "kim@example.org");
	assert_int_equal(s.result, SEND_DONE);
	smtp_stop(&smtp);
}

/* A name that is not written as loopback must speak TLS, and prove itself. */
static void elsewhere_tls_is_a_must(void **state)
{
	struct smtp smtp;
	struct sending s;

	smtp_start(&smtp, false);
	s = post(settings_for("smtp", "LOCALHOST", smtp.port),
		 "kim@example.org");
	assert_string_equal(s.error, "tls");
	assert_int_equal(s.result, SEND_LATER);
	assert_null(strstr(smtp_file(&smtp, "smtp.log"), "MAIL"));
	smtp_stop(&smtp);
	smtp_start(&smtp, true);
	s = post(settings_for("smtp", "LOCALHOST", smtp.port),
		 "kim@example.org");
	assert_string_equal(s.error, "tls");
	assert_null(strstr(smtp_file(&smtp, "smtp.log"), "MAIL"));
	smtp_stop(&smtp);
}

static void here_starttls_is_taken_where_offered(void **state)
{
	struct smtp smtp;
	struct sending s;

	smtp_start(&smtp, true);
	s = post(settings_for("smtp", "127.0.0.1", smtp.port),
		 "kim@example.org");
	assert_string_equal(s.error, "");
	assert_non_null(strstr(smtp_file(&smtp, "smtp.log"), "TLS\n"));
	assert_string_not_equal(smtp_file(&smtp, "mail.1"), "");
	smtp_stop(&smtp);
}

static void write_password(const struct smtp *smtp, const char *password)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/password", smtp->folder);
	f = fopen(path, "w");
	fprintf(f, "%s\n", password);
	fclose(f);
}

static struct settings *with_login(const struct smtp *smtp)
{
	struct settings *s = settings_for("smtp", "127.0.0.1", smtp->port);
	char path[128];

	snprintf(path, sizeof(path), "%s/password", smtp->folder);
	set(s, "smtp_user", "gongbang");
	set(s, "smtp_password", path);
	return s;
}

static void the_password_is_in_a_file(void **state)
{
	struct smtp smtp;
	struct sending s;

	smtp_start(&smtp, true);
	s = post(with_login(&smtp), "kim@example.org");
	assert_string_equal(s.error, "login");
	write_password(&smtp, "wrong");
	s = post(with_login(&smtp), "kim@example.org");
	assert_string_equal(s.error, "login");
	assert_int_equal(s.result, SEND_LATER);
	write_password(&smtp, "sesame");
	s = post(with_login(&smtp), "kim@example.org");
	assert_string_equal(s.error, "");
	smtp_stop(&smtp);
}

static int set_up(void **state)
{
	return (int)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_the_standards),
		cmocka_unit_test(a_subject_cannot_become_a_header),
		cmocka_unit_test(an_address_is_one_word),
		cmocka_unit_test(a_server_takes_it),
		cmocka_unit_test(a_refusal_is_told_apart),
		cmocka_unit_test(only_rcpt_speaks_about_the_receiver),
		cmocka_unit_test(elsewhere_tls_is_a_must),
		cmocka_unit_test(here_starttls_is_taken_where_offered),
		cmocka_unit_test(the_password_is_in_a_file),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
