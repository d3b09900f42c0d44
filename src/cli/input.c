/* SPDX-License-Identifier: MIT */
/* Reading the input whole, a file or standard input, and points in time from the command line. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

enum { input_most = 1 << 30 };

const char *
cli_input_name(const char *input)
{
	return strcmp(input, "-") == 0 ? "(standard input)" : input;
}

static char *
read_stream(FILE *stream, size_t *length)
{
	size_t size = 65536, used = 0;
	char *text = malloc(size);
	while (text != NULL) {
		size_t got = fread(text + used, 1, size - used, stream);
		used += got;
		if (got == 0)
			break;
		if (used < size)
			continue;
		char *grown = size < input_most ? realloc(text, size * 2) : NULL;
		if (grown == NULL) {
			free(text);
			errno = size < input_most ? ENOMEM : EFBIG;
			return NULL;
		}
		text = grown;
		size *= 2;
	}
	if (text != NULL && ferror(stream)) {
		free(text);
		return NULL;
	}
	*length = used;
	return text;
}

char *
cli_input_read(const char *verb, const char *input, size_t *length, int *status)
{
	FILE *stream = strcmp(input, "-") == 0 ? stdin : fopen(input, "re");
	char *text = stream == NULL ? NULL : read_stream(stream, length);
	if (text == NULL) {
		fprintf(stderr, "pitot: %s: %s: %s\n", verb, cli_input_name(input),
			strerror(errno));
		*status = EX_NOINPUT;
	}
	if (stream != NULL && stream != stdin)
		(void)fclose(stream); /* only read */
	return text;
}

/* Digits with an optional fraction of up to nine digits. */
static bool
parse_seconds(const char *text, int64_t *ms)
{
	char *end;
	errno = 0;
	long long seconds = strtoll(text, &end, 10);
	if (end == text || errno != 0 || seconds < 0 || seconds > 100000000000 || text[0] == '+')
		return false;
	int64_t fraction = 0;
	if (*end == '.') {
		int64_t scale = 100;
		const char *digits = ++end;
		for (; *end >= '0' && *end <= '9'; end++, scale /= 10)
			fraction += (*end - '0') * scale;
		if (end == digits || end - digits > 9)
			return false;
	}
	*ms = (int64_t)seconds * 1000 + fraction;
	return *end == '\0';
}

/* 2026-11-23T10:00:00Z, with an optional fraction and +HH:MM or -HH:MM in place of Z. */
static bool
parse_rfc3339(const char *text, int64_t *ms)
{
	struct tm when = {0};
	const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &when);
	if (at == NULL)
		return false;
	int64_t fraction = 0, offset = 0;
	if (*at == '.') {
		int64_t scale = 100;
		for (at++; *at >= '0' && *at <= '9'; at++, scale /= 10)
			fraction += (*at - '0') * scale;
	}
	if (*at == '+' || *at == '-') {
		unsigned hours, minutes;
		int used = 0;
		if (sscanf(at + 1, "%2u:%2u%n", &hours, &minutes, &used) != 2 || hours > 23 ||
			minutes > 59 || used != 5)
			return false;
		offset = (int64_t)(hours * 60 + minutes) * 60 * (*at == '-' ? -1 : 1);
		at += 6;
	} else if (*at++ != 'Z') {
		return false;
	}
	*ms = ((int64_t)timegm(&when) - offset) * 1000 + fraction;
	return *at == '\0';
}

bool
cli_time_parse(const char *text, int64_t *ms)
{
	if (strcmp(text, "now") == 0) {
		struct timespec now;
		(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
		*ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
		return true;
	}
	return parse_seconds(text, ms) || parse_rfc3339(text, ms);
}
