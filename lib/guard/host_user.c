#include "config.h"
#include "guard/host_user.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <talloc.h>
#include <unistd.h>

#include "core/host.h"
#include "core/str.h"

#define DEFAULT_UID 1000
#define BUSY_MS 10000
#define PROJECT_FIRST 1879048192u
/* In a user namespace (userns-remap) ids end at 65535. */
#define REMAPPED_FIRST 10000
#define REMAPPED_COUNT 50000

#define NOBODY "00000000-0000-7000-8000-000000000000"

struct host {
	const struct host_settings *settings;
	char *file;			/* "NUMBER ID" lines; the last number stays even if its
					 * user is removed */
	struct json_object *numbers;	/* by id */
	uint32_t next;
};

static int release(struct host *h)
{
	json_object_put(h->numbers);
	return 0;
}

static void add_number(struct host *h, const char *id, uint32_t number)
{
	if (!str_equal(id, NOBODY))
		json_object_object_add(h->numbers, id,
				       json_object_new_int64(number));
	if (number >= h->next)
		h->next = number + 1;
}

/* An incomplete last line was never assigned to a user. */
static int load(struct host *h, struct err *e)
{
	FILE *f = fopen(h->file, "re");
	char line[128], id[ID_SIZE];
	unsigned number;

	if (!f)
		return errno == ENOENT ? 0 :
		       err_errno(e, ERR_UNAVAILABLE, errno, "%s", h->file);
	while (fgets(line, sizeof(line), f)) {
		if (!strchr(line, '\n'))
			break;
		if (sscanf(line, "%u %36s", &number, id) == 2 && id_valid(id))
			add_number(h, id, number);
	}
	fclose(f);
	return 0;
}

struct host *host_new(const void *ctx, const struct host_settings *s,
		      struct err *e)
{
	struct host *h = alloc_checked(talloc_zero(ctx, struct host));

	h->settings = s;
	h->file = talloc_asprintf(h, "%s/uids", s->folder);
	h->numbers = json_object_new_object();
	talloc_set_destructor(h, release);
	if (load(h, e) < 0) {
		talloc_free(h);
		return NULL;
	}
	return h;
}

/* Starts on a new line, which ends an incomplete one. */
static int append(const struct host *h, const char *id, uint32_t number,
		  struct err *e)
{
	int fd = open(h->file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char line[96], last = '\n';
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	int n, rc = 0;

	if (end > 0 && pread(fd, &last, 1, end - 1) != 1)
		last = '\0';
	n = snprintf(line, sizeof(line), "%s%u %s\n", last == '\n' ? "" : "\n",
		     number, id);
	if (end < 0 || write(fd, line, (size_t)n) != n || fsync(fd) < 0)
		rc = err_errno(e, ERR_UNAVAILABLE, errno, "%s", h->file);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int number_of(struct host *h, const char *id, uint32_t *number,
		     struct err *e)
{
	struct json_object *known;

	if (json_object_object_get_ex(h->numbers, id, &known)) {
		*number = (uint32_t)json_object_get_int64(known);
		return 0;
	}
	if (h->next >= h->settings->uid_count)
		return err_set(e, ERR_LIMIT, "all %lld uids are given: raise"
			       " workspace_uid_count",
			       (long long)h->settings->uid_count);
	*number = h->next;
	if (append(h, id, *number, e) < 0)
		return -1;
	add_number(h, id, *number);
	return 0;
}

static int write_all(FILE *f, struct host *h)
{
	json_object_object_foreach(h->numbers, id, number) {
		if (fprintf(f, "%lld %s\n",
			    (long long)json_object_get_int64(number), id) < 0)
			return -1;
	}
	/* The highest number ever assigned. */
	if (h->next && fprintf(f, "%u " NOBODY "\n", h->next - 1) < 0)
		return -1;
	return fflush(f) == 0 && fsync(fileno(f)) == 0 ? 0 : -1;
}

static int save(struct host *h, struct err *e)
{
	char made[600];
	FILE *f = NULL;
	int rc = -1;

	if (snprintf(made, sizeof(made), "%s.new", h->file) < (int)sizeof(made))
		f = fopen(made, "we");
	if (f && fchmod(fileno(f), 0600) == 0)
		rc = write_all(f, h);
	if (f && fclose(f) != 0)
		rc = -1;
	if (rc < 0 || rename(made, h->file) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", h->file);
	return 0;
}

static int drop_file(const struct host *h, const char *id, const char *what,
		     struct err *e)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s.%s", h->settings->folder, id, what);
	return unlink(path) < 0 && errno != ENOENT ?
	       err_errno(e, ERR_UNAVAILABLE, errno, "%s", path) : 0;
}

int host_user_forget(struct host *h, const char id[ID_SIZE], struct err *e)
{
	if (!id_valid(id) || drop_file(h, id, "passwd", e) < 0 ||
	    drop_file(h, id, "group", e) < 0)
		return -1;
	if (!json_object_object_get_ex(h->numbers, id, NULL))
		return 0;
	json_object_object_del(h->numbers, id);
	return save(h, e);
}

/*
 * An engine with userns-remap keeps its data in ".../FIRST.FIRST/volumes/...";
 * 0: none.
 */
static int64_t remapped(const char *path)
{
	const char *volumes = strstr(path, "/volumes/"), *at = volumes;
	char digits[24];
	int64_t first = 0;
	struct err e = { 0 };
	size_t n;

	while (at && at > path && at[-1] != '/')
		at--;
	n = at ? strcspn(at, ".") : 0;
	if (n == 0 || n >= sizeof(digits) || at + n >= volumes)
		return 0;
	memcpy(digits, at, n);
	digits[n] = '\0';
	return str_parse_number(digits, 1, UINT32_MAX, &first, &e) < 0 ? 0 : first;
}

static void place(struct host_user *u, const struct host_settings *s)
{
	int64_t first = remapped(u->path);

	if (s->uid_first)
		u->uid = first ? REMAPPED_FIRST + u->number % REMAPPED_COUNT :
			 s->uid_first + u->number;
	u->owner = (uid_t)(first + (u->uid ? u->uid : DEFAULT_UID));
}

int host_user_find(struct host *h, const char id[ID_SIZE], const char *path,
		   struct host_user *u, struct err *e)
{
	const struct host_settings *s = h->settings;

	memset(u, 0, sizeof(*u));
	if (!str_copy(u->id, sizeof(u->id), id) ||
	    !str_copy(u->path, sizeof(u->path), path) ||
	    strlen(s->folder) > sizeof(u->passwd) - ID_SIZE - 16)
		return err_set(e, ERR_INTERNAL, "a path too long");
	if (number_of(h, id, &u->number, e) < 0)
		return -1;
	place(u, s);
	if (u->uid) {
		snprintf(u->passwd, sizeof(u->passwd), "%s/%s.passwd", s->folder, id);
		snprintf(u->group, sizeof(u->group), "%s/%s.group", s->folder, id);
	}
	return 0;
}

static bool same(const char *path, const char *text)
{
	char have[2048];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, have, sizeof(have));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text) && memcmp(have, text, (size_t)n) == 0;
}

static int put_file(const char *path, const char *text, struct err *e)
{
	char made[600];
	size_t n = strlen(text);
	int fd;
	bool ok;

	if (same(path, text))
		return 0;
	snprintf(made, sizeof(made), "%s.new", path);
	fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ok = fd >= 0 && fchmod(fd, 0644) == 0 &&
	     write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	if (!ok || rename(made, path) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", path);
	return 0;
}

/* The image's own claude is 1000; for another uid these files name the user. */
int host_user_names(const struct host *h, const struct host_user *u,
		    struct err *e)
{
	char text[512];

	if (!u->uid)
		return 0;
	snprintf(text, sizeof(text),
		 "root:x:0:0:root:/root:/bin/bash\n"
		 "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
		 "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
		 "sys:x:3:3:sys:/dev:/usr/sbin/nologin\n"
		 "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
		 "claude:x:%lld:%lld::/workspace:/bin/bash\n",
		 (long long)u->uid, (long long)u->uid);
	if (put_file(u->passwd, text, e) < 0)
		return -1;
	snprintf(text, sizeof(text),
		 "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\n"
		 "tty:x:5:\nstaff:x:50:\nusers:x:100:\nnogroup:x:65534:\n"
		 "claude:x:%lld:\n", (long long)u->uid);
	return put_file(u->group, text, e);
}

/* An engine in another mount namespace does not see our mounts. */
static bool sees_mounts(const char *socket_path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char link[64], ours[64] = "", theirs[64] = "";
	struct ucred peer = { 0 };
	socklen_t n = sizeof(peer);

	if (fd >= 0 && str_copy(a.sun_path, sizeof(a.sun_path), socket_path) &&
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0) {
		snprintf(link, sizeof(link), "/proc/%d/ns/mnt", (int)peer.pid);
		if (readlink(link, theirs, sizeof(theirs) - 1) < 0 ||
		    readlink("/proc/self/ns/mnt", ours, sizeof(ours) - 1) < 0)
			*theirs = '\0';
	}
	if (fd >= 0)
		close(fd);
	return *theirs && str_equal(ours, theirs);
}

/* On the engine's own disk, not on what is mounted over the volume. */
static int64_t disk_left(const char *path)
{
	char above[1100];

	snprintf(above, sizeof(above), "%s/..", path);
	return host_disk_left(above);
}

int host_user_volume(const struct host *h, const struct host_user *u,
		     enum volume_quota *held, struct err *e)
{
	const struct host_settings *s = h->settings;
	struct volume v = {
		.path = u->path,
		.owner = u->owner,
		.project = PROJECT_FIRST + u->number,
		.bytes = s->bytes,
		.inodes = s->inodes,
		.quota = s->quota,
		.busy_ms = BUSY_MS,
	};

	if (disk_left(u->path) < s->reserve)
		return err_set(e, ERR_LIMIT, "less than disk_reserve is free");
	if ((v.quota == VOLUME_AUTO || v.quota == VOLUME_IMAGE) &&
	    !sees_mounts(s->engine_socket)) {
		v.quota = VOLUME_WATCH;
		err_set(e, ERR_UNAVAILABLE, "the engine does not see this"
			" program's mounts");
	}
	return volume_hold(&v, held, e) < 0 ? -1 : volume_own(&v, e);
}
