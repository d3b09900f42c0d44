/* SPDX-License-Identifier: MIT */
/* Whole small files: the seam to the file system for secrets, certificates and input. */
#ifndef PT_BASE_FILE_H
#define PT_BASE_FILE_H

#include "base/buf.h"
#include <pitot/error.h>

/* Appends the file's content, up to the buffer's limit. PITOT_NO_INPUT names the path and errno. */
int pt_file_read(const char *path, struct pt_buf *into, struct pitot_error *why);

#endif
