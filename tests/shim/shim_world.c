#include "config.h"
#include "tests/shim/shim_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/id.h"
#include "tests/shim/harness.h"

struct world world;

int setup(void **state)
{
	memset(&world, 0, sizeof(world));
	shim_begin(&world.shim);
	id_new(world.id);
	world.c = client_new(&world.shim, true);
	*state = &world;
	return 0;
}

int teardown(void **state)
{
	shim_end(&world.shim);
	return 0;
}

const char *path_of(const char *rest)
{
	static char path[200];

	snprintf(path, sizeof(path), "/sessions/%s%s", world.id, rest);
	return path;
}

int call(const char *method, const char *rest)
{
	return client_call(world.c, NULL, method, path_of(rest), NULL, 0);
}

void follow(struct reply *r)
{
	client_send(world.c, r, "GET", path_of("/log?from=0"), NULL, 0);
}

int input(const char *text)
{
	return client_call(world.c, NULL, "POST", path_of("/input"), text,
			   strlen(text));
}

int get(const char *path, struct reply *r)
{
	memset(r, 0, sizeof(*r));
	return client_call(world.c, r, "GET", path, NULL, 0);
}
