/* Between the files of the catalogues. */
#ifndef I18N_I18N_INTERNAL_H
#define I18N_I18N_INTERNAL_H

#include <stdbool.h>

#include "i18n/i18n.h"

/* ERR_INTERNAL naming a sentence that locale.c needs and the catalogue lacks. */
int locale_check(const struct i18n_locale *l, struct err *e) must_check;

#define LOCALE_NUMBER_SIZE 32

/* Decimal; grouped: "1,204". Without printf: pages have many of them. */
void locale_number(char out[LOCALE_NUMBER_SIZE], int64_t n, bool grouped);

#endif
