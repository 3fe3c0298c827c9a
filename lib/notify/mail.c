#include "config.h"
#include "notify/mail.h"

#include <string.h>

#include "core/base64.h"
#include "core/clock.h"
#include "core/id.h"
#include "core/str.h"

/*
 * Bytes of text per encoded word: its line then has 76 (RFC 2047, 2),
 * including the first with "Subject:".
 */
#define ENCODED_MAX 42
#define ENCODED_FIRST 39
#define LINE_BYTES 57		/* input bytes of a 76-character line of base64 */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool host_valid(const char *s)
{
	return s[0] && s[0] != '-' && s[0] != '.' &&
	       !s[strspn(s, LETTERS DIGITS "-.")] && !strstr(s, "..") &&
	       s[strlen(s) - 1] != '.';
}

int mail_address_check(const char *address, struct err *e)
{
	size_t n = strspn(address, LETTERS DIGITS "!#$%&'*+/=?^_`{|}~.-");

	if (n && n <= 64 && address[0] != '.' && address[0] != '-' &&
	    address[n] == '@' && strlen(address) <= MAIL_ADDRESS_MAX &&
	    host_valid(address + n + 1))
		return 0;
	return err_tell(e, ERR_INPUT, "error_notify_address",
			"no mail address");
}

bool mail_ready(const struct settings *s)
{
	return settings_text(s, SET_SMTP_URL)[0] &&
	       settings_text(s, SET_SMTP_FROM)[0];
}

/* Always encoded words: no text can end the header. */
static int add_subject(struct buf *out, const char *s, struct err *e)
{
	size_t left = strlen(s), most = ENCODED_FIRST, n;

	if (buf_add_text(out, "Subject:", e) < 0)
		return -1;
	for (; left; most = ENCODED_MAX) {
		n = utf8_prefix(s, left, most);
		if (!n)
			return err_set(e, ERR_INPUT, "subject: not UTF-8");
		if (buf_add_text(out, " =?UTF-8?B?", e) < 0 ||
		    base64_add(out, s, n, e) < 0 ||
		    buf_add_text(out, n < left ? "?=\r\n" : "?=", e) < 0)
			return -1;
		s += n;
		left -= n;
	}
	return buf_add_text(out, "\r\n", e);
}

static int add_date(struct buf *out, int64_t ms, struct err *e)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct clock_date d;

	clock_date(ms / 1000, &d);
	return buf_addf(out, e, "Date: %.3s, %d %.3s %lld %02d:%02d:%02d"
			" +0000\r\n", days + 3 * d.weekday, d.day,
			months + 3 * (d.month - 1), (long long)d.year, d.hour,
			d.minute, d.second);
}

/* LF becomes CRLF, as required for text in base64 (RFC 2045, 6.8). */
static int add_body(struct buf *out, const char *text, struct err *e)
{
	auto_buf lines = BUF_INIT(1 << 16);
	size_t n, at;

	for (; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (buf_add(&lines, text, n, e) < 0 ||
		    buf_add_text(&lines, "\r\n", e) < 0)
			return -1;
	}
	for (at = 0; at < lines.len; at += n) {
		n = lines.len - at < LINE_BYTES ? lines.len - at : LINE_BYTES;
		if (base64_add(out, lines.data + at, n, e) < 0 ||
		    buf_add_text(out, "\r\n", e) < 0)
			return -1;
	}
	return 0;
}

int mail_format(const struct mail *m, struct buf *out, struct err *e)
{
	if (mail_address_check(m->from, e) < 0)
		return err_wrap(e, "sender");
	if (mail_address_check(m->to, e) < 0)
		return err_wrap(e, "receiver");
	if (!id_valid(m->id))
		return err_set(e, ERR_INPUT, "Message-ID: no id");
	if (buf_addf(out, e, "From: Gongbang <%s>\r\nTo: <%s>\r\n", m->from,
		     m->to) < 0 ||
	    add_subject(out, m->subject, e) < 0 ||
	    add_date(out, m->at, e) < 0 ||
	    buf_addf(out, e, "Message-ID: <%s%s>\r\n"
		     "Auto-Submitted: auto-generated\r\n"
		     "MIME-Version: 1.0\r\n"
		     "Content-Type: text/plain; charset=utf-8\r\n"
		     "Content-Transfer-Encoding: base64\r\n\r\n", m->id,
		     strchr(m->from, '@')) < 0)
		return -1;
	return add_body(out, m->body, e);
}
