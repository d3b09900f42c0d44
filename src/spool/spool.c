/* SPDX-License-Identifier: MIT */
/*
 * Which queue of a directory a process has. A destination's queues are directories named by its key
 * and a number; the first free one that holds something is taken up, so that what an earlier
 * process left is continued, or else a new one is made. Fails when the directory cannot be used,
 * and when memory is out.
 */
#include "spool/spool.h"

#include "base/error.h"
#include "base/limits.h"
#include "spool/queue.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT_DEFAULT ((size_t)1 << 20)
#define MOST_QUEUES 10000

struct pt_spool {
	char *directory, *destination;
	uint64_t key;
	struct pt_disk_options options;
	struct pt_disk *own;

	pthread_mutex_t lock;       /* guards `other`, which the reader makes and frees */
	struct pt_disk *other;      /* of a process that is gone; read when `own` is empty */
	bool from_other;            /* the reader's: where the last record was from */
	struct pt_spool_state gone; /* what the others told before they were closed */
};

/* ---- names ---- */

static char *
queue_path(const struct pt_spool *spool, unsigned number)
{
	char *path = NULL;
	int length = asprintf(
		&path, "%s/%016llx-%u", spool->directory, (unsigned long long)spool->key, number);
	return length < 0 ? NULL : path;
}

struct numbers {
	uint64_t key;
	unsigned *list;
	size_t count;
	bool failed;
};

static void
find_number(void *context, const char *name)
{
	struct numbers *numbers = context;
	char *end = NULL;
	unsigned long long key = strtoull(name, &end, 16);
	if (end != name + 16 || *end != '-' || key != numbers->key)
		return;
	unsigned long number = strtoul(end + 1, &end, 10);
	if (*end != '\0' || number == 0 || number > MOST_QUEUES)
		return;
	unsigned *list = realloc(numbers->list, (numbers->count + 1) * sizeof *list);
	numbers->failed |= list == NULL;
	if (list == NULL)
		return;
	numbers->list = list;
	numbers->list[numbers->count++] = (unsigned)number;
}

static int
by_value(const void *left, const void *right)
{
	unsigned a = *(const unsigned *)left, b = *(const unsigned *)right;
	return a < b ? -1 : a > b;
}

/* ---- taking up ---- */

/* The free queue with the oldest record; empty ones are closed, which removes them. */
static struct pt_disk *
take_oldest(const struct pt_spool *spool, struct pitot_error *why)
{
	const struct pt_files *files = spool->options.files;
	struct numbers numbers = {.key = spool->key};
	struct pt_disk *best = NULL;
	int64_t best_ms = 0;
	int error = files->list(files, spool->directory, find_number, &numbers);
	if (numbers.count > 1)
		qsort(numbers.list, numbers.count, sizeof numbers.list[0], by_value);
	for (size_t i = 0; error >= 0 && !numbers.failed && i < numbers.count; i++) {
		bool busy;
		char *path = queue_path(spool, numbers.list[i]);
		struct pt_disk *disk =
			path == NULL ? NULL : pt_disk_open(path, &spool->options, &busy, &error);
		free(path);
		if (disk == NULL) {
			error = 0;
			continue; /* another process has it, or it cannot be read */
		}
		struct pt_spool_state state = {.records = 0};
		pt_disk_state(disk, &state);
		bool older = state.records > 0 && (best == NULL || state.oldest_ms < best_ms);
		pt_disk_close(older ? best : disk);
		if (older) {
			best = disk;
			best_ms = state.oldest_ms;
		}
	}
	free(numbers.list);
	if (numbers.failed)
		(void)pt_error_memory(why);
	return best;
}

/* The file that tells people whose queue this is. */
static void
name_queue(const struct pt_spool *spool, const char *path)
{
	const struct pt_files *files = spool->options.files;
	char *name = NULL;
	if (asprintf(&name, "%s/destination", path) < 0)
		return;
	int file = files->open(files, name, PT_OPEN_NEW);
	if (file >= 0) {
		/* It is only for people: without it the key tells enough. */
		(void)files->append(files, file, spool->destination, strlen(spool->destination));
		(void)files->append(files, file, "\n", 1);
		files->close(files, file);
	}
	free(name);
}

static struct pt_disk *
make_queue(const struct pt_spool *spool, struct pitot_error *why)
{
	const struct pt_files *files = spool->options.files;
	int error = 0;
	for (unsigned number = 1; number <= MOST_QUEUES; number++) {
		bool busy = false;
		char *path = queue_path(spool, number);
		if (path == NULL) {
			(void)pt_error_memory(why);
			return NULL;
		}
		error = files->make_dir(files, path);
		struct pt_disk *disk =
			error < 0 ? NULL : pt_disk_open(path, &spool->options, &busy, &error);
		struct pt_spool_state state = {.records = 0};
		if (disk != NULL)
			pt_disk_state(disk, &state);
		if (disk != NULL)
			name_queue(spool, path);
		free(path);
		if (disk != NULL)
			return disk;
		if (!busy && error < 0)
			break;
	}
	(void)pt_error_set(why, PITOT_USAGE, "spool %s: %s", spool->directory,
		error < 0 ? strerror(-error) : "there are too many queues in it");
	return NULL;
}

static void
spool_free(struct pt_spool *spool)
{
	(void)pthread_mutex_destroy(&spool->lock);
	free(spool->directory);
	free(spool->destination);
	free(spool);
}

struct pt_spool *
pt_spool_open(const struct pt_spool_options *options, struct pitot_error *why)
{
	const struct pt_files *files = options->files;
	struct pt_spool *spool = calloc(1, sizeof *spool);
	if (spool == NULL) {
		(void)pt_error_memory(why);
		return NULL;
	}
	(void)pthread_mutex_init(&spool->lock, NULL);
	size_t segment = options->segment_bytes != 0 ? options->segment_bytes : SEGMENT_DEFAULT;
	if (options->max_bytes > 0 && segment > options->max_bytes / 8)
		segment = (size_t)(options->max_bytes / 8);
	spool->directory = strdup(options->directory);
	spool->destination = strdup(options->destination);
	spool->key = options->key;
	spool->options = (struct pt_disk_options){
		.files = files,
		.clock = options->clock,
		.max_bytes = options->max_bytes,
		.max_age_ms = options->max_age_ms,
		.segment_bytes = segment,
	};
	struct pitot_error error = {.code = 0};
	int made = 0;
	if (spool->directory == NULL || spool->destination == NULL)
		(void)pt_error_memory(&error);
	else
		made = files->make_dir(files, spool->directory);
	if (made < 0)
		(void)pt_error_set(
			&error, PITOT_USAGE, "spool %s: %s", spool->directory, strerror(-made));
	if (error.code == 0)
		spool->own = take_oldest(spool, &error);
	if (error.code == 0 && spool->own == NULL)
		spool->own = make_queue(spool, &error);
	if (spool->own != NULL)
		return spool;
	if (why != NULL)
		*why = error;
	spool_free(spool);
	return NULL;
}

void
pt_spool_close(struct pt_spool *spool)
{
	if (spool == NULL)
		return;
	pt_disk_close(spool->other);
	pt_disk_close(spool->own);
	spool_free(spool);
}

/* ---- records ---- */

int
pt_spool_append(
	struct pt_spool *spool, const struct pt_spool_record *record, struct pitot_error *why)
{
	int code = pt_disk_append(spool->own, record);
	if (code == -ENOMEM)
		return pt_error_memory(why);
	if (code == -EDQUOT)
		return pt_error_set(why, PITOT_IO,
			"spool %s: it is full: make spool_bytes larger, or see why nothing is sent",
			spool->directory);
	if (code < 0)
		return pt_error_set(
			why, PITOT_IO, "spool %s: %s", spool->directory, strerror(-code));
	return 0;
}

static void
close_other(struct pt_spool *spool)
{
	(void)pthread_mutex_lock(&spool->lock);
	struct pt_disk *other = spool->other;
	spool->other = NULL;
	if (other != NULL)
		pt_disk_state(other, &spool->gone);
	spool->gone.records = spool->gone.bytes = spool->gone.samples = 0;
	spool->gone.oldest_ms = 0;
	(void)pthread_mutex_unlock(&spool->lock);
	pt_disk_close(other);
}

bool
pt_spool_peek(struct pt_spool *spool, struct pt_spool_record *record)
{
	/* `other` changes only in this thread. */
	spool->from_other = false;
	if (pt_disk_peek(spool->own, record))
		return true;
	if (spool->other == NULL)
		return false;
	spool->from_other = pt_disk_peek(spool->other, record);
	if (!spool->from_other)
		close_other(spool);
	return spool->from_other;
}

void
pt_spool_advance(struct pt_spool *spool)
{
	pt_disk_advance(spool->from_other ? spool->other : spool->own);
}

bool
pt_spool_next(struct pt_spool *spool)
{
	if (spool->other != NULL)
		return true;
	struct pt_disk *other = take_oldest(spool, NULL);
	(void)pthread_mutex_lock(&spool->lock);
	spool->other = other;
	(void)pthread_mutex_unlock(&spool->lock);
	return other != NULL;
}

int
pt_spool_sync(struct pt_spool *spool, struct pitot_error *why)
{
	int code = pt_disk_sync(spool->own);
	if (code < 0)
		return pt_error_set(
			why, PITOT_IO, "spool %s: %s", spool->directory, strerror(-code));
	return 0;
}

void
pt_spool_state(struct pt_spool *spool, struct pt_spool_state *state)
{
	(void)pthread_mutex_lock(&spool->lock);
	*state = spool->gone;
	pt_disk_state(spool->own, state);
	if (spool->other != NULL)
		pt_disk_state(spool->other, state);
	(void)pthread_mutex_unlock(&spool->lock);
}
