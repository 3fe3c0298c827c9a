/* Any bytes except NUL as the host that a workspace asks for. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <talloc.h>

#include "core/str.h"
#include "egress/allow_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct allow_list *list(void)
{
	static const char text[] = ".example.org https,http all\n";
	static struct allow_list *l;
	struct err e = { 0 };

	if (!l)
		l = allow_list_parse(NULL, "fuzz", text, sizeof(text) - 1, &e);
	return l;
}

/* What is a name is one spelling, no address, and stays what it is. */
static void check_name(const char *name)
{
	char again[DOMAIN_MAX + 1];
	struct in_addr v4;

	if (!domain_valid(name) || !egress_host(name, again) ||
	    !str_equal(name, again) || inet_aton(name, &v4))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *host = malloc(size + 1), out[DOMAIN_MAX + 1];
	enum egress_verdict v;
	bool plain;

	memcpy(host, data, size);
	host[size] = '\0';
	if (egress_host(host, out))
		check_name(out);
	v = egress_check(list(), "CONNECT", host, 443, out, &plain);
	if (v == EGRESS_ALLOWED || v == EGRESS_NOT_LISTED)
		check_name(out);
	if (v == EGRESS_ALLOWED && !strstr(out, "example.org"))
		abort();
	free(host);
	return 0;
}
