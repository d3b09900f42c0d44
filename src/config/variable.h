/* SPDX-License-Identifier: MIT */
/* Variables of the environment, read as values of several kinds. */
#ifndef PT_CONFIG_VARIABLE_H
#define PT_CONFIG_VARIABLE_H

#include "base/arena.h"
#include <stdbool.h>
#include <pitot/metrics.h>

/* The first failure sticks: finding yields nothing after it. */
struct pt_variables {
	const char *prefix;    /* goes before names that begin with '_' */
	struct pt_arena arena; /* holds everything that is read */
	struct pitot_error error;
};

/* A variable that is set; both strings stand in the arena. */
struct pt_variable {
	const char *name; /* in full */
	const char *value;
};

/* False if it is unset or empty. */
bool pt_variable_find(struct pt_variables *variables, const char *name, struct pt_variable *found);
/* Whether the text is `word`, in lower case, without regard to case of ASCII letters. */
bool pt_variable_is(const char *text, size_t length, const char *word);

struct pt_choice {
	const char *word; /* in lower case */
	int value;
};

/* What is not set is `otherwise`, NULL, 0, or leaves the list as it is. */
int pt_variable_choice(struct pt_variables *variables, const char *name,
	const struct pt_choice *choices, size_t count, int otherwise, const char *expected);
bool pt_variable_bool(struct pt_variables *variables, const char *name, bool otherwise);
const char *pt_variable_text(struct pt_variables *variables, const char *name);
/* Any bytes. */
const char *pt_variable_path(struct pt_variables *variables, const char *name);
const char *pt_variable_metric_prefix(struct pt_variables *variables, const char *name);
/* "15s", above 0. */
int64_t pt_variable_duration(struct pt_variables *variables, const char *name);
/* Plain milliseconds, above 0, as those of OTEL_… are. */
int64_t pt_variable_milliseconds(struct pt_variables *variables, const char *name);
/* 0 to 65535; false if there is none, which includes what Kubernetes puts there, see there. */
bool pt_variable_port(struct pt_variables *variables, const char *name, uint16_t *port);
/* An IPv4 or IPv6 address in digits, and a path, as base/endpoint.h has them. */
const char *pt_variable_address(struct pt_variables *variables, const char *name);
const char *pt_variable_url_path(struct pt_variables *variables, const char *name);
/* A JSON object of strings. */
void pt_variable_labels(struct pt_variables *variables, const char *name,
	const struct pitot_label **labels, size_t *count);
/* "k=v,k=v"; no value is ever shown. */
void pt_variable_pairs(struct pt_variables *variables, const char *name,
	const struct pitot_label **pairs, size_t *count);
/* Refuses what cannot be a URL of ours; user, password, query and fragment are never shown. */
void pt_variable_check_url(struct pt_variables *variables, const struct pt_variable *variable);

#endif
