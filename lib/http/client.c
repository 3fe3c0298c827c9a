#include "config.h"
#include "http/client.h"

#include <curl/curl.h>
#include <pthread.h>

#include "core/str.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		err_abort("libcurl does not start");
}

struct answer {
	struct buf *body;
	struct err *e;
	bool full;
};

static size_t receive(char *bytes, size_t size, size_t n, void *data)
{
	struct answer *a = data;

	if (buf_add(a->body, bytes, size * n, a->e) == 0)
		return size * n;
	a->full = true;
	return 0;
}

static int perform(CURL *c, struct answer *a, int *status)
{
	CURLcode done = curl_easy_perform(c);
	long code = 0;

	if (a->full)
		return err_wrap(a->e, "answer of the bridge");
	if (done != CURLE_OK)
		return err_tell(a->e, ERR_UNAVAILABLE, "error_bridge",
				"%s", curl_easy_strerror(done));
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
	*status = (int)code;
	return 0;
}

int client_call(const char *socket_path, const char *method, const char *path,
		long deadline_ms, struct buf *body_out, int *status,
		struct err *e)
{
	struct answer a = { .body = body_out, .e = e };
	char url[1024];
	int done, bad = 0;
	CURL *c;

	if (snprintf(url, sizeof(url), "http://bridge%s", path) >=
	    (int)sizeof(url))
		return err_set(e, ERR_INTERNAL, "path too long");
	pthread_once(&once, start);
	c = curl_easy_init();
	if (!c)
		err_abort("out of memory");
	bad |= curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	bad |= curl_easy_setopt(c, CURLOPT_URL, url);
	bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http");
	bad |= curl_easy_setopt(c, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, deadline_ms);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, &a);
	if (str_equal(method, "POST"))
		bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
	else if (!str_equal(method, "GET"))
		bad |= curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	if (bad)
		done = err_set(e, ERR_INTERNAL, "libcurl lacks an option");
	else
		done = perform(c, &a, status);
	curl_easy_cleanup(c);
	if (done < 0)
		return err_wrap(e, "%s %s", method, path);
	return 0;
}
