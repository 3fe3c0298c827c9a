/*
 * The guard's requests: bytes of a bridge that was taken over. The first byte
 * is the size of the pieces. What passes is made of the driver's own words.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "core/settings.h"
#include "guard/engine_call.h"
#include "workspace/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool named(void *data, const char *name)
{
	return workspace_container_name_valid(name);
}

static struct container_spec *spec_of(const void *ctx, void *data,
				      const char *user_id)
{
	return id_valid(user_id) ? workspace_spec_new(ctx, data, user_id) : NULL;
}

static bool read_all(struct guard_request *r, const char *bytes, size_t n,
		     size_t piece)
{
	struct err e = { 0 };
	size_t at, step;

	for (at = 0; at < n; at += step) {
		step = n - at < piece ? n - at : piece;
		if (guard_request_feed(r, bytes + at, step, &e) < 0)
			return false;
	}
	if (r->target.len > GUARD_HEAD_MAX || r->body.len > GUARD_BODY_MAX)
		abort();
	return r->done;
}

static void expect_ours(const struct guard_call *call)
{
	const char *at = call->path.data;

	for (; *at; at++) {
		if ((unsigned char)*at <= ' ' || *at == 0x7f || *at == '#')
			abort();
	}
	if (strstr(call->name, "..") && call->of_container)
		abort();
	if (call->of_container && !workspace_container_name_valid(call->name))
		abort();
	if (call->verb == GUARD_CREATE && !id_valid(call->user_id))
		abort();
	if (call->body.len > GUARD_BODY_MAX || !call->request.deadline_ms)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const *const execs[] = { workspace_enter_argv, NULL };
	static struct settings *settings;
	struct guard_policy policy;
	struct guard_request r;
	struct guard_call call;
	struct err e = { 0 };

	if (!size)
		return 0;
	if (!settings)
		settings = settings_new();
	policy = (struct guard_policy){
		.instance = "gongbang", .image = "claude-workspace:latest",
		.execs = execs, .named = named, .spec = spec_of, .data = settings,
	};
	guard_request_init(&r);
	guard_call_init(&call);
	if (read_all(&r, (const char *)data + 1, size - 1,
		     data[0] ? data[0] : 4096) &&
	    guard_call_parse(&call, &policy, &r, &e) == 0)
		expect_ours(&call);
	guard_call_release(&call);
	guard_request_release(&r);
	return 0;
}
