/* A request to the demonstration model, from JSON to the last event. */
#include "config.h"

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "demo/demo_reply.h"
#include "demo/demo_script.h"
#include "demo/demo_stream.h"
#include "demo/demo_turn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_buf out = BUF_INIT(DEMO_TEXT_MAX * 7);
	struct demo_stream *stream;
	struct demo_reply r;
	struct demo_turn t;
	struct err e = { 0 };
	int64_t wait;
	int events = 0;

	if (demo_turn_parse(&t, (const char *)data, size, &e) < 0)
		return 0;
	demo_reply_init(&r);
	demo_script_play(&r, &t, size % 2);
	stream = demo_stream_new(&r);
	while (events++ < 500 &&
	       demo_stream_next(stream, &out, &wait) == DEMO_STREAM_MORE)
		buf_clear(&out);
	demo_stream_free(stream);
	demo_reply_release(&r);
	demo_turn_release(&t);
	return 0;
}
