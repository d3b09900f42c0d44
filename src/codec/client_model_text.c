/* SPDX-License-Identifier: MIT */
/*
 * Families of io.prometheus.client as text, so that there is one reader of metrics. Fails on what
 * is not such protobuf; whether the text makes sense is for its parser to say.
 */
#include "codec/client_model_text.h"

#include "base/error.h"
#include "base/number.h"
#include "proto/client_model.pb-c.h"

typedef Io__Prometheus__Client__MetricFamily family_message;
typedef Io__Prometheus__Client__Metric metric_message;

static void
put_escaped(struct pt_buf *out, const char *text, bool quotes)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			pt_buf_str(out, "\\n");
		else if (*text == '\\' || (quotes && *text == '"')) {
			pt_buf_char(out, '\\');
			pt_buf_char(out, *text);
		} else {
			pt_buf_char(out, *text);
		}
	}
}

static void
put_number(struct pt_buf *out, double value)
{
	char text[PT_NUMBER_TEXT];
	pt_buf_put(out, text, pt_number_format(text, value, PT_NUMBER_PLAIN));
}

/* A sample's line up to its value; `extra` is le or quantile, or NULL. */
static void
put_line(struct pt_buf *out, const family_message *family, const metric_message *metric,
	const char *suffix, const char *extra, double bound)
{
	pt_buf_str(out, family->name);
	pt_buf_str(out, suffix);
	pt_buf_char(out, '{');
	for (size_t i = 0; i < metric->n_label; i++) {
		pt_buf_str(out, i > 0 ? "," : "");
		pt_buf_str(out, metric->label[i]->name != NULL ? metric->label[i]->name : "");
		pt_buf_str(out, "=\"");
		put_escaped(
			out, metric->label[i]->value != NULL ? metric->label[i]->value : "", true);
		pt_buf_char(out, '"');
	}
	if (extra != NULL) {
		pt_buf_str(out, metric->n_label > 0 ? "," : "");
		pt_buf_str(out, extra);
		pt_buf_str(out, "=\"");
		put_number(out, bound);
		pt_buf_char(out, '"');
	}
	pt_buf_str(out, "} ");
}

static void
put_sample(struct pt_buf *out, const family_message *family, const metric_message *metric,
	const char *suffix, double value)
{
	put_line(out, family, metric, suffix, NULL, 0);
	put_number(out, value);
	if (metric->has_timestamp_ms) {
		pt_buf_char(out, ' ');
		pt_buf_int(out, metric->timestamp_ms);
	}
	pt_buf_char(out, '\n');
}

static void
put_bounded(struct pt_buf *out, const family_message *family, const metric_message *metric,
	const char *suffix, const char *extra, double bound, double value)
{
	put_line(out, family, metric, suffix, extra, bound);
	put_number(out, value);
	pt_buf_char(out, '\n');
}

static void
put_histogram(struct pt_buf *out, const family_message *family, const metric_message *metric)
{
	const Io__Prometheus__Client__Histogram *histogram = metric->histogram;
	double count = histogram->has_sample_count_float ? histogram->sample_count_float
							 : (double)histogram->sample_count;
	bool infinity = false;
	for (size_t i = 0; i < histogram->n_bucket; i++) {
		const Io__Prometheus__Client__Bucket *bucket = histogram->bucket[i];
		infinity |= bucket->upper_bound > 1e308 * 10;
		put_bounded(out, family, metric, "_bucket", "le", bucket->upper_bound,
			bucket->has_cumulative_count_float ? bucket->cumulative_count_float
							   : (double)bucket->cumulative_count);
	}
	if (!infinity)
		put_bounded(out, family, metric, "_bucket", "le",
			pt_number_from_bits(UINT64_C(0x7ff0000000000000)), count);
	put_sample(out, family, metric, "_sum", histogram->sample_sum);
	put_sample(out, family, metric, "_count", count);
}

static void
put_summary(struct pt_buf *out, const family_message *family, const metric_message *metric)
{
	const Io__Prometheus__Client__Summary *summary = metric->summary;
	for (size_t i = 0; i < summary->n_quantile; i++)
		put_bounded(out, family, metric, "", "quantile", summary->quantile[i]->quantile,
			summary->quantile[i]->value);
	put_sample(out, family, metric, "_sum", summary->sample_sum);
	put_sample(out, family, metric, "_count", (double)summary->sample_count);
}

static void
put_metric(struct pt_buf *out, const family_message *family, const metric_message *metric)
{
	if (metric->histogram != NULL)
		put_histogram(out, family, metric);
	else if (metric->summary != NULL)
		put_summary(out, family, metric);
	else if (metric->counter != NULL)
		put_sample(out, family, metric, "", metric->counter->value);
	else if (metric->gauge != NULL)
		put_sample(out, family, metric, "", metric->gauge->value);
	else if (metric->untyped != NULL)
		put_sample(out, family, metric, "", metric->untyped->value);
}

static void
put_family(struct pt_buf *out, const family_message *family)
{
	static const char *const types[] = {
		"counter", "gauge", "summary", "untyped", "histogram", "histogram"};
	if (family->help != NULL) {
		pt_buf_printf(out, "# HELP %s ", family->name);
		put_escaped(out, family->help, false);
		pt_buf_char(out, '\n');
	}
	if ((size_t)family->type < sizeof types / sizeof types[0])
		pt_buf_printf(out, "# TYPE %s %s\n", family->name, types[family->type]);
	for (size_t i = 0; i < family->n_metric; i++)
		put_metric(out, family, family->metric[i]);
}

/* A length before a message; false if it does not fit. */
static bool
take_length(const unsigned char **at, const unsigned char *end, size_t *length)
{
	*length = 0;
	for (unsigned shift = 0; *at < end && shift < 35; shift += 7) {
		unsigned char byte = *(*at)++;
		*length |= (size_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return *length <= (size_t)(end - *at);
	}
	return false;
}

int
pt_client_model_text(struct pt_buf *out, const void *bytes, size_t length, struct pitot_error *why)
{
	const unsigned char *at = bytes, *end = at + length;
	for (unsigned number = 1; at < end; number++) {
		size_t size;
		family_message *family = take_length(&at, end, &size)
			? io__prometheus__client__metric_family__unpack(NULL, size, at)
			: NULL;
		bool ok = family != NULL && family->name != NULL;
		if (ok)
			put_family(out, family);
		if (family != NULL)
			io__prometheus__client__metric_family__free_unpacked(family, NULL);
		if (!ok)
			return pt_error_set(why, PITOT_BAD_INPUT,
				"family %u is not protobuf of io.prometheus.client", number);
		at += size;
	}
	return pt_buf_error(out) != 0 ? pt_error_memory(why) : 0;
}
