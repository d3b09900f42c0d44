/* SPDX-License-Identifier: MIT */
/*
 * Large memory that comes and goes: it is the system's again as soon as it is given back, where the
 * heap would keep it. Smaller sizes are the heap's.
 */
#ifndef PT_BASE_PAGES_H
#define PT_BASE_PAGES_H

#include <stddef.h>

/* A mapping costs as much as several pages. */
enum { pt_pages_least = 1 << 16 };

/* All zero; NULL if memory is out. To be given back with the same size. */
void *pt_pages_new(size_t size);
void pt_pages_free(void *at, size_t size); /* also NULL */
/*
 * What it holds from `from` on is not needed any more, though it may still be read: it is as it
 * was, or zero, and its memory is given back as far as it is of whole pages.
 */
void pt_pages_empty(void *at, size_t size, size_t from);
/* Of large memory, of which only a little will ever be used: it is not to come by large pages. */
void pt_pages_sparse(void *at, size_t size);
/*
 * Of memory that nothing was written to yet: so much is to come by large pages, where the system
 * has some, since the first touch of each page costs as much as filling it. For what is filled.
 */
void pt_pages_large(void *at, size_t size);

#endif
