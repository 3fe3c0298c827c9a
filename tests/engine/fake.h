/* A scripted container engine on a Unix socket, in the test's own loop. */
#ifndef TESTS_ENGINE_FAKE_H
#define TESTS_ENGINE_FAKE_H

#include <stddef.h>
#include <uv.h>

struct fake;
struct fake_client;

/*
 * A whole request came ("GET /x HTTP/1.1...", NUL-ended), or, after
 * fake_stream, more bytes of the client.
 */
typedef void fake_asked(void *data, struct fake_client *c, const char *bytes, size_t n);

struct fake *fake_new(uv_loop_t *loop, fake_asked *asked, void *data);
const char *fake_path(const struct fake *f);
void fake_free(struct fake *f);

void fake_send(struct fake_client *c, const void *bytes, size_t n);
void fake_text(struct fake_client *c, const char *text);
/* Status line, Content-Length and body. */
void fake_answer(struct fake_client *c, int status, const char *body);
/* 101, and from here raw bytes. */
void fake_stream(struct fake_client *c);
void fake_frame(struct fake_client *c, int stream, const void *bytes, size_t n);
void fake_hold(struct fake_client *c);	/* reads no more */
void fake_close(struct fake_client *c);

#endif
