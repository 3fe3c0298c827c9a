#include "config.h"
#include "core/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "core/str.h"

int address_parse(const char *text, struct sockaddr_storage *out,
		  socklen_t *len, struct err *e)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	const char *colon = strrchr(text, ':');
	char host[64];
	size_t n = colon ? (size_t)(colon - text) : 0;
	int64_t port;

	memset(out, 0, sizeof(*out));
	if (!n || n >= sizeof(host))
		return err_set(e, ERR_INPUT, "%s: not ADDRESS:PORT", text);
	if (str_parse_number(colon + 1, 0, 65535, &port, e) < 0)
		return err_wrap(e, "port of %s", text);
	memcpy(host, text, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		*len = sizeof(*v6);
		if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1)
			return 0;
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*len = sizeof(*v4);
		if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
			return 0;
	}
	return err_set(e, ERR_INPUT, "%s: not an address", text);
}

void address_format(const struct sockaddr *at, char out[ADDRESS_SIZE])
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)at;
	const void *bytes = NULL;
	int family = at->sa_family;

	if (family == AF_INET) {
		bytes = &((const struct sockaddr_in *)at)->sin_addr;
	} else if (family == AF_INET6) {
		bytes = &v6->sin6_addr;
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
			family = AF_INET;
			bytes = &v6->sin6_addr.s6_addr[12];
		}
	}
	if (!bytes || !inet_ntop(family, bytes, out, ADDRESS_SIZE))
		out[0] = '\0';
}

uint16_t address_port(const struct sockaddr_storage *at)
{
	return ntohs(at->ss_family == AF_INET6 ?
		     ((const struct sockaddr_in6 *)at)->sin6_port :
		     ((const struct sockaddr_in *)at)->sin_port);
}
