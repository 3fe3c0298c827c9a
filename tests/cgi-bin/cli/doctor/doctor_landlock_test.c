/* gongbang doctor's check of Landlock, at each ABI a kernel may have. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "cgi-bin/cli/doctor/doctor.h"

static long abi;

long __wrap_syscall(long number, ...);

/* A kernel that has this ABI; 0: none, or not among its lsm=. */
long __wrap_syscall(long number, ...)
{
	assert_int_equal(number, SYS_landlock_create_ruleset);
	if (abi)
		return abi;
	errno = EOPNOTSUPP;
	return -1;
}

static void each_abi_is_told_what_it_lacks(void **state)
{
	static const struct {
		long abi;
		enum grade grade;
		const char *says;
	} rows[] = {
		{ 0, GRADE_WARN, "no Landlock domains" },
		{ 1, GRADE_WARN, "no Landlock domains" },
		{ 2, GRADE_WARN, "ABI 2: a command can kill processes of" },
		{ 3, GRADE_WARN, "ABI 3: a command can kill processes of" },
		{ 5, GRADE_WARN, "ABI 5: a command can kill processes of" },
		{ 6, GRADE_OK, "ABI 6: tools can't reach Claude" },
		{ 7, GRADE_OK, "ABI 7: tools can't reach Claude" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct finding f = { .grade = GRADE_FAIL };

		abi = rows[i].abi;
		doctor_landlock(NULL, &f);
		assert_int_equal(f.grade, rows[i].grade);
		if (!strstr(f.text, rows[i].says))
			fail_msg("at ABI %ld: %s", abi, f.text);
		assert_int_equal(f.mend[0] != '\0', f.grade != GRADE_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_abi_is_told_what_it_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
