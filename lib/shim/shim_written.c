#include "config.h"
#include "shim/shim_written.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/percent.h"
#include "shim/file_writers.h"
#include "shim/workspace_files.h"

bool changes_leave_out(const char *name, size_t n)
{
	static const char *const names[] = { "node_modules", "__pycache__" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
			return true;
	}
	return n && name[0] == '.';
}

bool changes_made(int at, const char *path, int64_t since_ms)
{
	struct statx more;

	if (statx(at, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_BTIME,
		  &more) < 0 ||
	    !(more.stx_mask & STATX_BTIME))
		return false;
	return more.stx_btime.tv_sec * 1000 +
	       more.stx_btime.tv_nsec / 1000000 >= since_ms;
}

int64_t changes_ms(const struct stat *st)
{
	return (int64_t)st->st_ctim.tv_sec * 1000 +
	       st->st_ctim.tv_nsec / 1000000;
}

int changes_line(struct buf *out, bool made, const char *whose,
		 const struct stat *st, const char *path, struct err *e)
{
	char version[WORKSPACE_FILES_VERSION_SIZE];

	if (buf_addf(out, e, made ? "made" : "changed") < 0)
		return -1;
	workspace_files_version(st, version);
	if (whose && buf_addf(out, e, " %s %s", whose, version) < 0)
		return -1;
	if (buf_addf(out, e, " %" PRId64 " %" PRId64 " ", (int64_t)st->st_size,
		     changes_ms(st)) < 0 ||
	    percent_add(out, path, "/", e) < 0)
		return -1;
	return buf_add(out, "\n", 1, e);
}

#define LOOKS_MAX 2000		/* process 1 waits for each; others are only counted */

struct written {
	struct exchange *x;
	const char *session;
	int64_t since;		/* UTC ms */
	size_t looked, told, most, more;
};

static bool add_written(void *data, const char *path)
{
	struct written *w = data;
	enum file_writer writer;
	struct stat st;
	struct err e = { 0 };
	int fd;

	if (w->told == w->most || w->looked == LOOKS_MAX) {
		w->more++;
		return true;
	}
	w->looked++;
	fd = workspace_files_at(path, O_PATH | O_NOFOLLOW, &e);
	if (fd < 0)
		return true;	/* removed, or replaced by something else */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    changes_ms(&st) >= w->since) {
		writer = file_writers_find(w->session, path, changes_ms(&st),
					   w->since);
		if (writer == FILE_WRITER_OWN || writer == FILE_WRITER_UNKNOWN) {
			w->told++;
			(void)!changes_line(&w->x->answer,
					changes_made(fd, "", w->since),
					file_writer_words[writer], &st, path,
					&e);
		}
	}
	close(fd);
	return !e.text[0];
}

void shim_written_list(struct exchange *x, const char *session,
		       int64_t since_ms, int64_t until_ms, size_t most)
{
	struct written w = {
		.x = x, .session = session, .since = since_ms,
		.most = most,
	};
	struct err e = { 0 };

	file_writers_each(session, since_ms, until_ms, add_written, &w);
	if (w.more)
		(void)!buf_addf(&x->answer, &e, "more %zu\n", w.more);
	exchange_answer_text(x);
}

void shim_written_note(const char *session, const char *path, int64_t since_ms,
		       int64_t until_ms)
{
	struct stat st;
	struct err e = { 0 };
	int64_t at;
	int fd = workspace_files_at(path, O_PATH | O_NOFOLLOW, &e);

	if (fd < 0)
		return;
	at = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ?
	     changes_ms(&st) : 0;
	close(fd);
	if (at >= since_ms)
		file_writers_note(session, at < until_ms ? at : until_ms, path);
}
