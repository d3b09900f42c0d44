/* SPDX-License-Identifier: MIT */
/* Numbers beside a plain list of which are given: the lowest that nobody has, and no other. */
#include "metrics/numbers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "support/check.h"
#include "support/fault.h"

enum { end = 3000, most = 300 };

static void
the_lowest_that_nobody_has_are_taken(void)
{
	struct pt_numbers numbers = {0};
	static bool given[end];
	uint32_t taken[most];
	memset(given, 0, sizeof given);
	srand(1);
	for (int step = 0; step < 20000; step++) {
		size_t count = (size_t)rand() % 20 == 0 ? most : (size_t)rand() % 4;
		size_t got = pt_numbers_take(&numbers, end, taken, count), free_one = 0;
		for (size_t i = 0; i < got; i++) {
			while (free_one < end && given[free_one])
				free_one++;
			check_fatal(taken[i] == free_one);
			given[free_one] = true;
		}
		if (got < count)
			check_true(memchr(given, false, end) == NULL);
		for (size_t i = (size_t)rand() % 60; i > 0; i--) {
			uint32_t any = (uint32_t)rand() % end;
			if (given[any])
				pt_numbers_put(&numbers, any);
			given[any] = false;
		}
	}
	free(numbers.free);
}

static void
without_memory_there_are_those_that_were_given_before(void)
{
	for (struct fault fault = {0}; fault_next(&fault);) {
		struct pt_numbers numbers = {0};
		uint32_t taken[most];
		size_t got = pt_numbers_take(&numbers, end, taken, most);
		check_true(got == most || fault_met());
		size_t missing = most - got;
		if (got > 0) {
			pt_numbers_put(&numbers, (uint32_t)got / 2);
			missing++;
		}
		check_size(pt_numbers_take(&numbers, end, taken, missing), missing);
		check_true(got == 0 || taken[0] == got / 2);
		free(numbers.free);
	}
}

CHECK_MAIN("metrics/numbers", TEST(the_lowest_that_nobody_has_are_taken),
	TEST(without_memory_there_are_those_that_were_given_before))
