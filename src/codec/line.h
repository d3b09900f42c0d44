/* SPDX-License-Identifier: MIT */
/*
 * What both text formats have in common: walking a snapshot family by family and metric by metric,
 * and writing names, labels and times. Failures stick in the buffer.
 */
#ifndef PT_CODEC_LINE_H
#define PT_CODEC_LINE_H

#include "base/number.h"
#include "codec/label_list.h"
#include "codec/recording.h"

/* How a label begins, `,name="`: kept by position, since neighbours have the same names. */
struct pt_line_piece {
	const char *name;
	uint32_t name_length;
	uint32_t size;
	char text[32];
};
enum { pt_line_pieces = 16 };

struct pt_line {
	struct pt_buf *out;
	const struct pitot_snapshot *snapshot;
	const struct pitot_encode_options *options;
	struct pt_labels *added; /* options->labels, sorted; NULL for none */
	struct pt_recording recording;
	/* What the line before began with, and the next one mostly will. */
	const struct pt_family *family;
	const char *suffix;
	bool quoted; /* the name stands in quotes and braces */
	struct pt_buf head;
	/* The labels that the line before shared with others, each as `,name="value"`. */
	const struct pt_labels *labels;
	const char *except; /* of the added ones */
	struct pt_label_list list;
	struct pt_buf text;
	size_t starts[PT_LIMIT_LABELS * 2 + 3]; /* of each in the text, and where that ends */
	struct pt_line_piece pieces[pt_line_pieces];
};

/* Half-open range of series in the snapshot's table. */
struct pt_range {
	size_t from, to;
};

/*
 * Both must be paired; init failing sticks in `out`. `format`: where what is written is recorded,
 * if it is worth it.
 */
void pt_line_init(struct pt_line *line, struct pt_buf *out, const struct pitot_snapshot *snapshot,
	const struct pitot_encode_options *options, enum pitot_format format);
void pt_line_clear(struct pt_line *line);

/*
 * Whether the series has a sample: text tells a stale marker, as any absence, by leaving it out,
 * and has no native histograms.
 */
bool pt_line_has(const struct pitot_snapshot *snapshot, size_t index);
/* The series from `from` on that share its family, or its family and labels (up to `to`). */
struct pt_range pt_line_family(const struct pitot_snapshot *snapshot, size_t from);
struct pt_range pt_line_metric(const struct pitot_snapshot *snapshot, size_t from, size_t to);

/* Of one metric: where its sum, count and last bucket stand, or PT_LINE_NONE. */
#define PT_LINE_NONE SIZE_MAX
struct pt_line_totals {
	size_t sum, count;
	size_t infinity;
	bool negative; /* it has a bucket below zero */
};
struct pt_line_totals pt_line_totals(const struct pitot_snapshot *snapshot, struct pt_range metric);

/*
 * A family may hold samples that its type does not allow in a format (lenient text brought them).
 * It is then written as several families, one for each sample name: these are all there are.
 */
struct pt_line_name_group {
	const char *suffix;
	unsigned parts; /* a bit for each, see PT_LINE_PART */
};
#define PT_LINE_PART(part) (1u << (part))
#define PT_LINE_GROUPS 8
extern const struct pt_line_name_group pt_line_groups[PT_LINE_GROUPS];
/* The parts that have samples. */
unsigned pt_line_parts(const struct pitot_snapshot *snapshot, struct pt_range family);
/* The parts that a family of this type may have in OpenMetrics. */
unsigned pt_line_own_parts(enum pitot_type type);

/* "# KEYWORD name text" */
void pt_line_meta(struct pt_line *line, const char *keyword, const struct pt_family *family,
	const char *suffix, const char *text);
/* The HELP line; `quotes`: escape them too. */
void pt_line_help(
	struct pt_line *line, const struct pt_family *family, const char *suffix, bool quotes);
/* The sample's name, its labels, and a space. */
void pt_line_name(struct pt_line *line, const struct pt_series *series);
/* The same with another suffix, and without le or quantile. */
void pt_line_bare_name(struct pt_line *line, const struct pt_series *series, const char *suffix);
/* {a="b",…}; "{}" for none. */
void pt_line_labels(struct pt_buf *out, const struct pt_labels *labels);
void pt_line_number(struct pt_buf *out, uint64_t bits, enum pt_number_style style);
/* The value of the series at `index`. */
void pt_line_value(struct pt_line *line, size_t index, enum pt_number_style style);
/* Seconds with up to three decimals, at least one: 1700000000.5 */
void pt_line_seconds(struct pt_buf *out, int64_t ms);

#endif
