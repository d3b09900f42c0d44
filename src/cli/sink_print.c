/* SPDX-License-Identifier: MIT */
/*
 * Remote-write samples as lines: name{labels} value @seconds. The value of a stale marker is
 * "stale", that of a native histogram {count:2,sum:3,...} with its buckets by their bounds. An
 * exemplar stands on a line of its own behind a #.
 */
#include <math.h>
#include <string.h>
#include "cli/sink_message.h"

#define CUSTOM(native) ((native)->schema == SINK_CUSTOM_SCHEMA)

static void
add_labels(struct sink_text *out, const struct sink_pairs *labels)
{
	const char *comma = "";
	sink_text_str(out, "{");
	for (size_t i = 0; i < labels->count; i++) {
		if (strcmp(labels->list[i].name, "__name__") == 0)
			continue;
		sink_text_str(out, comma);
		sink_text_str(out, labels->list[i].name);
		sink_text_str(out, "=\"");
		sink_text_escaped(out, SPAN(labels->list[i].value));
		sink_text_str(out, "\"");
		comma = ",";
	}
	sink_text_str(out, "}");
}

void
sink_text_series(struct sink_text *out, const struct sink_timeseries *series)
{
	sink_text_str(out, sink_timeseries_name(series));
	add_labels(out, &series->labels);
}

static void
add_value(struct sink_text *out, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	if (bits == SINK_STALE_NAN)
		sink_text_str(out, "stale");
	else
		sink_text_number(out, value, false);
}

static void
add_time(struct sink_text *out, const char *sign, int64_t ms)
{
	uint64_t size = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
	sink_text_format(out, " %s%s%llu.%03u", sign, ms < 0 ? "-" : "",
		(unsigned long long)(size / 1000), (unsigned)(size % 1000));
}

/* ---- native histograms ---- */

/* The upper bound of the bucket: of a side's, without the sign. */
static double
bound_of(const struct sink_native *native, int64_t index)
{
	if (CUSTOM(native))
		return index >= 0 && (size_t)index < native->bound_count ? native->bounds[index]
									 : (double)INFINITY;
	return exp2((double)index * exp2(-native->schema));
}

static void
add_side(struct sink_text *out, const struct sink_native *native, const struct sink_side *side,
	const char *sign)
{
	int64_t index = 0, value = 0;
	size_t at = 0;
	for (size_t i = 0; i < side->span_count; i++) {
		index += side->spans[i].offset;
		for (uint32_t k = 0; k < side->spans[i].length; k++, index++, at++) {
			if (at >= (native->is_float ? side->count_count : side->delta_count))
				return;
			sink_text_format(out, ",%s", sign);
			sink_text_number(out, bound_of(native, index), false);
			sink_text_str(out, ":");
			if (native->is_float) {
				sink_text_number(out, side->counts[at], false);
				continue;
			}
			value = (int64_t)((uint64_t)value + (uint64_t)side->deltas[at]);
			sink_text_format(out, "%lld", (long long)value);
		}
	}
}

void
sink_text_native(struct sink_text *out, const struct sink_native *native)
{
	uint64_t bits;
	memcpy(&bits, &native->sum, sizeof bits);
	if (bits == SINK_STALE_NAN) {
		sink_text_str(out, "stale");
		return;
	}
	sink_text_str(out, "{count:");
	if (native->is_float)
		sink_text_number(out, native->count_float, false);
	else
		sink_text_format(out, "%llu", (unsigned long long)native->count_int);
	sink_text_str(out, ",sum:");
	add_value(out, native->sum);
	sink_text_format(out, ",schema:%d", native->schema);
	if (native->hint == 3)
		sink_text_str(out, ",gauge");
	if (!CUSTOM(native)) {
		sink_text_str(out, ",zero:");
		if (native->zero_is_float)
			sink_text_number(out, native->zero_float, false);
		else
			sink_text_format(out, "%llu", (unsigned long long)native->zero_int);
	}
	add_side(out, native, &native->negative, "-");
	add_side(out, native, &native->positive, "");
	sink_text_str(out, "}");
}

/* ---- lines ---- */

static void
print_line(FILE *out, const struct sink_text *key, struct sink_text *rest)
{
	(void)fprintf(out, "%s %s\n", sink_text_chars(key), sink_text_chars(rest));
	sink_text_clear(rest);
}

static void
print_exemplar(FILE *out, const struct sink_text *key, const struct sink_exemplar *exemplar)
{
	struct sink_text rest = {0};
	sink_text_str(&rest, "# ");
	add_labels(&rest, &exemplar->labels);
	sink_text_str(&rest, " ");
	sink_text_number(&rest, exemplar->value, false);
	add_time(&rest, "@", exemplar->time_ms);
	print_line(out, key, &rest);
}

void
sink_print_series(FILE *out, const struct sink_timeseries *series)
{
	struct sink_text key = {0}, rest = {0};
	sink_text_series(&key, series);
	for (size_t i = 0; i < series->sample_count; i++) {
		add_value(&rest, series->samples[i].value);
		add_time(&rest, "@", series->samples[i].time_ms);
		if (series->samples[i].start_ms != 0)
			add_time(&rest, "since @", series->samples[i].start_ms);
		print_line(out, &key, &rest);
	}
	for (size_t i = 0; i < series->native_count; i++) {
		sink_text_native(&rest, &series->natives[i]);
		add_time(&rest, "@", series->natives[i].time_ms);
		if (series->natives[i].start_ms != 0)
			add_time(&rest, "since @", series->natives[i].start_ms);
		print_line(out, &key, &rest);
	}
	for (size_t i = 0; i < series->exemplar_count; i++)
		print_exemplar(out, &key, &series->exemplars[i]);
	sink_text_clear(&key);
}

static void
print_new(FILE *out, const char *name, int type, const char *help, const char *unit,
	struct sink_table *told)
{
	struct sink_text line = {0};
	const char *text = sink_type_text(type);
	sink_text_format(&line, "# metadata %s %s%s%s \"", name, text != NULL ? text : "?",
		*unit != '\0' ? " " : "", unit);
	sink_text_escaped(&line, SPAN(help));
	sink_text_str(&line, "\"");
	struct sink_span key = {sink_text_chars(&line), line.length};
	if (sink_table_find(told, key) == NULL && sink_table_at(told, key) != NULL)
		(void)fprintf(out, "%s\n", sink_text_chars(&line));
	sink_text_clear(&line);
}

void
sink_print_metadata(FILE *out, const struct sink_write *write, struct sink_table *told)
{
	for (size_t i = 0; i < write->described_count; i++) {
		const struct sink_described *described = &write->described[i];
		print_new(out, described->name, described->type, described->help, described->unit,
			told);
	}
	for (size_t i = 0; i < write->series_count; i++) {
		const struct sink_timeseries *series = &write->series[i];
		if (series->is_described)
			print_new(out, sink_timeseries_name(series), series->type, series->help,
				series->unit, told);
	}
}
