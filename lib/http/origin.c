#include "config.h"
#include "http/origin.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"

/* Bytes of the name in "name", "name:80", "[::1]" or "[::1]:80". */
static size_t name_bytes(const char *host)
{
	const char *end;

	if (host[0] != '[')
		return strcspn(host, ":");
	end = strchr(host, ']');
	return end ? (size_t)(end - host) + 1 : 0;
}

static bool port_valid(const char *s)
{
	struct err e = { 0 };
	int64_t port;

	return !*s || (*s == ':' &&
		       str_parse_number(s + 1, 1, 65535, &port, &e) == 0);
}

bool origin_host_known(const char *host, const char *names)
{
	size_t n = name_bytes(host), len;

	if (!n || !port_valid(host + n))
		return false;
	for (; *names; names += len) {
		names += strspn(names, " \t");
		len = strcspn(names, " \t");
		if (len == n && strncasecmp(names, host, n) == 0)
			return true;
	}
	return false;
}

/* The host[:port] bytes, without a port that is the scheme's own. */
static size_t site_bytes(const char *host, const char *port)
{
	size_t n = strlen(host), len = strlen(port);

	return n > len && str_equal(host + n - len, port) ? n - len : n;
}

bool origin_ours(const char *origin, const char *host, bool secure)
{
	static const struct {
		const char *scheme, *port;
		bool secure;
	} rows[] = {
		{ "http://", ":80", false }, { "https://", ":443", true },
	};
	size_t i, n;

	for (i = 0; origin && host && *host && i < 2; i++) {
		const char *site = origin + strlen(rows[i].scheme);

		if ((secure && !rows[i].secure) ||
		    strncasecmp(origin, rows[i].scheme,
				strlen(rows[i].scheme)) != 0)
			continue;
		n = site_bytes(site, rows[i].port);
		return n == site_bytes(host, rows[i].port) &&
		       strncasecmp(site, host, n) == 0;
	}
	return false;
}
