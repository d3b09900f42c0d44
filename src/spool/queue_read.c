/* SPDX-License-Identifier: MIT */
/*
 * The reader of a queue: from record to record and from segment to segment. What is torn, rotten or
 * too old is counted and left behind; nothing here ends the reading but the end of the queue, or
 * memory that is out, after which the same record is read again.
 */
#include "spool/queue_inside.h"

#include <stdlib.h>

/* The first segment as it is now; its `end` and `open` may be old at once, which does no harm. */
static bool
first_segment(struct pt_disk *disk, struct pt_disk_segment *segment)
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
	const struct pt_files *files = pt_disk_files(disk);
	pt_disk_close_file(disk, &disk->in);
	(void)pthread_mutex_lock(&disk->lock);
	uint64_t number = disk->first->number;
	if (aside) {
		disk->state.dropped_damaged += disk->first->samples;
		disk->state.damaged_segments++;
	}
	pt_disk_unlink_segment(disk, disk->first);
	disk->offset = PT_SEGMENT_HEAD;
	(void)pthread_mutex_unlock(&disk->lock);
	if (disk->options.only_look)
		return;
	/* The position first: a segment that is still there is skipped by it. */
	(void)pt_disk_save_position(disk, true);
	char *path = pt_disk_segment_path(disk, number, "seg");
	char *away = aside ? pt_disk_segment_path(disk, number, "damaged") : NULL;
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
read_record(
	struct pt_disk *disk, const struct pt_disk_segment *segment, struct pt_spool_record *record)
{
	const struct pt_files *files = pt_disk_files(disk);
	unsigned char head[PT_RECORD_HEAD];
	if (disk->in < 0 || disk->in_number != segment->number) {
		pt_disk_close_file(disk, &disk->in);
		disk->in = pt_disk_open_segment(disk, segment->number, PT_OPEN_READ);
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
	pt_disk_count_out(disk, disk->first, record);
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

/* What was given up is not to be counted again by the next process. */
static bool
leave_skipped(struct pt_disk *disk, bool skipped, bool found)
{
	if (skipped && !disk->options.only_look)
		(void)pt_disk_save_position(disk, false);
	return found;
}

bool
pt_disk_peek(struct pt_disk *disk, struct pt_spool_record *record)
{
	struct pt_disk_segment segment;
	bool skipped = false;
	disk->has_peeked = false;
	while (first_segment(disk, &segment)) {
		enum found found = read_record(disk, &segment, record);
		if (found == NOTHING && (segment.open || disk->offset != segment.end))
			return leave_skipped(disk, skipped, false);
		if (found == NOTHING || found == TORN || found == TORN_BODY) {
			if (segment.open)
				return leave_skipped(disk, skipped, false);
			if (found == TORN_BODY)
				count_torn(disk, record);
			leave_segment(disk, false);
		} else if (found == DAMAGED) {
			leave_segment(disk, true);
		} else if (found == DAMAGED_BODY) {
			skip(disk, record, &disk->state.dropped_damaged);
			skipped = true;
		} else if (is_too_old(disk, record)) {
			skip(disk, record, &disk->state.dropped_age);
			skipped = true;
		} else {
			(void)pthread_mutex_lock(&disk->lock);
			disk->state.oldest_ms = record->oldest_ms;
			(void)pthread_mutex_unlock(&disk->lock);
			disk->has_peeked = true;
			disk->peeked = *record;
			disk->peeked_in = segment.number;
			return leave_skipped(disk, skipped, true);
		}
	}
	return leave_skipped(disk, skipped, false);
}

void
pt_disk_advance(struct pt_disk *disk)
{
	struct pt_disk_segment segment;
	if (!disk->has_peeked || !first_segment(disk, &segment) ||
		segment.number != disk->peeked_in)
		return;
	disk->has_peeked = false;
	skip(disk, &disk->peeked, NULL);
	if (!disk->options.only_look)
		(void)pt_disk_save_position(
			disk, false); /* or it is sent once more after a crash */
}
