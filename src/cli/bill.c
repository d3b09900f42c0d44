/* SPDX-License-Identifier: MIT */
/*
 * What a push would cost: --dry-run=count, --max-series, and the warning about labels that look
 * like ids. Vendors bill active series and data points per minute; series are remembered in the
 * file of --known, so that new ones are seen.
 */
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- series that were there before: a sorted file of hashes, one a line ---- */

struct known {
	uint64_t *list;
	size_t count;
};

/* FNV-1a, since the numbers stand in a file for years. */
static uint64_t
add_hash(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return (hash ^ 0xff) * UINT64_C(1099511628211);
}

static uint64_t
hash_of(const struct pitot_sample *sample)
{
	uint64_t hash = add_hash(UINT64_C(14695981039346656037), sample->family);
	hash = add_hash(hash, sample->suffix);
	for (size_t i = 0; i < sample->label_count; i++) {
		struct pitot_label label = pitot_sample_label(sample, i);
		hash = add_hash(add_hash(hash, label.name), label.value);
	}
	return hash;
}

static int
by_value(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
	return a < b ? -1 : a > b;
}

static bool
add_known(struct known *known, uint64_t hash)
{
	if ((known->count & (known->count + 1)) == 0) { /* full at 0, 1, 3, 7, … */
		uint64_t *grown =
			realloc(known->list, (known->count * 2 + 2) * sizeof known->list[0]);
		if (grown == NULL)
			return false;
		known->list = grown;
	}
	known->list[known->count++] = hash;
	return true;
}

static bool
read_known(struct known *known, const char *path)
{
	uint64_t hash;
	FILE *file = path == NULL ? NULL : fopen(path, "re");
	bool ok = true;
	while (ok && file != NULL && fscanf(file, "%" SCNx64, &hash) == 1)
		ok = add_known(known, hash);
	if (file != NULL)
		(void)fclose(file); /* only read */
	if (known->count > 1)
		qsort(known->list, known->count, sizeof known->list[0], by_value);
	return ok;
}

static bool
is_known(const struct known *known, uint64_t hash)
{
	return known->count > 0 &&
		bsearch(&hash, known->list, known->count, sizeof hash, by_value) != NULL;
}

/* ---- counting ---- */

static size_t
count_series(const struct pitot_snapshot *snapshot)
{
	size_t count = 0;
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++)
		count += !pitot_snapshot_sample(snapshot, i).absent;
	return count;
}

/* What the requests of a push would be. */
struct bill {
	size_t requests, bytes;
};

static void
count_request(void *context, const struct pitot_request *request)
{
	struct bill *bill = context;
	bill->requests++;
	bill->bytes += request->body_length;
}

static int
write_known(const char *verb, const char *path, const struct known *known)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	for (size_t i = 0; out != NULL && i < known->count; i++)
		if (i == 0 || known->list[i] != known->list[i - 1])
			(void)fprintf(out, "%016" PRIx64 "\n", known->list[i]);
	int failure =
		out == NULL || fclose(out) != 0 ? ENOMEM : cli_output_write(path, text, length);
	free(text);
	if (failure == 0)
		return 0;
	fprintf(stderr, "pitot: %s: %s: %s\n", verb, path, strerror(failure));
	return cli_exit_code(PITOT_IO);
}

/* Counts new series; with `keep` they are known from now on. */
static int
count_new(const struct cli_options *options, const struct pitot_snapshot *snapshot, bool keep,
	size_t *added)
{
	struct known known = {.count = 0};
	int status = 0;
	*added = 0;
	bool ok = read_known(&known, options->known);
	size_t before = known.count;
	for (size_t i = 0; ok && i < pitot_snapshot_size(snapshot); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		const struct known old = {known.list, before};
		uint64_t hash = hash_of(&sample);
		if (sample.absent || is_known(&old, hash))
			continue;
		++*added;
		ok = add_known(&known, hash);
	}
	if (!ok)
		status = cli_usage(options->verb, "out of memory");
	else if (keep && *added > 0) {
		qsort(known.list, known.count, sizeof known.list[0], by_value);
		status = write_known(options->verb, options->known, &known);
	}
	free(known.list);
	return status;
}

/* ---- the face ---- */

int
cli_bill_check(const struct cli_options *options, const struct pitot_snapshot *snapshot)
{
	size_t count = count_series(snapshot);
	if (options->max_series == 0 || count <= options->max_series)
		return 0;
	fprintf(stderr,
		"pitot: %s: %zu series are more than --max-series %zu: nothing was sent (pitot "
		"check metrics --counts shows which metric has most)\n",
		options->verb, count, options->max_series);
	return cli_exit_code(PITOT_BAD_INPUT);
}

int
cli_bill_known(const struct cli_options *options, const struct pitot_snapshot *snapshot)
{
	size_t added;
	return options->known == NULL ? 0 : count_new(options, snapshot, true, &added);
}

int
cli_bill_show(const struct cli_options *options, const struct pitot_snapshot *snapshot)
{
	const struct pitot_push_options *push = &options->config.push;
	struct bill bill = {.requests = 0};
	struct pitot_error why;
	size_t series = count_series(snapshot), added = 0;
	int64_t every_ms = push->interval_ms > 0 ? push->interval_ms : 60000;
	int status = count_new(options, snapshot, false, &added);
	if (status != 0)
		return status;
	if (pitot_push_preview(snapshot, options->has_time ? options->time_ms : 0, push,
		    count_request, &bill, &why) != 0)
		return cli_fail(options->verb, &why);
	printf("%10zu series\n", series);
	if (options->known != NULL)
		printf("%10zu new series, not in %s\n", added, options->known);
	printf("%10zu samples in %zu request%s, %zu bytes\n", series, bill.requests,
		bill.requests == 1 ? "" : "s", bill.bytes);
	printf("%10.0f data points a minute, when pushed every %" PRId64 " s (--interval)\n",
		(double)series * 60000.0 / (double)every_ms, every_ms / 1000);
	(void)cli_lint_ids(cli_input_name(options->input), snapshot); /* it prints them */
	return 0;
}
