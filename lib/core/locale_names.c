#include "config.h"
#include "core/locale_names.h"

#include <stddef.h>

#include "core/str.h"

const char *const locale_names[LOCALES] = { "en", "ko" };

bool locale_name_valid(const char *name)
{
	size_t i;

	for (i = 0; i < LOCALES; i++) {
		if (str_equal(name, locale_names[i]))
			return true;
	}
	return false;
}
