/* SPDX-License-Identifier: MIT */
/*
 * Snapshot, encode, parse: what tools touch. A snapshot is an immutable list of series with one
 * value each; it comes from a registry or from text, and goes to bytes or to a destination.
 */
#ifndef PITOT_EXPOSITION_H
#define PITOT_EXPOSITION_H

#include <stdbool.h>
#include <pitot/error.h>
#include <pitot/metrics.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pitot_snapshot;

/* The numbers are those of MetricMetadata.type in remote write. */
enum pitot_type {
	PITOT_UNKNOWN = 0,
	PITOT_COUNTER = 1,
	PITOT_GAUGE = 2,
	PITOT_HISTOGRAM = 3,
	PITOT_GAUGE_HISTOGRAM = 4,
	PITOT_SUMMARY = 5,
	PITOT_INFO = 6,
	PITOT_STATESET = 7
};
/* The type's name in OpenMetrics, e.g. "gaugehistogram". */
const char *pitot_type_text(enum pitot_type type);

/* Gathers the registry now. NULL if memory is out. Free it with pitot_snapshot_free(). */
struct pitot_snapshot *pitot_snapshot_take(
	struct pitot_registry *registry, struct pitot_error *why) PITOT_MUST_USE;
void pitot_snapshot_free(struct pitot_snapshot *snapshot);

enum pitot_format {
	PITOT_FORMAT_AUTO = 0, /* parsing: by content; encoding: an error */
	PITOT_TEXT_0_0_4,      /* Prometheus text */
	PITOT_OPENMETRICS_1_0, /* OpenMetrics text */
	PITOT_REMOTE_WRITE_1   /* prometheus.WriteRequest, not compressed; encoding only */
};

struct pitot_parse_options {
	const char *source; /* what errors call the input, e.g. a file name; default "input" */
	enum pitot_format format;
	bool strict; /* refuse what the format forbids but we can read */
	/*
	 * A series may have samples at several times, each with its timestamp: they are pushed, and
	 * written, in the order of the text. Such a snapshot is for remote write and text.
	 */
	bool history;
	const char *const *exported; /* labels of these names are renamed to exported_<name> */
	size_t exported_count;
};

/*
 * Reads text. The text is not kept. On failure returns NULL, and `why` has the line, the column and
 * a text such as "file:3:17: expected a number, found \"N/A\"". Free with pitot_snapshot_free().
 */
struct pitot_snapshot *pitot_parse(const char *text, size_t length,
	const struct pitot_parse_options *options, struct pitot_error *why) PITOT_MUST_USE;

/* How a name outside [a-zA-Z0-9_:] is written (Prometheus' escaping schemes). */
enum pitot_escaping {
	PITOT_ESCAPE_UNDERSCORES = 0,
	PITOT_ESCAPE_DOTS,
	PITOT_ESCAPE_VALUES,
	PITOT_ESCAPE_NONE /* quoted UTF-8 names: needs a receiver that reads them */
};

struct pitot_encode_options {
	enum pitot_escaping escaping;     /* text formats */
	bool created_series;              /* OpenMetrics: write _created samples */
	bool timestamps;                  /* text: write the samples' own timestamps */
	const struct pitot_label *labels; /* added to every series (remote write: job, instance) */
	size_t label_count;
};

/* Encodes; on success *bytes is the caller's, to be released with free(). */
int pitot_encode(const struct pitot_snapshot *snapshot, enum pitot_format format,
	const struct pitot_encode_options *options, char **bytes, size_t *length,
	struct pitot_error *why) PITOT_MUST_USE;

/* One sample of a snapshot; the strings live as long as the snapshot. */
struct pitot_sample {
	const char *family; /* the family's name without suffix */
	const char *suffix; /* "", "_total", "_bucket", …: the sample's name is family + suffix */
	enum pitot_type type;
	const char *help; /* never NULL */
	const char *unit; /* never NULL */
	size_t label_count;
	double value;
	bool absent;          /* the series has no sample at this time; value is NaN */
	bool has_timestamp;   /* false: the sample has the time of the snapshot */
	int64_t timestamp_ms; /* since the epoch */
	int64_t start_ms;     /* when it began to count, since the epoch; 0: not known */
	bool has_exemplar;
	/*
	 * A native histogram as a whole, of which `value` is the count; its suffix is "". The
	 * classic samples of the same histogram stand before it.
	 */
	bool native;
	const void *series; /* for pitot_sample_label() */
};
/* How many series there are. */
size_t pitot_snapshot_size(const struct pitot_snapshot *snapshot);
/* When it was taken, milliseconds since the epoch. */
int64_t pitot_snapshot_time(const struct pitot_snapshot *snapshot);
/* The sample at `index`, 0 to size - 1; series of one family stand together. */
struct pitot_sample pitot_snapshot_sample(const struct pitot_snapshot *snapshot, size_t index);
/* The sample's label at `index`, 0 to label_count - 1, sorted by name; le and quantile included. */
struct pitot_label pitot_sample_label(const struct pitot_sample *sample, size_t index);

#ifdef __cplusplus
}
#endif
#endif
