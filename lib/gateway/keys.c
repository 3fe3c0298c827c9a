#include "config.h"
#include "gateway/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hash.h"

#define FILE_MAX (64 << 10)
#define KEY_MAX 4096
#define BEARER "Bearer "

/* A rest for one model; a digest of its name, 0: unused. */
struct rest {
	uint64_t model;
	int64_t until;
};

struct key {
	char *line;
	struct rest rests[KEYS_MODELS];
	int64_t rests_until;
	int64_t doubted_at;	/* the first of consecutive refusals */
	bool doubted;
	enum key_rest why;
};

struct keys {
	unsigned generation;
	size_t n, next;
	struct key list[KEYS_MAX];
};

struct keys *keys_new(void)
{
	struct keys *k = alloc_checked(calloc(1, sizeof(*k)));

	return k;
}

static void wipe(struct keys *k)
{
	size_t i;

	for (i = 0; i < k->n; i++) {
		explicit_bzero(k->list[i].line, strlen(k->list[i].line));
		free(k->list[i].line);
	}
	memset(k->list, 0, sizeof(k->list));
	k->n = k->next = 0;
}

void keys_free(struct keys *k)
{
	if (!k)
		return;
	wipe(k);
	free(k);
}

static int add(struct keys *k, const char *s, size_t n, struct err *e)
{
	bool bearer = n > strlen(BEARER) && !memcmp(s, BEARER, strlen(BEARER));
	size_t i;

	if (bearer) {
		s += strlen(BEARER);
		n -= strlen(BEARER);
	}
	for (i = 0; i < n; i++) {
		if (s[i] <= ' ' || s[i] > '~')
			return err_set(e, ERR_INPUT, "not a key: one a line, no spaces");
	}
	if (!n || (n == strlen(BEARER) - 1 && !memcmp(s, BEARER, n)))
		return err_set(e, ERR_INPUT, "no key after Bearer");
	if (n > KEY_MAX || k->n == KEYS_MAX)
		return err_set(e, ERR_INPUT, "at most %d keys of %d bytes", KEYS_MAX, KEY_MAX);
	if (asprintf(&k->list[k->n].line, "%s%.*s",
		     bearer ? "authorization: " BEARER : "x-api-key: ",
		     (int)n, s) < 0)
		err_abort("out of memory");
	k->n++;
	return 0;
}

static int parse(struct keys *k, const char *text, size_t n, struct err *e)
{
	const char *end = text + n, *stop;
	size_t len;
	int number = 1;

	for (; text < end; text = stop + 1, number++) {
		stop = memchr(text, '\n', (size_t)(end - text));
		if (!stop)
			stop = end;
		len = (size_t)(stop - text);
		while (len && strchr(" \t\r", text[len - 1]))
			len--;
		if (!len || text[0] == '#')
			continue;
		if (add(k, text, len, e) < 0)
			return err_wrap(e, "line %d", number);
	}
	if (!k->n)
		return err_set(e, ERR_INPUT, "no key in it");
	return 0;
}

int keys_parse(struct keys *k, const char *text, size_t n, struct err *e)
{
	struct keys fresh = { .generation = k->generation + 1 };

	if (parse(&fresh, text, n, e) < 0) {
		wipe(&fresh);
		return -1;
	}
	wipe(k);
	*k = fresh;
	explicit_bzero(&fresh, sizeof(fresh));
	return 0;
}

static int check_file(int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, ERR_INPUT, errno, "stat");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "not a file");
	if (st.st_mode & 077)
		return err_set(e, ERR_INPUT, "others may read it: chmod 0400");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, ERR_INPUT, "it belongs to another user");
	return 0;
}

static int load(struct keys *k, int fd, struct err *e)
{
	char text[FILE_MAX + 1];
	size_t n = 0;
	ssize_t got = 1;
	int done;

	if (check_file(fd, e) < 0)
		return -1;
	while (n < sizeof(text) && got > 0) {
		got = read(fd, text + n, sizeof(text) - n);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			n += (size_t)got;
	}
	if (got < 0)
		done = err_errno(e, ERR_INPUT, errno, "read");
	else if (n > FILE_MAX)
		done = err_set(e, ERR_INPUT, "over %d bytes", FILE_MAX);
	else
		done = keys_parse(k, text, n, e);
	explicit_bzero(text, sizeof(text));
	return done;
}

int keys_load(struct keys *k, const char *path, struct err *e)
{
	int fd, done;

	if (!*path) {
		wipe(k);
		k->generation++;
		return 0;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_errno(e, ERR_INPUT, errno, "keys in %s", path);
	done = load(k, fd, e);
	close(fd);
	return done < 0 ? err_wrap(e, "keys in %s", path) : 0;
}

/* Never 0. Names that collide only share a rest. */
static uint64_t digest(const char *model)
{
	return hash_64(HASH_64_OFFSET, model, strlen(model)) | 1;
}

/* When a key's rest for a model ends (NULL: for all models). */
static int64_t rests_until(const struct key *key, const char *model)
{
	uint64_t d = model ? digest(model) : 0;
	int64_t until = key->rests_until;
	size_t i;

	for (i = 0; model && i < KEYS_MODELS; i++) {
		if (key->rests[i].model == d && key->rests[i].until > until)
			until = key->rests[i].until;
	}
	return until;
}

bool keys_next(struct keys *k, const char *model, int64_t now, struct key_use *out)
{
	size_t i, at;

	out->generation = k->generation;
	out->number = 0;
	out->line = NULL;
	if (!k->n)
		return true;
	for (i = 0; i < k->n; i++) {
		at = (k->next + i) % k->n;
		if (rests_until(&k->list[at], model) > now)
			continue;
		k->next = at + 1;
		out->number = at + 1;
		out->line = k->list[at].line;
		return true;
	}
	return false;
}

/* NULL: no key, or one of an earlier file. */
static struct key *used(struct keys *k, const struct key_use *use)
{
	if (use->generation != k->generation || !use->number)
		return NULL;
	return &k->list[use->number - 1];
}

bool keys_refuse(struct keys *k, const struct key_use *use, int64_t sent, int64_t now)
{
	struct key *key = used(k, use);

	if (!key)
		return false;
	if (!key->doubted) {
		key->doubted = true;
		key->doubted_at = now;
		keys_rest(k, use, NULL, KEY_BUSY, now + KEYS_DOUBT_MS);
		return false;
	}
	if (sent < key->doubted_at)
		return false;
	keys_rest(k, use, NULL, KEY_REFUSED, now + KEYS_REFUSED_MS);
	return true;
}

void keys_accept(struct keys *k, const struct key_use *use)
{
	struct key *key = used(k, use);

	if (key)
		key->doubted = false;
}

static void rest_for(struct key *key, const char *model, int64_t until)
{
	struct rest *r, *to = &key->rests[0];
	uint64_t d = digest(model);

	for (r = key->rests; r < key->rests + KEYS_MODELS; r++) {
		if (r->model == d) {
			to = r;
			break;
		}
		if (r->until < to->until)
			to = r;
	}
	if (to->model != d || to->until < until)
		*to = (struct rest){ d, until };
}

void keys_rest(struct keys *k, const struct key_use *use, const char *model,
	       enum key_rest why, int64_t until)
{
	struct key *key = used(k, use);

	if (!key)
		return;
	if (model) {
		rest_for(key, model, until);
	} else if (until > key->rests_until) {
		key->rests_until = until;
		key->why = why;
	}
}

bool keys_alone(const struct keys *k, const struct key_use *use, const char *model, int64_t now)
{
	size_t i;

	for (i = 0; i < k->n; i++) {
		if (i + 1 != use->number && rests_until(&k->list[i], model) <= now)
			return false;
	}
	return true;
}

int64_t keys_ready_at(const struct keys *k, const char *model, int64_t now, bool *refused)
{
	int64_t first = INT64_MAX, until;
	size_t i;

	*refused = k->n > 0;
	for (i = 0; i < k->n; i++) {
		until = rests_until(&k->list[i], model);
		if (until < first)
			first = until;
		if (k->list[i].rests_until <= now || k->list[i].why != KEY_REFUSED)
			*refused = false;
	}
	return !k->n || first <= now ? 0 : first;
}
