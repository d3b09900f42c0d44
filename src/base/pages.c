/* SPDX-License-Identifier: MIT */
/* Anonymous mappings, which only fail when memory is out. */
#include "base/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The heap makes a mapping for each piece of this size, which ends with it. */
enum { large_from = (32 << 20) + 1 };

void *
pt_pages_new(size_t size)
{
	if (size < pt_pages_least)
		return calloc(1, size);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? NULL : at;
}

void
pt_pages_free(void *at, size_t size)
{
	if (at == NULL)
		return;
	if (size < pt_pages_least)
		free(at);
	else
		(void)munmap(at, size);
}

void
pt_pages_empty(void *at, size_t size, size_t from)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	from = (from + page - 1) / page * page;
	/* Should it fail, the memory stays. */
	if (size >= pt_pages_least && from < size)
		(void)madvise((char *)at + from, size - from, MADV_DONTNEED);
}

void
pt_pages_sparse(void *at, size_t size)
{
	/* Should it fail, the system knows no large pages. */
	if (size >= pt_pages_least)
		(void)madvise(at, size, MADV_NOHUGEPAGE);
}

void
pt_pages_large(void *at, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (uintptr_t)at % page;
	/* Should it fail, pages are small. */
	if (size >= large_from)
		(void)madvise((char *)at + (page - before) % page, size - page, MADV_HUGEPAGE);
}
