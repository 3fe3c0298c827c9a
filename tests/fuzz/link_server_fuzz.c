/*
 * The link's server end: bytes of a hostile client, through the real table of
 * paths, with sessions that start nothing. The first byte is the pieces' size.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/id.h"
#include "core/str.h"
#include "shim/log_file.h"
#include "shim/paths.h"
#include "shim/shim_api.h"
#include "shim/shim_changes.h"
#include "shim/shim_session.h"

#define ID "0192d4e0-0000-7000-8000-000000000001"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct session {
	char id[ID_SIZE];
};

static struct session only = { ID };
static char home[] = "/tmp/gongbang-fuzz-XXXXXX";

/* Nothing is forked here. */
void changes_begin(struct exchange *x, int64_t since_ms)
{
	exchange_answer(x, 503, "no process");
}

struct session *session_find(const char *id)
{
	return str_equal(id, ID) ? &only : NULL;
}

bool session_is_open(const struct session *s)
{
	return true;
}

int session_start(const char *id, const struct start *start, struct err *e)
{
	return start->nargs ? 0 : err_set(e, ERR_INPUT, "never");
}

int session_signal(struct session *s, const char *name, struct err *e)
{
	return str_equal(name, "INT") ? 0 : err_set(e, ERR_INPUT, "name");
}

void session_input(struct session *s, struct exchange *x)
{
	struct buf body;

	exchange_take_body(x, &body);
	body_release(&body);
	exchange_answer(x, 200, "written");
}

void session_end_tools(struct session *s, struct exchange *x)
{
	exchange_answer(x, 200, "ended 0");
}

void session_end(struct session *s, int64_t grace_ms, bool purge,
		 struct exchange *x)
{
	exchange_answer(x, 200, "ended");
}

void session_count(unsigned *running, unsigned *blocked)
{
	*running = *blocked = 0;
}

static void dirty(void *data)
{
}

static void remove_home(void)
{
	struct err e = { 0 };
	char path[64];

	if (place_purge(ID, &e) < 0 || chdir(home) < 0)
		return;
	rmdir(".gongbang/sessions");
	rmdir(".gongbang");
	snprintf(path, sizeof(path), "%s", home);
	rmdir(path);
}

static void make_home(void)
{
	struct err e = { 0 };
	struct journal *j;

	if (!mkdtemp(home) || setenv("GONGBANG_SHIM_HOME", home, 1) ||
	    place_init(&e) < 0)
		abort();
	atexit(remove_home);
	j = journal_open(ID, true, &e);
	if (!j || journal_append(j, "{\"a\":1}\n", 8) != 8)
		abort();
	journal_close(j);
}

static void pull_all(struct server *s)
{
	const uint8_t *bytes;

	while (server_pull(s, &bytes))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	struct server *s;
	size_t piece, n, at;

	if (!made)
		make_home();
	made = true;
	if (!size)
		return 0;
	piece = data[0] ? data[0] : 4096;
	s = server_new(api_routes, 64 << 20, dirty, NULL);
	for (at = 1; at < size; at += n) {
		n = size - at < piece ? size - at : piece;
		if (server_receive(s, data + at, n) < 0)
			break;
		if (size % 3)
			pull_all(s);
	}
	pull_all(s);
	server_free(s);
	return 0;
}
