/*
 * A shim with one link and the id of one session, which each test begins with.
 */
#ifndef TESTS_SHIM_WORLD_H
#define TESTS_SHIM_WORLD_H

#include "core/id.h"
#include "tests/shim/harness.h"

struct world {
	struct shim shim;
	struct client *c;
	char id[ID_SIZE];
};

extern struct world world;
int setup(void **state);
int teardown(void **state);
const char *path_of(const char *rest);
int call(const char *method, const char *rest);
void follow(struct reply *r);
int input(const char *text);
int get(const char *path, struct reply *r);

#endif
