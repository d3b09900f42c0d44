/* SPDX-License-Identifier: MIT */
/*
 * What is unwise though not wrong: the naming habits of the Prometheus documentation, and
 * histograms that do not add up. Each finding is one line on stdout.
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct linter {
	const char *input;
	size_t found;
};

static void find(struct linter *linter, const struct pitot_sample *sample, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
find(struct linter *linter, const struct pitot_sample *sample, const char *format, ...)
{
	va_list arguments;
	printf("%s: %s: ", linter->input, sample->family);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	linter->found++;
}

static bool
ends_in(const char *name, const char *suffix)
{
	size_t length = strlen(name), size = strlen(suffix);
	return length > size && strcmp(name + length - size, suffix) == 0;
}

/* Whether `word` stands between underscores, or at an end. */
static bool
has_word(const char *name, const char *word)
{
	size_t size = strlen(word);
	for (const char *at = name; (at = strstr(at, word)) != NULL; at++)
		if ((at == name || at[-1] == '_') && (at[size] == '_' || at[size] == '\0'))
			return true;
	return false;
}

static bool
is_counting(enum pitot_type type)
{
	return type == PITOT_COUNTER || type == PITOT_HISTOGRAM || type == PITOT_SUMMARY ||
		type == PITOT_GAUGE_HISTOGRAM;
}

/* ---- names ---- */

static void
lint_units(struct linter *linter, const struct pitot_sample *sample)
{
	static const char *const units[][2] = {
		{"milliseconds", "seconds"},
		{"microseconds", "seconds"},
		{"nanoseconds", "seconds"},
		{"ms", "seconds"},
		{"minutes", "seconds"},
		{"hours", "seconds"},
		{"days", "seconds"},
		{"kilobytes", "bytes"},
		{"megabytes", "bytes"},
		{"gigabytes", "bytes"},
		{"kb", "bytes"},
		{"mb", "bytes"},
		{"gb", "bytes"},
		{"bits", "bytes"},
		{"percent", "ratio"},
		{"fahrenheit", "celsius"},
		{"kelvins", "celsius"},
		{"feet", "meters"},
		{"inches", "meters"},
		{"kilometers", "meters"},
		{"kilograms", "grams"},
	};
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (has_word(sample->family, units[i][0]))
			find(linter, sample, "use the base unit \"%s\" instead of \"%s\"",
				units[i][1], units[i][0]);
}

static void
lint_suffix(struct linter *linter, const struct pitot_sample *sample)
{
	static const char *const reserved[] = {"_total", "_count", "_sum", "_bucket"};
	const char *name = sample->family;
	if (sample->type == PITOT_COUNTER && sample->suffix[0] == '\0' && !ends_in(name, "_total"))
		find(linter, sample, "a counter's name should end in \"_total\"");
	for (size_t i = 0; i < 4; i++)
		if (ends_in(name, reserved[i]) && !(sample->type == PITOT_COUNTER && i == 0) &&
			sample->type != PITOT_UNKNOWN)
			find(linter, sample, "\"%s\" is for %s", reserved[i],
				i == 0 ? "counters" : "histograms and summaries");
}

static void
lint_name(struct linter *linter, const struct pitot_sample *sample)
{
	static const char *const types[] = {"counter", "gauge", "histogram", "summary"};
	const char *name = sample->family;
	bool upper = false;
	for (const char *at = name; *at != '\0'; at++)
		upper = upper || (*at >= 'A' && *at <= 'Z');
	if (upper)
		find(linter, sample, "names should be written in snake_case");
	if (strchr(name, ':') != NULL)
		find(linter, sample, "colons are for recording rules");
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (has_word(name, types[i]))
			find(linter, sample, "the name should not contain its type \"%s\"",
				types[i]);
	if (sample->help[0] == '\0')
		find(linter, sample, "there is no help text");
	if (sample->type == PITOT_UNKNOWN)
		find(linter, sample, "there is no type");
	lint_suffix(linter, sample);
	lint_units(linter, sample);
}

/* ---- labels ---- */

/* A UUID, or a long run of hexadecimal digits or decimal ones. */
static bool
looks_like_id(const char *value)
{
	size_t digits = strspn(value, "0123456789abcdefABCDEF-");
	return value[digits] == '\0' && digits >= 16;
}

static void
lint_labels(struct linter *linter, const struct pitot_sample *sample)
{
	static const char *const ids[] = {
		"run_id", "request_id", "trace_id", "session_id", "user_id", "pid", "uuid"};
	for (size_t i = 0; i < sample->label_count; i++) {
		struct pitot_label label = pitot_sample_label(sample, i);
		bool id = looks_like_id(label.value);
		for (size_t j = 0; j < sizeof ids / sizeof ids[0]; j++)
			id = id || strcasecmp(label.name, ids[j]) == 0;
		if (id)
			find(linter, sample,
				"the label %s=\"%s\" looks like an id: each value is a series for "
				"ever",
				label.name, label.value);
	}
}

/* ---- histograms ---- */

struct histogram {
	bool has_bucket, has_inf, falls;
	double last;
};

static void
end_histogram(struct linter *linter, const struct pitot_sample *sample, struct histogram *histogram)
{
	if (histogram->has_bucket && !histogram->has_inf)
		find(linter, sample, "a histogram has no bucket le=\"+Inf\"");
	if (histogram->falls)
		find(linter, sample, "a histogram's buckets fall: they must count all below");
	*histogram = (struct histogram){.last = 0};
}

static void
add_bucket(struct histogram *histogram, const struct pitot_sample *sample)
{
	for (size_t i = 0; i < sample->label_count; i++) {
		struct pitot_label label = pitot_sample_label(sample, i);
		if (strcmp(label.name, "le") == 0 && strcmp(label.value, "+Inf") == 0)
			histogram->has_inf = true;
	}
	histogram->falls =
		histogram->falls || (histogram->has_bucket && sample->value < histogram->last);
	histogram->has_bucket = true;
	histogram->last = sample->value;
}

size_t
cli_lint(const char *name, const struct pitot_snapshot *snapshot)
{
	struct linter linter = {.input = name};
	struct histogram histogram = {.last = 0};
	struct pitot_sample before = {.family = NULL};
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		bool new_family = sample.family != before.family;
		bool bucket = strcmp(sample.suffix, "_bucket") == 0;
		/* +Inf is the last bucket of its metric. */
		if (histogram.has_bucket && (new_family || !bucket || histogram.has_inf))
			end_histogram(&linter, &before, &histogram);
		if (new_family)
			lint_name(&linter, &sample);
		if (!is_counting(sample.type) || !bucket)
			lint_labels(&linter, &sample);
		if (bucket)
			add_bucket(&histogram, &sample);
		before = sample;
	}
	if (histogram.has_bucket)
		end_histogram(&linter, &before, &histogram);
	return linter.found;
}
