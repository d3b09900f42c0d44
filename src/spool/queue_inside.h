/* SPDX-License-Identifier: MIT */
/* The inside of a queue on disk, shared by queue.c, queue_write.c and queue_read.c. */
#ifndef PT_SPOOL_QUEUE_INSIDE_H
#define PT_SPOOL_QUEUE_INSIDE_H

#include <pthread.h>
#include "spool/queue.h"

struct pt_disk_segment {
	struct pt_disk_segment *next;
	uint64_t number;
	uint64_t end;                     /* of the last whole record */
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
	struct pt_disk_segment *first, *last;
	uint64_t next_number;
	struct pt_spool_state state;
};

static inline const struct pt_files *
pt_disk_files(const struct pt_disk *disk)
{
	return disk->options.files;
}

/* "<path>/<name>", of the caller's; NULL if memory is out. */
char *pt_disk_join(const char *path, const char *name);
char *pt_disk_segment_path(const struct pt_disk *disk, uint64_t number, const char *end);
int pt_disk_open_segment(const struct pt_disk *disk, uint64_t number, enum pt_open how);
void pt_disk_close_file(const struct pt_disk *disk, int *file);
/* Writes where the first record that waits stands; `sync`: so that a power cut leaves it. */
int pt_disk_save_position(struct pt_disk *disk, bool sync);
/* No more records go into the last segment. */
void pt_disk_end_segment(struct pt_disk *disk);

/* The list of segments and the numbers; the lock is held. */
struct pt_disk_segment *pt_disk_add_segment(struct pt_disk *disk, uint64_t number);
void pt_disk_unlink_segment(struct pt_disk *disk, struct pt_disk_segment *segment);
void pt_disk_count_in(struct pt_disk *disk, struct pt_disk_segment *segment,
	const struct pt_spool_record *record);
void pt_disk_count_out(struct pt_disk *disk, struct pt_disk_segment *segment,
	const struct pt_spool_record *record);

#endif
