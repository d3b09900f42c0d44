/* SPDX-License-Identifier: MIT */
/*
 * The seam to the file system. Production uses pt_files_real(); tests replace it by files in memory
 * that lose power. All paths end in NUL; functions return 0 or more, or a negative errno.
 */
#ifndef PT_SPOOL_FILES_H
#define PT_SPOOL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pt_open {
	PT_OPEN_READ,   /* must exist */
	PT_OPEN_APPEND, /* made if missing */
	PT_OPEN_NEW,    /* made, or emptied */
	PT_OPEN_LOCK    /* made if missing, and locked for this open file: -EWOULDBLOCK if it is */
};

struct pt_files {
	/* An existing one is fine. */
	int (*make_dir)(const struct pt_files *files, const char *path);
	int (*open)(const struct pt_files *files, const char *path, enum pt_open how);
	void (*close)(const struct pt_files *files, int file);
	int64_t (*size)(const struct pt_files *files, int file);
	/* Fewer bytes only at the end of the file. */
	int64_t (*read)(
		const struct pt_files *files, int file, int64_t at, void *to, size_t length);
	/* Fewer bytes when the disk is full. */
	int64_t (*append)(const struct pt_files *files, int file, const void *bytes, size_t length);
	int (*truncate)(const struct pt_files *files, int file, int64_t length);
	int (*sync)(const struct pt_files *files, int file);
	int (*sync_dir)(const struct pt_files *files, const char *path);
	int (*rename)(const struct pt_files *files, const char *from, const char *to);
	int (*unlink)(const struct pt_files *files, const char *path);
	int (*remove_dir)(const struct pt_files *files, const char *path);
	/* Calls `each` with every name but . and .., in no order. */
	int (*list)(const struct pt_files *files, const char *path,
		void (*each)(void *context, const char *name), void *context);
	/* Whether the open file is still what the path names. */
	bool (*is_linked)(const struct pt_files *files, int file, const char *path);
};

/* Files are made with mode 0600, directories with 0700. */
const struct pt_files *pt_files_real(void);

#endif
