/*
 * The baseline of the page benchmark: a FastCGI program that prints one
 * constant page of argv[2] bytes on socket argv[1] with argv[3] threads.
 */
#include "config.h"

#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int listener;
static char *page;
static int page_len;

static void *serve(void *unused)
{
	static pthread_mutex_t accepting = PTHREAD_MUTEX_INITIALIZER;
	FCGX_Request request;
	int got;

	FCGX_InitRequest(&request, listener, 0);
	for (;;) {
		pthread_mutex_lock(&accepting);
		got = FCGX_Accept_r(&request);
		pthread_mutex_unlock(&accepting);
		if (got < 0)
			return NULL;
		FCGX_FPrintF(request.out, "Content-Type: text/html; charset=utf-8\r\n"
			     "Content-Length: %d\r\n\r\n", page_len);
		FCGX_PutStr(page, page_len, request.out);
		FCGX_Finish_r(&request);
	}
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int threads, i;

	if (argc != 4) {
		fprintf(stderr, "usage: constant_fcgi SOCKET BYTES THREADS\n");
		return 2;
	}
	page_len = atoi(argv[2]);
	threads = atoi(argv[3]);
	page = malloc((size_t)page_len);
	if (!page || FCGX_Init() != 0)
		return 1;
	memset(page, 'x', (size_t)page_len);
	listener = FCGX_OpenSocket(argv[1], 1024);
	if (listener < 0 || chmod(argv[1], 0666) < 0)
		return 1;
	for (i = 1; i < threads; i++)
		pthread_create(&thread, NULL, serve, NULL);
	serve(NULL);
	return 0;
}
