/* SPDX-License-Identifier: MIT */
/*
 * A thin face over CUnit: a test file is a list of functions whose names are sentences, and a
 * main() that hands the list to check_main(). Assertions go on after a failure unless they say
 * otherwise.
 *
 *	static void
 *	an_empty_buffer_has_no_bytes(void) { … check_size(buf.length, 0); }
 *
 *	CHECK_MAIN("base/buf", TEST(an_empty_buffer_has_no_bytes), …)
 */
#ifndef CHECK_H
#define CHECK_H

#include <CUnit/Basic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct check_test {
	const char *name;
	void (*run)(void);
};

#define TEST(function)                                                                             \
	{                                                                                          \
#function, function                                                                \
	}
#define CHECK_MAIN(suite, ...)                                                                     \
	int main(void)                                                                             \
	{                                                                                          \
		static const struct check_test tests[] = {__VA_ARGS__};                            \
		return check_main(suite, tests, sizeof tests / sizeof tests[0]);                   \
	}

/* Runs the tests, prints CUnit's report; the exit status: 0 if all passed and at least one ran. */
int check_main(const char *suite, const struct check_test *tests, size_t count);

/* Each prints what was expected and what was found. */
#define check_true(condition) check_true_at(__FILE__, __LINE__, #condition, (condition) ? 1 : 0)
#define check_int(found, expected)                                                                 \
	check_int_at(__FILE__, __LINE__, #found, (long long)(found), (long long)(expected))
#define check_double(found, expected) check_double_at(__FILE__, __LINE__, #found, found, expected)
#define check_size(found, expected) check_int(found, expected)
#define check_text(found, expected) check_text_at(__FILE__, __LINE__, #found, found, expected)
#define check_contains(found, part) check_contains_at(__FILE__, __LINE__, #found, found, part)
#define check_bytes(found, found_length, expected, expected_length)                                \
	check_bytes_at(__FILE__, __LINE__, #found, found, found_length, expected, expected_length)
/* Ends the test function at once if false. */
#define check_fatal(condition)                                                                     \
	do {                                                                                       \
		if (!check_true_at(__FILE__, __LINE__, #condition, (condition) ? 1 : 0))           \
			return;                                                                    \
	} while (0)

int check_true_at(const char *file, int line, const char *what, int ok);
int check_int_at(const char *file, int line, const char *what, long long found, long long expected);
int check_double_at(const char *file, int line, const char *what, double found, double expected);
int check_text_at(
	const char *file, int line, const char *what, const char *found, const char *expected);
int check_contains_at(
	const char *file, int line, const char *what, const char *found, const char *part);
int check_bytes_at(const char *file, int line, const char *what, const void *found,
	size_t found_length, const void *expected, size_t expected_length);

#endif
