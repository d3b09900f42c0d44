/* SPDX-License-Identifier: MIT */
/*
 * One queue.
 *
 * The happy path is: records are appended to the last segment, each by one write; the reader walks
 * from segment to segment, saves its position by renaming a small file into place after each
 * record, and removes segments that it has left behind.
 *
 * Possible failures are: the disk is full or broken, so that a record is cut off again and refused;
 * the process ends in the middle of a write, which leaves a torn record at the end of a segment,
 * where nothing is ever appended again; power fails, which may lose what was not synced, or leave
 * the position behind, so that some records are sent twice; bytes rot, which a checksum tells: a
 * body costs its record, a head costs the rest of its segment, which is set aside.
 *
 * The lock guards the list of segments and the numbers, never a file: the writer alone uses the
 * last segment's file for writing, the reader alone the first one's for reading.
 */
#include "spool/queue_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

char *
pt_disk_join(const char *path, const char *name)
{
	char *joined = NULL;
	return asprintf(&joined, "%s/%s", path, name) < 0 ? NULL : joined;
}

char *
pt_disk_segment_path(const struct pt_disk *disk, uint64_t number, const char *end)
{
	char name[48];
	(void)snprintf(name, sizeof name, "%020llu.%s", (unsigned long long)number, end);
	return pt_disk_join(disk->path, name);
}

int
pt_disk_open_segment(const struct pt_disk *disk, uint64_t number, enum pt_open how)
{
	char *path = pt_disk_segment_path(disk, number, "seg");
	int file =
		path == NULL ? -ENOMEM : pt_disk_files(disk)->open(pt_disk_files(disk), path, how);
	free(path);
	return file;
}

void
pt_disk_close_file(const struct pt_disk *disk, int *file)
{
	if (*file >= 0)
		pt_disk_files(disk)->close(pt_disk_files(disk), *file);
	*file = -1;
}

/* ---- the list of segments; the lock is held, or nobody else knows the queue yet ---- */

struct pt_disk_segment *
pt_disk_add_segment(struct pt_disk *disk, uint64_t number)
{
	struct pt_disk_segment *segment = calloc(1, sizeof *segment);
	if (segment == NULL)
		return NULL;
	segment->number = number;
	segment->end = PT_SEGMENT_HEAD;
	struct pt_disk_segment **at = &disk->first;
	while (*at != NULL && (*at)->number < number)
		at = &(*at)->next;
	segment->next = *at;
	*at = segment;
	if (segment->next == NULL)
		disk->last = segment;
	if (number >= disk->next_number)
		disk->next_number = number + 1;
	return segment;
}

/* Takes the segment's numbers out of the state. */
static void
forget_waiting(struct pt_disk *disk, struct pt_disk_segment *segment)
{
	disk->state.records -= segment->records;
	disk->state.bytes -= segment->bytes;
	disk->state.samples -= segment->samples;
	segment->records = segment->bytes = segment->samples = 0;
}

void
pt_disk_unlink_segment(struct pt_disk *disk, struct pt_disk_segment *segment)
{
	struct pt_disk_segment **at = &disk->first, *before = NULL;
	while (*at != segment) {
		before = *at;
		at = &(*at)->next;
	}
	*at = segment->next;
	if (disk->last == segment)
		disk->last = before;
	forget_waiting(disk, segment);
	free(segment);
}

/* Takes one record out of the numbers. */
void
pt_disk_count_out(
	struct pt_disk *disk, struct pt_disk_segment *segment, const struct pt_spool_record *record)
{
	if (segment->records == 0)
		return;
	segment->records--;
	segment->bytes -= record->length;
	segment->samples -= record->samples;
	disk->state.records--;
	disk->state.bytes -= record->length;
	disk->state.samples -= record->samples;
}

void
pt_disk_count_in(
	struct pt_disk *disk, struct pt_disk_segment *segment, const struct pt_spool_record *record)
{
	segment->records++;
	segment->bytes += record->length;
	segment->samples += record->samples;
	segment->end += PT_RECORD_HEAD + record->length;
	disk->state.records++;
	disk->state.bytes += record->length;
	disk->state.samples += record->samples;
	if (disk->state.oldest_ms == 0 || disk->state.records == 1)
		disk->state.oldest_ms = record->oldest_ms;
}

/* ---- reading what is there ---- */

struct finding {
	struct pt_disk *disk;
	bool failed;
};

static void
find_segment(void *context, const char *name)
{
	struct finding *finding = context;
	char *end = NULL;
	unsigned long long number = strtoull(name, &end, 10);
	if (end == name + 20 && strcmp(end, ".seg") == 0 && number < UINT64_MAX &&
		pt_disk_add_segment(finding->disk, number) == NULL)
		finding->failed = true;
}

static bool
read_position(struct pt_disk *disk, struct pt_position *position)
{
	unsigned char bytes[PT_POSITION_SIZE];
	const struct pt_files *files = pt_disk_files(disk);
	char *path = pt_disk_join(disk->path, "position");
	int file = path == NULL ? -ENOMEM : files->open(files, path, PT_OPEN_READ);
	free(path);
	if (file < 0)
		return false;
	bool ok = files->read(files, file, 0, bytes, sizeof bytes) == sizeof bytes &&
		pt_position_get(bytes, position);
	files->close(files, file);
	return ok;
}

/* Counts the whole records of a segment from `from` on; what follows them is found when read. */
static void
count_segment(struct pt_disk *disk, struct pt_disk_segment *segment, uint64_t from)
{
	const struct pt_files *files = pt_disk_files(disk);
	int file = pt_disk_open_segment(disk, segment->number, PT_OPEN_READ);
	int64_t size = file < 0 ? -1 : files->size(files, file);
	unsigned char head[PT_RECORD_HEAD];
	struct pt_spool_record record;
	segment->end = from;
	while (size > 0 && segment->end + PT_RECORD_HEAD <= (uint64_t)size &&
		files->read(files, file, (int64_t)segment->end, head, sizeof head) == sizeof head &&
		pt_record_head(head, &record) &&
		segment->end + PT_RECORD_HEAD + record.length <= (uint64_t)size)
		pt_disk_count_in(disk, segment, &record);
	/* The reader goes as far as there are bytes, and tells what is wrong with them. */
	if (size >= 0)
		segment->end = (uint64_t)size;
	if (file >= 0)
		files->close(files, file);
}

static int
find_segments(struct pt_disk *disk)
{
	struct finding finding = {.disk = disk};
	struct pt_position position = {0, PT_SEGMENT_HEAD};
	int code =
		pt_disk_files(disk)->list(pt_disk_files(disk), disk->path, find_segment, &finding);
	if (code < 0 || finding.failed)
		return finding.failed ? -ENOMEM : code;
	bool known = read_position(disk, &position);
	if (known && position.segment >= disk->next_number)
		disk->next_number = position.segment + 1;
	disk->offset = PT_SEGMENT_HEAD;
	while (known && disk->first != NULL && disk->first->number < position.segment) {
		char *path = pt_disk_segment_path(disk, disk->first->number, "seg");
		if (path != NULL && !disk->options.only_look)
			(void)pt_disk_files(disk)->unlink(
				pt_disk_files(disk), path); /* or the next time */
		free(path);
		pt_disk_unlink_segment(disk, disk->first);
	}
	if (known && disk->first != NULL && disk->first->number == position.segment &&
		position.offset >= PT_SEGMENT_HEAD)
		disk->offset = position.offset;
	for (struct pt_disk_segment *segment = disk->first; segment != NULL;
		segment = segment->next)
		count_segment(
			disk, segment, segment == disk->first ? disk->offset : PT_SEGMENT_HEAD);
	return 0;
}

/* ---- the position ---- */

int
pt_disk_save_position(struct pt_disk *disk, bool sync)
{
	const struct pt_files *files = pt_disk_files(disk);
	(void)pthread_mutex_lock(&disk->lock);
	struct pt_position position = {
		disk->first == NULL ? disk->next_number : disk->first->number,
		disk->first == NULL ? PT_SEGMENT_HEAD : disk->offset};
	(void)pthread_mutex_unlock(&disk->lock);
	unsigned char bytes[PT_POSITION_SIZE];
	pt_position_put(bytes, &position);
	char *new = pt_disk_join(disk->path, "position.new"),
	     *path = pt_disk_join(disk->path, "position");
	int file = new == NULL || path == NULL ? -ENOMEM : files->open(files, new, PT_OPEN_NEW);
	int code = file < 0 ? file : 0;
	if (code == 0 && files->append(files, file, bytes, sizeof bytes) != sizeof bytes)
		code = -EIO;
	if (code == 0 && sync)
		code = files->sync(files, file);
	if (file >= 0)
		files->close(files, file);
	if (code == 0)
		code = files->rename(files, new, path);
	if (code == 0 && sync)
		code = files->sync_dir(files, disk->path);
	free(new);
	free(path);
	return code;
}

void
pt_disk_state(struct pt_disk *disk, struct pt_spool_state *state)
{
	(void)pthread_mutex_lock(&disk->lock);
	const struct pt_spool_state *mine = &disk->state;
	state->records += mine->records;
	state->bytes += mine->bytes;
	state->samples += mine->samples;
	state->dropped_full += mine->dropped_full;
	state->dropped_age += mine->dropped_age;
	state->dropped_damaged += mine->dropped_damaged;
	state->damaged_segments += mine->damaged_segments;
	state->full |= mine->full;
	if (mine->records > 0 && (state->oldest_ms == 0 || mine->oldest_ms < state->oldest_ms))
		state->oldest_ms = mine->oldest_ms;
	(void)pthread_mutex_unlock(&disk->lock);
}

/* ---- opening and closing ---- */

static void
disk_free(struct pt_disk *disk)
{
	pt_disk_close_file(disk, &disk->in);
	pt_disk_close_file(disk, &disk->out);
	pt_disk_close_file(disk, &disk->lock_file);
	while (disk->first != NULL)
		pt_disk_unlink_segment(disk, disk->first);
	pt_buf_clear(&disk->record);
	pt_buf_clear(&disk->body);
	(void)pthread_mutex_destroy(&disk->lock);
	free(disk->path);
	free(disk);
}

/* 1: it is ours; 0: another process has it, or removed it meanwhile. */
static int
take_lock(struct pt_disk *disk)
{
	const struct pt_files *files = pt_disk_files(disk);
	char *path = pt_disk_join(disk->path, "lock");
	if (path == NULL)
		return -ENOMEM;
	int code = 1;
	disk->lock_file = files->open(files, path, PT_OPEN_LOCK);
	if (disk->lock_file == -EWOULDBLOCK || disk->lock_file == -ENOENT)
		code = 0;
	else if (disk->lock_file < 0)
		code = disk->lock_file;
	else if (!files->is_linked(files, disk->lock_file, path))
		code = 0;
	free(path);
	return code;
}

struct pt_disk *
pt_disk_open(const char *path, const struct pt_disk_options *options, bool *busy, int *error)
{
	struct pt_disk *disk = calloc(1, sizeof *disk);
	*busy = false;
	*error = -ENOMEM;
	if (disk == NULL)
		return NULL;
	disk->options = *options;
	disk->lock_file = disk->in = disk->out = -1;
	disk->next_number = 1;
	pt_buf_init(&disk->record, PT_RECORD_MOST + PT_RECORD_HEAD);
	pt_buf_init(&disk->body, PT_RECORD_MOST + 1);
	(void)pthread_mutex_init(&disk->lock, NULL);
	disk->path = strdup(path);
	int code = disk->path == NULL ? -ENOMEM : options->only_look ? 1 : take_lock(disk);
	*busy = code == 0;
	if (code == 1)
		code = find_segments(disk) < 0 ? -EIO : 1;
	if (code == 1)
		return disk;
	*error = code;
	disk_free(disk);
	return NULL;
}

struct removing {
	const struct pt_disk *disk;
	bool damaged; /* something that was set aside is kept */
	bool all;
};

static void
remove_entry(void *context, const char *name)
{
	struct removing *removing = context;
	const struct pt_files *files = pt_disk_files(removing->disk);
	if (!removing->all && strstr(name, ".damaged") != NULL) {
		removing->damaged = true;
		return;
	}
	char *path = strcmp(name, "lock") == 0 ? NULL : pt_disk_join(removing->disk->path, name);
	if (path != NULL)
		(void)files->unlink(files, path); /* what stays keeps the directory */
	free(path);
}

/* The lock goes last: whoever waits for it finds that it is no longer linked. */
static void
remove_files(struct pt_disk *disk, bool all)
{
	const struct pt_files *files = pt_disk_files(disk);
	struct removing removing = {.disk = disk, .all = all};
	(void)files->list(files, disk->path, remove_entry, &removing);
	if (removing.damaged)
		return;
	char *path = pt_disk_join(disk->path, "lock");
	if (path != NULL) {
		(void)files->unlink(files, path);
		(void)files->remove_dir(files, disk->path);
	}
	free(path);
}

void
pt_disk_close(struct pt_disk *disk)
{
	if (disk == NULL)
		return;
	pt_disk_end_segment(disk);
	if (!disk->options.only_look) {
		if (disk->state.records == 0)
			remove_files(disk, false);
		else
			(void)pt_disk_save_position(disk, true); /* or some are sent twice */
	}
	disk_free(disk);
}

void
pt_disk_remove(struct pt_disk *disk)
{
	remove_files(disk, true);
	disk_free(disk);
}
