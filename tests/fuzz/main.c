/* SPDX-License-Identifier: MIT */
/*
 * Runs a harness over files: those given, the files of directories given, or without arguments its
 * seeds. It fails if a file cannot be read or there was none; the harness aborts on what it finds.
 */
#include "base/file.h"
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned inputs;

static bool
run_file(const char *path)
{
	struct pt_buf buf;
	struct pitot_error why;
	pt_buf_init(&buf, PT_LIMIT_TEXT);
	int code = pt_file_read(path, &buf, &why);
	if (code != 0)
		fprintf(stderr, "%s\n", why.text);
	else
		(void)LLVMFuzzerTestOneInput((const uint8_t *)buf.bytes, buf.length);
	inputs++;
	pt_buf_clear(&buf);
	return code == 0;
}

static bool
run_directory(DIR *directory, const char *path)
{
	bool ok = true;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		struct pt_buf name;
		pt_buf_init(&name, PT_LIMIT_VALUE);
		pt_buf_str(&name, path);
		pt_buf_char(&name, '/');
		pt_buf_str(&name, entry->d_name);
		ok &= run_file(pt_buf_text(&name));
		pt_buf_clear(&name);
	}
	return ok;
}

static bool
run(const char *path)
{
	DIR *directory = opendir(path);
	if (directory == NULL)
		return run_file(path);
	bool ok = run_directory(directory, path);
	(void)closedir(directory); /* only read */
	return ok;
}

int
main(int argc, char **argv)
{
	bool ok = true;
	if (argc == 1)
		ok = run(FUZZ_SEEDS);
	for (int i = 1; i < argc; i++)
		ok &= run(argv[i]);
	/* One line for scripts/check: a harness is one test. */
	ok &= inputs > 0;
	printf("%s: %u inputs\nfuzz: %d passed, %d failed\n", argv[0], inputs, ok, !ok);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
