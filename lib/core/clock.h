/* Time. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

/* UTC, milliseconds since 1970. */
int64_t clock_now_ms(void);

/* Milliseconds that only go forward; for durations and deadlines. */
int64_t clock_mono_ms(void);

#endif
