/* SPDX-License-Identifier: MIT */
/*
 * What the files of the text parser share. A line is read by parse_meta.c or parse_sample.c with
 * the words of parse_lex.c; what it says is filed by parse_family.c; parse_build.c makes the
 * snapshot.
 *
 * Every function that returns bool has described the failure when it returns false.
 */
#ifndef PT_CODEC_PARSE_H
#define PT_CODEC_PARSE_H

#include "base/arena.h"
#include "base/limits.h"
#include "model/snapshot.h"
#include <string.h>

/* ---- parse_table.c: a hash table of pointers that it does not own ---- */

struct pt_parse_slot {
	uint64_t hash;
	void *item; /* NULL: free */
};

struct pt_parse_table {
	struct pt_parse_slot *slots;
	size_t capacity; /* 0 or a power of two */
	size_t count;
};

typedef bool pt_parse_equal(const void *item, const void *key);
void pt_parse_table_clear(struct pt_parse_table *table);
void *pt_parse_table_find(
	const struct pt_parse_table *table, uint64_t hash, pt_parse_equal *equal, const void *key);
/* The item must not be there yet. False (nothing is described) if memory is out. */
bool pt_parse_table_add(struct pt_parse_table *table, uint64_t hash, void *item);

/* ---- what has been read so far; all of it lives in the arena, its texts there or in the input
 * ---- */

/* A run of bytes, no NUL behind it. */
struct pt_parse_text {
	const char *bytes;
	size_t length;
};

struct pt_parse_sample {
	struct pt_parse_sample *next;
	struct pt_parse_metric *metric;
	struct pt_exemplar *exemplar; /* NULL, or its labels referenced */
	const char *state;            /* of PT_PART_STATE, with a NUL behind it */
	double bound;                 /* of buckets and quantiles */
	uint64_t bits;
	int64_t timestamp_ms; /* or PT_NO_TIME */
	enum pt_part part;
	unsigned line;
	unsigned order; /* of arrival in the metric: what equal ranks are sorted by */
};

/* The samples of one family that share their labels. */
struct pt_parse_metric {
	struct pt_parse_metric *next;
	struct pt_parse_family *family;
	struct pt_labels *labels; /* referenced */
	struct pt_parse_sample *first, *last;
	unsigned count;
	unsigned parts[PT_PART_CREATED + 1]; /* the line of the last sample of each part, or 0 */
	int64_t start_ms;
	uint64_t hash;
};

struct pt_parse_family {
	struct pt_parse_family *next;
	struct pt_parse_name *name; /* as declared, so perhaps with _total */
	enum pitot_type type;
	bool typed;                      /* there was a TYPE line */
	struct pt_parse_text help, unit; /* bytes is NULL where there was no such line */
	struct pt_parse_metric *first, *last;
	bool suffixed; /* has samples whose name is not the family's own */
	unsigned line;
};

/* A name that was met, as that of a family, of a sample, or both. */
struct pt_parse_name {
	struct pt_parse_text text;
	uint64_t hash;
	struct pt_parse_family *declared; /* the family of just this name, or NULL */
	struct pt_parse_family
		*owner; /* the family of samples of this name; NULL before the first */
	struct pt_parse_family *claimed; /* the family that has this name in the snapshot */
	enum pt_part part;               /* of samples of this name */
};

struct pt_parse {
	const struct pitot_parse_options *options;
	struct pitot_error *why;
	bool open; /* OpenMetrics, else 0.0.4 */
	bool strict;
	bool ended; /* "# EOF" was read */
	/* A second sample of a series is counted and left out; otherwise it is a mistake. */
	bool skips_duplicates;
	bool history; /* some series may have several samples */
	size_t duplicates;
	unsigned *lines; /* the line of each series, made with the snapshot; NULL: not wanted */

	const char *at;   /* what is read next: in the line, or its end */
	const char *line; /* where the current line begins */
	const char *end;  /* where it ends, without CR and LF */
	unsigned number;  /* of the line, from 1 */

	struct pt_arena arena;
	struct pt_parse_table names, metrics, samples;
	struct pt_parse_family *first, *last;
	struct pt_parse_name *last_name; /* that was met; NULL at first */
	struct pt_parse_family *current; /* of the sample before this one */
	size_t sample_count;             /* without _created */
};

/* ---- parse_lex.c: words and errors ---- */

/* Describes a failure at a place of the current line; returns false. */
bool pt_parse_fail(struct pt_parse *parse, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with the code for a limit. */
bool pt_parse_over(struct pt_parse *parse, const char *at, const char *what, size_t limit);
/* "expected …, found …": the word that stands there. */
bool pt_parse_expected(struct pt_parse *parse, const char *at, const char *what);
/* The same within braces, where words are shorter. */
bool pt_parse_expected_label(struct pt_parse *parse, const char *at, const char *what);
bool pt_parse_memory(struct pt_parse *parse);
/* The line's rest begins with `c`. */
static inline bool
pt_parse_is(const struct pt_parse *parse, char c)
{
	return parse->at < parse->end && *parse->at == c;
}
/* The word that stands there, up to a blank or the line's end, perhaps empty; does not move. */
struct pt_parse_text pt_parse_word(const struct pt_parse *parse);
static inline bool
pt_parse_text_is(struct pt_parse_text text, const char *other)
{
	return text.length == strlen(other) && memcmp(text.bytes, other, text.length) == 0;
}
/* Blanks between words that need them; one space in strict OpenMetrics. */
bool pt_parse_gap(struct pt_parse *parse);
/* Blanks, of which the first is there; not in strict OpenMetrics. */
bool pt_parse_skip_blanks(struct pt_parse *parse);
/* Blanks that may be there; not in strict OpenMetrics. */
static inline bool
pt_parse_skip(struct pt_parse *parse)
{
	return (!pt_parse_is(parse, ' ') && !pt_parse_is(parse, '\t')) ||
		pt_parse_skip_blanks(parse);
}
/* Blanks between words that need none; one space in strict OpenMetrics. */
bool pt_parse_space(struct pt_parse *parse);
/* The end of the line, perhaps after blanks unless strict. */
bool pt_parse_line_end(struct pt_parse *parse);
/* A metric's or (`label`) a label's name, perhaps in quotes. */
bool pt_parse_name(struct pt_parse *parse, bool label, struct pt_parse_text *name);
/* A text in quotes, unescaped; `what` it is, for errors, and how long it may be. */
bool pt_parse_quoted(
	struct pt_parse *parse, const char *what, size_t limit, struct pt_parse_text *text);
bool pt_parse_number(struct pt_parse *parse, const char *what, double *value);
bool pt_parse_milliseconds(struct pt_parse *parse, int64_t *ms);
/* Seconds, real. */
bool pt_parse_seconds(struct pt_parse *parse, int64_t *ms);

/* ---- parse_meta.c: lines that begin with # ---- */

bool pt_parse_meta(struct pt_parse *parse);
/* Whether the text is OpenMetrics, by what stands in it; false also if it could be either. */
bool pt_parse_looks_open(const char *text, size_t length);

/* ---- parse_sample.c: all other lines ---- */

struct pt_parse_label {
	struct pt_label pair; /* no NUL behind the texts */
	const char *at;       /* where the value stands */
};

struct pt_parse_line {
	const char *at; /* where the line's first word stands, for errors */
	const char *value_at;
	struct pt_parse_text name;
	struct pt_parse_label labels[PT_LIMIT_LABELS];
	size_t label_count;
	double value;
	int64_t timestamp_ms;    /* or PT_NO_TIME */
	const char *exemplar_at; /* NULL if there is none */
	struct pt_parse_label exemplar_labels[PT_LIMIT_LABELS];
	size_t exemplar_label_count;
	double exemplar_value;
	int64_t exemplar_ms; /* or PT_NO_TIME */
};

bool pt_parse_sample(struct pt_parse *parse);
/* Only what stands behind the value, up to the line's end. */
bool pt_parse_tail(struct pt_parse *parse, struct pt_parse_line *line);

/* ---- parse_family.c: which family a name belongs to ---- */

/* The entry of a name, made if it is new; NULL (described) if memory is out. */
struct pt_parse_name *pt_parse_intern(struct pt_parse *parse, struct pt_parse_text text);
/* The entry of `text` + `suffix`, or NULL. */
struct pt_parse_name *pt_parse_lookup(
	struct pt_parse *parse, struct pt_parse_text text, const char *suffix);
/* The family of just this name, made if it is new; NULL (described) if memory is out. */
struct pt_parse_family *pt_parse_declare(struct pt_parse *parse, struct pt_parse_text text);
/* Fills in owner and part of a name that stands at `at`. */
bool pt_parse_resolve(struct pt_parse *parse, struct pt_parse_name *name, const char *at);
/* Strict OpenMetrics: no family's name is that of another one's sample. */
bool pt_parse_check_clashes(struct pt_parse *parse);

/* ---- parse_series.c: files a sample line under its family ---- */

/* Changes the line's labels. */
bool pt_parse_file(struct pt_parse *parse, struct pt_parse_line *line);
/* Copies and sorts labels, as pt_labels_near(); NULL (described) if memory is out. */
struct pt_labels *pt_parse_labels(struct pt_parse *parse, const struct pt_labels *near,
	const struct pt_parse_label *labels, size_t count);

/* ---- parse.c ---- */

/*
 * As pitot_parse(), with duplicates left out, and (*lines) the line of each series, from 1, which
 * is the caller's.
 */
struct pitot_snapshot *pt_parse_page(const char *text, size_t length,
	const struct pitot_parse_options *options, unsigned **lines, size_t *duplicates,
	struct pitot_error *why);

/* ---- parse_build.c: the snapshot ---- */

struct pitot_snapshot *pt_parse_build(struct pt_parse *parse);

#endif
