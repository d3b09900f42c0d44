/* SPDX-License-Identifier: MIT */
/*
 * From live instruments to bodies that could be sent: a snapshot, and an exporter's requests of it,
 * which are sent nowhere. The first push of a new exporter is a case of its own: later ones may
 * use what it remembers. Values change between two pushes. The references are those of bodies.h,
 * reference_template.h and, for a Pushgateway, reference_text.h.
 */
#include "bodies.h"
#include "inside.h"
#include "measure.h"
#include "reference_text.h"
#include "workload.h"
#include "export/exporter.h"
#include <pitot/exposition.h>
#include <stdio.h>

struct pushing {
	int version;
	struct workload work;
	struct pt_exporter *exporter;
	struct bodies *bodies; /* where requests are kept; NULL: nowhere */
};

static struct pt_exporter *
new_exporter(int version)
{
	struct pitot_error why;
	const struct pitot_push_options options = {
		.url = bench_url(version),
		.protocol = bench_protocol(version),
		.job = version == 0 ? "bench" : "",
		.instance = "",
	};
	struct pt_exporter *exporter =
		pt_exporter_new(&options, bench_transport(), pt_clock_real(), &why);
	bench_must(exporter != NULL, "no exporter");
	return exporter;
}

static void
push(void *context, size_t times)
{
	struct pushing *pushing = context;
	struct pt_exporter *exporter = pushing->exporter;
	struct pitot_error why;
	struct pt_batch batch;
	int code;
	(void)times;
	struct pitot_snapshot *snapshot = pitot_snapshot_take(pushing->work.registry, &why);
	bench_must(snapshot != NULL, "no snapshot");
	struct pt_work work = {.snapshot = snapshot,
		.time_ms = snapshot->time_ms,
		.now_ms = snapshot->time_ms,
		.shards = 1};
	bench_must(exporter->begin(exporter, &work, &why) == 0, "begin failed");
	while ((code = exporter->next(exporter, &work, &batch, &why)) == 1)
		if (pushing->bodies != NULL && batch.format != PT_FORMAT_METADATA)
			bodies_add(pushing->bodies, batch.body, batch.length);
	bench_must(code == 0, "next failed");
	pitot_snapshot_free(snapshot);
}

static void
advance(void *context)
{
	struct pushing *pushing = context;
	workload_advance(&pushing->work);
}

/* The registry is new, too, so that nothing was gathered before. */
static void
renew(void *context)
{
	struct pushing *pushing = context;
	char kind = pushing->work.kind;
	size_t series = pushing->work.series;
	if (pushing->exporter != NULL)
		pushing->exporter->free(pushing->exporter);
	workload_clear(&pushing->work);
	workload_make(&pushing->work, kind, series, true);
	pushing->exporter = new_exporter(pushing->version);
}

static const char *const names[] = {"gateway", "rw1", "rw2"};
static const char *const first_names[] = {"gateway_first", "rw1_first", "rw2_first"};

static void
tell_sizes(const struct pushing *pushing, const struct bodies *bodies)
{
	char what[32];
	double series = (double)pushing->work.series;
	(void)snprintf(what, sizeof what, "%s_bytes", names[pushing->version]);
	const char *row = bench_row(what, pushing->work.kind, pushing->work.series);
	double ours = bodies_sent(bodies) / series, theirs = bodies_snappy(bodies) / series;
	bench_tell("pitot", row, ours, ours, "bytes/series");
	if (pushing->version != 0)
		bench_tell("libsnappy", row, theirs, theirs, "bytes/series");
}

struct references {
	struct bodies *bodies;
	struct reference_template *template; /* of counters by remote write, or NULL */
	struct reference_text *text;         /* of a Pushgateway, or NULL */
};

/* Behind the push's own case; returns how many. */
static size_t
reference_cases(
	struct references *references, const struct pushing *steady, struct bench_case *cases)
{
	char kind = steady->work.kind;
	size_t series = steady->work.series, length;
	const char *row = bench_row(names[steady->version], kind, series);
	if (steady->version == 0) { /* nothing is compressed */
		const char *body = bodies_only(references->bodies, &length);
		references->text = reference_text_new(kind, body, length);
		cases[0] =
			(struct bench_case){"ready_lines", row, "ns/series", reference_text_advance,
				reference_text_write, references->text, 1, (double)series};
		return 1;
	}
	bodies_finish(references->bodies);
	bench_must(bodies_series(references->bodies) == series, "a push is not complete");
	bodies_cases(references->bodies, names[steady->version], kind, series, cases);
	if (kind != 'C')
		return bodies_case_count;
	references->template = bodies_template(references->bodies);
	cases[bodies_case_count] =
		(struct bench_case){"template", row, "ns/series", reference_template_advance,
			reference_template_make, references->template, 1, (double)series};
	return bodies_case_count + 1;
}

/* The references are made of a push that is one of many: all templates have been made by then. */
static size_t
steady_cases(struct pushing *steady, struct references *references, struct bench_case *cases)
{
	size_t series = steady->work.series;
	for (int i = 0; i < 4; i++) {
		push(steady, 1);
		workload_advance(&steady->work);
	}
	steady->bodies = references->bodies;
	push(steady, 1);
	steady->bodies = NULL;
	cases[0] = (struct bench_case){"pitot",
		bench_row(names[steady->version], steady->work.kind, series), "ns/series", advance,
		push, steady, 1, (double)series};
	return 1 + reference_cases(references, steady, cases + 1);
}

static void
free_references(struct references *references)
{
	bodies_free(references->bodies);
	if (references->template != NULL)
		reference_template_free(references->template);
	if (references->text != NULL)
		reference_text_free(references->text);
}

void
bench_requests(int version, char kind, size_t series)
{
	struct pushing steady = {.version = version}, first = {.version = version};
	struct bench_case cases[1 + bodies_case_count + 1];
	struct references references = {.bodies = bodies_new()};
	int repetitions = series > 500000 ? 3 : series > 50000 ? 7 : 15;
	workload_make(&steady.work, kind, series, true);
	series = steady.work.series;
	steady.exporter = new_exporter(version);
	bench_run(cases, steady_cases(&steady, &references, cases), repetitions);
	bench_allocations(&cases[0]);
	tell_sizes(&steady, references.bodies);
	first.work = (struct workload){.kind = kind, .series = series};
	const struct bench_case anew = {"pitot", bench_row(first_names[version], kind, series),
		"ns/series", renew, push, &first, 1, (double)series};
	bench_run(&anew, 1, repetitions < 5 ? repetitions : 5);
	free_references(&references);
	steady.exporter->free(steady.exporter);
	workload_clear(&steady.work);
	if (first.exporter != NULL) /* not made when another case is counted */
		first.exporter->free(first.exporter);
	workload_clear(&first.work);
}
