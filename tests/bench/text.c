/* SPDX-License-Identifier: MIT */
/*
 * From live instruments to text through the public functions, and what comes before: making the
 * series, and reading them into a snapshot. Values change between two encodings. The limits are
 * those of reference_text.h and reference_series.h.
 */
#include "api.h"
#include "measure.h"
#include "reference_series.h"
#include "reference_text.h"
#include "workload.h"
#include <pitot/exposition.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct texts {
	struct workload work;          /* that is encoded */
	struct workload fresh;         /* that is made again and again */
	struct reference_series *made; /* the same by the reference */
};

static void
prepare_create(void *context)
{
	struct texts *texts = context;
	if (texts->fresh.registry != NULL)
		workload_clear(&texts->fresh);
	/* So large a piece makes malloc put together now, and not later, what was freed. */
	void *large = malloc(1 << 16);
	__asm__ volatile("" : "+r"(large));
	free(large);
}

static void
create(void *context, size_t times)
{
	struct texts *texts = context;
	(void)times;
	workload_make(&texts->fresh, texts->work.kind, texts->work.series, true);
}

static void
advance(void *context)
{
	struct texts *texts = context;
	workload_advance(&texts->work);
}

static struct pitot_snapshot *
take(struct texts *texts)
{
	struct pitot_snapshot *snapshot = pitot_snapshot_take(texts->work.registry, NULL);
	bench_must(snapshot != NULL, "no snapshot");
	return snapshot;
}

static void
gather(void *context, size_t times)
{
	(void)times;
	pitot_snapshot_free(take(context));
}

static char *
encode(struct texts *texts, enum pitot_format format, size_t *length)
{
	char *bytes;
	struct pitot_snapshot *snapshot = take(texts);
	bench_must(pitot_encode(snapshot, format, NULL, &bytes, length, NULL) == 0, "no text");
	pitot_snapshot_free(snapshot);
	return bytes;
}

static void
text(void *context, size_t times)
{
	size_t length;
	(void)times;
	free(encode(context, PITOT_TEXT_0_0_4, &length));
}

static void
openmetrics(void *context, size_t times)
{
	size_t length;
	(void)times;
	free(encode(context, PITOT_OPENMETRICS_1_0, &length));
}

static void
prepare_series(void *context)
{
	struct texts *texts = context;
	reference_series_free(texts->made);
	texts->made = NULL;
}

static void
make_series(void *context, size_t times)
{
	struct texts *texts = context;
	(void)times;
	texts->made = reference_series_new(texts->work.series);
}

static size_t
lines_of(const char *body, size_t length)
{
	size_t lines = 0;
	for (size_t i = 0; i < length; i++)
		lines += body[i] == '\n';
	return lines;
}

void
bench_text(char kind, size_t series)
{
	struct texts texts = {.made = NULL};
	size_t length;
	workload_make(&texts.work, kind, series, true);
	series = texts.work.series;
	double lines = (double)series;
	char *body = encode(&texts, PITOT_TEXT_0_0_4, &length);
	bench_must(lines_of(body, length) == series + 2, "a text is not complete"); /* HELP, TYPE */
	struct reference_text *reference = reference_text_new(kind, body, length);
	free(body);
	const struct bench_case cases[] = {
		{"pitot", bench_row("gather", kind, series), "ns/series", advance, gather, &texts,
			1, lines},
		{"pitot", bench_row("text", kind, series), "ns/line", advance, text, &texts, 1,
			lines},
		{"ready_lines", bench_row("text", kind, series), "ns/line", reference_text_advance,
			reference_text_write, reference, 1, lines},
		{"pitot", bench_row("openmetrics", kind, series), "ns/line", advance, openmetrics,
			&texts, 1, lines},
		/* Of histograms it would be the time of the observations. */
		{"pitot", bench_row("create", kind, series), "ns/series", prepare_create, create,
			&texts, 1, lines},
		{"bare_index", bench_row("create", kind, series), "ns/series", prepare_series,
			make_series, &texts, 1, lines},
	};
	bench_run(cases, sizeof cases / sizeof cases[0] - (kind == 'H' ? 2 : 0),
		series > 500000          ? 3
			: series > 50000 ? 7
					 : 21);
	bench_allocations(&cases[0]);
	bench_allocations(&cases[1]);
	prepare_create(&texts);
	prepare_series(&texts);
	workload_clear(&texts.work);
	reference_text_free(reference);
}
