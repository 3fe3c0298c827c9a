#include "config.h"
#include "kv/kv_login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "kv/kv_internal.h"

#define NAME_SIZE 32
#define PASSWORD_SIZE 128

static char user[NAME_SIZE], password[PASSWORD_SIZE];
static const char *const words[] = { "AUTH", user, password, NULL };

const char *const *kv_login_words(void)
{
	return *password ? words : NULL;
}

int kv_login_read(const struct settings *s, const char *name, struct err *e)
{
	char path[512];
	ssize_t n;
	int fd;

	if (!*settings_text(s, SET_REDIS_USERS))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", settings_text(s, SET_REDIS_USERS),
		 name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_errno(e, ERR_UNAVAILABLE, errno, "%s", path);
	n = read(fd, password, sizeof(password) - 1);
	close(fd);
	password[n > 0 ? n : 0] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	if (!*password || !str_copy(user, sizeof(user), name))
		return err_set(e, ERR_UNAVAILABLE, "%s contains no password", path);
	return 0;
}
