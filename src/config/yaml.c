/* SPDX-License-Identifier: MIT */
/*
 * Reading YAML over libyaml. Fails on text that is not YAML, on keys that are not known, given
 * twice or have a value of another kind, and when memory is out.
 */
#include "config/yaml.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include <pitot/config.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { depth_most = 32 };

/* ---- mistakes ---- */

unsigned
pt_yaml_line(const yaml_node_t *node)
{
	return (unsigned)node->start_mark.line + 1;
}

int
pt_yaml_fail(struct pt_yaml *yaml, const yaml_node_t *node, const char *format, ...)
{
	char text[PITOT_ERROR_TEXT];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	unsigned column = (unsigned)node->start_mark.column + 1;
	int code = pt_error_set(yaml->why, PITOT_BAD_CONFIG, "%s:%u:%u: %s", yaml->name,
		pt_yaml_line(node), column, text);
	if (yaml->why != NULL) {
		yaml->why->line = pt_yaml_line(node);
		yaml->why->column = column;
	}
	return code;
}

void
pt_yaml_warn(struct pt_yaml *yaml, const yaml_node_t *node, const char *format, ...)
{
	char text[PITOT_ERROR_TEXT], placed[2 * PITOT_ERROR_TEXT];
	if (yaml->warn == NULL)
		return;
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	(void)snprintf(placed, sizeof placed, "%s:%u:%u: %s", yaml->name, pt_yaml_line(node),
		(unsigned)node->start_mark.column + 1, text);
	yaml->warn(yaml->context, placed);
}

int
pt_yaml_memory(struct pt_yaml *yaml)
{
	return pt_error_memory(yaml->why);
}

/* ---- maps ---- */

static const char *
scalar(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* Aliases may form a ring, hence the limit. */
static uint64_t
hash_node(struct pt_yaml *yaml, const yaml_node_t *node, uint64_t hash, unsigned depth)
{
	hash = pt_hash(&node->type, sizeof node->type, hash);
	if (depth == 0)
		return hash;
	if (node->type == YAML_SCALAR_NODE)
		return pt_hash(node->data.scalar.value, node->data.scalar.length, hash);
	if (node->type == YAML_SEQUENCE_NODE)
		for (yaml_node_item_t *item = node->data.sequence.items.start;
			item < node->data.sequence.items.top; item++)
			hash = hash_node(yaml, yaml_document_get_node(&yaml->document, *item), hash,
				depth - 1);
	if (node->type == YAML_MAPPING_NODE)
		for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
			pair < node->data.mapping.pairs.top; pair++) {
			hash = hash_node(yaml, yaml_document_get_node(&yaml->document, pair->key),
				hash, depth - 1);
			hash = hash_node(yaml, yaml_document_get_node(&yaml->document, pair->value),
				hash, depth - 1);
		}
	return hash;
}

uint64_t
pt_yaml_hash(struct pt_yaml *yaml, const yaml_node_t *node)
{
	return hash_node(yaml, node, 0, 12);
}

bool
pt_yaml_is_null(const yaml_node_t *node)
{
	const char *text = scalar(node);
	return text != NULL && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		(text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static int
unknown_key(
	struct pt_yaml *yaml, const yaml_node_t *node, const struct pt_yaml_key *keys, size_t count)
{
	const char *names[64], *name = scalar(node);
	for (size_t i = 0; i < count && i < 64; i++)
		names[i] = keys[i].name;
	const char *nearest = pitot_nearest(name, names, count < 64 ? count : 64);
	if (nearest == NULL)
		return pt_yaml_fail(yaml, node, "there is no key \"%s\" here", name);
	return pt_yaml_fail(
		yaml, node, "there is no key \"%s\" here; did you mean \"%s\"?", name, nearest);
}

static int
check_twice(struct pt_yaml *yaml, const yaml_node_t *map, const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = yaml_document_get_node(&yaml->document, pair->key);
	for (const yaml_node_pair_t *other = map->data.mapping.pairs.start; other < pair; other++) {
		const yaml_node_t *before = yaml_document_get_node(&yaml->document, other->key);
		if (strcmp(scalar(before), scalar(key)) == 0)
			return pt_yaml_fail(yaml, key,
				"the key \"%s\" is here twice: also in line %u", scalar(key),
				pt_yaml_line(before));
	}
	return 0;
}

static int
read_pair(struct pt_yaml *yaml, yaml_node_t *key, yaml_node_t *value,
	const struct pt_yaml_key *keys, size_t count, void *to)
{
	size_t at = 0;
	while (at < count && strcmp(keys[at].name, scalar(key)) != 0)
		at++;
	if (at == count)
		return unknown_key(yaml, key, keys, count);
	if (keys[at].read == NULL) {
		pt_yaml_warn(yaml, key, "\"%s\" is known, but not supported: it is ignored",
			scalar(key));
		return 0;
	}
	return pt_yaml_is_null(value) ? 0
				      : keys[at].read(yaml, value, (char *)to + keys[at].offset);
}

/* The next key of the map, checked; NULL after *code was set. */
static yaml_node_t *
key_of(struct pt_yaml *yaml, const yaml_node_t *map, const yaml_node_pair_t *pair, int *code)
{
	yaml_node_t *key = yaml_document_get_node(&yaml->document, pair->key);
	if (scalar(key) == NULL)
		*code = pt_yaml_fail(yaml, key, "expected a key, found a list or a map");
	else
		*code = check_twice(yaml, map, pair);
	return *code == 0 ? key : NULL;
}

int
pt_yaml_map(struct pt_yaml *yaml, yaml_node_t *node, const struct pt_yaml_key *keys, size_t count,
	void *to)
{
	int code = 0;
	if (pt_yaml_is_null(node))
		return 0;
	if (node->type != YAML_MAPPING_NODE)
		return pt_yaml_fail(yaml, node, "expected a map of keys, found a %s",
			scalar(node) != NULL ? "text" : "list");
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		code == 0 && pair < node->data.mapping.pairs.top; pair++) {
		yaml_node_t *key = key_of(yaml, node, pair, &code);
		if (key != NULL)
			code = read_pair(yaml, key,
				yaml_document_get_node(&yaml->document, pair->value), keys, count,
				to);
	}
	return code;
}

int
pt_yaml_list(struct pt_yaml *yaml, yaml_node_t *node, pt_yaml_reader *read, size_t size,
	void **items, size_t *count)
{
	if (node->type != YAML_SEQUENCE_NODE)
		return pt_yaml_fail(yaml, node, "expected a list, found a %s",
			scalar(node) != NULL ? "text" : "map");
	size_t length = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	char *list = pt_arena_alloc(yaml->arena, (length + 1) * size);
	if (list == NULL)
		return pt_yaml_memory(yaml);
	memset(list, 0, (length + 1) * size);
	*items = list;
	*count = length;
	int code = 0;
	for (size_t i = 0; code == 0 && i < length; i++)
		code = read(yaml,
			yaml_document_get_node(&yaml->document, node->data.sequence.items.start[i]),
			list + i * size);
	return code;
}

/* ---- scalars ---- */

static int
expect(struct pt_yaml *yaml, const yaml_node_t *node, const char *what)
{
	const char *text = scalar(node);
	if (text == NULL)
		return pt_yaml_fail(yaml, node, "expected %s, found a %s", what,
			node->type == YAML_SEQUENCE_NODE ? "list" : "map");
	return pt_yaml_fail(yaml, node, "expected %s, found \"%.60s\"", what, text);
}

/* NULL after it was told. */
static const char *
copy(struct pt_yaml *yaml, const char *text, size_t length)
{
	const char *made = pt_arena_copy(yaml->arena, text, length);
	if (made == NULL)
		(void)pt_yaml_memory(yaml);
	return made;
}

int
pt_yaml_text(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	const char **text = to;
	if (scalar(node) == NULL)
		return expect(yaml, node, "a text");
	if (strlen(scalar(node)) != node->data.scalar.length)
		return pt_yaml_fail(yaml, node, "the text has a NUL");
	*text = copy(yaml, scalar(node), node->data.scalar.length);
	return *text == NULL ? PITOT_NO_MEMORY : 0;
}

int
pt_yaml_expanded(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	const char **text = to;
	const char *from = scalar(node);
	char out[8192];
	size_t length = 0;
	if (from == NULL)
		return expect(yaml, node, "a text");
	while (*from != '\0') {
		const char *part = from, *end = strchr(from, '}');
		size_t size = 1;
		char name[128];
		if (strncmp(from, "$$", 2) == 0) {
			from += 2;
		} else if (strncmp(from, "${", 2) == 0 && end != NULL &&
			(size_t)(end - from) < sizeof name) {
			(void)snprintf(name, sizeof name, "%.*s", (int)(end - from - 2), from + 2);
			part = getenv(name);
			if (part == NULL)
				return pt_yaml_fail(
					yaml, node, "the environment has no variable \"%s\"", name);
			size = strlen(part);
			from = end + 1;
		} else {
			from++;
		}
		if (length + size >= sizeof out)
			return pt_yaml_fail(
				yaml, node, "the text is longer than %zu bytes", sizeof out);
		memcpy(out + length, part, size);
		length += size;
	}
	*text = copy(yaml, out, length);
	return *text == NULL ? PITOT_NO_MEMORY : 0;
}

int
pt_yaml_path(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const char short_form[] = "credential:";
	const char **path = to, *folder = NULL;
	int code = pt_yaml_expanded(yaml, node, to);
	if (code != 0)
		return code;
	const char *name = *path, *slash = strrchr(yaml->name, '/');
	int length = slash == NULL ? 0 : (int)(slash - yaml->name);
	if (strncmp(name, short_form, sizeof short_form - 1) == 0) {
		folder = getenv("CREDENTIALS_DIRECTORY");
		name += sizeof short_form - 1;
		if (folder == NULL)
			return pt_yaml_fail(yaml, node,
				"\"%s\" needs $CREDENTIALS_DIRECTORY, which systemd sets where a "
				"unit has LoadCredential=",
				*path);
		length = (int)strlen(folder);
	} else if (name[0] == '/' || slash == NULL) {
		return 0;
	} else {
		folder = yaml->name;
	}
	char *joined = NULL;
	if (asprintf(&joined, "%.*s/%s", length, folder, name) < 0)
		return pt_yaml_memory(yaml);
	*path = copy(yaml, joined, strlen(joined));
	free(joined);
	return *path == NULL ? PITOT_NO_MEMORY : 0;
}

int
pt_yaml_bool(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	bool *value = to;
	const char *text = scalar(node);
	if (text != NULL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
		*value = text[0] == 't';
		return 0;
	}
	return expect(yaml, node, "true or false");
}

int
pt_yaml_duration(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	int64_t *ms = to, read = 0;
	const char *text = scalar(node);
	if (text == NULL || pitot_duration_parse(text, &read, NULL) != 0 || read <= 0)
		return expect(yaml, node, "a time such as 15s or 1h30m");
	*ms = read;
	return 0;
}

int
pt_yaml_count(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	int64_t *value = to;
	const char *text = scalar(node);
	size_t length = text == NULL ? 0 : strspn(text, "0123456789");
	if (length == 0 || length > 15 || text[length] != '\0')
		return expect(yaml, node, "a whole number, 0 or more");
	*value = strtoll(text, NULL, 10);
	return 0;
}

int
pt_yaml_size(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = {{"", 1}, {"B", 1}, {"KB", 1024}, {"KiB", 1024}, {"MB", 1 << 20},
		{"MiB", 1 << 20}, {"GB", 1 << 30}, {"GiB", 1 << 30}};
	uint64_t *value = to;
	const char *text = scalar(node);
	size_t length = text == NULL ? 0 : strspn(text, "0123456789");
	for (size_t i = 0; length > 0 && length < 10 && i < sizeof units / sizeof units[0]; i++)
		if (strcmp(text + length, units[i].unit) == 0) {
			*value = strtoull(text, NULL, 10) * units[i].bytes;
			return 0;
		}
	return expect(yaml, node, "a size such as 512KB or 10MB");
}

/* ---- lists of them ---- */

static int
read_labels(struct pt_yaml *yaml, yaml_node_t *node, struct pt_yaml_labels *labels,
	pt_yaml_reader *read)
{
	if (node->type != YAML_MAPPING_NODE)
		return expect(yaml, node, "a map of names and texts");
	size_t count = (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
	int code = 0;
	labels->list = pt_arena_alloc(yaml->arena, (count + 1) * sizeof labels->list[0]);
	labels->count = 0;
	if (labels->list == NULL)
		return pt_yaml_memory(yaml);
	for (size_t i = 0; code == 0 && i < count; i++) {
		yaml_node_pair_t *pair = node->data.mapping.pairs.start + i;
		yaml_node_t *key = key_of(yaml, node, pair, &code);
		struct pitot_label *label = &labels->list[i];
		if (key == NULL)
			return code;
		code = pt_yaml_text(yaml, key, &label->name);
		if (code == 0)
			code = read(yaml, yaml_document_get_node(&yaml->document, pair->value),
				&label->value);
		labels->count++;
	}
	return code;
}

int
pt_yaml_labels(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	return read_labels(yaml, node, to, pt_yaml_text);
}

int
pt_yaml_expanded_labels(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	return read_labels(yaml, node, to, pt_yaml_expanded);
}

int
pt_yaml_texts(struct pt_yaml *yaml, yaml_node_t *node, void *to)
{
	struct pt_yaml_texts *texts = to;
	void *list = NULL;
	int code =
		pt_yaml_list(yaml, node, pt_yaml_text, sizeof texts->list[0], &list, &texts->count);
	texts->list = list;
	return code;
}

/* ---- all of it ---- */

/* libyaml tells the problem and its mark apart. */
static int
tell_parser(struct pt_yaml *yaml, const yaml_parser_t *parser)
{
	const yaml_mark_t *mark = &parser->problem_mark;
	if (parser->error == YAML_MEMORY_ERROR)
		return pt_yaml_memory(yaml);
	int code = pt_error_set(yaml->why, PITOT_BAD_CONFIG, "%s:%zu:%zu: not YAML: %s", yaml->name,
		mark->line + 1, mark->column + 1,
		parser->problem != NULL ? parser->problem : "unknown problem");
	if (yaml->why != NULL) {
		yaml->why->line = (unsigned)mark->line + 1;
		yaml->why->column = (unsigned)mark->column + 1;
	}
	return code;
}

/*
 * Nothing of ours is nested deeply, and libyaml's time grows with the square of the depth. A second
 * document would be ignored without a word.
 */
static int
check_shape(struct pt_yaml *yaml, yaml_parser_t *parser)
{
	const char *problem = NULL;
	unsigned depth = 0, documents = 0;
	for (bool ended = false; !ended && problem == NULL;) {
		yaml_event_t event;
		if (yaml_parser_parse(parser, &event) == 0)
			return tell_parser(yaml, parser);
		ended = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_SEQUENCE_START_EVENT ||
			event.type == YAML_MAPPING_START_EVENT)
			problem = ++depth > depth_most ? "it is nested too deeply" : NULL;
		else if (event.type == YAML_SEQUENCE_END_EVENT ||
			event.type == YAML_MAPPING_END_EVENT)
			depth--;
		else if (event.type == YAML_DOCUMENT_START_EVENT)
			problem = ++documents > 1 ? "a second document begins here" : NULL;
		if (problem != NULL)
			(void)pt_error_set(yaml->why, PITOT_BAD_CONFIG, "%s:%zu:%zu: %s",
				yaml->name, event.start_mark.line + 1, event.start_mark.column + 1,
				problem);
		yaml_event_delete(&event);
	}
	return problem == NULL ? 0 : PITOT_BAD_CONFIG;
}

int
pt_yaml_read(struct pt_yaml *yaml, const char *text, size_t length, const struct pt_yaml_key *keys,
	size_t count, void *to)
{
	yaml_parser_t parser;
	if (yaml_parser_initialize(&parser) == 0)
		return pt_yaml_memory(yaml);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	int code = check_shape(yaml, &parser);
	yaml_parser_delete(&parser);
	if (code != 0)
		return code;
	if (yaml_parser_initialize(&parser) == 0)
		return pt_yaml_memory(yaml);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	if (yaml_parser_load(&parser, &yaml->document) == 0) {
		code = tell_parser(yaml, &parser);
	} else {
		yaml_node_t *root = yaml_document_get_root_node(&yaml->document);
		if (root != NULL)
			code = pt_yaml_map(yaml, root, keys, count, to);
		yaml_document_delete(&yaml->document);
	}
	yaml_parser_delete(&parser);
	return code;
}
