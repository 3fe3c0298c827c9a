#include "config.h"
#include "http/cookie.h"

#include <inttypes.h>
#include <string.h>
#include <talloc.h>

/* cookie-octet of RFC 6265, section 4.1.1. */
static bool octets(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] <= ' ' || s[i] >= 0x7f || strchr("\",;\\", s[i]))
			return false;
	}
	return true;
}

static bool token(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && octets(s, n) && !strpbrk(s, "()<>@:/[]?={}");
}

char *cookie_find(const void *ctx, const char *header, const char *name)
{
	size_t len = strlen(name), n;
	char *value;

	while (*header) {
		header += strspn(header, " \t;");
		n = strcspn(header, ";");
		if (n > len && strncmp(header, name, len) == 0 &&
		    header[len] == '=') {
			header += len + 1;
			n -= len + 1;
			while (n && (header[n - 1] == ' ' ||
				     header[n - 1] == '\t'))
				n--;
			if (n >= 2 && header[0] == '"' && header[n - 1] == '"') {
				header++;
				n -= 2;
			}
			if (!octets(header, n))
				return NULL;
			value = alloc_checked(talloc_strndup(ctx, header, n));
			return value;
		}
		header += n;
	}
	return NULL;
}

int cookie_format(struct buf *out, const struct cookie *c, struct err *e)
{
	size_t start = out->len;

	if (!token(c->name) || !octets(c->value, strlen(c->value)) ||
	    c->path[0] != '/' || !octets(c->path, strlen(c->path)))
		return err_set(e, ERR_INPUT, "cookie: a byte is not allowed");
	if (buf_addf(out, e, "%s=%s; Path=%s; HttpOnly; SameSite=Lax%s",
		     c->name, c->value, c->path,
		     c->secure ? "; Secure" : "") < 0)
		return -1;
	if (c->max_age >= 0 &&
	    buf_addf(out, e, "; Max-Age=%" PRId64, c->max_age) < 0) {
		out->len = start;
		out->data[start] = '\0';
		return -1;
	}
	return 0;
}
