/*
 * gongbang-gateway as it is run, with a Redis, a store and a scripted model
 * service of its own, and a client that speaks HTTP/1.1 byte by byte.
 */
#ifndef GATEWAY_WORLD_H
#define GATEWAY_WORLD_H

#include <sys/types.h>
#include <talloc.h>

#include "auth/gateway_token.h"
#include "../kv/redis_server.h"
#include "scripted.h"
#include "store/db.h"
#include "store/usage.h"

/* A request that may take as much as the service makes. */
#define BODY "{\"max_tokens\":20}"
#define BODY_SIZE (sizeof(BODY) - 1)
#define BODY_TOKENS 6	/* of its input, estimated */

#define ANN 0
#define BEN 1

struct world {
	char folder[64];
	struct redis_server redis;
	struct scripted service;
	struct db *db;
	struct kv *kv;
	pid_t pid;		/* of the gateway; 0: not running */
	pid_t ledger_pid;	/* of its gongbang-ledger */
	int port;
	int log_fd;		/* of its stderr */
	char user_id[2][ID_SIZE];
	char token[2][TOKEN_SIZE];
	char upstream[128];	/* "" for the scripted service */
	char more[512];		/* further settings */
	bool keys;		/* give it the key file */
};

/* A world without a gateway; users ann (ko) and ben with tokens good from 127.0.0.1. */
void world_init(struct world *w);
void world_release(struct world *w);

/* A loopback port that nobody has just now. */
int world_free_port(void);

/* Starts and waits until it is ready, or (false) ended. */
bool world_start(struct world *w);
void world_stop(struct world *w);	/* SIGTERM, and it must end well */
void world_kill(struct world *w);	/* kill -9 */
/* gongbang-ledger: world_start starts it, unless it runs. */
void world_start_ledger(struct world *w);
void world_kill_ledger(struct world *w);
void world_write_keys(struct world *w, const char *text);
/* All it has logged so far. Gives (child of w->db). */
char *world_log(struct world *w);
/* Always 0 in a sanitized build, which keeps what is freed. */
long world_resident_kb(struct world *w);

/* Waits until the ledger has exactly so many rows (-1: as many as it has), then gives their sums. */
struct ledger {
	int complete, interrupted, failed, unmetered, rows;
	struct usage usage;
};
void world_ledger(struct world *w, int rows, struct ledger *out);

/* ---- a client */

struct answer {
	int status;		/* 0: none came */
	char head[65536];
	char *body;		/* decoded from chunks; free with answer_release */
	size_t n;
	bool whole;		/* it came to its end */
};

/* From 127.0.0.host; -1 when refused. */
int client_connect(struct world *w, int host);
/* fields: lines ended by CRLF; the token of user (-1: none). Body of n bytes, NULL for none. */
void client_send(int fd, struct world *w, int user, const char *method,
		 const char *target, const char *fields, const char *body, size_t n);
/* Reads one answer; waits at most 20 s. */
void client_read(int fd, struct answer *a);
/* All in one, on a connection of its own: POST /v1/messages with x-app. */
void client_call(struct world *w, int user, const char *app, struct answer *a);
void answer_release(struct answer *a);
/* The value of a field, or NULL. */
const char *answer_field(struct answer *a, const char *name);

#endif
