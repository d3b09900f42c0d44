/* SPDX-License-Identifier: MIT */
/* A number that reads is written so that it reads the same, and reads as the C library reads it. */
#include "base/number.h"

#include "fuzz/fuzz.h"
#include <stdlib.h>

static void
must(bool condition)
{
	if (!condition)
		abort();
}

static void
goes_there_and_back(double value)
{
	for (int style = PT_NUMBER_PLAIN; style <= PT_NUMBER_OPEN; style++) {
		char text[PT_NUMBER_TEXT];
		double back;
		size_t length = pt_number_format(text, value, (enum pt_number_style)style);
		must(length > 0 && length <= sizeof text);
		must(pt_number_parse(text, length, &back));
		must(pt_number_bits(back) == pt_number_user_bits(value));
	}
}

/* The harness runs in the C locale, in which strtod() reads a superset of what we read. */
static void
reads_like_the_c_library(const char *text, size_t size, double value)
{
	char *copy = malloc(size + 1);
	must(copy != NULL);
	memcpy(copy, text, size);
	copy[size] = '\0';
	char *end;
	double expected = strtod(copy, &end);
	must(end == copy + size);
	must(pt_number_user_bits(expected) == pt_number_bits(value));
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	double value;
	if (size >= sizeof value) {
		memcpy(&value, data, sizeof value);
		goes_there_and_back(value);
	}
	if (size > 0 && pt_number_parse((const char *)data, size, &value)) {
		reads_like_the_c_library((const char *)data, size, value);
		goes_there_and_back(value);
	}
	return 0;
}
