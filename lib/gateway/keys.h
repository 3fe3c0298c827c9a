/*
 * The keys of the model service, used in turn; a key that the service refuses
 * rests for a while, one that is rate-limited for a model rests for that
 * model. They are read from a file that only the gateway's user may read, one
 * per line: KEY (sent as x-api-key) or "Bearer KEY" (as Authorization); "#"
 * begins a comment line. Keys are never logged.
 */
#ifndef GATEWAY_KEYS_H
#define GATEWAY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define KEYS_MAX 64

struct keys;

/* Starts without keys: calls are sent without one. Gives; keys_free wipes. */
struct keys *keys_new(void);
void keys_free(struct keys *k);

/*
 * Reads the file and replaces the keys (path "": a service that needs no key);
 * on failure the old ones stay. ERR_INPUT, saying what to do, if others may
 * read it, it is not a regular file, has no key or a malformed line.
 */
int keys_load(struct keys *k, const char *path, struct err *e) must_check;

/* The same from text, for tests. */
int keys_parse(struct keys *k, const char *text, size_t n, struct err *e) must_check;

/*
 * The key a call uses; still valid after keys_load, but no longer affects any
 * key.
 */
struct key_use {
	unsigned generation;
	size_t number;		/* from 1; 0: none */
	const char *line;	/* "x-api-key: ..."; NULL without a key. Borrowed until keys_load */
};

/*
 * The next key that does not rest for the model at now (ms, monotonic); false
 * when all do.
 */
bool keys_next(struct keys *k, const char *model, int64_t now, struct key_use *out);

enum key_rest { KEY_BUSY, KEY_REFUSED };

/*
 * Rests until then; model NULL: for all. A key rests for a limited number of
 * models: a further one replaces the rest that ends first.
 */
#define KEYS_MODELS 16
void keys_rest(struct keys *k, const struct key_use *use, const char *model,
	       enum key_rest why, int64_t until);

/* Whether no other key can be used for the model. */
bool keys_alone(const struct keys *k, const struct key_use *use, const char *model, int64_t now);

#define KEYS_DOUBT_MS 5000		/* rest after one refusal: the call may have caused it */
#define KEYS_REFUSED_MS 600000	/* rest after consecutive refusals */

/*
 * The service refused a call with this key, sent at that time (both:
 * keys_next's clock). True: the key itself is refused, not only the call.
 * Calls that were in flight together count once.
 */
bool keys_refuse(struct keys *k, const struct key_use *use, int64_t sent, int64_t now);
/* The service accepted it: refusals are no longer consecutive. */
void keys_accept(struct keys *k, const struct key_use *use);

/*
 * When the next key can be used (0: now) for a model (NULL: any), and whether
 * all rest because they were refused.
 */
int64_t keys_ready_at(const struct keys *k, const char *model, int64_t now, bool *refused);

#endif
