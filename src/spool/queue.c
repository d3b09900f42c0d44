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
#include "spool/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct segment {
	struct segment *next;
	uint64_t number;
	uint64_t end; /* of the last whole record */
	uint64_t records, bytes, samples; /* that wait */
	bool open;                        /* the writer may still append */
};

struct pt_disk {
	struct pt_disk_options options;
	char *path;
	int lock_file;

	/* The writer's. */
	int out; /* the last segment's file, or -1 */
	struct pt_buf record;

	/* The reader's. */
	int in; /* the file of segment number `in_number`, or -1 */
	uint64_t in_number;
	uint64_t offset; /* of the first record that waits, in the first segment */
	struct pt_buf body;
	bool has_peeked;
	struct pt_spool_record peeked;
	uint64_t peeked_in; /* the segment it is from */

	pthread_mutex_t lock; /* guards what follows */
	struct segment *first, *last;
	uint64_t next_number;
	struct pt_spool_state state;
};

static const struct pt_files *
files_of(const struct pt_disk *disk)
{
	return disk->options.files;
}

/* "<path>/<name>", of the caller's; NULL if memory is out. */
static char *
join(const char *path, const char *name)
{
	char *joined = NULL;
	return asprintf(&joined, "%s/%s", path, name) < 0 ? NULL : joined;
}

static char *
segment_path(const struct pt_disk *disk, uint64_t number, const char *end)
{
	char name[48];
	(void)snprintf(name, sizeof name, "%020llu.%s", (unsigned long long)number, end);
	return join(disk->path, name);
}

static int
open_segment(const struct pt_disk *disk, uint64_t number, enum pt_open how)
{
	char *path = segment_path(disk, number, "seg");
	int file = path == NULL ? -ENOMEM : files_of(disk)->open(files_of(disk), path, how);
	free(path);
	return file;
}

static void
close_file(const struct pt_disk *disk, int *file)
{
	if (*file >= 0)
		files_of(disk)->close(files_of(disk), *file);
	*file = -1;
}

/* ---- the list of segments; the lock is held, or nobody else knows the queue yet ---- */

static struct segment *
add_segment(struct pt_disk *disk, uint64_t number)
{
	struct segment *segment = calloc(1, sizeof *segment);
	if (segment == NULL)
		return NULL;
	segment->number = number;
	segment->end = PT_SEGMENT_HEAD;
	struct segment **at = &disk->first;
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
forget_waiting(struct pt_disk *disk, struct segment *segment)
{
	disk->state.records -= segment->records;
	disk->state.bytes -= segment->bytes;
	disk->state.samples -= segment->samples;
	segment->records = segment->bytes = segment->samples = 0;
}

static void
unlink_segment(struct pt_disk *disk, struct segment *segment)
{
	struct segment **at = &disk->first, *before = NULL;
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
static void
count_out(struct pt_disk *disk, struct segment *segment, const struct pt_spool_record *record)
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

static void
count_in(struct pt_disk *disk, struct segment *segment, const struct pt_spool_record *record)
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
		add_segment(finding->disk, number) == NULL)
		finding->failed = true;
}

static bool
read_position(struct pt_disk *disk, struct pt_position *position)
{
	unsigned char bytes[PT_POSITION_SIZE];
	const struct pt_files *files = files_of(disk);
	char *path = join(disk->path, "position");
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
count_segment(struct pt_disk *disk, struct segment *segment, uint64_t from)
{
	const struct pt_files *files = files_of(disk);
	int file = open_segment(disk, segment->number, PT_OPEN_READ);
	int64_t size = file < 0 ? -1 : files->size(files, file);
	unsigned char head[PT_RECORD_HEAD];
	struct pt_spool_record record;
	segment->end = from;
	while (size > 0 && segment->end + PT_RECORD_HEAD <= (uint64_t)size &&
		files->read(files, file, (int64_t)segment->end, head, sizeof head) ==
			sizeof head &&
		pt_record_head(head, &record) &&
		segment->end + PT_RECORD_HEAD + record.length <= (uint64_t)size)
		count_in(disk, segment, &record);
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
	int code = files_of(disk)->list(files_of(disk), disk->path, find_segment, &finding);
	if (code < 0 || finding.failed)
		return finding.failed ? -ENOMEM : code;
	bool known = read_position(disk, &position);
	if (known && position.segment >= disk->next_number)
		disk->next_number = position.segment + 1;
	disk->offset = PT_SEGMENT_HEAD;
	while (known && disk->first != NULL && disk->first->number < position.segment) {
		char *path = segment_path(disk, disk->first->number, "seg");
		if (path != NULL && !disk->options.only_look)
			(void)files_of(disk)->unlink(files_of(disk), path); /* or the next time */
		free(path);
		unlink_segment(disk, disk->first);
	}
	if (known && disk->first != NULL && disk->first->number == position.segment &&
		position.offset >= PT_SEGMENT_HEAD)
		disk->offset = position.offset;
	for (struct segment *segment = disk->first; segment != NULL; segment = segment->next)
		count_segment(disk, segment,
			segment == disk->first ? disk->offset : PT_SEGMENT_HEAD);
	return 0;
}

/* ---- the position ---- */

static int
save_position(struct pt_disk *disk, bool sync)
{
	const struct pt_files *files = files_of(disk);
	(void)pthread_mutex_lock(&disk->lock);
	struct pt_position position = {
		disk->first == NULL ? disk->next_number : disk->first->number,
		disk->first == NULL ? PT_SEGMENT_HEAD : disk->offset};
	(void)pthread_mutex_unlock(&disk->lock);
	unsigned char bytes[PT_POSITION_SIZE];
	pt_position_put(bytes, &position);
	char *new = join(disk->path, "position.new"), *path = join(disk->path, "position");
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

/* ---- writing ---- */

static int
begin_segment(struct pt_disk *disk)
{
	const struct pt_files *files = files_of(disk);
	unsigned char head[PT_SEGMENT_HEAD];
	uint64_t number = disk->next_number; /* only the writer adds segments */
	disk->out = open_segment(disk, number, PT_OPEN_NEW);
	if (disk->out < 0)
		return disk->out;
	pt_segment_head(head);
	int code = files->append(files, disk->out, head, sizeof head) == sizeof head ? 0 : -ENOSPC;
	(void)pthread_mutex_lock(&disk->lock);
	struct segment *segment = code == 0 ? add_segment(disk, number) : NULL;
	if (segment != NULL) {
		segment->open = true;
		if (disk->first == segment)
			disk->offset = PT_SEGMENT_HEAD;
	}
	(void)pthread_mutex_unlock(&disk->lock);
	if (segment != NULL)
		return 0;
	close_file(disk, &disk->out);
	char *path = segment_path(disk, number, "seg");
	if (path != NULL)
		(void)files->unlink(files, path); /* an empty segment does no harm */
	free(path);
	return code != 0 ? code : -ENOMEM;
}

/* No more records go into the last segment. */
static void
end_segment(struct pt_disk *disk)
{
	if (disk->out < 0)
		return;
	(void)files_of(disk)->sync(files_of(disk), disk->out); /* or power may cost its end */
	close_file(disk, &disk->out);
	(void)pthread_mutex_lock(&disk->lock);
	if (disk->last != NULL)
		disk->last->open = false;
	(void)pthread_mutex_unlock(&disk->lock);
}

/* The oldest segments that the reader is not in go, until there is room. */
static void
make_room(struct pt_disk *disk, size_t length)
{
	const struct pt_files *files = files_of(disk);
	for (;;) {
		(void)pthread_mutex_lock(&disk->lock);
		struct segment *victim = disk->first == NULL ? NULL : disk->first->next;
		bool full = disk->options.max_bytes > 0 &&
			disk->state.bytes + length > disk->options.max_bytes;
		if (!full || victim == NULL || victim->open) {
			(void)pthread_mutex_unlock(&disk->lock);
			return;
		}
		char *path = segment_path(disk, victim->number, "seg");
		disk->state.dropped_full += victim->samples;
		unlink_segment(disk, victim);
		(void)pthread_mutex_unlock(&disk->lock);
		if (path != NULL)
			(void)files->unlink(files, path); /* or it is found the next time */
		free(path);
	}
}

static bool
has_room(struct pt_disk *disk, size_t length)
{
	(void)pthread_mutex_lock(&disk->lock);
	bool room = disk->options.max_bytes == 0 ||
		disk->state.bytes + length <= disk->options.max_bytes;
	(void)pthread_mutex_unlock(&disk->lock);
	return room;
}

static int
write_record(struct pt_disk *disk, const struct pt_spool_record *record)
{
	const struct pt_files *files = files_of(disk);
	uint64_t end = disk->last->end; /* only the writer moves the last segment's end */
	pt_buf_reset(&disk->record);
	pt_record_put(&disk->record, record);
	if (pt_buf_error(&disk->record) != 0)
		return -ENOMEM;
	int64_t put = files->append(
		files, disk->out, disk->record.bytes, disk->record.length);
	if (put == (int64_t)disk->record.length)
		return 0;
	/* Half a record: cut it off, or never write behind it. */
	if (files->truncate(files, disk->out, (int64_t)end) < 0)
		end_segment(disk);
	return put < 0 ? (int)put : -ENOSPC;
}

int
pt_disk_append(struct pt_disk *disk, const struct pt_spool_record *record)
{
	if (record->length > PT_RECORD_MOST)
		return -EFBIG;
	if (disk->out >= 0 && disk->last->end >= disk->options.segment_bytes)
		end_segment(disk);
	make_room(disk, record->length);
	int code = has_room(disk, record->length) ? 0 : -EDQUOT;
	if (code == 0 && disk->out < 0)
		code = begin_segment(disk);
	if (code == 0)
		code = write_record(disk, record);
	(void)pthread_mutex_lock(&disk->lock);
	disk->state.full = code == -ENOSPC || code == -EDQUOT;
	if (code == 0)
		count_in(disk, disk->last, record); /* from now on the reader may have it */
	(void)pthread_mutex_unlock(&disk->lock);
	return code;
}

int
pt_disk_sync(struct pt_disk *disk)
{
	int code = disk->out < 0 ? 0 : files_of(disk)->sync(files_of(disk), disk->out);
	return code < 0 ? code : files_of(disk)->sync_dir(files_of(disk), disk->path);
}

/* ---- reading ---- */

/* The first segment as it is now; its `end` and `open` may be old at once, which does no harm. */
static bool
first_segment(struct pt_disk *disk, struct segment *segment)
{
	(void)pthread_mutex_lock(&disk->lock);
	bool found = disk->first != NULL;
	if (found)
		*segment = *disk->first;
	(void)pthread_mutex_unlock(&disk->lock);
	return found;
}

/* On to the next segment. What is set aside keeps its bytes for whoever wants to look. */
static void
leave_segment(struct pt_disk *disk, bool aside)
{
	const struct pt_files *files = files_of(disk);
	close_file(disk, &disk->in);
	(void)pthread_mutex_lock(&disk->lock);
	uint64_t number = disk->first->number;
	if (aside) {
		disk->state.dropped_damaged += disk->first->samples;
		disk->state.damaged_segments++;
	}
	unlink_segment(disk, disk->first);
	disk->offset = PT_SEGMENT_HEAD;
	(void)pthread_mutex_unlock(&disk->lock);
	if (disk->options.only_look)
		return;
	/* The position first: a segment that is still there is skipped by it. */
	(void)save_position(disk, true);
	char *path = segment_path(disk, number, "seg");
	char *away = aside ? segment_path(disk, number, "damaged") : NULL;
	if (path != NULL && away != NULL)
		(void)files->rename(files, path, away);
	else if (path != NULL && !aside)
		(void)files->unlink(files, path);
	free(path);
	free(away);
}

enum found { FOUND, NOTHING, TORN, TORN_BODY, DAMAGED_BODY, DAMAGED };

/* The record at the offset, with its body in disk->body. */
static enum found
read_record(struct pt_disk *disk, const struct segment *segment, struct pt_spool_record *record)
{
	const struct pt_files *files = files_of(disk);
	unsigned char head[PT_RECORD_HEAD];
	if (disk->in < 0 || disk->in_number != segment->number) {
		close_file(disk, &disk->in);
		disk->in = open_segment(disk, segment->number, PT_OPEN_READ);
		disk->in_number = segment->number;
		if (disk->in < 0)
			return DAMAGED;
		if (files->read(files, disk->in, 0, head, PT_SEGMENT_HEAD) != PT_SEGMENT_HEAD ||
			!pt_segment_is(head))
			return segment->end <= PT_SEGMENT_HEAD ? TORN : DAMAGED;
	}
	if (disk->offset == segment->end)
		return NOTHING;
	if (disk->offset + PT_RECORD_HEAD > segment->end)
		return TORN;
	if (files->read(files, disk->in, (int64_t)disk->offset, head, sizeof head) != sizeof head ||
		!pt_record_head(head, record))
		return DAMAGED;
	if (disk->offset + PT_RECORD_HEAD + record->length > segment->end)
		return segment->open ? NOTHING : TORN_BODY;
	pt_buf_reset(&disk->body);
	char *room = pt_buf_room(&disk->body, record->length + 1);
	if (room == NULL)
		return NOTHING; /* memory is out: it stays where it is */
	record->body = room;
	if (files->read(files, disk->in, (int64_t)disk->offset + PT_RECORD_HEAD, room,
		    record->length) != (int64_t)record->length ||
		!pt_record_is_sound(head, record))
		return DAMAGED_BODY;
	return FOUND;
}

/* Behind the record; its samples are counted under `dropped`, if that is not NULL. */
static void
skip(struct pt_disk *disk, const struct pt_spool_record *record, uint64_t *dropped)
{
	(void)pthread_mutex_lock(&disk->lock);
	disk->offset += PT_RECORD_HEAD + record->length;
	count_out(disk, disk->first, record);
	if (dropped != NULL)
		*dropped += record->samples;
	(void)pthread_mutex_unlock(&disk->lock);
}

/* The process ended, or power failed, while it was written. */
static void
count_torn(struct pt_disk *disk, const struct pt_spool_record *record)
{
	(void)pthread_mutex_lock(&disk->lock);
	disk->state.dropped_damaged += record->samples;
	(void)pthread_mutex_unlock(&disk->lock);
}

static bool
is_too_old(const struct pt_disk *disk, const struct pt_spool_record *record)
{
	const struct pt_clock *clock = disk->options.clock;
	return clock != NULL && disk->options.max_age_ms > 0 && record->samples > 0 &&
		record->oldest_ms < clock->wall_ms(clock) - disk->options.max_age_ms;
}

bool
pt_disk_peek(struct pt_disk *disk, struct pt_spool_record *record)
{
	struct segment segment;
	disk->has_peeked = false;
	while (first_segment(disk, &segment)) {
		enum found found = read_record(disk, &segment, record);
		if (found == NOTHING && (segment.open || disk->offset != segment.end))
			return false;
		if (found == NOTHING || found == TORN || found == TORN_BODY) {
			if (segment.open)
				return false;
			if (found == TORN_BODY)
				count_torn(disk, record);
			leave_segment(disk, false);
		} else if (found == DAMAGED) {
			leave_segment(disk, true);
		} else if (found == DAMAGED_BODY) {
			skip(disk, record, &disk->state.dropped_damaged);
		} else if (is_too_old(disk, record)) {
			skip(disk, record, &disk->state.dropped_age);
		} else {
			(void)pthread_mutex_lock(&disk->lock);
			disk->state.oldest_ms = record->oldest_ms;
			(void)pthread_mutex_unlock(&disk->lock);
			disk->has_peeked = true;
			disk->peeked = *record;
			disk->peeked_in = segment.number;
			return true;
		}
	}
	return false;
}

void
pt_disk_advance(struct pt_disk *disk)
{
	struct segment segment;
	if (!disk->has_peeked || !first_segment(disk, &segment) ||
		segment.number != disk->peeked_in)
		return;
	disk->has_peeked = false;
	skip(disk, &disk->peeked, NULL);
	if (!disk->options.only_look)
		(void)save_position(disk, false); /* or it is sent once more after a crash */
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
	if (mine->records > 0 &&
		(state->oldest_ms == 0 || mine->oldest_ms < state->oldest_ms))
		state->oldest_ms = mine->oldest_ms;
	(void)pthread_mutex_unlock(&disk->lock);
}

/* ---- opening and closing ---- */

static void
disk_free(struct pt_disk *disk)
{
	close_file(disk, &disk->in);
	close_file(disk, &disk->out);
	close_file(disk, &disk->lock_file);
	while (disk->first != NULL)
		unlink_segment(disk, disk->first);
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
	const struct pt_files *files = files_of(disk);
	char *path = join(disk->path, "lock");
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
	const struct pt_files *files = files_of(removing->disk);
	if (!removing->all && strstr(name, ".damaged") != NULL) {
		removing->damaged = true;
		return;
	}
	char *path = strcmp(name, "lock") == 0 ? NULL : join(removing->disk->path, name);
	if (path != NULL)
		(void)files->unlink(files, path); /* what stays keeps the directory */
	free(path);
}

/* The lock goes last: whoever waits for it finds that it is no longer linked. */
static void
remove_files(struct pt_disk *disk, bool all)
{
	const struct pt_files *files = files_of(disk);
	struct removing removing = {.disk = disk, .all = all};
	(void)files->list(files, disk->path, remove_entry, &removing);
	if (removing.damaged)
		return;
	char *path = join(disk->path, "lock");
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
	end_segment(disk);
	if (!disk->options.only_look) {
		if (disk->state.records == 0)
			remove_files(disk, false);
		else
			(void)save_position(disk, true); /* or some are sent twice */
	}
	disk_free(disk);
}

void
pt_disk_remove(struct pt_disk *disk)
{
	remove_files(disk, true);
	disk_free(disk);
}
