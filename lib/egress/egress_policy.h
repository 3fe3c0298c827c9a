/*
 * May a workspace go there? By its address, the list for everybody, and what
 * its user was granted. Refusals are told on, but no loop inside a workspace
 * can make more of them than REFUSED_MAX in REFUSED_MS.
 */
#ifndef EGRESS_EGRESS_POLICY_H
#define EGRESS_EGRESS_POLICY_H

#include "egress/address_map.h"
#include "egress/allow_list.h"
#include "egress/helper_protocol.h"
#include "store/jobs.h"

#define GRANTS_MS 2000		/* what was granted is believed so long */
#define REFUSED_MS 10000
#define REFUSED_MAX 20		/* of one account */

struct egress_policy;

struct egress_policy_env {
	struct jobs *jobs;
	struct address_map *address_map;
	const char *list;	/* path */
	/* A user's workspace was refused a domain that could be granted. */
	void (*refused)(void *data, const char *user_id, const char *domain, bool plain);
	void *data;
};

/* Keeps env. ERR_INPUT when the list is bad. Gives (child of ctx): free it when no job runs. */
struct egress_policy *egress_policy_new(const void *ctx,
					const struct egress_policy_env *env, struct err *e) must_check;

/* The list and all grants anew. A bad list changes nothing: e says what is wrong with it. */
int egress_policy_reload(struct egress_policy *g, struct err *e) must_check;

/* EGRESS_NONE: it may. Once; may come from inside. data: nobody else's. */
typedef void egress_policy_done(void *data, enum egress_reason why);
void egress_policy_ask(struct egress_policy *g, const struct egress_question *q,
		       egress_policy_done *done, void *data);

#endif
