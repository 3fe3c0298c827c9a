/* Reads the segments that an earlier gateway left in the folder. */
#include "config.h"
#include "gateway/journal_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"

#define PREFIX "segment-"
#define CHUNK 65536

static void take_line(struct journal *j, struct segment *s, const char *line,
		      size_t n)
{
	char model[CALL_MODEL_SIZE];
	enum call_line kind;
	struct usage_call call;
	struct entry *e;

	if (!call_line_parse(line, n, &kind, &call, model)) {
		s->damaged += n > 0;
		return;
	}
	e = journal_find(j, call.id);
	if (e && e->ended)
		return;
	if (!e)
		e = journal_add(j, &call);
	e->earlier = true;
	memcpy(e->model, model, sizeof(e->model));
	e->call = call;
	e->call.model = e->model;
	if (e->segment)
		e->segment->entries--;
	e->segment = s;
	s->entries++;
	if (kind == LINE_END)
		journal_set_ended(j, e);
}

/* Reads the complete lines among n bytes; returns the bytes used. */
static size_t take_lines(struct journal *j, struct segment *s,
			 const char *bytes, size_t n)
{
	const char *at = bytes, *end = bytes + n, *lf;

	while ((lf = memchr(at, '\n', (size_t)(end - at)))) {
		take_line(j, s, at, (size_t)(lf - at));
		at = lf + 1;
	}
	return (size_t)(at - bytes);
}

static int read_segment(struct journal *j, struct segment *s, int fd,
			struct err *e)
{
	static const size_t size = CHUNK;
	char *bytes = talloc_size(NULL, size);
	size_t have = 0, used;
	ssize_t n;

	if (!bytes)
		err_abort("out of memory");
	while ((n = read(fd, bytes + have, size - have)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		have += (size_t)n;
		used = take_lines(j, s, bytes, have);
		if (!used && have == size)
			used = have;	/* longer than any line of ours */
		have -= used;
		memmove(bytes, bytes + used, have);
	}
	talloc_free(bytes);
	return n < 0 ? err_errno(e, ERR_UNAVAILABLE, errno,
				 "journal %s: segment %lld", j->folder,
				 (long long)s->number) : 0;
}

static void log_damage(const struct segment *s)
{
	char segment[24], lines[24];

	snprintf(segment, sizeof(segment), "%lld", (long long)s->number);
	snprintf(lines, sizeof(lines), "%zu", s->damaged);
	log_event(LOG_ERROR, "journal_damaged", "segment", segment, "lines", lines, NULL);
}

static int take_segment(struct journal *j, int64_t number, const char *name,
			struct err *e)
{
	int fd = openat(j->folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
			O_NONBLOCK);
	struct segment *s;
	struct stat st;
	int rc = 0;

	if (j->next_number <= number)
		j->next_number = number + 1;
	if (fd < 0 && errno != ELOOP)
		return err_errno(e, ERR_UNAVAILABLE, errno, "journal %s/%s",
				 j->folder, name);
	/* Anything but a regular file is not ours and stays. */
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		s = alloc_checked(talloc_zero(j, struct segment));
		s->number = number;
		s->bytes = st.st_size;
		j->bytes += s->bytes;
		TAILQ_INSERT_TAIL(&j->segments, s, next);
		rc = read_segment(j, s, fd, e);
		if (s->damaged)
			log_damage(s);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static int is_segment(const struct dirent *d)
{
	size_t n = strlen(PREFIX);

	return strncmp(d->d_name, PREFIX, n) == 0 &&
	       strlen(d->d_name) == n + 20 &&
	       strspn(d->d_name + n, "0123456789") == 20;
}

/* strcmp order is numeric order: all names have the same number of digits. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Open calls end now, with the usage that was reported or estimated. */
static void interrupt_all(struct journal *j)
{
	struct entry *e;

	while ((e = TAILQ_FIRST(&j->open))) {
		e->call.outcome = "interrupted";
		e->call.ended_at = clock_now_ms();
		/* An estimate of what was sent is not a reply. */
		if (*e->model || e->call.usage.output)
			e->call.status = 200;
		journal_set_ended(j, e);
	}
}

/* Removes segments whose calls all continued in a later one. */
static void drop_empty(struct journal *j)
{
	struct segment *s, *later;

	for (s = TAILQ_FIRST(&j->segments); s; s = later) {
		later = TAILQ_NEXT(s, next);
		if (s->entries)
			continue;
		TAILQ_REMOVE(&j->segments, s, next);
		TAILQ_INSERT_TAIL(&j->dead, s, next);
	}
	journal_arm(j);
}

int journal_replay(struct journal *j, struct err *e)
{
	struct dirent **names = NULL;
	struct err ignored = { 0 };
	int n, i, rc = 0;
	int64_t number;

	n = scandir(j->folder, &names, is_segment, by_name);
	if (n < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "journal %s",
				 j->folder);
	for (i = 0; i < n; i++) {
		/* Numbers never grow beyond this many digits. */
		if (rc == 0 && str_parse_number(names[i]->d_name +
						strlen(PREFIX), 0,
						INT64_MAX - 1, &number,
						&ignored) == 0)
			rc = take_segment(j, number, names[i]->d_name, e);
		free(names[i]);
	}
	free(names);
	interrupt_all(j);
	drop_empty(j);
	j->n_earlier = j->n_ended;
	return rc;
}
