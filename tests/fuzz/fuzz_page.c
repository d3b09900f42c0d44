/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes reading pages by what is known of the last one: pages that follow each other (a form feed
 * stands between them) give the same samples as when each is read alone.
 */
#include "base/number.h"
#include "codec/page.h"
#include "fuzz/fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static bool
same_name(const struct pt_series *a, const struct pt_series *b)
{
	char x[4096], y[4096];
	(void)snprintf(x, sizeof x, "%s%s", a->role->family->name, pt_name_suffix(a->role->part));
	(void)snprintf(y, sizeof y, "%s%s", b->role->family->name, pt_name_suffix(b->role->part));
	size_t count = pt_series_label_count(a);
	if (strcmp(x, y) != 0 || count != pt_series_label_count(b))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct pt_label m = pt_series_label(a, i), n = pt_series_label(b, i);
		if (strcmp(m.name, n.name) != 0 || strcmp(m.value, n.value) != 0)
			return false;
	}
	return true;
}

/* Each sample of the one is in the other, with the same value and time. */
static void
compare(const struct pt_page *known, const struct pt_page *alone)
{
	require(known->samples == alone->samples);
	require(known->exemplar_count == alone->exemplar_count);
	for (size_t i = 0; i < known->count; i++) {
		const struct pt_series *series = known->snapshot->table->series[i];
		if (known->bits[i] == PT_NUMBER_ABSENT)
			continue;
		size_t j = 0;
		while (j < alone->count && !same_name(series, alone->snapshot->table->series[j]))
			j++;
		require(j < alone->count && alone->bits[j] == known->bits[i]);
		int64_t a = known->times == NULL ? PT_NO_TIME : known->times[i];
		int64_t b = alone->times == NULL ? PT_NO_TIME : alone->times[j];
		require(a == b);
	}
}

/* What was read by lines is what the parser read. */
static void
compare_with_parser(const struct pt_page *page)
{
	const struct pitot_snapshot *snapshot = page->snapshot;
	for (size_t i = 0; i < page->count; i++)
		require(page->bits[i] == snapshot->bits[i] &&
			(page->times == NULL ? PT_NO_TIME : page->times[i]) ==
				pt_snapshot_time_of(snapshot, i, PT_NO_TIME));
}

static void
read_page(struct pt_page *known, const char *text, size_t length, enum pitot_format format)
{
	const struct pitot_parse_options options = {.source = "fuzz", .format = format};
	struct pt_page alone = {0};
	struct pitot_error why = {0};
	bool changed;
	bool ok = pt_page_read(known, text, length, &options, &changed, NULL) == 0;
	if (pt_page_read(&alone, text, length, &options, &changed, &why) == 0) {
		require(ok);
		if (alone.duplicates == 0)
			compare_with_parser(&alone);
		if (alone.duplicates == 0 && known->duplicates == 0)
			compare(known, &alone);
	} else {
		require(why.code != 0 && why.text[0] != '\0');
	}
	pt_page_clear(&alone);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum pitot_format formats[] = {
		PITOT_FORMAT_AUTO, PITOT_TEXT_0_0_4, PITOT_OPENMETRICS_1_0};
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		struct pt_page known = {0};
		const char *at = (const char *)data, *end = at + size;
		while (at < end) {
			const char *feed = memchr(at, '\f', (size_t)(end - at));
			const char *stop = feed != NULL ? feed : end;
			/* A copy, so that reading behind its end is seen. */
			char *copy = malloc((size_t)(stop - at) + 1);
			require(copy != NULL);
			memcpy(copy, at, (size_t)(stop - at));
			read_page(&known, copy, (size_t)(stop - at), formats[i]);
			free(copy);
			at = stop + 1;
		}
		pt_page_clear(&known);
	}
	return 0;
}
