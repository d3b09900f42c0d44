/* SPDX-License-Identifier: MIT */
/* What a page (codec/page.h) knows of the lines of the text that was parsed last. */
#ifndef PT_CODEC_PAGE_LINES_H
#define PT_CODEC_PAGE_LINES_H

#include "codec/page.h"

/* What stands in a line before its value; the whole line where there is none. */
struct pt_page_line {
	uint32_t at;     /* in the base: the bytes behind those that are shared */
	uint32_t length; /* of the known part */
	uint32_t shared; /* how many bytes of it are as those of the line before */
	uint32_t index;  /* of the series, or PT_PAGE_NO_SERIES */
};

#define PT_PAGE_NO_SERIES UINT32_MAX

/* The length of the part before the value; that of the line if it is no sample. */
size_t pt_page_known_length(const char *line, size_t length);
/* The line feed, or `end`. */
const char *pt_page_line_end(const char *from, const char *end);
/* The line with this known part, or NULL. */
const struct pt_page_line *pt_page_find_line(struct pt_page *page, const char *text, size_t length);
/* Remembers the lines of the text; `of` has the line of each series. False if memory is out. */
bool pt_page_remember(struct pt_page *page, const char *text, size_t length, const unsigned *of);

#endif
