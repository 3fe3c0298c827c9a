#include "config.h"
#include "demo/demo_share.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "demo/demo_server.h"

struct demo_share *demo_share_of(struct shares *s,
				 struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *from = info ? info->client_addr : NULL;
	const struct sockaddr_in6 *v6 = (const void *)from;
	const struct sockaddr_in *v4 = (const void *)from;

	if (from && from->sa_family == AF_INET)
		return &s->each[ntohl(v4->sin_addr.s_addr) % SHARES];
	if (from && from->sa_family == AF_INET6)
		return &s->each[v6->sin6_addr.s6_addr[15] % SHARES];
	return &s->each[0];
}

bool demo_share_take_bytes(struct shares *s, struct demo_share *mine, size_t n)
{
	size_t all = atomic_fetch_add(&s->all.bytes, n) + n;
	size_t own = atomic_fetch_add(&mine->bytes, n) + n;

	return all <= DEMO_BODIES_MAX && own <= DEMO_BODIES_EACH;
}

bool demo_share_take_stream(struct shares *s, struct demo_share *mine)
{
	int all = atomic_fetch_add(&s->all.streams, 1) + 1;
	int own = atomic_fetch_add(&mine->streams, 1) + 1;

	return all <= DEMO_STREAMS_MAX && own <= DEMO_STREAMS_EACH;
}

void demo_share_give_bytes(struct shares *s, struct demo_share *mine, size_t n)
{
	atomic_fetch_sub(&s->all.bytes, n);
	atomic_fetch_sub(&mine->bytes, n);
}

void demo_share_give_stream(struct shares *s, struct demo_share *mine)
{
	atomic_fetch_sub(&s->all.streams, 1);
	atomic_fetch_sub(&mine->streams, 1);
}
