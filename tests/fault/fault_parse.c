/* SPDX-License-Identifier: MIT */
#include "base/limits.h"
#include "support/fault.h"
#include "support/golden.h"

#include <pitot/exposition.h>
#include "support/check.h"

/* Either the parse is as without a fault, or it says that memory is out; never anything else. */
static void
parse_with_faults(const char *path)
{
	struct pt_buf input;
	pt_buf_init(&input, PT_LIMIT_TEXT);
	check_true(golden_read(path, "input", &input));
	struct pitot_snapshot *clean = pitot_parse(input.bytes, input.length, NULL, NULL);
	unsigned long runs = 0;
	for (struct fault fault = {0}; fault_next(&fault); runs++) {
		struct pitot_error why = {0};
		struct pitot_snapshot *found = pitot_parse(input.bytes, input.length, NULL, &why);
		bool met = fault_met();
		if (met && found == NULL)
			check_true(why.code == PITOT_NO_MEMORY || clean == NULL);
		else
			check_true((found == NULL) == (clean == NULL));
		if (met && why.code == PITOT_NO_MEMORY && clean != NULL)
			check_text(why.text, "input: out of memory");
		pitot_snapshot_free(found);
	}
	check_true(clean == NULL || runs > 1);
	pitot_snapshot_free(clean);
	pt_buf_clear(&input);
}

static void
valid_text_parses_or_tells_that_memory_is_out(void)
{
	check_true(golden_each("parse/valid", parse_with_faults) >= 40);
}

static void
invalid_text_never_parses_and_leaks_nothing(void)
{
	check_true(golden_each("parse/invalid", parse_with_faults) >= 40);
}

CHECK_MAIN("fault/parse", TEST(valid_text_parses_or_tells_that_memory_is_out),
	TEST(invalid_text_never_parses_and_leaks_nothing))
