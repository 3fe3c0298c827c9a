/* The languages of the product: each has a catalogue templates/locale/<name>.json. */
#ifndef CORE_LOCALE_NAMES_H
#define CORE_LOCALE_NAMES_H

#include <stdbool.h>

#define LOCALES 2

/* "en" is first: the fallback. */
extern const char *const locale_names[LOCALES];

bool locale_name_valid(const char *name);

#endif
