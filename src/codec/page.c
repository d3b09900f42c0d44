/* SPDX-License-Identifier: MIT */
/*
 * Reading a page by what is known of the last one.
 *
 * The happy path is: lines come in the order of the text that was parsed last, so each is compared
 * with the one that is expected, and a plain number behind its known part is its value; so they are
 * read without looking for their ends. Where another
 * line comes, it is looked up by its bytes, and the expectation goes on from there. A line that is
 * not known, or a page that lost many, is parsed as a whole. Failures are those of the parser.
 */
#include "codec/page.h"

#include "base/error.h"
#include "base/number.h"
#include "base/utf8.h"
#include "codec/page_lines.h"
#include "codec/parse.h"
#include <stdlib.h>
#include <string.h>

void
pt_page_settle(struct pt_page *page)
{
	pitot_snapshot_free(page->snapshot);
	page->snapshot = NULL;
}

static void
drop_exemplars(struct pt_page *page)
{
	for (size_t i = 0; i < page->exemplar_count; i++)
		pt_labels_unref(page->exemplars[i].labels);
	page->exemplar_count = 0;
}

void
pt_page_clear(struct pt_page *page)
{
	pt_page_settle(page);
	drop_exemplars(page);
	free(page->bits);
	free(page->times);
	free(page->exemplars);
	free(page->base);
	free(page->lines);
	free(page->places);
	*page = (struct pt_page){0};
}

/* ---- reading values only ---- */

static bool
set_time(struct pt_page *page, uint32_t index, int64_t ms)
{
	if (ms == PT_NO_TIME)
		return true;
	if (page->times == NULL) {
		page->times = malloc((page->count + 1) * sizeof page->times[0]);
		if (page->times == NULL)
			return false;
		for (size_t i = 0; i < page->count; i++)
			page->times[i] = PT_NO_TIME;
	}
	page->times[index] = ms;
	return true;
}

/* Takes over the labels' reference. */
static bool
add_exemplar(struct pt_page *page, const struct pt_exemplar *exemplar)
{
	if (page->exemplar_count == page->exemplar_capacity) {
		size_t capacity = page->exemplar_capacity == 0 ? 16 : page->exemplar_capacity * 2;
		struct pt_exemplar *grown = realloc(page->exemplars, capacity * sizeof *grown);
		if (grown == NULL)
			return false;
		page->exemplars = grown;
		page->exemplar_capacity = capacity;
	}
	page->exemplars[page->exemplar_count++] = *exemplar;
	return true;
}

/* A timestamp, an exemplar, or nonsense behind the value. False: to be parsed, and told, whole. */
static bool
read_tail(struct pt_page *page, uint32_t index, const char *at, const char *end, bool open)
{
	struct pt_parse parse = {.open = open, .at = at, .line = at, .end = end};
	struct pt_parse_line line;
	line.label_count = line.exemplar_label_count = 0;
	line.timestamp_ms = line.exemplar_ms = PT_NO_TIME;
	line.exemplar_at = NULL;
	line.exemplar_value = 0;
	static const struct pitot_parse_options none = {0};
	parse.options = &none;
	struct pt_exemplar exemplar = {.index = index};
	bool ok = pt_utf8_valid(at, (size_t)(end - at)) && pt_parse_tail(&parse, &line) &&
		pt_parse_line_end(&parse) && set_time(page, index, line.timestamp_ms);
	if (ok && line.exemplar_at != NULL) {
		exemplar.bits = pt_number_user_bits(line.exemplar_value);
		exemplar.has_timestamp = line.exemplar_ms != PT_NO_TIME;
		exemplar.timestamp_ms = exemplar.has_timestamp ? line.exemplar_ms : 0;
		exemplar.labels = pt_parse_labels(
			&parse, NULL, line.exemplar_labels, line.exemplar_label_count);
		ok = exemplar.labels != NULL && add_exemplar(page, &exemplar);
		if (!ok)
			pt_labels_unref(exemplar.labels);
	}
	pt_arena_clear(&parse.arena);
	return ok;
}

static void
set_value(struct pt_page *page, uint32_t index, double value)
{
	page->samples += page->bits[index] == PT_NUMBER_ABSENT;
	page->bits[index] = pt_number_user_bits(value);
}

/* The value at `at`, and what follows it. */
static bool
read_value(struct pt_page *page, uint32_t index, const char *at, const char *end, bool open)
{
	const char *word = at;
	double value;
	if (end > at && end[-1] == '\r')
		end--;
	while (at < end && *at != ' ' && *at != '\t')
		at++;
	if (!pt_number_parse(word, (size_t)(at - word), &value))
		return false;
	set_value(page, index, value);
	return at == end || read_tail(page, index, at, end, open);
}

/* A place in the text: the line there, and the one before it, which was that before `next`. */
struct reading {
	const char *at, *before;
	const struct pt_page_line *next; /* that is expected */
};

/* Whether the known part of the line that is expected is there. */
static inline bool
is_next(const struct pt_page *page, const struct reading *r, size_t length)
{
	const struct pt_page_line *line = r->next;
	return line->length <= length && memcmp(r->before, r->at, line->shared) == 0 &&
		memcmp(page->base + line->at, r->at + line->shared, line->length - line->shared) ==
		0;
}

static int
by_index(const void *left, const void *right)
{
	const struct pt_exemplar *a = left, *b = right;
	return a->index < b->index ? -1 : a->index > b->index;
}

/*
 * Lines as long as they are those expected and have a plain number, if any, and nothing behind it:
 * nearly all of them, nearly always.
 */
static void
read_expected(struct pt_page *page, struct reading *r, const char *end)
{
	const struct pt_page_line *last = page->lines + page->line_count;
	for (; r->at < end && r->next < last; r->next++) {
		const struct pt_page_line *line = r->next;
		const char *value = r->at + line->length, *to = value;
		double number;
		if (!is_next(page, r, (size_t)(end - r->at)))
			return;
		if (line->index != PT_PAGE_NO_SERIES)
			to += pt_number_scan(value, end, &number);
		if ((to < end && *to != '\n') || (line->index != PT_PAGE_NO_SERIES && to == value))
			return;
		if (line->index != PT_PAGE_NO_SERIES)
			set_value(page, line->index, number);
		else
			page->others++;
		r->before = r->at;
		r->at = to < end ? to + 1 : end;
	}
}

/* One line of any kind, up to `stop`; false if it is not known. */
static bool
read_other(struct pt_page *page, struct reading *r, const char *stop, bool open)
{
	const struct pt_page_line *line = r->next;
	size_t size = (size_t)(stop - r->at);
	if (line == page->lines + page->line_count || !is_next(page, r, size) ||
		(line->index == PT_PAGE_NO_SERIES && line->length != size)) {
		line = pt_page_find_line(page, r->at, pt_page_known_length(r->at, size));
		if (line == NULL)
			line = pt_page_find_line(page, r->at, size);
		if (line == NULL)
			return false;
	}
	page->others += line->index == PT_PAGE_NO_SERIES;
	if (line->index != PT_PAGE_NO_SERIES &&
		!read_value(page, line->index, r->at + line->length, stop, open))
		return false;
	*r = (struct reading){stop + 1, r->at, line + 1};
	return true;
}

static void
begin_reading(struct pt_page *page)
{
	drop_exemplars(page);
	free(page->times);
	page->times = NULL;
	page->samples = page->others = 0;
	for (size_t i = 0; i < page->count; i++)
		page->bits[i] = PT_NUMBER_ABSENT;
}

/* False if the page has a line that is not known, or misses many. */
static bool
read_known(struct pt_page *page, const char *text, size_t length, bool open)
{
	const char *end = text + length;
	struct reading r = {text, text, page->lines};
	begin_reading(page);
	while (r.at < end) {
		read_expected(page, &r, end);
		if (r.at < end && !read_other(page, &r, pt_page_line_end(r.at, end), open))
			return false;
	}
	if (page->exemplar_count > 1)
		qsort(page->exemplars, page->exemplar_count, sizeof page->exemplars[0], by_index);
	/*
	 * Without the line that tells its type, a series may be another one. Duplicates are among
	 * the others, too: they are as many as before.
	 */
	return (page->count - page->samples) * 4 <= page->count &&
		page->others == page->other_count;
}

/* ---- reading all of it ---- */

/* The values as the parser read them, where reading them by lines does not. */
static bool
copy_values(struct pt_page *page)
{
	const struct pitot_snapshot *from = page->snapshot;
	bool ok = true;
	drop_exemplars(page);
	page->samples = page->count;
	for (size_t i = 0; ok && i < page->count; i++) {
		page->bits[i] = from->bits[i];
		ok = set_time(page, (uint32_t)i, pt_snapshot_time_of(from, i, PT_NO_TIME));
	}
	for (size_t i = 0; ok && i < from->exemplar_count; i++) {
		struct pt_exemplar exemplar = from->exemplars[i];
		ok = add_exemplar(page, &exemplar);
		if (ok)
			(void)pt_labels_ref(exemplar.labels);
	}
	return ok;
}

static int
read_new(struct pt_page *page, const char *text, size_t length,
	const struct pitot_parse_options *options, struct pitot_error *why)
{
	unsigned *lines = NULL;
	size_t duplicates = 0;
	bool open = options->format == PITOT_OPENMETRICS_1_0;
	pt_page_clear(page);
	struct pitot_snapshot *snapshot =
		pt_parse_page(text, length, options, &lines, &duplicates, why);
	if (snapshot == NULL) {
		free(lines);
		return PITOT_BAD_INPUT;
	}
	page->snapshot = snapshot;
	page->count = snapshot->table->count;
	bool ok = pt_page_remember(page, text, length, lines);
	free(lines);
	if (!ok || (!read_known(page, text, length, open) && !copy_values(page))) {
		pt_page_clear(page);
		return pt_error_memory(why);
	}
	page->duplicates = duplicates;
	return 0;
}

static bool
has_end(const char *text, size_t length)
{
	static const char mark[] = "# EOF";
	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	return length >= sizeof mark - 1 &&
		memcmp(text + length - (sizeof mark - 1), mark, sizeof mark - 1) == 0;
}

int
pt_page_read(struct pt_page *page, const char *text, size_t length,
	const struct pitot_parse_options *given, bool *changed, struct pitot_error *why)
{
	struct pitot_parse_options known = *given;
	const struct pitot_parse_options *options = &known;
	if (known.format == PITOT_FORMAT_AUTO)
		known.format = pt_parse_looks_open(text, length) ? PITOT_OPENMETRICS_1_0
								 : PITOT_TEXT_0_0_4;
	bool open = known.format == PITOT_OPENMETRICS_1_0;
	*changed = true;
	if (open && !has_end(text, length)) {
		pt_page_clear(page);
		return pt_error_set(why, PITOT_BAD_INPUT,
			"%s: the page is cut: OpenMetrics ends with \"# EOF\"", options->source);
	}
	/* A text is never read in the wrong format by chance: their lines would differ. */
	if (page->base != NULL && read_known(page, text, length, open)) {
		*changed = false;
		return 0;
	}
	return read_new(page, text, length, options, why);
}
