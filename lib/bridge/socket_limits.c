/* How many sockets an account may have, and what it may say over them. */
#include "config.h"

#include "bridge/bridge_internal.h"

/* Too many sockets, or opened too fast: each is sent all that it shows. */
bool presence_may_open(struct presence *p)
{
	int64_t max = settings_number(p->bridge->settings, SET_SOCKETS_PER_USER);

	return presence_may(p, &p->opened, (int)(4 * max)) &&
	       p->nclients <= max;
}

bool presence_may_change(struct presence *p)
{
	return presence_may(p, &p->others, OTHERS_MAX);
}
