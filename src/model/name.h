/* SPDX-License-Identifier: MIT */
/* The rules for metric, label and sample names (OpenMetrics 1.0, specs/text-formats 1.2). */
#ifndef PT_MODEL_NAME_H
#define PT_MODEL_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <pitot/exposition.h>

/* What a series is within its family; decides the suffix of its sample name. */
enum pt_part {
	PT_PART_VALUE,    /* "": gauge, unknown, counters of text without _total */
	PT_PART_TOTAL,    /* _total */
	PT_PART_BUCKET,   /* _bucket, with the label le */
	PT_PART_SUM,      /* _sum */
	PT_PART_COUNT,    /* _count */
	PT_PART_QUANTILE, /* "", with the label quantile */
	PT_PART_GSUM,     /* _gsum */
	PT_PART_GCOUNT,   /* _gcount */
	PT_PART_INFO,     /* _info */
	PT_PART_STATE,    /* "", with a label named like the family */
	PT_PART_CREATED,  /* _created, only as found in text */
	PT_PART_NATIVE    /* "": a native histogram as one value; no text format has it */
};
/* "", "_total", … */
const char *pt_name_suffix(enum pt_part part);

/* Metric: [a-zA-Z_:][a-zA-Z0-9_:]*; label: the same without colon. With `utf8`: any valid UTF-8. */
bool pt_name_is_metric(const char *name, size_t length, bool utf8);
bool pt_name_is_label(const char *name, size_t length, bool utf8);
/* How many of the first bytes are a name without UTF-8; 0 if it would begin with a digit. */
size_t pt_name_plain(const char *name, size_t length, bool label);

/* The length of `name` without `suffix`, or `length` if it does not end so (or is only it). */
size_t pt_name_without(const char *name, size_t length, const char *suffix);

/* The suffixes of all sample names a family of this type owns, ended by NULL ("" included). */
const char *const *pt_name_reserved(enum pitot_type type);

#endif
