/* SPDX-License-Identifier: MIT */
/*
 * Files in memory for the spool: they can be full, the process that uses them can die in the middle
 * of a write, and power can fail. One set belongs to one thread at a time, unless nothing fails.
 */
#ifndef MEMORY_FILES_H
#define MEMORY_FILES_H

#include <pthread.h>
#include "spool/files.h"

enum { memory_most = 512 };

struct memory_node {
	char path[160]; /* "" for a free one */
	bool is_dir;
	char *bytes;
	size_t length, capacity;
	size_t synced;    /* this many bytes survive a power cut for certain */
	bool kept;        /* so does its name */
	char before[160]; /* the name it had when its directory was last synced; "" for none */
	bool locked;
	unsigned links; /* 0: unlinked, though perhaps still open */
};

struct memory_files {
	struct pt_files files; /* first */
	pthread_mutex_t lock;
	struct memory_node nodes[memory_most];
	int open[memory_most];   /* node of an open file, or -1 */
	bool locks[memory_most]; /* the open file holds its node's lock */
	/* Faults. */
	size_t room;      /* bytes that still fit onto the disk */
	size_t die_after; /* operations that change something; then the process is dead */
	bool dead;        /* nothing has an effect any more */
	size_t operations;
	uint64_t random;
};

void memory_files_init(struct memory_files *memory, uint64_t seed);
void memory_files_clear(struct memory_files *memory);
/* Another process begins: locks and open files of the last one are gone. */
void memory_files_restart(struct memory_files *memory);
/* The same after power failed: what was not synced may be lost or torn. */
void memory_files_power_cut(struct memory_files *memory);
/* The file with this path, or NULL. */
struct memory_node *memory_files_find(struct memory_files *memory, const char *path);

#endif
