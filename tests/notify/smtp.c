#include "config.h"
#include "smtp.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *smtp_file(const struct smtp *s, const char *name)
{
	static char text[64 << 10];
	char path[128];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	f = fopen(path, "r");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static void make_certificate(const struct smtp *s)
{
	char command[512];

	snprintf(command, sizeof(command), "openssl req -x509 -newkey rsa:2048"
		 " -nodes -subj /CN=mail.example.org -days 2 -keyout %s/key"
		 " -out %s/cert 2>%s/openssl.log", s->folder, s->folder,
		 s->folder);
	if (system(command) != 0)
		fail_msg("%s", command);
}

void smtp_start(struct smtp *s, bool tls)
{
	const char *srcdir = getenv("top_srcdir");
	char path[512];
	int i;

	memset(s, 0, sizeof(*s));
	strcpy(s->folder, "/tmp/smtp_testXXXXXX");
	assert_non_null(mkdtemp(s->folder));
	if (tls)
		make_certificate(s);
	snprintf(path, sizeof(path), "%s/tests/notify/smtpd.py",
		 srcdir ? srcdir : ".");
	s->pid = fork();
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("python3", "python3", path, s->folder, NULL);
		_exit(127);
	}
	for (i = 0; i < 5000 && !smtp_file(s, "smtp.port")[0]; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	s->port = atoi(smtp_file(s, "smtp.port"));
	assert_true(s->port > 0);
}

void smtp_refuse(const struct smtp *s, const char *answer)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/refuse", s->folder);
	if (!answer) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(answer, f);
	fclose(f);
}

void smtp_stop(struct smtp *s)
{
	char command[128];

	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", s->folder);
	assert_int_equal(system(command), 0);
}
