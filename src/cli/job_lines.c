/* SPDX-License-Identifier: MIT */
/*
 * The library's parser reads name, labels and value of each line, so that they follow the rules of
 * text 0.0.4; the instruments are then found or made in the registry. What can go wrong is a line.
 */
#include "cli/job_lines.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { line_most = 65536, label_most = 8, told_most = 5, series_most = 1000 };

enum kind { COUNTER, GAUGE, HISTOGRAM };

/* A family of the registry. Without labels it has one instrument, else a set of them. */
struct family {
	struct family *next;
	enum kind kind;
	void *instrument; /* NULL: the registry refused it */
	size_t label_count;
	char *labels[label_most];
	char *name; /* as in the lines */
};

/* Where a counter stands that is told as a whole. */
struct standing {
	struct standing *next;
	double value;
	const struct family *family;
	size_t length;
	char values[]; /* of its labels, a NUL behind each */
};

struct cli_job_lines {
	struct pitot_registry *registry;
	const char *progress;
	const char *const *exported; /* labels that the destination sets */
	size_t exported_count;
	struct family *families;
	struct standing *standings;
	char line[line_most + 32];
	size_t length;
	size_t number; /* of the line */
	bool too_long;
	unsigned told;
	bool moved; /* the progress */
};

struct cli_job_lines *
cli_job_lines_new(struct pitot_registry *registry, const char *progress,
	const char *const *exported, size_t exported_count)
{
	struct cli_job_lines *lines = calloc(1, sizeof *lines);
	if (lines == NULL)
		return NULL;
	lines->registry = registry;
	lines->progress = progress;
	lines->exported = exported;
	lines->exported_count = exported_count;
	return lines;
}

void
cli_job_lines_free(struct cli_job_lines *lines)
{
	while (lines != NULL && lines->families != NULL) {
		struct family *next = lines->families->next;
		for (size_t i = 0; i < lines->families->label_count; i++)
			free(lines->families->labels[i]);
		free(lines->families->name);
		free(lines->families);
		lines->families = next;
	}
	while (lines != NULL && lines->standings != NULL) {
		struct standing *next = lines->standings->next;
		free(lines->standings);
		lines->standings = next;
	}
	free(lines);
}

static void __attribute__((format(printf, 2, 3)))
tell(struct cli_job_lines *lines, const char *format, ...)
{
	if (lines->told > told_most)
		return;
	fprintf(stderr, "pitot: run: PITOT_FD:%zu: ", lines->number);
	va_list arguments;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs(lines->told++ == told_most ? " (further mistakes are not told)\n" : "\n", stderr);
}

/* ---- instruments ---- */

/* The lists end at the first NULL, so fewer labels than there is room for need nothing else. */
#define EIGHT(list) list[0], list[1], list[2], list[3], list[4], list[5], list[6], list[7], NULL

static void *
declare(struct pitot_registry *m, const struct family *family, const char *name)
{
	static const char help[] = "Told by the command.";
	char *const *labels = family->labels;
	if (family->label_count == 0)
		switch (family->kind) {
		case COUNTER:
			return pitot_counter(m, name, help);
		case GAUGE:
			return pitot_gauge(m, name, help);
		default:
			return pitot_histogram(m, name, help, &pitot_buckets_jobs);
		}
	switch (family->kind) {
	case COUNTER:
		return (pitot_counters)(m, name, help, EIGHT(labels));
	case GAUGE:
		return (pitot_gauges)(m, name, help, EIGHT(labels));
	default:
		return (pitot_histograms)(m, name, help, &pitot_buckets_jobs, EIGHT(labels));
	}
}

static void *
instrument_of(const struct family *family, char *const *values)
{
	if (family->label_count == 0)
		return family->instrument;
	switch (family->kind) {
	case COUNTER:
		return (pitot_counters_get)(family->instrument, EIGHT(values));
	case GAUGE:
		return (pitot_gauges_get)(family->instrument, EIGHT(values));
	default:
		return (pitot_histograms_get)(family->instrument, EIGHT(values));
	}
}

static bool
ends_in_total(const char *name)
{
	size_t length = strlen(name);
	return length > 6 && strcmp(name + length - 6, "_total") == 0;
}

static struct family *
make_family(struct cli_job_lines *lines, const char *name, enum kind kind,
	const struct pitot_sample *sample)
{
	struct family *family = calloc(1, sizeof *family);
	char *bare = strdup(name);
	if (family == NULL || bare == NULL)
		goto fail;
	family->kind = kind;
	family->name = strdup(name);
	for (size_t i = 0; i < sample->label_count; i++) {
		family->labels[i] = strdup(pitot_sample_label(sample, i).name);
		family->label_count++;
		if (family->labels[i] == NULL)
			goto fail;
	}
	if (family->name == NULL)
		goto fail;
	if (kind == COUNTER)
		bare[strlen(bare) - 6] = '\0';
	family->instrument = declare(lines->registry, family, bare);
	/* What ignores updates is the same one that no registry gives. */
	if (family->instrument == declare(NULL, family, bare))
		family->instrument = NULL;
	else if (family->label_count > 0)
		pitot_registry_limit(lines->registry, bare, series_most);
	free(bare);
	family->next = lines->families;
	lines->families = family;
	return family;
fail:
	tell(lines, "out of memory");
	for (size_t i = 0; family != NULL && i < family->label_count; i++)
		free(family->labels[i]);
	free(family != NULL ? family->name : NULL);
	free(family);
	free(bare);
	return NULL;
}

/* NULL, told, if the registry refused it: updates would be lost without a word. */
static struct family *
usable(struct cli_job_lines *lines, struct family *family)
{
	if (family == NULL || family->instrument != NULL)
		return family;
	tell(lines, "%s: clashes with another metric's name, or has a label that cannot be",
		family->name);
	return NULL;
}

/* NULL, told, if the line does not fit to what was declared before. */
static struct family *
family_of(struct cli_job_lines *lines, const char *name, enum kind kind,
	const struct pitot_sample *sample)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};
	if (sample->label_count > label_most) {
		tell(lines, "%s: at most %d labels", name, label_most);
		return NULL;
	}
	for (struct family *family = lines->families; family != NULL; family = family->next) {
		if (strcmp(family->name, name) != 0)
			continue;
		bool same = family->label_count == sample->label_count;
		for (size_t i = 0; same && i < family->label_count; i++)
			same = strcmp(family->labels[i], pitot_sample_label(sample, i).name) == 0;
		if (same && family->kind == kind)
			return usable(lines, family);
		if (family->kind != kind)
			tell(lines, "%s: is a %s already", name, kinds[family->kind]);
		else
			tell(lines, "%s: had other labels before", name);
		return NULL;
	}
	return usable(lines, make_family(lines, name, kind, sample));
}

/* ---- lines ---- */

static struct standing *
standing_of(struct cli_job_lines *lines, const struct family *family, char *const *values)
{
	size_t length = 0;
	for (size_t i = 0; i < family->label_count; i++)
		length += strlen(values[i]) + 1;
	struct standing *made = malloc(sizeof *made + length);
	if (made == NULL)
		return NULL;
	*made = (struct standing){.next = lines->standings, .family = family, .length = length};
	char *end = made->values;
	for (size_t i = 0; i < family->label_count; i++)
		end = stpcpy(end, values[i]) + 1;
	struct standing *standing = lines->standings;
	while (standing != NULL &&
		(standing->family != family || standing->length != length ||
			memcmp(standing->values, made->values, length) != 0))
		standing = standing->next;
	if (standing != NULL)
		free(made);
	else
		lines->standings = standing = made;
	return standing;
}

/* A counter that is told as a whole rises by the difference. */
static void
stand_at(
	struct cli_job_lines *lines, const struct family *family, char *const *values, double value)
{
	struct standing *standing = standing_of(lines, family, values);
	if (standing == NULL) {
		tell(lines, "out of memory");
	} else if (value < standing->value) {
		tell(lines, "a counter cannot fall from %g to %g", standing->value, value);
	} else {
		pitot_counter_add(instrument_of(family, values), value - standing->value);
		lines->moved = lines->moved || value > standing->value;
		standing->value = value;
	}
}

enum word { SET, INC, OBSERVE };

static void
apply(struct cli_job_lines *lines, enum word word, const struct pitot_sample *sample)
{
	char name[1100];
	char *values[label_most] = {NULL};
	(void)snprintf(name, sizeof name, "%s%s", sample->family, sample->suffix);
	enum kind kind = ends_in_total(name) ? COUNTER : GAUGE;
	if (strncmp(name, "batch_job_", 10) == 0) {
		tell(lines, "%s: these names are pitot's", name);
		return;
	}
	if (word == OBSERVE)
		kind = HISTOGRAM;
	if ((kind == COUNTER && !(sample->value >= 0 && isfinite(sample->value))) ||
		(kind == HISTOGRAM && isnan(sample->value))) {
		tell(lines, "%s: a %s cannot take %g", name,
			kind == COUNTER ? "counter" : "histogram", sample->value);
		return;
	}
	const struct family *family = family_of(lines, name, kind, sample);
	if (family == NULL)
		return;
	for (size_t i = 0; i < family->label_count; i++)
		values[i] = (char *)(uintptr_t)pitot_sample_label(sample, i).value;
	void *instrument = instrument_of(family, values);
	bool progress = lines->progress == NULL || strcmp(lines->progress, name) == 0;
	bool moved = lines->moved;
	lines->moved = true;
	if (kind == HISTOGRAM) {
		pitot_histogram_observe(instrument, sample->value);
	} else if (kind == GAUGE && word == INC) {
		pitot_gauge_add(instrument, sample->value);
	} else if (kind == GAUGE) {
		pitot_gauge_set(instrument, sample->value);
	} else if (word == INC) {
		pitot_counter_add(instrument, sample->value);
	} else {
		lines->moved = false;
		stand_at(lines, family, values, sample->value);
	}
	lines->moved = moved || (lines->moved && progress);
}

/* ---- earlier runs ---- */

static struct pitot_counter *
counter_like(struct cli_job_lines *lines, const struct pitot_sample *sample)
{
	char name[1100];
	char *values[label_most] = {NULL};
	/* What went beyond a family's limit has not its labels; it begins anew. */
	if (sample->type != PITOT_COUNTER ||
		(sample->label_count == 1 &&
			strcmp(pitot_sample_label(sample, 0).name, "pitot_overflow") == 0))
		return NULL;
	(void)snprintf(name, sizeof name, "%s%s", sample->family, sample->suffix);
	const struct family *family = family_of(lines, name, COUNTER, sample);
	if (family == NULL)
		return NULL;
	for (size_t i = 0; i < family->label_count; i++)
		values[i] = (char *)(uintptr_t)pitot_sample_label(sample, i).value;
	return instrument_of(family, values);
}

void
cli_job_lines_restore(struct cli_job_lines *lines, const struct pitot_sample *sample)
{
	struct pitot_counter *counter = counter_like(lines, sample);
	if (counter != NULL)
		pitot_counter_restore(counter, sample->value, sample->start_ms);
}

void
cli_job_lines_add(struct cli_job_lines *lines, const struct pitot_sample *sample, double amount)
{
	struct pitot_counter *counter = counter_like(lines, sample);
	if (counter != NULL)
		pitot_counter_add(counter, amount);
}

/* ---- reading ---- */

static bool
takes(const char **text, const char *word)
{
	size_t length = strlen(word);
	if (strncmp(*text, word, length) != 0 ||
		((*text)[length] != ' ' && (*text)[length] != '\t'))
		return false;
	*text += length + strspn(*text + length, " \t");
	return true;
}

/* Whether there is a value behind name and labels. */
static bool
has_value(const char *text)
{
	const char *end = strrchr(text, '}');
	end = end != NULL ? end + 1 : text + strcspn(text, " \t");
	return end[strspn(end, " \t")] != '\0';
}

static void
read_line(struct cli_job_lines *lines)
{
	const char *text = lines->line + strspn(lines->line, " \t");
	char completed[line_most + 32];
	struct pitot_error why;
	if (*text == '\0' || *text == '#')
		return;
	enum word word = takes(&text, "inc") ? INC : takes(&text, "observe") ? OBSERVE : SET;
	bool one = word == INC && !has_value(text);
	int length = snprintf(completed, sizeof completed, "%s%s\n", text, one ? " 1" : "");
	struct pitot_snapshot *snapshot = pitot_parse(completed, (size_t)length,
		&(struct pitot_parse_options){
			.source = "line",
			.format = PITOT_TEXT_0_0_4,
			.exported = lines->exported,
			.exported_count = lines->exported_count,
		},
		&why);
	if (snapshot == NULL) {
		const char *colon = strrchr(why.text, ':');
		tell(lines, "%s", colon != NULL ? colon + 2 : why.text);
	} else if (pitot_snapshot_size(snapshot) != 1) {
		tell(lines, "expected NAME{LABELS} VALUE");
	} else if (pitot_snapshot_sample(snapshot, 0).has_timestamp) {
		tell(lines, "a time is not taken: samples are of now");
	} else {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, 0);
		apply(lines, word, &sample);
	}
	pitot_snapshot_free(snapshot);
}

static void
end_line(struct cli_job_lines *lines)
{
	lines->number++;
	lines->line[lines->length] = '\0';
	if (lines->too_long)
		tell(lines, "a line is longer than %d bytes", line_most);
	else
		read_line(lines);
	lines->length = 0;
	lines->too_long = false;
}

bool
cli_job_lines_take(struct cli_job_lines *lines, const char *bytes, size_t length)
{
	lines->moved = false;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\n')
			end_line(lines);
		else if (lines->length < line_most)
			lines->line[lines->length++] = bytes[i];
		else
			lines->too_long = true;
	}
	return lines->moved;
}

void
cli_job_lines_end(struct cli_job_lines *lines)
{
	if (lines->length > 0 || lines->too_long)
		end_line(lines);
}
