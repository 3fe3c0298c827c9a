#include "config.h"
#include "guard/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LOOP_MAJOR 7
#define TRIES_MAX 64		/* other programs take free ones, too */

/* A node that no program created: /dev may not be the kernel's devtmpfs. */
static int open_device(unsigned number, int flags, char device[LOOP_DEVICE_SIZE])
{
	int fd;

	snprintf(device, LOOP_DEVICE_SIZE, "/dev/loop%u", number);
	fd = open(device, flags | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT &&
	    mknod(device, S_IFBLK | 0600, makedev(LOOP_MAJOR, number)) == 0)
		fd = open(device, flags | O_CLOEXEC);
	return fd;
}

/* Direct I/O: data is in the page cache once, charged to the container. */
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

int loop_attach(int file, char device[LOOP_DEVICE_SIZE], struct err *e)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int tries, number, loop = -1;

	for (tries = 0; control >= 0 && tries < TRIES_MAX; tries++) {
		number = ioctl(control, LOOP_CTL_GET_FREE);
		loop = number < 0 ? -1 :
		       open_device((unsigned)number, O_RDWR, device);
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

/* By device and inode: it may have another name in another namespace. */
static bool is_of(unsigned number, const struct stat *file,
		  char device[LOOP_DEVICE_SIZE])
{
	int loop = open_device(number, O_RDONLY, device);
	struct loop_info64 info = { 0 };
	bool found;

	found = loop >= 0 && ioctl(loop, LOOP_GET_STATUS64, &info) == 0 &&
		info.lo_device == file->st_dev && info.lo_inode == file->st_ino;
	if (loop >= 0)
		close(loop);
	return found;
}

bool loop_find(int file, char device[LOOP_DEVICE_SIZE])
{
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	bool found = false;
	struct stat st;
	unsigned number;
	char left;

	while (dir && !found && fstat(file, &st) == 0 && (entry = readdir(dir)))
		found = sscanf(entry->d_name, "loop%u%c", &number, &left) == 1 &&
			is_of(number, &st, device);
	if (dir)
		closedir(dir);
	return found;
}
