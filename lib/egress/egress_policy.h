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

struct gate;

struct gate_env {
	struct jobs *jobs;
	struct places *places;
	const char *list;	/* path */
	/* A user's workspace was refused a domain that could be granted. */
	void (*refused)(void *data, const char *user_id, const char *domain, bool plain);
	void *data;
};

/* Keeps env. ERR_INPUT when the list is bad. Gives (child of ctx): free it when no job runs. */
struct gate *gate_new(const void *ctx, const struct gate_env *env, struct err *e) must_check;

/* The list and all grants anew. A bad list changes nothing: e says what is wrong with it. */
int gate_reload(struct gate *g, struct err *e) must_check;

/* EGRESS_NONE: it may. Once; may come from inside. data: nobody else's. */
typedef void gate_done(void *data, enum egress_reason why);
void gate_ask(struct gate *g, const struct egress_question *q, gate_done *done, void *data);

#endif
