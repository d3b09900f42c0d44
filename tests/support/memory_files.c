/* SPDX-License-Identifier: MIT */
#include "memory_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct memory_files *
of(const struct pt_files *files)
{
	struct memory_files *memory = (struct memory_files *)(uintptr_t)files;
	(void)pthread_mutex_lock(&memory->lock);
	return memory;
}

static int
done(struct memory_files *memory, int code)
{
	(void)pthread_mutex_unlock(&memory->lock);
	return code;
}

static uint64_t
chance(struct memory_files *memory)
{
	uint64_t x = memory->random += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Counts a change; false when the process is dead before it. `last`: it dies within this one. */
static bool
alive(struct memory_files *memory, bool *last)
{
	*last = false;
	if (memory->dead)
		return false;
	memory->operations++;
	if (memory->die_after > 0 && --memory->die_after == 0) {
		memory->dead = true;
		*last = true;
	}
	return true;
}

struct memory_node *
memory_files_find(struct memory_files *memory, const char *path)
{
	for (size_t i = 0; i < memory_most; i++)
		if (memory->nodes[i].links > 0 && strcmp(memory->nodes[i].path, path) == 0)
			return &memory->nodes[i];
	return NULL;
}

static struct memory_node *
make_node(struct memory_files *memory, const char *path, bool is_dir)
{
	for (size_t i = 0; i < memory_most; i++) {
		struct memory_node *node = &memory->nodes[i];
		bool used = node->links > 0 || node->before[0] != '\0';
		for (size_t k = 0; k < memory_most; k++)
			used |= memory->open[k] == (int)i;
		if (used)
			continue;
		free(node->bytes);
		*node = (struct memory_node){.is_dir = is_dir, .links = 1};
		(void)snprintf(node->path, sizeof node->path, "%s", path);
		return node;
	}
	abort();
}

static bool
is_in(const struct memory_node *node, const char *directory)
{
	size_t length = strlen(directory);
	return strncmp(node->path, directory, length) == 0 && node->path[length] == '/' &&
		strchr(node->path + length + 1, '/') == NULL;
}

static int
make_dir(const struct pt_files *files, const char *path)
{
	struct memory_files *memory = of(files);
	bool last;
	if (memory_files_find(memory, path) != NULL)
		return done(memory, 0);
	if (!alive(memory, &last))
		return done(memory, -EIO);
	make_node(memory, path, true)->kept = true; /* directories are not what is tested */
	return done(memory, 0);
}

static int
open_file(const struct pt_files *files, const char *path, enum pt_open how)
{
	struct memory_files *memory = of(files);
	struct memory_node *node = memory_files_find(memory, path);
	bool last;
	if (node == NULL && how == PT_OPEN_READ)
		return done(memory, -ENOENT);
	if (node != NULL && how == PT_OPEN_LOCK && node->locked)
		return done(memory, -EWOULDBLOCK);
	if ((node == NULL || how == PT_OPEN_NEW) && !alive(memory, &last))
		return done(memory, -EIO);
	if (node == NULL)
		node = make_node(memory, path, false);
	else if (how == PT_OPEN_NEW)
		node->length = node->synced = 0;
	for (int i = 0; i < memory_most; i++)
		if (memory->open[i] < 0) {
			memory->open[i] = (int)(node - memory->nodes);
			memory->locks[i] = how == PT_OPEN_LOCK;
			node->locked |= how == PT_OPEN_LOCK;
			return done(memory, i);
		}
	abort();
}

static void
close_file(const struct pt_files *files, int file)
{
	struct memory_files *memory = of(files);
	if (memory->locks[file])
		memory->nodes[memory->open[file]].locked = false;
	memory->locks[file] = false;
	memory->open[file] = -1;
	(void)done(memory, 0);
}

static int64_t
size_of(const struct pt_files *files, int file)
{
	struct memory_files *memory = of(files);
	int64_t size = (int64_t)memory->nodes[memory->open[file]].length;
	(void)done(memory, 0);
	return size;
}

static int64_t
read_file(const struct pt_files *files, int file, int64_t at, void *to, size_t length)
{
	struct memory_files *memory = of(files);
	const struct memory_node *node = &memory->nodes[memory->open[file]];
	size_t from = (size_t)at, got = 0;
	if (from < node->length)
		got = node->length - from < length ? node->length - from : length;
	if (got > 0)
		memcpy(to, node->bytes + from, got);
	(void)done(memory, 0);
	return (int64_t)got;
}

static void
put(struct memory_node *node, const void *bytes, size_t length)
{
	if (node->length + length > node->capacity) {
		node->capacity = (node->length + length) * 2;
		node->bytes = realloc(node->bytes, node->capacity);
		if (node->bytes == NULL)
			abort();
	}
	if (length > 0)
		memcpy(node->bytes + node->length, bytes, length);
	node->length += length;
}

static int64_t
append(const struct pt_files *files, int file, const void *bytes, size_t length)
{
	struct memory_files *memory = of(files);
	bool last;
	if (!alive(memory, &last))
		return done(memory, -EIO);
	size_t fits = length < memory->room ? length : memory->room;
	if (last)
		fits = (size_t)(chance(memory) % (fits + 1)); /* it dies while it writes */
	put(&memory->nodes[memory->open[file]], bytes, fits);
	memory->room -= fits;
	(void)done(memory, 0);
	if (last)
		return -EIO;
	return fits == 0 && length > 0 ? -ENOSPC : (int64_t)fits;
}

static int
truncate_file(const struct pt_files *files, int file, int64_t length)
{
	struct memory_files *memory = of(files);
	struct memory_node *node = &memory->nodes[memory->open[file]];
	bool last;
	if (!alive(memory, &last))
		return done(memory, -EIO);
	if ((size_t)length < node->length) {
		memory->room += node->length - (size_t)length;
		node->length = (size_t)length;
	}
	if (node->synced > node->length)
		node->synced = node->length;
	return done(memory, 0);
}

static int
sync_file(const struct pt_files *files, int file)
{
	struct memory_files *memory = of(files);
	bool last;
	if (!alive(memory, &last) || last)
		return done(memory, -EIO);
	struct memory_node *node = &memory->nodes[memory->open[file]];
	node->synced = node->length;
	return done(memory, 0);
}

static int
sync_dir(const struct pt_files *files, const char *path)
{
	struct memory_files *memory = of(files);
	bool last;
	if (!alive(memory, &last) || last)
		return done(memory, -EIO);
	for (size_t i = 0; i < memory_most; i++) {
		struct memory_node *node = &memory->nodes[i];
		bool here = is_in(node, path);
		if (here ||
			(node->before[0] != '\0' &&
				strncmp(node->before, path, strlen(path)) == 0)) {
			node->kept = node->links > 0;
			(void)snprintf(node->before, sizeof node->before, "%s",
				node->links > 0 ? node->path : "");
		}
	}
	return done(memory, 0);
}

static void
drop_node(struct memory_files *memory, struct memory_node *node)
{
	memory->room += node->length;
	node->links = 0;
}

static int
rename_file(const struct pt_files *files, const char *from, const char *to)
{
	struct memory_files *memory = of(files);
	bool last;
	if (!alive(memory, &last))
		return done(memory, -EIO);
	struct memory_node *node = memory_files_find(memory, from);
	struct memory_node *old = memory_files_find(memory, to);
	if (node == NULL)
		return done(memory, -ENOENT);
	if (old != NULL)
		drop_node(memory, old);
	(void)snprintf(node->path, sizeof node->path, "%s", to);
	return done(memory, 0);
}

static int
unlink_file(const struct pt_files *files, const char *path)
{
	struct memory_files *memory = of(files);
	bool last;
	if (!alive(memory, &last))
		return done(memory, -EIO);
	struct memory_node *node = memory_files_find(memory, path);
	if (node == NULL)
		return done(memory, -ENOENT);
	drop_node(memory, node);
	return done(memory, 0);
}

static int
remove_dir(const struct pt_files *files, const char *path)
{
	struct memory_files *memory = of(files);
	bool last;
	if (!alive(memory, &last))
		return done(memory, -EIO);
	for (size_t i = 0; i < memory_most; i++)
		if (memory->nodes[i].links > 0 && is_in(&memory->nodes[i], path))
			return done(memory, -ENOTEMPTY);
	struct memory_node *node = memory_files_find(memory, path);
	if (node != NULL)
		drop_node(memory, node);
	return done(memory, node == NULL ? -ENOENT : 0);
}

static int
list(const struct pt_files *files, const char *path, void (*each)(void *context, const char *name),
	void *context)
{
	struct memory_files *memory = of(files);
	char names[64][64];
	size_t count = 0;
	bool found = memory_files_find(memory, path) != NULL;
	for (size_t i = 0; i < memory_most && count < 64; i++)
		if (memory->nodes[i].links > 0 && is_in(&memory->nodes[i], path))
			(void)snprintf(names[count++], sizeof names[0], "%.63s",
				memory->nodes[i].path + strlen(path) + 1);
	(void)done(memory, 0);
	for (size_t i = 0; i < count; i++)
		each(context, names[i]);
	return found ? 0 : -ENOENT;
}

static bool
is_linked(const struct pt_files *files, int file, const char *path)
{
	struct memory_files *memory = of(files);
	bool linked = memory_files_find(memory, path) == &memory->nodes[memory->open[file]];
	(void)done(memory, 0);
	return linked;
}

void
memory_files_init(struct memory_files *memory, uint64_t seed)
{
	memset(memory, 0, sizeof *memory);
	memory->files = (struct pt_files){
		.make_dir = make_dir,
		.open = open_file,
		.close = close_file,
		.size = size_of,
		.read = read_file,
		.append = append,
		.truncate = truncate_file,
		.sync = sync_file,
		.sync_dir = sync_dir,
		.rename = rename_file,
		.unlink = unlink_file,
		.remove_dir = remove_dir,
		.list = list,
		.is_linked = is_linked,
	};
	(void)pthread_mutex_init(&memory->lock, NULL);
	memory->room = SIZE_MAX / 2;
	memory->random = seed;
	for (size_t i = 0; i < memory_most; i++)
		memory->open[i] = -1;
}

void
memory_files_clear(struct memory_files *memory)
{
	for (size_t i = 0; i < memory_most; i++)
		free(memory->nodes[i].bytes);
	(void)pthread_mutex_destroy(&memory->lock);
}

void
memory_files_restart(struct memory_files *memory)
{
	memory->dead = false;
	memory->die_after = 0;
	for (size_t i = 0; i < memory_most; i++) {
		memory->open[i] = -1;
		memory->locks[i] = false;
		memory->nodes[i].locked = false;
	}
}

void
memory_files_power_cut(struct memory_files *memory)
{
	memory_files_restart(memory);
	for (size_t i = 0; i < memory_most; i++) {
		struct memory_node *node = &memory->nodes[i];
		if (node->is_dir)
			continue;
		/* Names: as they are, or as they were when their directory was last synced. */
		if ((!node->kept || strcmp(node->path, node->before) != 0) &&
			chance(memory) % 2 == 0) {
			node->links = node->before[0] != '\0';
			(void)snprintf(node->path, sizeof node->path, "%s", node->before);
		}
		node->kept = node->links > 0;
		(void)snprintf(
			node->before, sizeof node->before, "%s", node->links > 0 ? node->path : "");
		/* Bytes: any part of what was not synced, or zeros in its place. */
		size_t loose = node->length - node->synced;
		if (loose == 0)
			continue;
		size_t left = (size_t)(chance(memory) % (loose + 1));
		if (chance(memory) % 4 == 0)
			memset(node->bytes + node->synced + left, 0, loose - left);
		else
			node->length = node->synced + left;
		node->synced = node->length;
	}
	/* Two nodes may claim one name now: the one that was there before the other has it. */
	for (size_t i = 0; i < memory_most; i++)
		for (size_t k = 0; k < i; k++)
			if (memory->nodes[i].links > 0 && memory->nodes[k].links > 0 &&
				strcmp(memory->nodes[i].path, memory->nodes[k].path) == 0)
				memory->nodes[i].links = 0;
}
