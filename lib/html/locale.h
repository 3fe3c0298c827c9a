/* Between the files of the catalogues. */
#ifndef HTML_LOCALE_H
#define HTML_LOCALE_H

#include "html/i18n.h"

/* ERR_INTERNAL naming a sentence that locale.c needs and the catalogue lacks. */
int locale_check(const struct i18n_locale *l, struct err *e) must_check;

#endif
