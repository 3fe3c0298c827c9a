/*
 * The keys of the model service, used in turn; one that the service refuses
 * rests for a while, one that is busy for a model rests for that model. They stand in a file that only the gateway's user may
 * read, one a line: KEY (sent as x-api-key) or "Bearer KEY" (as
 * Authorization); "#" begins a comment line. No key is ever logged.
 */
#ifndef GATEWAY_KEYS_H
#define GATEWAY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define KEYS_MAX 64

struct keys;

/* No keys yet; calls are sent without. Gives; keys_free wipes. */
struct keys *keys_new(void);
void keys_free(struct keys *k);

/*
 * Reads the file in place of what was there (path "": a service that needs no
 * key); on failure what was there stays. ERR_INPUT, saying what to do, for a
 * file that others may read, is no file, has no key or a line that is none.
 */
int keys_load(struct keys *k, const char *path, struct err *e) must_check;

/* As that, from text: for tests. */
int keys_parse(struct keys *k, const char *text, size_t n, struct err *e) must_check;

/* Which key a call has; good also after keys_load, when it rests nothing any more. */
struct key_use {
	unsigned generation;
	size_t number;		/* from 1; 0: no key */
	const char *line;	/* "x-api-key: ..."; NULL without a key. Borrowed until keys_load */
};

/* The next one that does not rest for the model at now (ms, any clock that goes on); false when all do. */
bool keys_next(struct keys *k, const char *model, int64_t now, struct key_use *out);

enum key_rest { KEY_BUSY, KEY_REFUSED };

/*
 * Rests until then; model NULL: for all. A key rests for so many models at
 * once: one more takes the place of the one that ends first.
 */
#define KEYS_MODELS 16
void keys_rest(struct keys *k, const struct key_use *use, const char *model,
	       enum key_rest why, int64_t until);

/* Whether no other key can be used for the model. */
bool keys_alone(const struct keys *k, const struct key_use *use, const char *model, int64_t now);

#define KEYS_DOUBT_MS 5000		/* rests after one refusal: it may have been the call's */
#define KEYS_REFUSED_MS 600000	/* after one more in a row */

/*
 * The service refused a call that was sent then with it (both: keys_next's
 * clock). True: it is the key that is refused, not only a call. Calls that
 * were under way together count once.
 */
bool keys_refuse(struct keys *k, const struct key_use *use, int64_t sent, int64_t now);
/* The service took it: refusals are no longer in a row. */
void keys_take(struct keys *k, const struct key_use *use);

/* When the next key can be used (0: now) for a model (NULL: any), and whether all rest because they were refused. */
int64_t keys_ready_at(const struct keys *k, const char *model, int64_t now, bool *refused);

#endif
