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

static bool public_v4(uint32_t a)
{
	static const struct { uint32_t base; int bits; } special[] = {
		{ 0x00000000, 8 },	/* this network */
		{ 0x0a000000, 8 },	/* private */
		{ 0x64400000, 10 },	/* shared: carrier-grade NAT */
		{ 0x7f000000, 8 },	/* loopback */
		{ 0xa83f8110, 32 },	/* Azure's WireServer, a public address */
		{ 0xa9fe0000, 16 },	/* link-local */
		{ 0xac100000, 12 },	/* private */
		{ 0xc0000000, 24 },	/* protocol assignments */
		{ 0xc0000200, 24 },	/* documentation */
		{ 0xc0586300, 24 },	/* 6to4 relays */
		{ 0xc0a80000, 16 },	/* private */
		{ 0xc6120000, 15 },	/* benchmarking */
		{ 0xc6336400, 24 },	/* documentation */
		{ 0xcb007100, 24 },	/* documentation */
		{ 0xe0000000, 3 },	/* multicast, reserved, broadcast */
	};
	size_t i;

	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if ((a ^ special[i].base) >> (32 - special[i].bits) == 0)
			return false;
	}
	return true;
}

/* Global unicast is 2000::/3; these parts of it lead elsewhere, or nowhere. */
static bool public_v6(const unsigned char *a)
{
	if (a[0] >> 5 != 1)
		return false;
	if (a[0] == 0x20 && a[1] == 0x01 && a[2] < 2)
		return false;		/* 2001::/23: Teredo and others */
	if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8)
		return false;		/* documentation */
	if (a[0] == 0x20 && a[1] == 0x02)
		return false;		/* 6to4 */
	return !(a[0] == 0x3f && a[1] == 0xff && a[2] >> 4 == 0);
}

bool address_public(const struct sockaddr *at)
{
	if (at->sa_family == AF_INET)
		return public_v4(ntohl(((const struct sockaddr_in *)at)
				       ->sin_addr.s_addr));
	if (at->sa_family == AF_INET6)
		return public_v6(((const struct sockaddr_in6 *)at)
				 ->sin6_addr.s6_addr);
	return false;
}
