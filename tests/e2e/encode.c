/* SPDX-License-Identifier: MIT */
/*
 * Text in, text out, through the library: `encode openmetrics|text FILE`. The scenarios give what
 * it prints to other parsers. Exit status: 0, or 1 with the library's words on stderr.
 */
#include <err.h>
#include <pitot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
read_all(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		err(EXIT_FAILURE, "%s", path);
	char *bytes = NULL;
	FILE *memory = open_memstream(&bytes, length);
	if (memory == NULL)
		err(EXIT_FAILURE, "open_memstream");
	for (int c = getc(file); c != EOF; c = getc(file))
		(void)putc(c, memory);
	if (ferror(file) != 0 || fclose(memory) != 0)
		err(EXIT_FAILURE, "%s", path);
	(void)fclose(file); /* was only read */
	return bytes;
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		errx(EXIT_FAILURE, "usage: encode openmetrics|text FILE");
	enum pitot_format format =
		strcmp(argv[1], "text") == 0 ? PITOT_TEXT_0_0_4 : PITOT_OPENMETRICS_1_0;
	size_t length = 0;
	char *text = read_all(argv[2], &length);
	struct pitot_error why;
	struct pitot_parse_options parse = {.source = argv[2]};
	struct pitot_snapshot *snapshot = pitot_parse(text, length, &parse, &why);
	if (snapshot == NULL)
		errx(EXIT_FAILURE, "%s", why.text);
	char *bytes = NULL;
	struct pitot_encode_options encode = {0};
	if (pitot_encode(snapshot, format, &encode, &bytes, &length, &why) != PITOT_OK)
		errx(EXIT_FAILURE, "%s", why.text);
	bool written = fwrite(bytes, 1, length, stdout) == length && fflush(stdout) == 0;
	free(bytes);
	free(text);
	pitot_snapshot_free(snapshot);
	return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
