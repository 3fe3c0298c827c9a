/* lib/gateway/bounded_buffer.c: its cap, its order, and going back. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/bounded_buffer.h"

static void windows_keep_their_cap_and_order(void **state)
{
	struct bounded_buffer w;
	unsigned char next_in = 0, next_out = 0, bytes[97];
	size_t n, i, round;

	bounded_buffer_init(&w, 1000, false);
	srand(7);
	for (round = 0; round < 5000; round++) {
		n = (size_t)rand() % sizeof(bytes);
		for (i = 0; i < n; i++)
			bytes[i] = (unsigned char)(next_in + i);
		next_in = (unsigned char)(next_in + bounded_buffer_add(&w, bytes, n));
		assert_true(w.len <= 1000 && w.size <= 1000);
		n = bounded_buffer_take(&w, bytes,
					(size_t)rand() % sizeof(bytes));
		for (i = 0; i < n; i++)
			assert_int_equal(bytes[i], next_out++);
	}
	bounded_buffer_release(&w);
}

static void windows_go_back_while_they_can(void **state)
{
	struct bounded_buffer w;
	char out[8];

	bounded_buffer_init(&w, 6, true);
	assert_int_equal(bounded_buffer_add(&w, "abcd", 4), 4);
	assert_int_equal(bounded_buffer_take(&w, out, 3), 3);
	assert_true(bounded_buffer_rewind(&w));
	assert_int_equal(bounded_buffer_take(&w, out, 8), 4);
	assert_memory_equal(out, "abcd", 4);
	assert_int_equal(bounded_buffer_add(&w, "efghij", 6), 6);	/* over what was taken */
	assert_false(bounded_buffer_rewind(&w));
	assert_int_equal(bounded_buffer_take(&w, out, 8), 6);
	assert_memory_equal(out, "efghij", 6);
	bounded_buffer_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_keep_their_cap_and_order),
		cmocka_unit_test(windows_go_back_while_they_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
