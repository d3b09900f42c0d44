/* SPDX-License-Identifier: MIT */
/*
 * Reading the directory.
 *
 * The happy path is: each file that changed is read, and every file's values are brought to the
 * destinations with the file's own time beside them. Possible failures are: a file cannot be read,
 * is none (a pipe, a folder, a link to nothing), is larger than allowed or is not metrics, which is
 * told and shown as pitot_textfile_error, while its series end, and the other files go on; a file
 * that is gone or too old, whose series end; a directory that cannot be read, which is told.
 *
 * All of it happens in the agent's one thread, so that what a file may hold is limited.
 */
#include "agent/textfile.h"

#include "base/error.h"
#include "base/file.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MTIME, ERROR, EXTRAS };
enum { files_most = 10000 };

struct file {
	struct file *next;
	struct pt_feed feed;
	struct pt_page page;
	char *name;
	struct stat seen; /* when it was read */
	bool there;       /* in this round */
	bool bad;         /* it could not be read */
};

struct pt_textfile {
	struct pt_outputs *outputs;
	char *directory;
	int64_t max_age_ms;
	uint64_t max_bytes;
	size_t sample_limit;
	struct pt_labels *labels;
	struct file *files;
	size_t count;
};

static struct pt_labels *
labels_of(const struct pt_agent_config *config, const char *instance)
{
	struct pt_label_set *set = pt_label_set_new();
	struct pt_labels *labels = NULL;
	if (set == NULL)
		return NULL;
	pt_label_set_put(set, "job", 3, "textfile", 8);
	pt_label_set_put(set, "instance", 8, instance, strlen(instance));
	for (size_t i = 0; i < config->textfile.labels.count; i++) {
		const struct pitot_label *label = &config->textfile.labels.list[i];
		pt_label_set_put(
			set, label->name, strlen(label->name), label->value, strlen(label->value));
	}
	if (!pt_label_set_failed(set))
		labels = pt_labels_new(pt_label_set_pairs(set), pt_label_set_count(set));
	pt_label_set_free(set);
	return labels;
}

struct pt_textfile *
pt_textfile_new(
	struct pt_outputs *outputs, const struct pt_agent_config *config, const char *instance)
{
	struct pt_textfile *textfile = calloc(1, sizeof *textfile);
	if (textfile == NULL)
		return NULL;
	textfile->outputs = outputs;
	textfile->max_age_ms = config->textfile.max_age_ms;
	textfile->max_bytes = config->textfile.max_bytes;
	textfile->sample_limit = (size_t)config->textfile.sample_limit;
	textfile->directory = strdup(config->textfile.directory);
	textfile->labels = labels_of(config, instance);
	if (textfile->directory != NULL && textfile->labels != NULL)
		return textfile;
	pt_textfile_free(textfile);
	return NULL;
}

static void
file_free(struct file *file)
{
	pt_feed_clear(&file->feed);
	pt_page_clear(&file->page);
	free(file->name);
	free(file);
}

void
pt_textfile_free(struct pt_textfile *textfile)
{
	if (textfile == NULL)
		return;
	while (textfile->files != NULL) {
		struct file *file = textfile->files;
		textfile->files = file->next;
		file_free(file);
	}
	pt_labels_unref(textfile->labels);
	free(textfile->directory);
	free(textfile);
}

/* ---- files ---- */

static struct file *
new_file(struct pt_textfile *textfile, const char *name)
{
	struct file *file = calloc(1, sizeof *file);
	if (file == NULL)
		return NULL;
	const struct pitot_label label = {"file", name};
	struct pt_roster *roster = &file->feed.roster;
	file->name = strdup(name);
	if (file->name == NULL ||
		pt_feed_init(&file->feed, textfile->outputs, pt_labels_ref(textfile->labels),
			PT_DRESS_HONOR, NULL) != 0 ||
		pt_roster_add(roster, "pitot_textfile_mtime_seconds",
			"When the file was changed, since the epoch.", &label) != MTIME ||
		pt_roster_add(roster, "pitot_textfile_error", "1 if the file could not be read.",
			&label) != ERROR ||
		pt_roster_follow(roster, NULL) != 0) {
		file_free(file);
		return NULL;
	}
	file->next = textfile->files;
	textfile->files = file;
	textfile->count++;
	return file;
}

static struct file *
find_file(struct pt_textfile *textfile, const char *name)
{
	struct file *file = textfile->files;
	while (file != NULL && strcmp(file->name, name) != 0)
		file = file->next;
	if (file == NULL && textfile->count < files_most)
		file = new_file(textfile, name);
	return file;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Lines that are neither empty nor comments. */
static size_t
count_samples(const struct pt_buf *text)
{
	const char *at = text->bytes, *end = at + text->length;
	size_t count = 0;
	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		count += *at != '\n' && *at != '#';
		at = line_end == NULL ? end : line_end + 1;
	}
	return count;
}

/* What is seen before a file is opened. */
static int
check_file(const struct pt_textfile *textfile, const char *path, const struct stat *seen,
	struct pitot_error *why)
{
	uint64_t size = (uint64_t)seen->st_size;
	if (S_ISLNK(seen->st_mode))
		return pt_error_set(why, PITOT_NO_INPUT, "%s: the link leads to no file", path);
	if (!S_ISREG(seen->st_mode))
		return pt_error_set(why, PITOT_NO_INPUT, "%s: it is %s, not a file", path,
			S_ISDIR(seen->st_mode)            ? "a folder"
				: S_ISFIFO(seen->st_mode) ? "a pipe"
							  : "a device or socket");
	if (size > textfile->max_bytes)
		return pt_error_set(why, PITOT_BAD_INPUT,
			"%s: %" PRIu64 " bytes are more than max_size %" PRIu64, path, size,
			textfile->max_bytes);
	return 0;
}

/* Before anything is parsed, since that is what takes long. */
static int
check_samples(const struct pt_textfile *textfile, const char *path, const struct pt_buf *text,
	struct pitot_error *why)
{
	size_t count = textfile->sample_limit == 0 ? 0 : count_samples(text);
	if (count <= textfile->sample_limit)
		return 0;
	return pt_error_set(why, PITOT_BAD_INPUT, "%s: %zu samples are more than sample_limit %zu",
		path, count, textfile->sample_limit);
}

static int
read_file(const struct pt_textfile *textfile, struct file *file, const char *path,
	struct pitot_error *why)
{
	struct pt_buf text;
	bool changed = false;
	pt_buf_init(&text, textfile->max_bytes + 1); /* it may have grown since */
	int code = pt_file_read(path, &text, why);
	const struct pitot_parse_options options = {.source = path};
	if (code == 0)
		code = check_samples(textfile, path, &text, why);
	if (code == 0)
		code = pt_page_read(&file->page, text.length > 0 ? text.bytes : "", text.length,
			&options, &changed, why);
	pt_buf_clear(&text);
	if (code == 0 && changed &&
		pt_roster_follow(&file->feed.roster, file->page.snapshot) != 0) {
		pt_page_clear(&file->page);
		code = pt_error_memory(why);
	}
	pt_page_settle(&file->page);
	return code;
}

static int64_t
mtime_ms(const struct stat *seen)
{
	return (int64_t)seen->st_mtim.tv_sec * 1000 + seen->st_mtim.tv_nsec / 1000000;
}

/* Reads it if it is another than before, and brings what it says to the destinations. */
static void
bring(const struct pt_textfile *textfile, struct file *file, const char *path,
	const struct stat *seen, int64_t now_ms)
{
	struct pitot_error problem = {.code = 0};
	file->there = true;
	if (!is_same(seen, &file->seen)) {
		file->bad = check_file(textfile, path, seen, &problem) != 0 ||
			read_file(textfile, file, path, &problem) != 0;
		file->seen = *seen;
		pt_log_trouble(textfile->outputs->log, "A text file cannot be read", "file", path,
			file->bad ? problem.text : "");
	}
	const double extras[EXTRAS] = {
		[MTIME] = (double)mtime_ms(seen) / 1000, [ERROR] = file->bad ? 1 : 0};
	pt_feed_offer(&file->feed, file->bad ? NULL : &file->page, extras, now_ms);
}

static void
look_at(struct pt_textfile *textfile, const char *name, int64_t now_ms)
{
	const struct pt_clock *clock = textfile->outputs->clock;
	struct stat seen;
	char *path = NULL;
	if (asprintf(&path, "%s/%s", textfile->directory, name) < 0)
		return;
	/* A link that leads nowhere is seen itself; nothing at all: it went just now. */
	bool gone = stat(path, &seen) != 0 && lstat(path, &seen) != 0;
	bool old = !gone && textfile->max_age_ms > 0 &&
		clock->wall_ms(clock) - mtime_ms(&seen) > textfile->max_age_ms;
	struct file *file = gone || old ? NULL : find_file(textfile, name);
	if (file != NULL)
		bring(textfile, file, path, &seen, now_ms);
	free(path);
}

static void
end_missing(struct pt_textfile *textfile, int64_t now_ms)
{
	for (struct file **at = &textfile->files; *at != NULL;) {
		struct file *file = *at;
		if (file->there) {
			at = &file->next;
			continue;
		}
		*at = file->next;
		pt_feed_end(&file->feed, now_ms);
		file_free(file);
		textfile->count--;
	}
}

/* ---- the directory ---- */

static int
is_metrics(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return entry->d_name[0] != '.' && length > 5 &&
		strcmp(entry->d_name + length - 5, ".prom") == 0;
}

void
pt_textfile_run(struct pt_textfile *textfile, int64_t now_ms)
{
	struct dirent **names = NULL;
	for (struct file *file = textfile->files; file != NULL; file = file->next)
		file->there = false;
	int count = scandir(textfile->directory, &names, is_metrics, alphasort);
	pt_log_trouble(textfile->outputs->log, "The directory of text files cannot be read",
		"directory", textfile->directory, count < 0 ? strerror(errno) : "");
	for (int i = 0; i < count; i++) {
		look_at(textfile, names[i]->d_name, now_ms);
		free(names[i]);
	}
	free(names);
	end_missing(textfile, now_ms);
}

void
pt_textfile_end(struct pt_textfile *textfile, int64_t now_ms)
{
	for (struct file *file = textfile->files; file != NULL; file = file->next)
		file->there = false;
	end_missing(textfile, now_ms);
}
