#include "config.h"
#include "notify/mail.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

#define MESSAGE_MAX (64u << 10)
#define PASSWORD_MAX 1024

struct upload {
	const struct buf *message;
	size_t at;
};

/* The last command and reply: they decide what a refusal is about. */
struct talk {
	const char *command;	/* commands sent; "" is the greeting */
	char reply[80];
};

static const char *const commands[] = {
	"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA",
};

static int listen_in(CURL *c, curl_infotype what, char *line, size_t n,
		     void *data)
{
	struct talk *t = data;
	size_t i, len;

	(void)c;
	for (i = 0; what == CURLINFO_HEADER_OUT &&
		    i < sizeof(commands) / sizeof(commands[0]); i++) {
		len = strlen(commands[i]);
		if (n >= len && strncmp(line, commands[i], len) == 0)
			t->command = commands[i];
	}
	if (what == CURLINFO_HEADER_IN)
		snprintf(t->reply, sizeof(t->reply), "%.*s", (int)n, line);
	return 0;
}

/*
 * Only an answer to RCPT is about the receiver, and not every one: 530, 535,
 * 538 require a login, and 5.7.x (RFC 3463, 3.8) is a policy, for instance
 * against unknown relays.
 */
static bool refuses_receiver(const struct talk *t, long code)
{
	return str_equal(t->command, "RCPT") && code >= 500 && code != 530 &&
	       code != 535 && code != 538 && !strstr(t->reply, " 5.7.");
}

static size_t give(char *to, size_t size, size_t n, void *data)
{
	struct upload *u = data;
	size_t left = u->message->len - u->at, room = size * n;

	if (left > room)
		left = room;
	memcpy(to, u->message->data + u->at, left);
	u->at += left;
	return left;
}

/* By its literal name: "localhost", 127.0.0.0/8, [::1]. */
static bool names_loopback(const char *url)
{
	CURLU *u = alloc_checked(curl_url());
	char *host = NULL;
	unsigned a, b, c, d;
	char end;
	bool yes = false;

	if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		yes = str_equal(host, "localhost") ||
		      str_equal(host, "[::1]") ||
		      (sscanf(host, "%u.%u.%u.%u%c", &a, &b, &c, &d,
			      &end) == 4 && a == 127);
	curl_free(host);
	curl_url_cleanup(u);
	return yes;
}

/* The file's first line. */
static bool read_password(const char *path, char out[PASSWORD_MAX])
{
	FILE *f = fopen(path, "re");
	bool read;

	if (!f)
		return false;
	read = fgets(out, PASSWORD_MAX, f) != NULL;
	fclose(f);
	if (read)
		out[strcspn(out, "\r\n")] = '\0';
	return read;
}

static bool log_in(CURL *c, const struct settings *s)
{
	const char *path = settings_text(s, SET_SMTP_PASSWORD);
	char password[PASSWORD_MAX];

	if (!settings_text(s, SET_SMTP_USER)[0])
		return true;
	if (path[0] && !read_password(path, password))
		return false;
	curl_easy_setopt(c, CURLOPT_USERNAME, settings_text(s, SET_SMTP_USER));
	curl_easy_setopt(c, CURLOPT_PASSWORD, path[0] ? password : "");
	explicit_bzero(password, sizeof(password));
	return true;
}

static void prepare(CURL *c, const struct settings *s, const struct mail *m,
		    struct upload *u, struct curl_slist *to, int64_t deadline)
{
	const char *url = settings_text(s, SET_SMTP_URL);
	bool loopback = names_loopback(url);

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)deadline);
	curl_easy_setopt(c, CURLOPT_USE_SSL, loopback ? (long)CURLUSESSL_TRY :
						(long)CURLUSESSL_ALL);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, loopback ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, loopback ? 0L : 2L);
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, m->from);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(c, CURLOPT_READDATA, u);
}

static void fail(struct sending *out, enum send_result result,
		 const char *word)
{
	out->result = result;
	snprintf(out->error, SEND_ERROR_SIZE, "%s", word);
}

static void classify(CURLcode rc, long code, const struct talk *t,
		     struct sending *out)
{
	static const struct {
		CURLcode rc;
		const char *word;
	} rows[] = {
		{ CURLE_COULDNT_RESOLVE_HOST, "resolve" },
		{ CURLE_COULDNT_CONNECT, "connect" },
		{ CURLE_OPERATION_TIMEDOUT, "timeout" },
		{ CURLE_USE_SSL_FAILED, "tls" },
		{ CURLE_SSL_CONNECT_ERROR, "tls" },
		{ CURLE_PEER_FAILED_VERIFICATION, "tls" },
		{ CURLE_LOGIN_DENIED, "login" },
	};
	size_t i;

	fail(out, rc == CURLE_OK ? SEND_DONE : SEND_LATER,
	     rc == CURLE_OK ? "" : "broken");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].rc == rc) {
			fail(out, SEND_LATER, rows[i].word);
			return;
		}
	}
	if (rc == CURLE_OK || code < 400)
		return;
	if (refuses_receiver(t, code))
		out->result = SEND_NEVER;
	if (str_equal(t->command, "RCPT"))
		snprintf(out->error, SEND_ERROR_SIZE, "mail %ld", code);
	else
		snprintf(out->error, SEND_ERROR_SIZE, "mailer %ld (%s)", code,
			 *t->command ? t->command : "220");
}

static void transfer(CURL *c, const struct settings *s, const struct mail *m,
		     const struct buf *message, int64_t deadline,
		     struct sending *out)
{
	struct curl_slist *to = curl_slist_append(NULL, m->to);
	struct upload u = { .message = message };
	struct talk t = { .command = "" };
	long code = 0;
	CURLcode rc;

	if (!to)
		err_abort("out of memory");
	prepare(c, s, m, &u, to, deadline);
	curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, listen_in);
	curl_easy_setopt(c, CURLOPT_DEBUGDATA, &t);
	rc = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
	curl_slist_free_all(to);
	classify(rc, code, &t, out);
}

void mail_send(const struct settings *s, const struct mail *m,
	       int64_t deadline_ms, struct sending *out)
{
	auto_buf message = BUF_INIT(MESSAGE_MAX);
	struct err e = { 0 };
	CURL *c;

	if (!mail_ready(s)) {
		fail(out, SEND_LATER, "setup");
		return;
	}
	if (mail_format(m, &message, &e) < 0) {
		fail(out, SEND_NEVER, "address");
		return;
	}
	c = alloc_checked(curl_easy_init());
	if (log_in(c, s))
		transfer(c, s, m, &message, deadline_ms, out);
	else
		fail(out, SEND_LATER, "login");
	curl_easy_cleanup(c);
}
