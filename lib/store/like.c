#include "config.h"
#include "store/like.h"

#include <string.h>

int like_pattern(struct buf *out, const char *search, struct err *e)
{
	if (buf_add_text(out, "%", e) < 0)
		return -1;
	for (; *search; search++) {
		if ((strchr("%_\\", *search) &&
		     buf_add_text(out, "\\", e) < 0) ||
		    buf_add(out, search, 1, e) < 0)
			return -1;
	}
	return buf_add_text(out, "%", e);
}
