/* SPDX-License-Identifier: MIT */
/*
 * A queue of finished requests on disk that survives crashes, power cuts and full disks. It carries
 * bytes and does not know what is in them. Byte by byte it is described in FORMAT.
 *
 * A directory holds the queues of any number of destinations and processes. One process writes to
 * and reads from a queue at a time; a queue whose process is gone is taken up by the next one that
 * opens the same destination.
 *
 * Threads: one thread may append while another one peeks and advances; the rest is for either.
 */
#ifndef PT_SPOOL_SPOOL_H
#define PT_SPOOL_SPOOL_H

#include <stdbool.h>
#include "base/clock.h"
#include "spool/files.h"
#include <pitot/error.h>

struct pt_spool;

struct pt_spool_options {
	const char *directory; /* made (0700) if it is missing; its parent must exist */
	const char
		*destination; /* whom the requests are for: a text without secrets, told by list */
	uint64_t key;         /* a hash of all that makes a destination a different one */
	uint64_t max_bytes;   /* of all records of this queue; the oldest go first */
	int64_t max_age_ms;   /* records older than this are dropped; 0: none is */
	size_t segment_bytes; /* a segment is closed when it is this long; 0: 1 MiB */
	const struct pt_files *files;
	const struct pt_clock *clock;
};

/* What stands beside the bytes. All but `format` is only for telling and for ages. */
struct pt_spool_record {
	uint32_t format;  /* the caller's word for what the bytes are */
	uint32_t samples; /* of which histograms */
	uint32_t histograms;
	uint32_t exemplars;
	int64_t oldest_ms; /* the earliest time of a sample, since the epoch */
	const void *body;
	size_t length;
};

/* All since the queue was opened, but for the first three. */
struct pt_spool_state {
	uint64_t records;  /* that wait */
	uint64_t bytes;    /* of their bodies */
	uint64_t samples;  /* in them */
	int64_t oldest_ms; /* of the first one that waits; 0 if none does */
	uint64_t dropped_full, dropped_age, dropped_damaged; /* samples, where that is known */
	uint64_t damaged_segments;
	bool full; /* the last append found no room on the disk */
};

/*
 * Opens a free queue of the destination (the one with the oldest record), or makes one. A torn tail
 * is cut, a damaged segment is set aside. NULL: PITOT_USAGE (the directory cannot be used; the text
 * names it and the reason), PITOT_NO_MEMORY.
 */
struct pt_spool *pt_spool_open(const struct pt_spool_options *options, struct pitot_error *why);
/* Saves the position, syncs, and lets the queue go; an empty one is removed from the disk. */
void pt_spool_close(struct pt_spool *spool);
/*
 * Adds a record at the end. PITOT_FAILED when the disk is full or broken (the record is not kept
 * then, and nothing before it is harmed).
 */
int pt_spool_append(
	struct pt_spool *spool, const struct pt_spool_record *record, struct pitot_error *why);
/*
 * The first record; its body is valid until the next call of peek or advance. False if there is
 * none. Damage and age limits are dealt with on the way, and counted.
 */
bool pt_spool_peek(struct pt_spool *spool, struct pt_spool_record *record);
/* Takes the first record away: it was delivered, or given up for good. */
void pt_spool_advance(struct pt_spool *spool);
/* Makes what was appended survive a power cut. It survives the end of the process without. */
int pt_spool_sync(struct pt_spool *spool, struct pitot_error *why);
void pt_spool_state(struct pt_spool *spool, struct pt_spool_state *state);
/*
 * Takes up another queue of the same destination that nobody holds, after this one is empty.
 * False if there is none.
 */
bool pt_spool_next(struct pt_spool *spool);

/* ---- for tools ---- */

struct pt_spool_entry {
	const char *queue; /* its path below the directory */
	const char *destination;
	uint64_t key;
	bool busy; /* a process holds it; the rest is what it last saved */
	struct pt_spool_state state;
};

/* Calls `show` for each queue, oldest first. PITOT_NO_INPUT if there is no such directory. */
int pt_spool_list(const char *directory, const struct pt_files *files,
	void (*show)(void *context, const struct pt_spool_entry *entry), void *context,
	struct pitot_error *why);
/* Calls `show` for each record of one queue without taking any away. */
int pt_spool_show(const char *directory, const char *queue, const struct pt_files *files,
	void (*show)(void *context, const struct pt_spool_record *record), void *context,
	struct pitot_error *why);
/* Removes one queue with its records. PITOT_FAILED if a process holds it. */
int pt_spool_drop(const char *directory, const char *queue, const struct pt_files *files,
	struct pitot_error *why);

#endif
