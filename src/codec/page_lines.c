/* SPDX-License-Identifier: MIT */
/*
 * The lines of a page, kept small: most are like the line before but for a few bytes. They are
 * found by their bytes through a hash table that is made when it is first needed. What can fail is
 * memory.
 */
#include "codec/page_lines.h"

#include "base/hash.h"
#include <stdlib.h>
#include <string.h>

/* ---- lines ---- */

size_t
pt_page_known_length(const char *line, size_t length)
{
	size_t at = 0;
	bool quoted = false, braces = false;
	while (at < length && (line[at] == ' ' || line[at] == '\t'))
		at++;
	if (at == length || line[at] == '#')
		return length;
	for (; at < length; at++) {
		char c = line[at];
		if (quoted && c == '\\')
			at++;
		else if (c == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (c == '{')
			braces = true;
		else if (c == '}')
			break;
		else if ((c == ' ' || c == '\t') && !braces) {
			size_t next = at;
			while (next < length && (line[next] == ' ' || line[next] == '\t'))
				next++;
			if (next < length && line[next] == '{')
				continue; /* blanks before the braces */
			break;
		}
	}
	if (at < length && line[at] == '}')
		at++;
	while (at < length && (line[at] == ' ' || line[at] == '\t'))
		at++;
	return at < length ? at : length;
}

const char *
pt_page_line_end(const char *from, const char *end)
{
	const char *feed = memchr(from, '\n', (size_t)(end - from));
	return feed != NULL ? feed : end;
}

static size_t
count_lines(const char *text, size_t length)
{
	size_t count = 0;
	for (const char *at = text, *end = text + length; at < end; count++)
		at = pt_page_line_end(at, end) + 1;
	return count;
}

/* ---- lines by their bytes ---- */

/* Nobody who writes a page knows where its lines will be. */
static size_t
hash_of(const char *text, size_t length)
{
	return (size_t)pt_hash(text, length, pt_hash_secret());
}

static void
put_place(struct pt_page *page, size_t hash, uint32_t number)
{
	size_t mask = page->place_count - 1, at = hash & mask;
	while (page->places[at] != 0)
		at = (at + 1) & mask;
	page->places[at] = number + 1;
}

static bool
make_places(struct pt_page *page)
{
	size_t size = 64;
	while (size < page->line_count * 2)
		size *= 2;
	char *line = malloc(page->longest + 1);
	page->places = calloc(size, sizeof page->places[0]);
	if (line == NULL || page->places == NULL) {
		free(line);
		free(page->places);
		page->places = NULL;
		return false;
	}
	page->place_count = size;
	for (size_t i = 0; i < page->line_count; i++) {
		const struct pt_page_line *known = &page->lines[i];
		memcpy(line + known->shared, page->base + known->at, known->length - known->shared);
		put_place(page, hash_of(line, known->length), (uint32_t)i);
	}
	free(line);
	return true;
}

/* Whether these are the bytes of the line's known part: of shared ones, lines before it know. */
static bool
is_known(const struct pt_page *page, const struct pt_page_line *line, const char *text)
{
	size_t to = line->length;
	for (;; line--) {
		if (line->shared < to) {
			if (memcmp(page->base + line->at, text + line->shared, to - line->shared) !=
				0)
				return false;
			to = line->shared;
		}
		if (to == 0)
			return true;
	}
}

const struct pt_page_line *
pt_page_find_line(struct pt_page *page, const char *text, size_t length)
{
	if (page->places == NULL && !make_places(page))
		return NULL;
	size_t mask = page->place_count - 1;
	for (size_t at = hash_of(text, length) & mask; page->places[at] != 0;
		at = (at + 1) & mask) {
		const struct pt_page_line *line = &page->lines[page->places[at] - 1];
		if (line->length == length && is_known(page, line, text))
			return line;
	}
	return NULL;
}

static size_t
common_length(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t most = a_length < b_length ? a_length : b_length, at = 0;
	while (at < most && a[at] == b[at])
		at++;
	return at;
}

/*
 * Keeps of each line, of which `at` is still its place in the text, what the one before it does not
 * have. Some have all of it, so that looking at one does not mean to look at many.
 */
static void
keep_differences(struct pt_page *page, const char *text)
{
	enum { whole = 64 };
	const struct pt_page_line *before = NULL;
	const char *before_text = NULL;
	for (size_t i = 0; i < page->line_count; i++) {
		struct pt_page_line *line = &page->lines[i];
		const char *from = text + line->at;
		line->shared = i % whole == 0
			? 0
			: (uint32_t)common_length(before_text, before->length, from, line->length);
		line->at = (uint32_t)page->base_length;
		memcpy(page->base + line->at, from + line->shared, line->length - line->shared);
		page->base_length += line->length - line->shared;
		if (line->length > page->longest)
			page->longest = line->length;
		before = line;
		before_text = from;
	}
	char *smaller = realloc(page->base, page->base_length + 1);
	if (smaller != NULL)
		page->base = smaller;
}

bool
pt_page_remember(struct pt_page *page, const char *text, size_t length, const unsigned *of)
{
	size_t count = count_lines(text, length), number = 0;
	page->base = malloc(length + 1);
	page->lines = malloc((count + 1) * sizeof page->lines[0]);
	page->bits = malloc((page->count + 1) * sizeof page->bits[0]);
	if (page->base == NULL || page->lines == NULL || page->bits == NULL)
		return false;
	page->line_count = count;
	for (const char *at = text, *end = text + length; at < end; number++) {
		const char *stop = pt_page_line_end(at, end);
		page->lines[number] = (struct pt_page_line){
			(uint32_t)(at - text), (uint32_t)(stop - at), 0, PT_PAGE_NO_SERIES};
		at = stop + 1;
	}
	page->other_count = count - page->count;
	for (size_t i = 0; i < page->count; i++) {
		struct pt_page_line *line = &page->lines[of[i] - 1];
		line->index = (uint32_t)i;
		line->length = (uint32_t)pt_page_known_length(text + line->at, line->length);
	}
	keep_differences(page, text);
	return true;
}
