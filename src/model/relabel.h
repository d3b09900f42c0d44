/* SPDX-License-Identifier: MIT */
/*
 * Relabelling rules as Prometheus has them: each looks at some labels and changes, keeps or drops
 * the set. Expressions are anchored, and are those of PCRE2, which has all that RE2 has but
 * linear time: one that backtracks without end is cut off, and does not match then.
 */
#ifndef PT_MODEL_RELABEL_H
#define PT_MODEL_RELABEL_H

#include "model/series.h"

/* What a rule says; NULL and 0 are the defaults. Strings are copied. */
struct pt_relabel_rule {
	const char *const *source_labels;
	size_t source_count;
	const char *separator;    /* ";" */
	const char *regex;        /* "(.*)" */
	const char *target_label; /* of replace, lowercase, keepequal, … */
	const char *replacement;  /* "$1" */
	const char *action;       /* "replace" */
};

struct pt_relabel;

/* No rules. NULL if memory is out. */
struct pt_relabel *pt_relabel_new(void);
void pt_relabel_free(struct pt_relabel *relabel);
/* Adds a rule. PITOT_BAD_CONFIG says which of its keys is wrong, and how. */
int pt_relabel_add(
	struct pt_relabel *relabel, const struct pt_relabel_rule *rule, struct pitot_error *why);
bool pt_relabel_is_empty(const struct pt_relabel *relabel); /* also for NULL */

/* A set of labels that rules work on, __name__ among them; texts are in the set's own memory. */
struct pt_label_set;
struct pt_label_set *pt_label_set_new(void);
void pt_label_set_free(struct pt_label_set *set);
void pt_label_set_empty(struct pt_label_set *set);
/* An empty value takes the label out. First failure sticks: want of memory, too many labels. */
void pt_label_set_put(struct pt_label_set *set, const char *name, size_t name_length,
	const char *value, size_t value_length);
/* The value of `name`, or NULL. */
const char *pt_label_set_get(const struct pt_label_set *set, const char *name);
size_t pt_label_set_count(const struct pt_label_set *set);
/* In no order; valid until the set changes. */
const struct pt_label *pt_label_set_pairs(const struct pt_label_set *set);
bool pt_label_set_failed(const struct pt_label_set *set);

/* Applies the rules in order; false: the set is to be dropped. */
bool pt_relabel_apply(const struct pt_relabel *relabel, struct pt_label_set *set);

#endif
