/* smtpd.py as a child of the test. */
#ifndef SMTP_H
#define SMTP_H

#include <stdbool.h>
#include <sys/types.h>

struct smtp {
	char folder[64];
	pid_t pid;
	int port;
};

void smtp_start(struct smtp *s, bool tls);
void smtp_stop(struct smtp *s);
/* "VERB CODE words": how it answers that command from now on (see smtpd.py); NULL: as ever. */
void smtp_refuse(const struct smtp *s, const char *answer);
/* A file of its folder as text; "" when there is none. */
const char *smtp_file(const struct smtp *s, const char *name);

#endif
