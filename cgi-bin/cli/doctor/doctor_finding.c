/* gongbang doctor: formats a check's result. */
#include "config.h"
#include "cli/doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>

static void __attribute__((format(printf, 4, 0)))
fill(struct finding *f, enum grade grade, const char *mend,
		 const char *fmt, va_list args)
{
	*f = (struct finding){ .grade = grade };
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	snprintf(f->mend, sizeof(f->mend), "%s", mend);
}

void finding_ok(struct finding *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fill(f, GRADE_OK, "", fmt, args);
	va_end(args);
}

void finding_warn(struct finding *f, const char *mend, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fill(f, GRADE_WARN, mend, fmt, args);
	va_end(args);
}

void finding_fail(struct finding *f, const char *mend, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fill(f, GRADE_FAIL, mend, fmt, args);
	va_end(args);
}
