#include "config.h"
#include "guard/volume_image.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "guard/file_tree.h"
#include "guard/loop.h"

#define PATH_SIZE 1024
#define TOOL_MS 50000
#define COPY_MS (60 * 60 * 1000)
#define LOOK_US 20000
#define TOOL_FD 3		/* a tool holds its image's lock while it runs */

/* Beside the mount point, so it is removed with the volume. */
static int file_of(const char *path, const char *name, char out[PATH_SIZE],
		   struct err *e)
{
	const char *end = strrchr(path, '/');

	if (!end || (size_t)(end - path) + strlen(name) + 2 > PATH_SIZE)
		return err_set(e, ERR_INTERNAL, "no place for %s", path);
	snprintf(out, PATH_SIZE, "%.*s/%s", (int)(end - path), path, name);
	return 0;
}

/*
 * For this process alone: a tool of a killed one may still be working for a
 * moment on the names it was given.
 */
static int own_file(const char *path, const char *name, char out[PATH_SIZE],
		    struct err *e)
{
	char own[64];

	snprintf(own, sizeof(own), "%s-%d", name, (int)getpid());
	return file_of(path, own, out, e);
}

bool volume_image_exists(const char *path)
{
	char file[PATH_SIZE];
	struct err e = { 0 };
	struct stat st;

	return file_of(path, "disk.img", file, &e) == 0 &&
	       lstat(file, &st) == 0 && S_ISREG(st.st_mode);
}

bool volume_image_mounted(const char *path)
{
	char above[PATH_SIZE];
	struct stat here, there;
	struct err e = { 0 };

	return file_of(path, ".", above, &e) == 0 && lstat(path, &here) == 0 &&
	       stat(above, &there) == 0 && here.st_dev != there.st_dev;
}

/* Waits for a tool of e2fsprogs; its exit code, or -1. */
static int wait_tool(pid_t pid, int ms)
{
	struct pollfd p = { .events = POLLIN };
	int status = -1;

	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0 || poll(&p, 1, ms) != 1)
		kill(pid, SIGKILL);
	if (p.fd >= 0)
		close(p.fd);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
	       WEXITSTATUS(status) : -1;
}

/* Tools die with the guard: a new one may start right after. */
#define TOOL "setpriv", "--pdeathsig", "KILL"

/* exit_max: codes above it are failures (e2fsck returns 1 after a repair). */
static int tool(const char *const *argv, int file, int exit_max, int ms,
		struct err *e)
{
	static char *const none[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"LC_ALL=C", NULL };
	posix_spawn_file_actions_t files;
	int code;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, file, TOOL_FD);
	code = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)argv, none);
	posix_spawn_file_actions_destroy(&files);
	if (code != 0)
		return err_errno(e, ERR_UNAVAILABLE, code, "%s", argv[3]);
	code = wait_tool(pid, ms);
	if (code < 0)
		return err_set(e, ERR_UNAVAILABLE, "%s was killed", argv[3]);
	return code > exit_max ? err_set(e, ERR_UNAVAILABLE, "%s ended with %d",
					 argv[3], code) : 0;
}

static int make_file(const char *name, int64_t bytes, struct err *e)
{
	int file = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0 &&
	    ftruncate(file, bytes) == 0)
		return file;
	err_errno(e, ERR_UNAVAILABLE, errno, "%s", name);
	if (file >= 0)
		close(file);
	return -1;
}

/* Size of its file system from the superblock (ext4's disk layout). */
static int64_t size_inside(int file)
{
	struct {
		uint32_t inodes, blocks, unused[4], log_block_size;
	} super;

	return pread(file, &super, sizeof(super), 1024) != sizeof(super) ||
	       le32toh(super.log_block_size) > 6 ? 0 :
	       (int64_t)le32toh(super.blocks) << (10 + le32toh(super.log_block_size));
}

/* After an interrupted resize the file may be larger than its file system. */
static bool is_short(int file, int64_t bytes)
{
	struct stat st;

	return fstat(file, &st) == 0 &&
	       (st.st_size < bytes ||
		size_inside(file) < st.st_size - st.st_size / 64);
}

static int grow(int file, const char *name, int64_t bytes, struct err *e)
{
	const char *const check[] = { TOOL, "e2fsck", "-fp", name, NULL };
	const char *const resize[] = { TOOL, "resize2fs", name, NULL };
	struct stat st;

	if (!is_short(file, bytes))
		return 0;
	if (tool(check, file, 1, TOOL_MS, e) < 0)
		return -1;
	if (fstat(file, &st) < 0 ||
	    (st.st_size < bytes && ftruncate(file, bytes) < 0) ||
	    fsync(file) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", name);
	return tool(resize, file, 0, TOOL_MS, e);
}

/*
 * Takes the image for this process alone: no tool of another process works on
 * it and no loop device holds it. After an unmount here the file system stays
 * mounted in every mount namespace that was created meanwhile, and each start
 * of a container creates one for a moment. Returns a locked descriptor; or -1,
 * with the device that still holds it, "" when it was a tool's lock.
 */
static int lock_image(const char *name, int busy_ms, char device[LOOP_DEVICE_SIZE],
		      struct err *e)
{
	int file = open(name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	int64_t until = clock_mono_ms() + busy_ms;

	*device = '\0';
	if (file < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", name);
	for (;;) {
		if (!loop_find(file, device)) {
			*device = '\0';
			if (flock(file, LOCK_EX | LOCK_NB) == 0)
				return file;
		}
		if (clock_mono_ms() >= until)
			break;
		usleep(LOOK_US);
	}
	close(file);
	return err_set(e, ERR_UNAVAILABLE, "%s is still %s%s", name,
		       *device ? "mounted somewhere, on " : "worked on", device);
}

static int mount_device(const char *device, const char *path, struct err *e)
{
	return mount(device, path, "ext4", MS_NOSUID | MS_NODEV,
		     "noinit_itable,discard,errors=remount-ro") < 0 ?
	       err_errno(e, ERR_UNAVAILABLE, errno, "mount %s on %s", device,
			 path) : 0;
}

/* The device holds file's lock from here on, until it is mounted nowhere. */
static int mount_file(int file, const char *path, struct err *e)
{
	char device[LOOP_DEVICE_SIZE];
	int loop = loop_attach(file, device, e), rc;

	if (loop < 0)
		return -1;
	rc = mount_device(device, path, e);
	close(loop);
	return rc;
}

/* Best effort: files still in use are removed the next time. */
static void drop_one(const char *folder, const char *name)
{
	char file[PATH_SIZE];
	struct err e = { 0 };

	if ((size_t)snprintf(file, sizeof(file), "%s/%s", folder, name) >= sizeof(file))
		return;
	if (str_starts(name, "disk.img.new-")) {
		unlink(file);
		return;
	}
	while (umount2(file, UMOUNT_NOFOLLOW | MNT_DETACH) == 0)
		;
	if (rmdir(file) < 0 && errno == ENOTEMPTY && file_tree_clear(file,
								     &e) == 0)
		rmdir(file);
}

/* Removes leftovers of creations that were killed or failed. */
static void drop_leftovers(const char *path)
{
	char folder[PATH_SIZE];
	struct dirent *entry;
	struct err e = { 0 };
	DIR *dir = NULL;

	if (file_of(path, ".", folder, &e) == 0)
		dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		if (str_starts(entry->d_name, "disk.img.new-") ||
		    str_starts(entry->d_name, "filling-"))
			drop_one(folder, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

static int fill(int file, const char *path, struct err *e)
{
	char to[PATH_SIZE], from[PATH_SIZE];
	const char *const copy[] = { TOOL, "cp", "-a", "--sparse=always", from, to, NULL };

	if (own_file(path, "filling", to, e) < 0)
		return -1;
	snprintf(from, sizeof(from), "%.*s/.", PATH_SIZE - 4, path);
	if (mkdir(to, 0700) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", to);
	if (mount_file(file, to, e) < 0 || tool(copy, file, 0, COPY_MS, e) < 0)
		return -1;
	if (umount2(to, UMOUNT_NOFOLLOW) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "unmount %s", to);
	rmdir(to);
	return 0;
}

static int make(int file, const char *path, const char *name, int64_t inodes,
		bool filled, struct err *e)
{
	char count[32];
	const char *const argv[] = {
		TOOL, "mkfs.ext4", "-q", "-F", "-m", "0", "-N", count, "-E",
		"lazy_itable_init=1,lazy_journal_init=1,nodiscard",
		"-O", "^resize_inode", name, NULL
	};

	snprintf(count, sizeof(count), "%lld", (long long)inodes);
	if (tool(argv, file, 0, TOOL_MS, e) < 0 ||
	    (filled && fill(file, path, e) < 0))
		return -1;
	return fsync(file) < 0 ?
	       err_errno(e, ERR_UNAVAILABLE, errno, "%s", name) : 0;
}

int volume_image_make(const char *path, int64_t bytes, int64_t inodes,
		      bool filled,
		      struct err *e)
{
	char name[PATH_SIZE], made[PATH_SIZE];
	int file, rc;

	if (file_of(path, "disk.img", name, e) < 0 ||
	    own_file(path, "disk.img.new", made, e) < 0)
		return -1;
	drop_leftovers(path);
	file = make_file(made, bytes, e);
	rc = file < 0 ? -1 : make(file, path, made, inodes, filled, e);
	if (file >= 0)
		close(file);
	if (rc == 0 && rename(made, name) < 0)
		rc = err_errno(e, ERR_UNAVAILABLE, errno, "%s", name);
	if (rc < 0)
		drop_leftovers(path);
	return rc;
}

/* One that the kernel does not release is mounted again at its old size. */
static int mount_grown(const char *path, const char *name, int64_t bytes,
		       int busy_ms, struct err *e)
{
	char device[LOOP_DEVICE_SIZE];
	int file = lock_image(name, busy_ms, device, e), rc;

	if (file < 0)
		return *device ? mount_device(device, path, e) : -1;
	rc = grow(file, name, bytes, e) < 0 ? -1 : mount_file(file, path, e);
	close(file);
	return rc;
}

static bool is_grown(const char *name, int64_t bytes)
{
	int file = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool grown = file >= 0 && !is_short(file, bytes);

	if (file >= 0)
		close(file);
	return grown;
}

int volume_image_mount(const char *path, int64_t bytes, int busy_ms,
		       struct err *e)
{
	char name[PATH_SIZE], found[PATH_SIZE];

	if (file_of(path, "disk.img", name, e) < 0)
		return -1;
	if (volume_image_mounted(path)) {
		if (is_grown(name, bytes))
			return 0;
		if (volume_image_unmount(path, e) < 0)
			return -1;
	}
	if (mount_grown(path, name, bytes, busy_ms, e) < 0)
		return -1;
	/* The engine fills an empty volume from the image. */
	snprintf(found, sizeof(found), "%.*s/lost+found", PATH_SIZE - 16, path);
	rmdir(found);
	return 0;
}

int volume_image_unmount(const char *path, struct err *e)
{
	if (volume_image_mounted(path) && umount2(path, UMOUNT_NOFOLLOW) < 0)
		return err_errno(e, ERR_CONFLICT, errno, "unmount %s", path);
	return 0;
}
