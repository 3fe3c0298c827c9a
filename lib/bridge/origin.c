#include "config.h"
#include "bridge/origin.h"

#include <string.h>
#include <strings.h>

/* Bytes of the name in "name", "name:80", "[::1]" or "[::1]:80". */
static size_t name_length(const char *host)
{
	const char *end;

	if (host[0] != '[')
		return strcspn(host, ":");
	end = strchr(host, ']');
	return end ? (size_t)(end - host) + 1 : 0;
}

static bool port_valid(const char *s)
{
	size_t n;

	if (!*s)
		return true;
	n = strspn(s + 1, "0123456789");
	return s[0] == ':' && n >= 1 && n <= 5 && !s[n + 1];
}

bool origin_host_known(const char *host, const char *names)
{
	size_t n = name_length(host), len;

	if (!n || !port_valid(host + n))
		return false;
	while (*(names += strspn(names, " "))) {
		len = strcspn(names, " ");
		if (len == n && strncasecmp(names, host, n) == 0)
			return true;
		names += len;
	}
	return false;
}

bool origin_matches(const char *origin, const char *proto, const char *host)
{
	size_t n = strlen(proto);

	return strncasecmp(origin, proto, n) == 0 &&
	       strncmp(origin + n, "://", 3) == 0 &&
	       strcasecmp(origin + n + 3, host) == 0;
}
