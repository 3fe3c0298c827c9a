#include "config.h"
#include "kv/kv_call.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"

struct script_call *script_call_new(size_t nkeys, size_t n,
				    const char *const *args)
{
	size_t head = sizeof(struct script_call) + n * sizeof(*args);
	size_t bytes = 0, i, size;
	struct script_call *c;
	char *to;

	for (i = 0; i < n; i++)
		bytes += strlen(args[i]) + 1;
	c = malloc(head + bytes);
	if (!c)
		err_abort("out of memory");
	*c = (struct script_call){ .nkeys = nkeys, .n = n };
	to = (char *)c + head;
	for (i = 0; i < n; i++, to += size) {
		size = strlen(args[i]) + 1;
		c->args[i] = memcpy(to, args[i], size);
	}
	return c;
}
