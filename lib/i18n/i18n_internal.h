/* Shared by i18n.c and locale.c only. */
#ifndef I18N_I18N_INTERNAL_H
#define I18N_I18N_INTERNAL_H

#include <stdbool.h>

#include "i18n/i18n.h"

/* ERR_INTERNAL if the catalogue lacks a sentence that locale.c needs. */
int locale_check(const struct i18n_locale *l, struct err *e) must_check;

#define LOCALE_NUMBER_SIZE 32

/* Decimal; grouped: "1,204". Faster than printf, since pages format many numbers. */
void locale_number(char out[LOCALE_NUMBER_SIZE], int64_t n, bool grouped);

#endif
