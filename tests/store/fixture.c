#include "config.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

int fixture_set_up(void **state)
{
	struct fixture *f = talloc_zero(NULL, struct fixture);
	struct err e = { 0 };

	strcpy(f->folder, "/tmp/store_testXXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/g.db", f->folder);
	f->db = db_open(f, f->path, &e);
	if (!f->db)
		fail_msg("%s", e.text);
	*state = f;
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
	talloc_free(f);
	return system(command);
}
