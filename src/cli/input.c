/* SPDX-License-Identifier: MIT */
/* Reading the input whole, a file or standard input. */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

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
