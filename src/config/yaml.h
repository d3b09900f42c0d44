/* SPDX-License-Identifier: MIT */
/*
 * A YAML file read by tables of keys. Every mistake names file, line and column. The first one ends
 * the reading: readers return 0, or the code after describing it.
 */
#ifndef PT_CONFIG_YAML_H
#define PT_CONFIG_YAML_H

#include "base/arena.h"
#include <stdbool.h>
#include <stdint.h>
#include <yaml.h>
#include <pitot/metrics.h>

struct pt_yaml {
	yaml_document_t document;
	const char *name;       /* of the file, for messages */
	struct pt_arena *arena; /* holds all that is read */
	struct pitot_error *why;
	/* What works, but should be known; or NULL. */
	void (*warn)(void *context, const char *text);
	void *context;
	void *owner; /* of what is read, for readers that need it */
};

/* Reads one node into `to`. */
typedef int pt_yaml_reader(struct pt_yaml *yaml, yaml_node_t *node, void *to);

struct pt_yaml_key {
	const char *name;
	pt_yaml_reader *read; /* NULL: known, not supported: a warning */
	size_t offset;        /* of what is read, in the structure */
};

/*
 * Loads the text, whose root is a mapping (NULL if it is empty), and reads it by `keys`. All but
 * `document` of `yaml` is set.
 */
int pt_yaml_read(struct pt_yaml *yaml, const char *text, size_t length,
	const struct pt_yaml_key *keys, size_t count, void *to);

/* ---- for readers ---- */

int pt_yaml_map(struct pt_yaml *yaml, yaml_node_t *node, const struct pt_yaml_key *keys,
	size_t count, void *to);
/*
 * A list, or nothing: *items becomes an array of `size` bytes each, zeroed, and each is read into
 * its place.
 */
int pt_yaml_list(struct pt_yaml *yaml, yaml_node_t *node, pt_yaml_reader *read, size_t size,
	void **items, size_t *count);
/* Describes a mistake at the node; returns PITOT_BAD_CONFIG. */
int pt_yaml_fail(struct pt_yaml *yaml, const yaml_node_t *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void pt_yaml_warn(struct pt_yaml *yaml, const yaml_node_t *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int pt_yaml_memory(struct pt_yaml *yaml);
/* The line a node begins in, from 1. */
unsigned pt_yaml_line(const yaml_node_t *node);
/* A hash of all that the node says: equal for equal text. */
uint64_t pt_yaml_hash(struct pt_yaml *yaml, const yaml_node_t *node);
/* "null" or nothing. */
bool pt_yaml_is_null(const yaml_node_t *node);

/* const char *: any scalar. */
pt_yaml_reader pt_yaml_text;
/* const char *: with ${NAME} of the environment; below the file's folder unless it is absolute. */
pt_yaml_reader pt_yaml_path;
/* const char *: with ${NAME} of the environment. */
pt_yaml_reader pt_yaml_expanded;
/* bool */
pt_yaml_reader pt_yaml_bool;
/* int64_t: milliseconds, above 0. */
pt_yaml_reader pt_yaml_duration;
/* int64_t: 0 or more. */
pt_yaml_reader pt_yaml_count;
/* uint64_t: bytes, such as 10MB. */
pt_yaml_reader pt_yaml_size;

struct pt_yaml_labels {
	struct pitot_label *list;
	size_t count;
};
/* struct pt_yaml_labels: names and values. */
pt_yaml_reader pt_yaml_labels;
/* The same with ${NAME} of the environment in the values. */
pt_yaml_reader pt_yaml_expanded_labels;

struct pt_yaml_texts {
	const char **list;
	size_t count;
};
/* struct pt_yaml_texts: a list of scalars. */
pt_yaml_reader pt_yaml_texts;

#endif
