#include "config.h"
#include "control_socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_S 20	/* when nobody comes */

void slurp(int fd, char *out, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size - 1 && (got = read(fd, out + n, size - 1 - n)) > 0)
		n += (size_t)got;
	out[n] = '\0';
	close(fd);
}

pid_t control_serve(const char *path, int told)
{
	static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char head[1024];
	ssize_t n;
	pid_t child;

	memcpy(at.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	child = fork();
	if (child == 0) {
		alarm(PATIENCE_S);
		fd = accept(fd, NULL, NULL);
		n = read(fd, head, sizeof(head));
		if (n <= 0 || write(told, head, strcspn(head, "\r")) < 0 ||
		    write(fd, answer, sizeof(answer) - 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(fd);
	close(told);
	return child;
}

void control_begin(struct control *c, const char *path)
{
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	c->path = path;
	c->child = control_serve(path, pipes[1]);
	c->told = pipes[0];
}

void control_heard(struct control *c, const char *want)
{
	char told[1024];

	slurp(c->told, told, sizeof(told));
	assert_int_equal(waitpid(c->child, NULL, 0), c->child);
	unlink(c->path);
	assert_string_equal(told, want);
}
