#include "config.h"
#include "guard/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/str.h"
#include "guard/tree.h"

#define PATH_SIZE 1024
#define TOOL_MS 50000
#define COPY_MS (60 * 60 * 1000)
#define LOOP_MAJOR 7
#define LOOP_TRIES 64		/* others take free ones too */

/* Beside the mount point, so it goes with the volume. */
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
 * Of this process alone: a tool of a killed one may still be at work for a
 * moment, on the names that it was given.
 */
static int own_file(const char *path, const char *name, char out[PATH_SIZE],
		    struct err *e)
{
	char own[64];

	snprintf(own, sizeof(own), "%s-%d", name, (int)getpid());
	return file_of(path, own, out, e);
}

bool image_exists(const char *path)
{
	char file[PATH_SIZE];
	struct err e = { 0 };
	struct stat st;

	return file_of(path, "disk.img", file, &e) == 0 &&
	       lstat(file, &st) == 0 && S_ISREG(st.st_mode);
}

bool image_mounted(const char *path)
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

/* They die with the guard: another run of theirs may follow at once. */
#define TOOL "setpriv", "--pdeathsig", "KILL"

/* One at a time on an image, whoever started it. */
#define LOCKED "flock", "-w", "40"

/* exit_max: codes above it are failures (e2fsck says 1 when it mended). */
static int tool(const char *const *argv, int exit_max, int ms, struct err *e)
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
	code = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)argv, none);
	posix_spawn_file_actions_destroy(&files);
	if (code != 0)
		return err_errno(e, ERR_UNAVAILABLE, code, "%s", argv[3]);
	code = wait_tool(pid, ms);
	return code < 0 || code > exit_max ?
	       err_set(e, ERR_UNAVAILABLE, "%s ended with %d", argv[3], code) : 0;
}

static int put_size(const char *file, int flags, int64_t bytes, struct err *e)
{
	int fd = open(file, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	int rc = 0;

	if (fd < 0 || ftruncate(fd, bytes) < 0 || fsync(fd) < 0)
		rc = err_errno(e, ERR_UNAVAILABLE, errno, "%s", file);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int grow(const char *file, int64_t bytes, struct err *e)
{
	const char *const check[] = { TOOL, LOCKED, file, "e2fsck", "-fp", file, NULL };
	const char *const resize[] = { TOOL, LOCKED, file, "resize2fs", file, NULL };
	struct stat st;

	if (lstat(file, &st) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", file);
	if (st.st_size >= bytes)
		return 0;
	if (tool(check, 1, TOOL_MS, e) < 0 || put_size(file, 0, bytes, e) < 0)
		return -1;
	return tool(resize, 0, TOOL_MS, e);
}

/* A node that nobody made: /dev need not be the kernel's own. */
static int open_loop(int number, char device[32])
{
	int fd;

	snprintf(device, 32, "/dev/loop%d", number);
	fd = open(device, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT &&
	    mknod(device, S_IFBLK | 0600,
		  makedev(LOOP_MAJOR, (unsigned)number)) == 0)
		fd = open(device, O_RDWR | O_CLOEXEC);
	return fd;
}

/* Direct: what is written counts in the container's page cache once. */
static int configure(int loop, int file)
{
	struct loop_config config = {
		.fd = (uint32_t)file,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO,
	};

	if (ioctl(loop, LOOP_CONFIGURE, &config) == 0)
		return 0;
	config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
	return ioctl(loop, LOOP_CONFIGURE, &config);
}

/* A descriptor that holds the device until something is mounted from it. */
static int attach(int file, char device[32], struct err *e)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int tries, number, loop = -1;

	for (tries = 0; control >= 0 && tries < LOOP_TRIES; tries++) {
		number = ioctl(control, LOOP_CTL_GET_FREE);
		loop = number < 0 ? -1 : open_loop(number, device);
		if (loop < 0 || configure(loop, file) == 0)
			break;
		close(loop);
		loop = -1;
		if (errno != EBUSY)
			break;
	}
	if (loop < 0)
		err_errno(e, ERR_UNAVAILABLE, errno, "no loop device");
	if (control >= 0)
		close(control);
	return loop;
}

static int mount_file(const char *path, const char *name, struct err *e)
{
	int file = open(name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	int loop, rc = 0;
	char device[32];

	if (file < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", name);
	if (flock(file, LOCK_EX | LOCK_NB) < 0) {
		close(file);
		return err_set(e, ERR_UNAVAILABLE, "%s is being worked on", name);
	}
	flock(file, LOCK_UN);	/* the device keeps this description */
	loop = attach(file, device, e);
	close(file);
	if (loop < 0)
		return -1;
	if (mount(device, path, "ext4", MS_NOSUID | MS_NODEV,
		  "noinit_itable,discard,errors=remount-ro") < 0)
		rc = err_errno(e, ERR_UNAVAILABLE, errno, "mount %s", name);
	close(loop);
	return rc;
}

/* Best effort: what is still in use goes the next time. */
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
	if (rmdir(file) < 0 && errno == ENOTEMPTY && tree_clear(file, &e) == 0)
		rmdir(file);
}

/* What makings of an image left that were killed, or failed. */
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

static int fill(const char *path, const char *made, struct err *e)
{
	char to[PATH_SIZE], from[PATH_SIZE];
	const char *const copy[] = { TOOL, "cp", "-a", "--sparse=always", from, to, NULL };

	if (own_file(path, "filling", to, e) < 0)
		return -1;
	snprintf(from, sizeof(from), "%.*s/.", PATH_SIZE - 4, path);
	if (mkdir(to, 0700) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", to);
	if (mount_file(to, made, e) < 0 || tool(copy, 0, COPY_MS, e) < 0)
		return -1;
	if (umount2(to, UMOUNT_NOFOLLOW) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "unmount %s", to);
	rmdir(to);
	return 0;
}

int image_make(const char *path, int64_t bytes, int64_t inodes, bool filled,
	       struct err *e)
{
	char file[PATH_SIZE], made[PATH_SIZE], count[32];
	const char *const argv[] = {
		TOOL, "mkfs.ext4", "-q", "-F", "-m", "0", "-N", count, "-E",
		"lazy_itable_init=1,lazy_journal_init=1,nodiscard",
		"-O", "^resize_inode", made, NULL
	};

	if (file_of(path, "disk.img", file, e) < 0 ||
	    own_file(path, "disk.img.new", made, e) < 0)
		return -1;
	snprintf(count, sizeof(count), "%lld", (long long)inodes);
	drop_leftovers(path);
	if (put_size(made, O_CREAT | O_EXCL, bytes, e) < 0 ||
	    tool(argv, 0, TOOL_MS, e) < 0 || (filled && fill(path, made, e) < 0)) {
		drop_leftovers(path);
		return -1;
	}
	if (rename(made, file) < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", file);
	return 0;
}

int image_mount(const char *path, int64_t bytes, struct err *e)
{
	char file[PATH_SIZE], found[PATH_SIZE];
	struct stat st;

	if (file_of(path, "disk.img", file, e) < 0)
		return -1;
	if (image_mounted(path)) {
		if (lstat(file, &st) == 0 && st.st_size >= bytes)
			return 0;
		if (image_unmount(path, e) < 0)
			return -1;
	}
	if (grow(file, bytes, e) < 0 || mount_file(path, file, e) < 0)
		return -1;
	/* The engine fills a volume from the image when nothing is in it. */
	snprintf(found, sizeof(found), "%.*s/lost+found", PATH_SIZE - 16, path);
	rmdir(found);
	return 0;
}

int image_unmount(const char *path, struct err *e)
{
	if (image_mounted(path) && umount2(path, UMOUNT_NOFOLLOW) < 0)
		return err_errno(e, ERR_CONFLICT, errno, "unmount %s", path);
	return 0;
}
