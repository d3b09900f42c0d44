/* SPDX-License-Identifier: MIT */
/* The face over CUnit. A failed check prints file, line, what was expected and what was found. */
#include "check.h"

#include <stdbool.h>
#include <stdlib.h>

static int
report(const char *file, int line, int ok, const char *message)
{
	/* CUnit keeps pointers to the strings, so a failure's message is allocated and kept. */
	char *kept = ok ? NULL : strdup(message);
	CU_assertImplementation(ok ? CU_TRUE : CU_FALSE, (unsigned)line,
		kept != NULL ? kept : "check", file, "", CU_FALSE);
	if (!ok)
		fprintf(stderr, "%s:%d: %s\n", file, line, message);
	return ok;
}

int
check_true_at(const char *file, int line, const char *what, int ok)
{
	return report(file, line, ok, what);
}

int
check_int_at(const char *file, int line, const char *what, long long found, long long expected)
{
	char message[512];
	(void)snprintf(
		message, sizeof message, "%s: expected %lld, found %lld", what, expected, found);
	return report(file, line, found == expected, message);
}

/* Equal bits, so that -0 differs from 0 and a NaN equals itself. */
int
check_double_at(const char *file, int line, const char *what, double found, double expected)
{
	char message[512];
	(void)snprintf(message, sizeof message, "%s: expected %a (%g), found %a (%g)", what,
		expected, expected, found, found);
	return report(file, line, memcmp(&found, &expected, sizeof found) == 0, message);
}

int
check_text_at(const char *file, int line, const char *what, const char *found, const char *expected)
{
	char message[8192];
	bool ok = found != NULL && expected != NULL && strcmp(found, expected) == 0;
	(void)snprintf(message, sizeof message, "%s:\n  expected \"%s\"\n  found    \"%s\"", what,
		expected == NULL ? "(NULL)" : expected, found == NULL ? "(NULL)" : found);
	return report(file, line, ok, message);
}

int
check_contains_at(const char *file, int line, const char *what, const char *found, const char *part)
{
	char message[8192];
	bool ok = found != NULL && strstr(found, part) != NULL;
	(void)snprintf(message, sizeof message, "%s:\n  expected to contain \"%s\"\n  found \"%s\"",
		what, part, found == NULL ? "(NULL)" : found);
	return report(file, line, ok, message);
}

static void
hex(char *out, size_t size, const unsigned char *bytes, size_t length)
{
	size_t used = 0;
	for (size_t i = 0; i < length && used + 3 < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%02x", bytes[i]);
	out[used] = '\0';
}

int
check_bytes_at(const char *file, int line, const char *what, const void *found, size_t found_length,
	const void *expected, size_t expected_length)
{
	bool ok = found_length == expected_length &&
		(found_length == 0 || memcmp(found, expected, found_length) == 0);
	char left[2048], right[2048], message[5000];
	hex(left, sizeof left, expected, expected_length);
	hex(right, sizeof right, found, found_length);
	(void)snprintf(message, sizeof message,
		"%s:\n  expected %zu bytes %s\n  found    %zu bytes %s", what, expected_length,
		left, found_length, right);
	return report(file, line, ok, message);
}

int
check_main(const char *suite_name, const struct check_test *tests, size_t count)
{
	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
	for (size_t i = 0; suite != NULL && i < count; i++)
		if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL)
			suite = NULL;
	if (suite == NULL)
		return EXIT_FAILURE;
	CU_basic_set_mode(CU_BRM_NORMAL);
	(void)CU_basic_run_tests();
	unsigned ran = CU_get_number_of_tests_run();
	unsigned failed = CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
	/* One line for scripts/check, which adds them up. */
	printf("%s: %u passed, %u failed\n", suite_name, ran - failed, failed);
	CU_cleanup_registry();
	return failed == 0 && ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
