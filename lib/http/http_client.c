#include "config.h"
#include "http/http_client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

struct sink {
	struct buf *answer;
	struct err *e;
};

void http_client_start(void)
{
	if (curl_global_init(CURL_GLOBAL_NOTHING) != 0)
		err_abort("curl_global_init");
}

static size_t receive_body(char *bytes, size_t size, size_t n, void *data)
{
	struct sink *sink = data;

	n *= size;
	if (sink->answer && buf_add(sink->answer, bytes, n, sink->e) < 0)
		return 0;
	return n;
}

/* One line: "Name: value\r\n", not NUL-terminated. */
static size_t receive_header(char *bytes, size_t size, size_t n, void *data)
{
	const struct http_client_call *call = data;
	char line[256], *value;

	n *= size;
	if (n >= sizeof(line) || n < 2)
		return n;
	memcpy(line, bytes, n - 2);
	line[n - 2] = '\0';
	value = strchr(line, ':');
	if (value) {
		*value++ = '\0';
		call->header(call->data, line, value + strspn(value, " "));
	}
	return n;
}

static struct curl_slist *add_headers(CURL *curl,
				      const struct http_client_call *call)
{
	struct curl_slist *list = NULL;
	char line[128];

	list = curl_slist_append(list, "Expect:");
	if (call->body)
		list = curl_slist_append(list, "Content-Type: application/json");
	if (call->request_id) {
		snprintf(line, sizeof(line), "X-Request-Id: %.64s",
			 call->request_id);
		list = curl_slist_append(list, line);
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	return list;
}

static void prepare(CURL *curl, const struct http_client_call *call,
		    const char *url, struct sink *sink)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, call->socket);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)call->deadline_ms);
	if (!str_equal(call->method, "GET")) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
				 call->body ? call->body : "");
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
	}
	if (call->body_len)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE,
				 (long)call->body_len);
	if (call->header) {
		curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_header);
		curl_easy_setopt(curl, CURLOPT_HEADERDATA, call);
	}
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink);
}

int http_client_run(const struct http_client_call *call, int *status,
		    struct buf *answer,
		    struct err *e)
{
	struct err full = { 0 };
	struct sink sink = { answer, &full };
	struct curl_slist *headers;
	CURL *curl = curl_easy_init();
	CURLcode code;
	char url[8192];
	long got = 0;

	if (!curl)
		err_abort("out of memory");
	if (snprintf(url, sizeof(url), "http://localhost%s", call->path) >=
	    (int)sizeof(url)) {
		curl_easy_cleanup(curl);
		return err_set(e, ERR_INTERNAL, "path too long");
	}
	prepare(curl, call, url, &sink);
	headers = add_headers(curl, call);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	if (code == CURLE_WRITE_ERROR && full.kind != ERR_NONE) {
		*e = full;
		return err_wrap(e, "%s %s", call->method, call->path);
	}
	if (code != CURLE_OK)
		return err_tell(e, ERR_UNAVAILABLE, "error_bridge", "%s %s: %s",
				call->method, call->path,
				curl_easy_strerror(code));
	*status = (int)got;
	return 0;
}
