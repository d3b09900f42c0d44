/* SPDX-License-Identifier: MIT */
/*
 * The writer of a queue: records go to the end of the last segment, each by one write. A record
 * that did not fit onto the disk is cut off again, or the segment is left, so that nothing ever
 * stands behind half a record.
 */
#include "spool/queue_inside.h"

#include <errno.h>
#include <stdlib.h>

static int
begin_segment(struct pt_disk *disk)
{
	const struct pt_files *files = pt_disk_files(disk);
	unsigned char head[PT_SEGMENT_HEAD];
	uint64_t number = disk->next_number; /* only the writer adds segments */
	disk->out = pt_disk_open_segment(disk, number, PT_OPEN_NEW);
	if (disk->out < 0)
		return disk->out;
	pt_segment_head(head);
	int code = files->append(files, disk->out, head, sizeof head) == sizeof head ? 0 : -ENOSPC;
	(void)pthread_mutex_lock(&disk->lock);
	struct pt_disk_segment *segment = code == 0 ? pt_disk_add_segment(disk, number) : NULL;
	if (segment != NULL) {
		segment->open = true;
		if (disk->first == segment)
			disk->offset = PT_SEGMENT_HEAD;
	}
	(void)pthread_mutex_unlock(&disk->lock);
	if (segment != NULL)
		return 0;
	pt_disk_close_file(disk, &disk->out);
	char *path = pt_disk_segment_path(disk, number, "seg");
	if (path != NULL)
		(void)files->unlink(files, path); /* an empty segment does no harm */
	free(path);
	return code != 0 ? code : -ENOMEM;
}

void
pt_disk_end_segment(struct pt_disk *disk)
{
	if (disk->out < 0)
		return;
	(void)pt_disk_files(disk)->sync(
		pt_disk_files(disk), disk->out); /* or power may cost its end */
	pt_disk_close_file(disk, &disk->out);
	(void)pthread_mutex_lock(&disk->lock);
	if (disk->last != NULL)
		disk->last->open = false;
	(void)pthread_mutex_unlock(&disk->lock);
}

/* The oldest segments that the reader is not in go, until there is room. */
static void
make_room(struct pt_disk *disk, size_t length)
{
	const struct pt_files *files = pt_disk_files(disk);
	for (;;) {
		(void)pthread_mutex_lock(&disk->lock);
		struct pt_disk_segment *victim = disk->first == NULL ? NULL : disk->first->next;
		bool full = disk->options.max_bytes > 0 &&
			disk->state.bytes + length > disk->options.max_bytes;
		if (!full || victim == NULL || victim->open) {
			(void)pthread_mutex_unlock(&disk->lock);
			return;
		}
		char *path = pt_disk_segment_path(disk, victim->number, "seg");
		disk->state.dropped_full += victim->samples;
		pt_disk_unlink_segment(disk, victim);
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
	const struct pt_files *files = pt_disk_files(disk);
	uint64_t end = disk->last->end; /* only the writer moves the last segment's end */
	pt_buf_reset(&disk->record);
	pt_record_put(&disk->record, record);
	if (pt_buf_error(&disk->record) != 0)
		return -ENOMEM;
	int64_t put = files->append(files, disk->out, disk->record.bytes, disk->record.length);
	if (put == (int64_t)disk->record.length)
		return 0;
	/*
	 * Half a record is cut off, or nothing is written behind it. And the segment ends, so that
	 * its room is free again when it has been read; at once, if it has been already, for the
	 * reader does not look at what it has read again, and keeps the file open.
	 */
	(void)pthread_mutex_lock(&disk->lock);
	bool read = disk->last->records == 0;
	(void)pthread_mutex_unlock(&disk->lock);
	(void)files->truncate(files, disk->out, read ? PT_SEGMENT_HEAD : (int64_t)end);
	pt_disk_end_segment(disk);
	if (put >= 0 || put == -ENOSPC)
		return read && end > PT_SEGMENT_HEAD ? -EAGAIN : -ENOSPC;
	return (int)put;
}

int
pt_disk_append(struct pt_disk *disk, const struct pt_spool_record *record)
{
	if (record->length > PT_RECORD_MOST)
		return -EFBIG;
	if (disk->out >= 0 && disk->last->end >= disk->options.segment_bytes)
		pt_disk_end_segment(disk);
	make_room(disk, record->length);
	int code = has_room(disk, record->length) ? 0 : -EDQUOT;
	if (code == 0 && disk->out < 0)
		code = begin_segment(disk);
	if (code == 0)
		code = write_record(disk, record);
	if (code == -EAGAIN) { /* there is room now */
		code = begin_segment(disk);
		if (code == 0)
			code = write_record(disk, record);
	}
	(void)pthread_mutex_lock(&disk->lock);
	disk->state.full = code == -ENOSPC || code == -EDQUOT;
	if (code == 0)
		pt_disk_count_in(disk, disk->last, record); /* from now on the reader may have it */
	(void)pthread_mutex_unlock(&disk->lock);
	return code;
}

int
pt_disk_sync(struct pt_disk *disk)
{
	int code = disk->out < 0 ? 0 : pt_disk_files(disk)->sync(pt_disk_files(disk), disk->out);
	return code < 0 ? code : pt_disk_files(disk)->sync_dir(pt_disk_files(disk), disk->path);
}
