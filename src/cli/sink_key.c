/* SPDX-License-Identifier: MIT */
/*
 * The grouping key in the path of a Pushgateway: /job/<v>{/<label>/<v>}, each name perhaps with
 * @base64 (specs/pushgateway 3). A path that a gateway refuses leaves `error`, and what was read.
 */
#include "cli/sink.h"

#include <stdlib.h>
#include <string.h>

static struct sink_span
take_part(struct sink_span *path)
{
	const char *slash = path->length > 0 ? memchr(path->at, '/', path->length) : NULL;
	size_t length = slash != NULL ? (size_t)(slash - path->at) : path->length;
	struct sink_span part = {path->at, length};
	length += slash != NULL;
	path->at += length;
	path->length -= length;
	return part;
}

/* Percent-encoding first, as a gateway does it. */
static char *
decode_value(const struct sink_key_label *label, size_t *length)
{
	size_t plain_length;
	char *plain = sink_percent_decode(label->raw_value, &plain_length);
	if (plain == NULL || !label->base64) {
		*length = plain_length;
		return plain;
	}
	char *value = sink_base64url_decode((struct sink_span){plain, plain_length}, length);
	free(plain);
	return value;
}

static const char *
check_label(const struct sink_key_label *label)
{
	if (label->name == NULL || label->value == NULL)
		return label->base64 ? "invalid base64url encoding" : "invalid percent-encoding";
	if (!sink_is_label_name((struct sink_span){label->name, label->name_length}) ||
		strncmp(label->name, "__", 2) == 0)
		return "improper label name";
	if (!label->base64 && strchr(label->value, '/') != NULL)
		return "a slash in a value needs @base64";
	return NULL;
}

static void
add_label(struct sink_key *key, struct sink_span name, struct sink_span value)
{
	static const char mark[] = "@base64";
	struct sink_key_label *label = &key->labels[key->count++];
	*label = (struct sink_key_label){.raw_name = name, .raw_value = value};
	if (sink_span_ends(name, mark)) {
		label->base64 = true;
		label->raw_name.length -= strlen(mark);
	}
	label->name = sink_percent_decode(label->raw_name, &label->name_length);
	label->value = decode_value(label, &label->value_length);
	if (key->error == NULL)
		key->error = check_label(label);
}

void
sink_key_read(struct sink_key *key, struct sink_span path)
{
	*key = (struct sink_key){0};
	bool more = path.length > 0;
	while (more && key->count < SINK_LIMIT_LABELS) {
		struct sink_span name = take_part(&path);
		/* A slash stood behind the name even if the value is empty. */
		bool odd = path.at[-1] != '/' && path.length == 0;
		if (name.length == 0 || odd) {
			if (key->error == NULL)
				key->error = odd ? "odd number of components in the path"
						 : "an empty component in the path";
			return;
		}
		struct sink_span value = take_part(&path);
		more = path.length > 0;
		add_label(key, name, value);
	}
	if (more)
		key->error = "too many labels in the path";
	if (key->error == NULL && (key->count == 0 || key->labels[0].value_length == 0))
		key->error = "job name is required";
}

void
sink_key_clear(struct sink_key *key)
{
	for (size_t i = 0; i < key->count; i++) {
		free(key->labels[i].name);
		free(key->labels[i].value);
	}
	key->count = 0;
}

const struct sink_key_label *
sink_key_find(const struct sink_key *key, struct sink_span name)
{
	/* The last of equal names wins. */
	for (size_t i = key->count; i > 0; i--) {
		const struct sink_key_label *label = &key->labels[i - 1];
		if (label->name != NULL &&
			sink_span_equal((struct sink_span){label->name, label->name_length}, name))
			return label;
	}
	return NULL;
}

static int
compare_names(const void *left, const void *right)
{
	const struct sink_key_label *const *a = left, *const *b = right;
	return strcmp((*a)->name, (*b)->name);
}

void
sink_key_text(const struct sink_key *key, struct sink_text *out)
{
	const struct sink_key_label *sorted[SINK_LIMIT_LABELS];
	size_t count = 0;
	for (size_t i = 0; i < key->count; i++) {
		const struct sink_key_label *label = &key->labels[i];
		if (label->name != NULL && label->value != NULL &&
			sink_key_find(key, SPAN(label->name)) == label)
			sorted[count++] = label;
	}
	qsort(sorted, count, sizeof *sorted, compare_names);
	sink_text_str(out, "{");
	for (size_t i = 0; i < count; i++) {
		sink_text_format(out, "%s%s=\"", i > 0 ? "," : "", sorted[i]->name);
		sink_text_escaped(
			out, (struct sink_span){sorted[i]->value, sorted[i]->value_length});
		sink_text_str(out, "\"");
	}
	sink_text_str(out, "}");
}
