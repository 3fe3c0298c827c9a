/*
 * Decides whether a workspace may connect to a host: by its address, the
 * installation's list and its user's grants. Refusals are reported,
 * rate-limited to REFUSED_MAX in REFUSED_MS.
 */
#ifndef EGRESS_EGRESS_POLICY_H
#define EGRESS_EGRESS_POLICY_H

#include "egress/address_map.h"
#include "egress/allow_list.h"
#include "egress/helper_protocol.h"
#include "store/jobs.h"

#define GRANTS_MS 2000		/* grants are cached this long */
#define REFUSED_MS 10000
#define REFUSED_MAX 20		/* per account */

struct egress_policy;

struct egress_policy_env {
	struct jobs *jobs;
	struct address_map *address_map;
	const char *list;	/* path */
	/* A user's workspace was refused a domain that could be granted. */
	void (*refused)(void *data, const char *user_id, const char *domain, bool plain);
	void *data;
};

/*
 * Keeps env. ERR_INPUT when the list is malformed. Gives (child of ctx): free
 * it when no job runs.
 */
struct egress_policy *egress_policy_new(const void *ctx,
					const struct egress_policy_env *env, struct err *e) must_check;

/*
 * Reloads the list and all grants. A malformed list changes nothing: e says
 * what is wrong with it.
 */
int egress_policy_reload(struct egress_policy *g, struct err *e) must_check;

/*
 * EGRESS_NONE: allowed. Called once; may come from inside. data: unique to
 * this call.
 */
typedef void egress_policy_done(void *data, enum egress_reason why);
void egress_policy_ask(struct egress_policy *g, const struct egress_question *q,
		       egress_policy_done *done, void *data);

#endif
