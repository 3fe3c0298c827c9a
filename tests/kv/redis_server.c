#include "config.h"
#include "redis_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_TRIES 500	/* of 20 ms */

static _Noreturn void be_server(const struct redis_server *s)
{
	int null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
	       s->socket, "--save", "", "--appendonly", "no", "--dir",
	       s->folder, (char *)NULL);
	_exit(127);
}

static int answers(const struct redis_server *s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	memcpy(to.sun_path, s->socket, strlen(s->socket) + 1);
	rc = connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	return rc == 0;
}

void server_start(struct redis_server *s)
{
	int i;

	unlink(s->socket);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0)
		be_server(s);
	for (i = 0; i < WAIT_TRIES && !answers(s); i++) {
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
			fail_msg("redis-server does not start");
		usleep(20000);
	}
	assert_true(i < WAIT_TRIES);
}

void server_init(struct redis_server *s)
{
	memset(s, 0, sizeof(*s));
	strcpy(s->folder, "/tmp/redis_testXXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->socket, sizeof(s->socket), "%s/redis.sock", s->folder);
	server_start(s);
}

void server_kill(struct redis_server *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGKILL);
	kill(s->pid, SIGCONT);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

void server_release(struct redis_server *s)
{
	server_kill(s);
	unlink(s->socket);
	rmdir(s->folder);
}
