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
has_capital(const char *name)
{
	for (; *name != '\0'; name++)
		if (*name >= 'A' && *name <= 'Z')
			return true;
	return false;
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
	if (has_capital(name))
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
lint_id(struct linter *linter, const struct pitot_sample *sample, struct pitot_label label)
{
	static const char *const ids[] = {"id", "run_id", "request_id", "trace_id", "session_id",
		"user_id", "email", "pid", "uuid"};
	bool id = looks_like_id(label.value);
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		id = id || strcasecmp(label.name, ids[i]) == 0;
	if (id)
		find(linter, sample,
			"the label %s=\"%.64s\" looks like an id: each value is a series for ever",
			label.name, label.value);
}

static void
lint_label(struct linter *linter, const struct pitot_sample *sample, struct pitot_label label)
{
	bool typed = sample->type != PITOT_UNKNOWN;
	lint_id(linter, sample, label);
	if (has_capital(label.name))
		find(linter, sample, "the label %s should be written in snake_case", label.name);
	if (typed && strcmp(label.name, "le") == 0 && sample->type != PITOT_HISTOGRAM &&
		sample->type != PITOT_GAUGE_HISTOGRAM)
		find(linter, sample, "the label le is for histograms");
	if (typed && strcmp(label.name, "quantile") == 0 && sample->type != PITOT_SUMMARY)
		find(linter, sample, "the label quantile is for summaries");
}

static bool
has_label(const struct pitot_sample *sample, const char *name)
{
	for (size_t i = 0; i < sample->label_count; i++)
		if (strcmp(pitot_sample_label(sample, i).name, name) == 0)
			return true;
	return false;
}

/* A label is told of once, where it begins: the sample before (NULL: none) did not have it. */
static void
lint_labels(
	struct linter *linter, const struct pitot_sample *sample, const struct pitot_sample *before)
{
	for (size_t i = 0; i < sample->label_count; i++) {
		struct pitot_label label = pitot_sample_label(sample, i);
		if (before == NULL || !has_label(before, label.name))
			lint_label(linter, sample, label);
	}
}

/* ---- histograms ---- */

/* Of one metric; each problem is told once per family, however many metrics have it. */
struct histogram {
	bool open, has_inf; /* a bucket came; the last one, +Inf, came */
	bool told_open, told_falls, told_count;
	double last;
};

static void
tell_once(struct linter *linter, const struct pitot_sample *sample, bool *told, const char *text)
{
	if (!*told)
		find(linter, sample, "%s", text);
	*told = true;
}

static void
end_buckets(struct linter *linter, const struct pitot_sample *sample, struct histogram *histogram)
{
	if (histogram->open && !histogram->has_inf)
		tell_once(linter, sample, &histogram->told_open,
			"a histogram has no bucket le=\"+Inf\"");
	histogram->open = false;
}

static void
lint_bucket(struct linter *linter, const struct pitot_sample *sample, struct histogram *histogram)
{
	if (!histogram->open || histogram->has_inf) {
		histogram->open = true;
		histogram->has_inf = false;
	} else if (sample->value < histogram->last) {
		tell_once(linter, sample, &histogram->told_falls,
			"a histogram's buckets fall: each must count all below it too");
	}
	histogram->last = sample->value;
	for (size_t i = 0; i < sample->label_count; i++) {
		struct pitot_label label = pitot_sample_label(sample, i);
		if (strcmp(label.name, "le") == 0 && strcmp(label.value, "+Inf") == 0)
			histogram->has_inf = true;
	}
}

static void
lint_histogram(
	struct linter *linter, const struct pitot_sample *sample, struct histogram *histogram)
{
	const char *suffix = sample->suffix;
	if (sample->type != PITOT_HISTOGRAM && sample->type != PITOT_GAUGE_HISTOGRAM)
		return;
	if (strcmp(suffix, "_bucket") == 0) {
		lint_bucket(linter, sample, histogram);
		return;
	}
	end_buckets(linter, sample, histogram);
	if ((strcmp(suffix, "_count") == 0 || strcmp(suffix, "_gcount") == 0) &&
		histogram->has_inf && sample->value != histogram->last)
		tell_once(linter, sample, &histogram->told_count,
			"a histogram's count is not that of its bucket le=\"+Inf\"");
}

size_t
cli_lint_ids(const char *name, const struct pitot_snapshot *snapshot)
{
	struct linter linter = {.input = name};
	const char *family = NULL;
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		for (size_t k = 0; sample.family != family && k < sample.label_count; k++)
			lint_id(&linter, &sample, pitot_sample_label(&sample, k));
		family = sample.family;
	}
	return linter.found;
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
		if (new_family) {
			end_buckets(&linter, &before, &histogram);
			histogram = (struct histogram){.last = 0};
			lint_name(&linter, &sample);
		}
		lint_labels(&linter, &sample, new_family ? NULL : &before);
		lint_histogram(&linter, &sample, &histogram);
		before = sample;
	}
	end_buckets(&linter, &before, &histogram);
	return linter.found;
}
