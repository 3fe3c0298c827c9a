/*
 * One world, and the calls its tests make; the last answer is in `a`.
 */
#ifndef GATEWAY_CALLS_H
#define GATEWAY_CALLS_H

#include "gateway_world.h"

#define MB (1 << 20)

extern struct world w;
extern struct answer a;
int setup(void **state);
int teardown(void **state);
void start(void);
void read_answer(int fd);
void call(int user, const char *app);
void request(int user, const char *method, const char *target, const char *fields);
void expect_error(int status, const char *type, const char *words);
int64_t tokens_of(const struct ledger *l);
void send_chunk(int fd, const char *bytes, size_t n);

#define CHUNKS_MORE 13	/* bytes of {"system":""} */

/* {"system":"yyy..."} in chunks, of so many y. */
void send_chunks(int fd, size_t total, size_t each);

/* Until the first event of an answer came. */
void hear(int fd);

/* {"system":"yyy..."}: JSON of n bytes. */
char *json_of(size_t n);

/* Reads until so many deltas have come. */
void hear_deltas(int fd, int want);

void send_bytes(int fd, const char *app, size_t n);

#endif
