/* lib/workspace/spec.c: what a container is made of. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/digest.h"
#include "workspace_world.h"

/* The token is in the environment, its hash a label; the next one differs. */
static void token_of_its_own(void **state)
{
	static const char name[] = "ANTHROPIC_AUTH_TOKEN=";
	struct world *w = *state;
	char first[TOKEN_SIZE], hash[DIGEST_SIZE];
	const char *token;

	world_set(w, "model_base_url", "http://172.30.5.1:4100/x");
	world_set(w, "egress_proxy", "172.30.5.1:3128");
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	token = strstr(w->created, name);
	assert_non_null(token);
	snprintf(first, sizeof(first), "%s", token + strlen(name));
	assert_true(token_valid(first));
	digest_hex(first, strlen(first), hash);
	assert_string_equal(workspace_token_hash(w->w), hash);
	assert_string_equal(workspace_address(w->w), "172.30.0.9");
	assert_string_equal(w->moves, "DmU");
	assert_non_null(strstr(w->created, "HTTPS_PROXY=http:\\/\\/172.30.5.1:3128\""));
	assert_non_null(strstr(w->created, "\"http_proxy=http:"));
	assert_non_null(strstr(w->created, "NO_PROXY=172.30.5.1,localhost,"));
	workspace_stop(w->w);
	assert_true(world_reach(w, WORKSPACE_STOPPED));
	assert_string_equal(workspace_address(w->w), "");
	assert_string_equal(w->moves, "DmUmD");
	/* The same container again: the same token, and it is no other spec. */
	workspace_ensure(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CSXTSX");
	assert_string_equal(workspace_token_hash(w->w), hash);
	world_set(w, "egress_proxy", "");
	workspace_restart(w->w);
	assert_true(world_reach(w, WORKSPACE_READY));
	assert_string_equal(w->log, "CSXTSXTRCSX");
	assert_string_not_equal(workspace_token_hash(w->w), hash);
	assert_null(strstr(w->created, "HTTPS_PROXY"));
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(token_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
