/* SPDX-License-Identifier: MIT */
/*
 * One queue on disk: a directory with segments, a position and a lock, that belongs to one process
 * at a time. One thread appends, one reads.
 */
#ifndef PT_SPOOL_QUEUE_H
#define PT_SPOOL_QUEUE_H

#include "spool/segment.h"

/* Its own prefix: export/queue.h has queues too. */
struct pt_disk;

struct pt_disk_options {
	const struct pt_files *files;
	const struct pt_clock *clock; /* NULL: nothing is too old */
	uint64_t max_bytes;           /* 0: no limit */
	int64_t max_age_ms;
	size_t segment_bytes;
	/* Only look: takes nothing away, cuts nothing, writes nothing, and needs no lock. */
	bool only_look;
};

/*
 * Opens the queue in a directory that exists. *busy is set if another process holds it, or has just
 * removed it. NULL: *busy, or an error (negative errno) in *error.
 */
struct pt_disk *pt_disk_open(
	const char *path, const struct pt_disk_options *options, bool *busy, int *error);
/* Syncs, saves the position, and removes the directory if nothing waits in it. */
void pt_disk_close(struct pt_disk *disk);
int pt_disk_append(struct pt_disk *disk, const struct pt_spool_record *record);
bool pt_disk_peek(struct pt_disk *disk, struct pt_spool_record *record);
void pt_disk_advance(struct pt_disk *disk);
int pt_disk_sync(struct pt_disk *disk);
/* Adds to *state, whose oldest_ms becomes the earlier one. */
void pt_disk_state(struct pt_disk *disk, struct pt_spool_state *state);
/* Removes everything; frees it. */
void pt_disk_remove(struct pt_disk *disk);

#endif
