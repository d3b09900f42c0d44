/* SPDX-License-Identifier: MIT */
/*
 * A text that is read again and again with other values: a scraped page, a file. What stands before
 * each value is remembered by its bytes, so that reading a page whose series are known parses
 * numbers only and allocates nothing; a page with anything new is parsed as a whole.
 */
#ifndef PT_CODEC_PAGE_H
#define PT_CODEC_PAGE_H

#include "model/snapshot.h"

/* Zeroed to begin with. All is valid until the next read. */
struct pt_page {
	size_t count;   /* of series; the same, in the same order, until `changed` */
	uint64_t *bits; /* one for each; PT_NUMBER_ABSENT where the text does not have it now */
	int64_t *times; /* one for each, PT_NO_TIME where there is none; NULL: none has one */
	struct pt_exemplar *exemplars; /* rising by index */
	size_t exemplar_count;
	size_t samples;    /* that the text has, without duplicates */
	size_t duplicates; /* that were left out */
	/* Of the series, after a read that changed them; the values are those above. */
	struct pitot_snapshot *snapshot;
	/* private */
	char *base; /* of the text that was parsed last, whose lines are known */
	size_t base_length;
	size_t longest; /* known part of a line */
	struct pt_page_line *lines;
	size_t line_count, other_count; /* others: without a series */
	size_t others;                  /* that were read now */
	uint32_t *places; /* of lines by hash, made when lines come in another order */
	size_t place_count;
	size_t exemplar_capacity;
};

/*
 * Reads the text; *changed tells whether the series are other ones than before. On failure, as
 * that of pitot_parse() or because OpenMetrics has no end, the page is as if it were empty.
 */
int pt_page_read(struct pt_page *page, const char *text, size_t length,
	const struct pitot_parse_options *options, bool *changed, struct pitot_error *why);
/* Lets the snapshot go, which nobody needs any more. */
void pt_page_settle(struct pt_page *page);
void pt_page_clear(struct pt_page *page);

#endif
