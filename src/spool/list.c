/* SPDX-License-Identifier: MIT */
/*
 * What tools see of a spool. Looking takes no lock and changes nothing, so what a process writes or
 * sends meanwhile may be missed; dropping needs the lock. Fails on a directory that is not there,
 * and when memory is out.
 */
#include "base/error.h"
#include "base/limits.h"
#include "spool/queue.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entries {
	const struct pt_files *files;
	const char *directory;
	struct pt_spool_entry *list;
	size_t count;
	bool failed;
};

static bool
is_queue(const char *name, uint64_t *key)
{
	char *end = NULL;
	*key = strtoull(name, &end, 16);
	return end == name + 16 && *end == '-' && end[1 + strspn(end + 1, "0123456789")] == '\0';
}

static char *
join(const char *directory, const char *name)
{
	char *path = NULL;
	return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

/* The first line of the file `destination`; "" if there is none. */
static char *
read_destination(const struct pt_files *files, const char *queue)
{
	char *text = calloc(1, PT_LIMIT_URL + 1), *path = join(queue, "destination");
	int file = text == NULL || path == NULL ? -1 : files->open(files, path, PT_OPEN_READ);
	if (file >= 0) {
		(void)files->read(files, file, 0, text, PT_LIMIT_URL);
		files->close(files, file);
		text[strcspn(text, "\n")] = '\0';
	}
	free(path);
	return text;
}

/* Whether a process holds the queue's lock. */
static bool
is_busy(const struct pt_files *files, const char *queue)
{
	char *path = join(queue, "lock");
	int file = path == NULL ? -1 : files->open(files, path, PT_OPEN_READ);
	bool busy = false;
	if (file >= 0) {
		files->close(files, file);
		file = files->open(files, path, PT_OPEN_LOCK);
		busy = file == -EWOULDBLOCK;
	}
	if (file >= 0)
		files->close(files, file);
	free(path);
	return busy;
}

static struct pt_disk *
look(const struct pt_files *files, const char *path)
{
	const struct pt_disk_options options = {.files = files, .only_look = true};
	bool busy;
	int error;
	return pt_disk_open(path, &options, &busy, &error);
}

static void
add_entry(void *context, const char *name)
{
	struct entries *entries = context;
	uint64_t key;
	if (!is_queue(name, &key))
		return;
	struct pt_spool_entry *list = realloc(entries->list, (entries->count + 1) * sizeof *list);
	char *path = join(entries->directory, name);
	struct pt_disk *disk = path == NULL ? NULL : look(entries->files, path);
	if (list != NULL)
		entries->list = list;
	if (list != NULL && disk != NULL) {
		struct pt_spool_entry *entry = &list[entries->count++];
		*entry = (struct pt_spool_entry){
			.queue = strdup(name),
			.destination = read_destination(entries->files, path),
			.key = key,
			.busy = is_busy(entries->files, path),
		};
		pt_disk_state(disk, &entry->state);
		entries->failed |= entry->queue == NULL || entry->destination == NULL;
	}
	entries->failed |= list == NULL || path == NULL;
	pt_disk_close(disk);
	free(path);
}

static int
by_age(const void *left, const void *right)
{
	const struct pt_spool_entry *a = left, *b = right;
	if (a->state.oldest_ms != b->state.oldest_ms)
		return a->state.oldest_ms < b->state.oldest_ms ? -1 : 1;
	return strcmp(a->queue, b->queue);
}

int
pt_spool_list(const char *directory, const struct pt_files *files,
	void (*show)(void *context, const struct pt_spool_entry *entry), void *context,
	struct pitot_error *why)
{
	struct entries entries = {.files = files, .directory = directory};
	int error = files->list(files, directory, add_entry, &entries);
	int code = 0;
	if (error < 0)
		code = pt_error_set(
			why, PITOT_NO_INPUT, "spool %s: %s", directory, strerror(-error));
	else if (entries.failed)
		code = pt_error_memory(why);
	if (entries.count > 1)
		qsort(entries.list, entries.count, sizeof entries.list[0], by_age);
	for (size_t i = 0; i < entries.count; i++) {
		if (code == 0)
			show(context, &entries.list[i]);
		free((char *)entries.list[i].queue);
		free((char *)entries.list[i].destination);
	}
	free(entries.list);
	return code;
}

int
pt_spool_show(const char *directory, const char *queue, const struct pt_files *files,
	void (*show)(void *context, const struct pt_spool_record *record), void *context,
	struct pitot_error *why)
{
	uint64_t key;
	char *path = join(directory, queue);
	if (path == NULL)
		return pt_error_memory(why);
	struct pt_disk *disk = is_queue(queue, &key) ? look(files, path) : NULL;
	free(path);
	if (disk == NULL)
		return pt_error_set(why, PITOT_NO_INPUT, "spool %s: there is no queue \"%s\"",
			directory, queue);
	struct pt_spool_record record;
	while (pt_disk_peek(disk, &record)) {
		show(context, &record);
		pt_disk_advance(disk);
	}
	pt_disk_close(disk);
	return 0;
}

int
pt_spool_drop(const char *directory, const char *queue, const struct pt_files *files,
	struct pitot_error *why)
{
	const struct pt_disk_options options = {.files = files};
	uint64_t key;
	bool busy = false;
	int error = 0;
	char *path = join(directory, queue);
	if (path == NULL)
		return pt_error_memory(why);
	struct pt_disk *seen = is_queue(queue, &key) ? look(files, path) : NULL;
	struct pt_disk *disk = seen == NULL ? NULL : pt_disk_open(path, &options, &busy, &error);
	free(path);
	pt_disk_close(seen);
	if (seen == NULL)
		return pt_error_set(why, PITOT_NO_INPUT, "spool %s: there is no queue \"%s\"",
			directory, queue);
	if (disk == NULL)
		return pt_error_set(why, PITOT_FAILED, "spool %s: queue %s: %s", directory, queue,
			busy ? "a running process holds it" : strerror(-error));
	pt_disk_remove(disk);
	return 0;
}
