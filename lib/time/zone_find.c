/*
 * Finds zones and their files by name. Names are those of the IANA list
 * (tzdata.zi beside the files), so the cache is bounded: neither
 * "posix/Asia/Seoul" nor an invented name takes an entry. A file that a
 * package update replaced is read again.
 */
#include "config.h"
#include "time/zone.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/str.h"

#define FOLDER "/usr/share/zoneinfo"
#define FILE_MAX (1 << 21)	/* bytes; the list has 110 KB, the largest zone 4 KB */
#define LOOK_MS 5000		/* interval between checks of a file while its zone is in use */

struct stamp {
	int64_t device, inode, size, modified;	/* ns */
};

/* A zone that was looked up. A replaced one is kept, because callers hold it. */
struct known {
	struct known *next;
	const struct zone *zone;
	struct stamp stamp;
	int64_t looked_at;	/* clock_mono_ms */
	char name[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known *first;
static uint64_t generation = 1;

static struct {
	char **names;		/* sorted; NULL until the list was read */
	size_t n;
	struct stamp stamp;
	int64_t looked_at;
} list;

/* The same default as the C library's. */
static void path_of(const char *name, char out[256])
{
	const char *folder = getenv("TZDIR");

	snprintf(out, 256, "%.180s/%.70s", folder && *folder ? folder : FOLDER,
		 name);
}

static bool stamp_of(const char *name, struct stamp *out)
{
	struct stat st;
	char path[256];

	path_of(name, path);
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	*out = (struct stamp){
		(int64_t)st.st_dev, (int64_t)st.st_ino, st.st_size,
		st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
	};
	return true;
}

static bool same(const struct stamp *a, const struct stamp *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool read_file(const char *name, struct buf *bytes)
{
	struct err e = { 0 };
	char path[256];
	int rc;
	FILE *f;

	path_of(name, path);
	f = fopen(path, "re");
	if (!f)
		return false;
	rc = buf_read_file(bytes, f, &e);
	fclose(f);
	return rc == 0 && bytes->len;
}

/* ---- the list */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "Z Asia/Seoul 8:27:52 ..." and "L Asia/Seoul ROK" name one each. */
static void read_line(char *line, char **names, size_t *n)
{
	char *save, *word = strtok_r(line, " ", &save);
	bool link = word && str_equal(word, "L");

	if (!word || (!link && !str_equal(word, "Z")))
		return;
	word = strtok_r(NULL, " ", &save);
	if (link)
		word = strtok_r(NULL, " ", &save);
	if (word && strlen(word) <= 64)
		names[(*n)++] = word;
}

/* Every line has at least two bytes. */
static bool read_list(void)
{
	auto_buf bytes = BUF_INIT(FILE_MAX);
	char *text, **names, *line, *save;
	size_t n = 0;

	if (!read_file("tzdata.zi", &bytes))
		return false;
	names = talloc_array(NULL, char *, bytes.len / 2 + 1);
	text = talloc_strndup(names, buf_text(&bytes), bytes.len);
	if (!names || !text)
		err_abort("out of memory");
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		read_line(line, names, &n);
	qsort(names, n, sizeof(names[0]), by_name);
	talloc_free(list.names);
	list.names = names;
	list.n = n;
	return true;
}

static void look_at_list(int64_t now)
{
	struct stamp stamp;

	if (list.names && now - list.looked_at < LOOK_MS)
		return;
	list.looked_at = now;
	if (stamp_of("tzdata.zi", &stamp) &&
	    (!list.names || !same(&stamp, &list.stamp)) && read_list())
		list.stamp = stamp;
}

static bool in_list(const char *name)
{
	return list.names && bsearch(&name, list.names, list.n,
				     sizeof(list.names[0]), by_name);
}

/* ---- the zones */

/* The zone from its current file; the cached one when that cannot be read. */
static void look_at(struct known *k, int64_t now)
{
	auto_buf bytes = BUF_INIT(FILE_MAX);
	struct err e = { 0 };
	struct stamp stamp;
	struct zone *z;

	k->looked_at = now;
	if (!stamp_of(k->name, &stamp) ||
	    (k->zone && same(&stamp, &k->stamp)) ||
	    !read_file(k->name, &bytes))
		return;
	z = zone_parse(k, bytes.data, bytes.len, &e);
	if (!z)
		return;
	if (k->zone)
		generation++;
	k->zone = z;
	k->stamp = stamp;
}

static const struct zone *find_locked(const char *name)
{
	int64_t now = clock_mono_ms();
	struct known *k;

	look_at_list(now);
	for (k = first; k && !str_equal(k->name, name); k = k->next)
		;
	if (!k && in_list(name)) {
		k = talloc_zero_size(NULL, sizeof(*k) + strlen(name) + 1);
		if (!k)
			err_abort("out of memory");
		memcpy(k->name, name, strlen(name) + 1);
		k->next = first;
		first = k;
	}
	if (k && (!k->zone || now - k->looked_at >= LOOK_MS))
		look_at(k, now);
	return k ? k->zone : NULL;
}

const struct zone *zone_find(const char *name)
{
	const struct zone *z;

	pthread_mutex_lock(&lock);
	z = find_locked(name);
	pthread_mutex_unlock(&lock);
	return z;
}

bool zone_listed(const char *name)
{
	bool yes;

	pthread_mutex_lock(&lock);
	look_at_list(clock_mono_ms());
	yes = !list.names || in_list(name);
	pthread_mutex_unlock(&lock);
	return yes;
}

uint64_t zone_generation(void)
{
	int64_t now = clock_mono_ms();
	struct known *k;
	uint64_t g;

	pthread_mutex_lock(&lock);
	for (k = first; k; k = k->next)
		look_at(k, now);
	g = generation;
	pthread_mutex_unlock(&lock);
	return g;
}
