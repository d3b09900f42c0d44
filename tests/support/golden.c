/* SPDX-License-Identifier: MIT */
/* Golden corpora. A folder that cannot be read has no cases, which the count tells. */
#include "golden.h"

#include "base/file.h"
#include "base/limits.h"
#include <dirent.h>
#include <stdlib.h>
#include "check.h"

static int
not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

size_t
golden_each(const char *corpus, void (*body)(const char *path))
{
	const char *source = getenv("srcdir");
	struct dirent **entries = NULL;
	struct pt_buf folder;
	pt_buf_init(&folder, PT_LIMIT_URL);
	pt_buf_printf(&folder, "%s/tests/golden/%s", source != NULL ? source : ".", corpus);
	int count = scandir(pt_buf_text(&folder), &entries, not_hidden, alphasort);
	for (int i = 0; i < count; i++) {
		struct pt_buf path;
		pt_buf_init(&path, PT_LIMIT_URL);
		pt_buf_printf(&path, "%s/%s", pt_buf_text(&folder), entries[i]->d_name);
		body(pt_buf_text(&path));
		pt_buf_clear(&path);
		free(entries[i]);
	}
	free(entries);
	pt_buf_clear(&folder);
	return count > 0 ? (size_t)count : 0;
}

bool
golden_read(const char *path, const char *name, struct pt_buf *into)
{
	struct pt_buf file;
	pt_buf_init(&file, PT_LIMIT_URL);
	pt_buf_printf(&file, "%s/%s", path, name);
	bool there = pt_file_read(pt_buf_text(&file), into, NULL) == 0;
	pt_buf_clear(&file);
	return there;
}

static void
accept(const char *path, const char *name, const char *bytes, size_t length)
{
	struct pt_buf file;
	pt_buf_init(&file, PT_LIMIT_URL);
	pt_buf_printf(&file, "%s/%s", path, name);
	FILE *stream = fopen(pt_buf_text(&file), "wb");
	bool written = stream != NULL && fwrite(bytes, 1, length, stream) == length;
	bool closed = stream != NULL && fclose(stream) == 0;
	check_true_at(__FILE__, __LINE__, pt_buf_text(&file), written && closed);
	pt_buf_clear(&file);
}

void
golden_compare(const char *path, const char *name, const char *bytes, size_t length)
{
	if (getenv("PITOT_GOLDEN_ACCEPT") != NULL) {
		accept(path, name, bytes, length);
		return;
	}
	struct pt_buf wanted, found;
	pt_buf_init(&wanted, PT_LIMIT_TEXT);
	pt_buf_init(&found, PT_LIMIT_TEXT);
	if (!golden_read(path, name, &wanted))
		check_true_at(__FILE__, __LINE__, path, 0);
	pt_buf_put(&found, bytes, length);
	if (check_text_at(path, 0, name, pt_buf_text(&found), pt_buf_text(&wanted)))
		check_size(found.length, wanted.length);
	pt_buf_clear(&wanted);
	pt_buf_clear(&found);
}
