/*
 * Requests for files that are answered by a process of their own: file systems
 * block, and process 1 must not. The child starts with the request's head, reads
 * its body from a pipe as it comes and writes the answer to another. It keeps no
 * other descriptor, and works as long as its link waits.
 */
#ifndef SHIM_FILE_WORKER_H
#define SHIM_FILE_WORKER_H

#include <stdio.h>

#include "shim/link_server.h"

#define FILE_WORKERS_MAX 16	/* at once; then 503 */
#define FILE_WORKER_S 60	/* seconds for work that is not a transfer */

/* In the child. */
struct file_work {
	const char *path;	/* decoded; "" for the home; of uploads and trash the id */
	const char *query;
	int body;		/* end of file: the body is complete, or its link is gone */
	FILE *answer;
	bool begun;		/* the answer's status was written */
};

/*
 * The work: calls file_work_begin and writes the body. -1: e is the answer, or,
 * after begin, the answer is cut off in a way that its reader notices.
 */
typedef int file_work_run(struct file_work *w, struct err *e);

/* fields: "name=value", separated by spaces, or "". */
void file_work_begin(struct file_work *w, int status, const char *fields);

/* ERR_UNAVAILABLE, which is answered with 507, when errnum says the disk is full. */
int file_work_errno(struct err *e, int errnum, const char *what);

/* A parameter, decoded; false: absent, or not one line of less than size bytes. */
bool file_work_text(const struct file_work *w, const char *name, char *out,
		    size_t size);
/* In process 1: starts run for x. path: as in a request. lasts: a transfer, without a deadline. */
void file_worker_start(struct exchange *x, const char *path, bool lasts,
		       file_work_run *run);

#endif
