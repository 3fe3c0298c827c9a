/*
 * The link's server end: bytes of a hostile client, through the real table of
 * paths, with sessions that start nothing. The first byte is the size of the
 * pieces.
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

struct shim_session {
	char id[ID_SIZE];
};

static struct shim_session only = { ID };
static char home[] = "/tmp/gongbang-fuzz-XXXXXX";

/* Nothing is forked here. */
void shim_changes_begin(struct exchange *x, const char *session, int64_t since_ms)
{
	exchange_answer(x, 503, "no process");
}

struct shim_session *shim_session_find(const char *id)
{
	return str_equal(id, ID) ? &only : NULL;
}

bool shim_session_is_open(const struct shim_session *s)
{
	return true;
}

int shim_session_start(const char *id, const struct start_request *start,
		       struct err *e)
{
	return start->nargs ? 0 : err_set(e, ERR_INPUT, "never");
}

int shim_session_signal(struct shim_session *s, const char *name, struct err *e)
{
	return str_equal(name, "INT") ? 0 : err_set(e, ERR_INPUT, "name");
}

void shim_session_input(struct shim_session *s, struct exchange *x)
{
	struct buf body;

	exchange_take_body(x, &body);
	body_release(&body);
	exchange_answer(x, 200, "written");
}

void shim_session_end_tools(struct shim_session *s, struct exchange *x)
{
	exchange_answer(x, 200, "ended 0");
}

void shim_session_end(struct shim_session *s, int64_t grace_ms, bool purge,
		      struct exchange *x)
{
	exchange_answer(x, 200, "ended");
}

void shim_session_count(unsigned *running, unsigned *blocked)
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

	if (path_purge(ID, &e) < 0 || chdir(home) < 0)
		return;
	rmdir(".gongbang/sessions");
	rmdir(".gongbang");
	snprintf(path, sizeof(path), "%s", home);
	rmdir(path);
}

static void make_home(void)
{
	struct err e = { 0 };
	struct log_file *j;

	if (!mkdtemp(home) || setenv("GONGBANG_SHIM_HOME", home, 1) ||
	    path_init(&e) < 0)
		abort();
	atexit(remove_home);
	j = log_file_open(ID, true, &e);
	if (!j || log_file_append(j, "{\"a\":1}\n", 8) != 8)
		abort();
	log_file_close(j);
}

static void pull_all(struct link_server *s)
{
	const uint8_t *bytes;

	while (link_server_pull(s, &bytes))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	struct link_server *s;
	size_t piece, n, at;

	if (!made)
		make_home();
	made = true;
	if (!size)
		return 0;
	piece = data[0] ? data[0] : 4096;
	s = link_server_new(api_routes, 64 << 20, dirty, NULL);
	for (at = 1; at < size; at += n) {
		n = size - at < piece ? size - at : piece;
		if (link_server_receive(s, data + at, n) < 0)
			break;
		if (size % 3)
			pull_all(s);
	}
	pull_all(s);
	link_server_free(s);
	return 0;
}
