/* SPDX-License-Identifier: MIT */
/*
 * From live instruments to text through the public functions, and what comes before: making the
 * series, and reading them into a snapshot. Values change between two encodings.
 */
#include "api.h"
#include "measure.h"
#include "workload.h"
#include <pitot/exposition.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct texts {
	struct workload work;  /* that is encoded */
	struct workload fresh; /* that is made again and again */
	char *body, *copy;     /* a finished text, and room for it */
	size_t length;
};

static void
prepare_create(void *context)
{
	struct texts *texts = context;
	if (texts->fresh.registry != NULL)
		workload_clear(&texts->fresh);
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
copy_body(void *context, size_t times)
{
	struct texts *texts = context;
	for (size_t i = 0; i < times; i++) {
		memcpy(texts->copy, texts->body, texts->length);
		__asm__ volatile("" : : "r"(texts->copy) : "memory");
	}
}

static size_t
lines_of(const struct texts *texts)
{
	size_t lines = 0;
	for (size_t i = 0; i < texts->length; i++)
		lines += texts->body[i] == '\n';
	return lines;
}

/* Both at the start of a page, since copying between other places may take five times as long. */
static void
align_body(struct texts *texts)
{
	size_t room = (texts->length + 4095) / 4096 * 4096;
	char *body = aligned_alloc(4096, room);
	texts->copy = aligned_alloc(4096, room);
	bench_must(body != NULL && texts->copy != NULL, "out of memory");
	memcpy(body, texts->body, texts->length);
	free(texts->body);
	texts->body = body;
}

void
bench_text(char kind, size_t series)
{
	struct texts texts = {.length = 0};
	workload_make(&texts.work, kind, series, true);
	series = texts.work.series;
	double lines = (double)series;
	texts.body = encode(&texts, PITOT_TEXT_0_0_4, &texts.length);
	bench_must(lines_of(&texts) == series + 2, "a text is not complete"); /* HELP and TYPE */
	align_body(&texts);
	size_t copies = 1 + 100000 / series;
	const struct bench_case cases[] = {
		{"pitot", bench_row("gather", kind, series), "ns/series", advance, gather, &texts,
			1, lines},
		{"pitot", bench_row("text", kind, series), "ns/line", advance, text, &texts, 1,
			lines},
		{"memcpy", bench_row("text", kind, series), "ns/line", NULL, copy_body, &texts,
			copies, lines},
		{"pitot", bench_row("openmetrics", kind, series), "ns/line", advance, openmetrics,
			&texts, 1, lines},
		/* Of histograms it would be the time of the observations. */
		{"pitot", bench_row("create", kind, series), "ns/series", prepare_create, create,
			&texts, 1, lines},
	};
	bench_run(cases, sizeof cases / sizeof cases[0] - (kind == 'H'),
		series > 500000          ? 3
			: series > 50000 ? 7
					 : 21);
	bench_allocations(&cases[0]);
	bench_allocations(&cases[1]);
	prepare_create(&texts);
	workload_clear(&texts.work);
	free(texts.body);
	free(texts.copy);
}
