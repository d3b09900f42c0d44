/* SPDX-License-Identifier: MIT */
/*
 * A Pushgateway's protobuf body, decoded by protobuf-c, as text 0.0.4: so both bodies are judged,
 * kept and shown alike. What text has no place for stands in comments behind its metric.
 */
#include "cli/sink_message.h"

#include <stdlib.h>
#include <string.h>
#include "proto/client_model.pb-c.h"

typedef Io__Prometheus__Client__MetricFamily Family;
typedef Io__Prometheus__Client__Metric Metric;
typedef Io__Prometheus__Client__Histogram Histogram;
typedef Io__Prometheus__Client__Summary Summary;
typedef Io__Prometheus__Client__Exemplar Exemplar;
typedef Io__Prometheus__Client__Timestamp Timestamp;
typedef Io__Prometheus__Client__LabelPair LabelPair;
typedef Io__Prometheus__Client__BucketSpan BucketSpan;

/* What decoding one family may take. */
#define FAMILY_LIMIT ((size_t)512 << 20)

static const char *
or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* ---- names and labels ---- */

/* `extra` is le or quantile, with `bound`, in its sorted place; NULL for none. */
static void
add_labels(struct sink_text *out, LabelPair *const *pairs, size_t count, const char *extra,
	double bound)
{
	const char *sign = "{";
	for (size_t i = 0; i <= count; i++) {
		const char *name = i < count ? or_empty(pairs[i]->name) : NULL;
		if (extra != NULL && (name == NULL || strcmp(extra, name) < 0)) {
			sink_text_format(out, "%s%s=\"", sign, extra);
			sink_text_number(out, bound, true);
			sink_text_str(out, "\"");
			extra = NULL;
			sign = ",";
		}
		if (name == NULL)
			break;
		sink_text_format(out, "%s%s=\"", sign, name);
		const char *value = or_empty(pairs[i]->value);
		sink_text_escaped(out, (struct sink_span){value, strlen(value)});
		sink_text_str(out, "\"");
		sign = ",";
	}
	if (sign[0] == ',')
		sink_text_str(out, "}");
	sink_text_str(out, " ");
}

static void
add_head(struct sink_text *out, const char *keyword, const Family *family, const char *suffix,
	const Metric *metric, const char *extra, double bound)
{
	sink_text_format(out, "%s%s%s", keyword, or_empty(family->name), suffix);
	add_labels(out, metric->label, metric->n_label, extra, bound);
}

static void
add_line(struct sink_text *out, const Family *family, const char *suffix, const Metric *metric,
	double value)
{
	add_head(out, "", family, suffix, metric, NULL, 0);
	sink_text_number(out, value, false);
	sink_text_str(out, "\n");
}

static void
add_count(struct sink_text *out, const Family *family, const char *suffix, const Metric *metric,
	uint64_t count)
{
	add_head(out, "", family, suffix, metric, NULL, 0);
	sink_text_number(out, (double)count, false);
	sink_text_str(out, "\n");
}

/* ---- what text has no place for ---- */

static void
add_time(struct sink_text *out, const Timestamp *time)
{
	sink_text_format(out, "%lld.%03d", (long long)time->seconds, time->nanos / 1000000);
}

static void
add_created(
	struct sink_text *out, const Family *family, const Metric *metric, const Timestamp *time)
{
	if (time == NULL)
		return;
	add_head(out, "# CREATED ", family, "", metric, NULL, 0);
	add_time(out, time);
	sink_text_str(out, "\n");
}

static void
add_exemplar(struct sink_text *out, const Family *family, const char *suffix, const Metric *metric,
	const char *extra, double bound, const Exemplar *exemplar)
{
	if (exemplar == NULL)
		return;
	add_head(out, "# EXEMPLAR ", family, suffix, metric, extra, bound);
	add_labels(out, exemplar->label, exemplar->n_label, NULL, 0);
	sink_text_number(out, exemplar->value, false);
	if (exemplar->timestamp != NULL) {
		sink_text_str(out, " ");
		add_time(out, exemplar->timestamp);
	}
	sink_text_str(out, "\n");
}

static void
copy_spans(struct sink_bucket_span *to, BucketSpan *const *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = (struct sink_bucket_span){from[i]->offset, from[i]->length};
}

static void
add_native(struct sink_text *out, const Family *family, const Metric *metric,
	const Histogram *histogram)
{
	size_t positive = histogram->n_positive_span, negative = histogram->n_negative_span;
	if (!histogram->has_schema || positive + negative == 0)
		return;
	struct sink_bucket_span *spans = calloc(positive + negative, sizeof *spans);
	if (spans == NULL) {
		out->failed = true;
		return;
	}
	copy_spans(spans, histogram->positive_span, positive);
	copy_spans(spans + positive, histogram->negative_span, negative);
	const struct sink_native native = {
		.count_int = histogram->sample_count,
		.sum = histogram->sample_sum,
		.schema = histogram->schema,
		.zero_threshold = histogram->zero_threshold,
		.zero_int = histogram->zero_count,
		.positive = {.spans = spans,
			.span_count = positive,
			.deltas = histogram->positive_delta,
			.delta_count = histogram->n_positive_delta},
		.negative = {.spans = spans + positive,
			.span_count = negative,
			.deltas = histogram->negative_delta,
			.delta_count = histogram->n_negative_delta},
	};
	add_head(out, "# NATIVE ", family, "", metric, NULL, 0);
	sink_text_native(out, &native);
	sink_text_str(out, "\n");
	for (size_t i = 0; i < histogram->n_exemplars; i++)
		add_exemplar(out, family, "", metric, NULL, 0, histogram->exemplars[i]);
	free(spans);
}

/* ---- metrics ---- */

static void
add_histogram(struct sink_text *out, const Family *family, const Metric *metric)
{
	const Histogram *histogram = metric->histogram;
	for (size_t i = 0; i < histogram->n_bucket; i++) {
		add_head(out, "", family, "_bucket", metric, "le",
			histogram->bucket[i]->upper_bound);
		sink_text_number(out, (double)histogram->bucket[i]->cumulative_count, false);
		sink_text_str(out, "\n");
	}
	if (histogram->has_sample_sum)
		add_line(out, family, "_sum", metric, histogram->sample_sum);
	if (histogram->has_sample_count)
		add_count(out, family, "_count", metric, histogram->sample_count);
	for (size_t i = 0; i < histogram->n_bucket; i++)
		add_exemplar(out, family, "_bucket", metric, "le",
			histogram->bucket[i]->upper_bound, histogram->bucket[i]->exemplar);
	add_native(out, family, metric, histogram);
	add_created(out, family, metric, histogram->created_timestamp);
}

static void
add_summary(struct sink_text *out, const Family *family, const Metric *metric)
{
	const Summary *summary = metric->summary;
	for (size_t i = 0; i < summary->n_quantile; i++) {
		add_head(out, "", family, "", metric, "quantile", summary->quantile[i]->quantile);
		sink_text_number(out, summary->quantile[i]->value, false);
		sink_text_str(out, "\n");
	}
	if (summary->has_sample_sum)
		add_line(out, family, "_sum", metric, summary->sample_sum);
	if (summary->has_sample_count)
		add_count(out, family, "_count", metric, summary->sample_count);
	add_created(out, family, metric, summary->created_timestamp);
}

/* False if the metric is not of the family's type, which a gateway refuses. */
static bool
add_metric(struct sink_text *out, const Family *family, const Metric *metric)
{
	switch (family->has_type ? family->type : IO__PROMETHEUS__CLIENT__METRIC_TYPE__COUNTER) {
	case IO__PROMETHEUS__CLIENT__METRIC_TYPE__COUNTER:
		if (metric->counter == NULL)
			return false;
		add_line(out, family, "", metric, metric->counter->value);
		add_exemplar(out, family, "", metric, NULL, 0, metric->counter->exemplar);
		add_created(out, family, metric, metric->counter->created_timestamp);
		return true;
	case IO__PROMETHEUS__CLIENT__METRIC_TYPE__GAUGE:
		if (metric->gauge != NULL)
			add_line(out, family, "", metric, metric->gauge->value);
		return metric->gauge != NULL;
	case IO__PROMETHEUS__CLIENT__METRIC_TYPE__UNTYPED:
		if (metric->untyped != NULL)
			add_line(out, family, "", metric, metric->untyped->value);
		return metric->untyped != NULL;
	case IO__PROMETHEUS__CLIENT__METRIC_TYPE__SUMMARY:
		if (metric->summary != NULL)
			add_summary(out, family, metric);
		return metric->summary != NULL;
	case IO__PROMETHEUS__CLIENT__METRIC_TYPE__HISTOGRAM:
	case IO__PROMETHEUS__CLIENT__METRIC_TYPE__GAUGE_HISTOGRAM:
		if (metric->histogram != NULL)
			add_histogram(out, family, metric);
		return metric->histogram != NULL;
	default:
		return false;
	}
}

/* ---- families ---- */

static const char *
type_text(const Family *family)
{
	static const char *const types[] = {
		"counter", "gauge", "summary", "untyped", "histogram", "histogram"};
	unsigned type = family->has_type ? (unsigned)family->type : 0;
	return type < sizeof types / sizeof types[0] ? types[type] : "untyped";
}

static void
add_help(struct sink_text *out, const Family *family)
{
	if (family->help == NULL)
		return;
	sink_text_format(out, "# HELP %s ", or_empty(family->name));
	for (const char *at = family->help; *at != '\0'; at++)
		if (*at == '\n' || *at == '\\')
			sink_text_str(out, *at == '\n' ? "\\n" : "\\\\");
		else
			sink_text_add(out, (struct sink_span){at, 1});
	sink_text_str(out, "\n");
}

static const char *
add_family(struct sink_text *out, const Family *family)
{
	add_help(out, family);
	sink_text_format(out, "# TYPE %s %s\n", or_empty(family->name), type_text(family));
	for (size_t i = 0; i < family->n_metric; i++) {
		if (family->metric[i]->has_timestamp_ms)
			return "a metric has a timestamp";
		if (!add_metric(out, family, family->metric[i]))
			return "a metric is not of its family's type";
	}
	return NULL;
}

const char *
sink_model_text(struct sink_text *out, const void *bytes, size_t length)
{
	if (length == 0)
		return NULL;
	const uint8_t *at = bytes, *end = at + length;
	const char *wrong = NULL;
	while (wrong == NULL && at < end) {
		uint64_t size = 0;
		unsigned shift = 0;
		do {
			if (at == end || shift > 28)
				return "a family has no length";
			size |= (uint64_t)(*at & 0x7f) << shift;
			shift += 7;
		} while ((*at++ & 0x80) != 0);
		if (size > (size_t)(end - at))
			return "unexpected EOF";
		size_t room = FAMILY_LIMIT;
		ProtobufCAllocator allocator = {sink_bounded_alloc, sink_bounded_free, &room};
		Family *family =
			io__prometheus__client__metric_family__unpack(&allocator, (size_t)size, at);
		at += size;
		if (family == NULL)
			return "protobuf cannot be decoded";
		wrong = add_family(out, family);
		io__prometheus__client__metric_family__free_unpacked(family, &allocator);
	}
	return wrong;
}
