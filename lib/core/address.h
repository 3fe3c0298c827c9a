/* Parses and formats "ADDRESS:PORT" of the settings as socket addresses. */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/err.h"

#define ADDRESS_SIZE 46		/* numeric text and its NUL */

/* "127.0.0.1:4100", "[::1]:4100"; port 0: any. ERR_INPUT otherwise, also for host names. */
int address_parse(const char *text, struct sockaddr_storage *out,
		  socklen_t *len, struct err *e) must_check;

/* The numeric address without port; IPv4 mapped into IPv6 becomes IPv4; "" for other families. */
void address_format(const struct sockaddr *at, char out[ADDRESS_SIZE]);

/*
 * True for a globally reachable address: not private, loopback, link-local,
 * shared (CGNAT), multicast, reserved or documentation (RFC 6890), nor IPv6 that
 * embeds IPv4 (mapped, 6to4, Teredo, NAT64).
 */
bool address_public(const struct sockaddr *at);

uint16_t address_port(const struct sockaddr_storage *at);

#endif
