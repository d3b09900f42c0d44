/* SPDX-License-Identifier: MIT */
/*
 * Labels as a JSON object, read by libjansson. It fails on text that is not JSON, on anything but
 * strings inside, on names that no label may have, on names that stand twice, beyond the limits.
 */
#include "config/json.h"

#include "base/error.h"
#include "base/limits.h"
#include <jansson.h>
#include <string.h>

static bool
is_label_name(const char *name)
{
	size_t digits = strspn(name, "0123456789");
	size_t plain =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
	return digits == 0 && plain > 0 && name[plain] == '\0' && strncmp(name, "__", 2) != 0;
}

static int
check_label(const char *name, const json_t *value, size_t number, struct pitot_error *why)
{
	if (!is_label_name(name))
		return pt_error_set(why, PITOT_BAD_CONFIG,
			"label %zu, \"%.64s\": a name is letters, digits and _, begins with no "
			"digit, and "
			"not with __",
			number, name);
	if (!json_is_string(value))
		return pt_error_set(why, PITOT_BAD_CONFIG,
			"label %zu, \"%.64s\": the value must be a string in quotes", number, name);
	if (strlen(name) > PT_LIMIT_NAME || json_string_length(value) > PT_LIMIT_VALUE)
		return pt_error_set(why, PITOT_BAD_CONFIG,
			"label %zu, \"%.64s\": longer than %zu bytes (name) or %zu bytes (value)",
			number, name, PT_LIMIT_NAME, PT_LIMIT_VALUE);
	return 0;
}

static int
copy_labels(
	struct pt_arena *arena, json_t *object, struct pitot_label *labels, struct pitot_error *why)
{
	size_t count = 0;
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value)
	{
		int code = check_label(name, value, count + 1, why);
		if (code != 0)
			return code;
		struct pitot_label *label = &labels[count++];
		label->name = pt_arena_copy(arena, name, strlen(name));
		label->value =
			pt_arena_copy(arena, json_string_value(value), json_string_length(value));
		if (label->name == NULL || label->value == NULL)
			return pt_error_memory(why);
	}
	return 0;
}

static int
tell_syntax(const json_error_t *error, struct pitot_error *why)
{
	enum json_error_code code = json_error_code(error);
	if (code == json_error_out_of_memory)
		return pt_error_memory(why);
	/* jansson's own words name an option of its own. */
	if (code == json_error_null_character || code == json_error_null_byte_in_key)
		return pt_error_set(why, PITOT_BAD_CONFIG,
			"line %d, column %d: \\u0000 cannot be part of a label", error->line,
			error->column);
	return pt_error_set(why, PITOT_BAD_CONFIG, "line %d, column %d: %s", error->line,
		error->column, error->text);
}

int
pt_json_labels(struct pt_arena *arena, const char *text, const struct pitot_label **labels,
	size_t *count, struct pitot_error *why)
{
	json_error_t error;
	/* Any value, because "expected an object" is clearer than what jansson says of others. */
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (object == NULL)
		return tell_syntax(&error, why);
	int code = 0;
	size_t found = json_object_size(object);
	struct pitot_label *list = pt_arena_alloc(arena, found * sizeof *list);
	if (!json_is_object(object))
		code = pt_error_set(why, PITOT_BAD_CONFIG, "expected an object in { }");
	else if (found > PT_LIMIT_LABELS)
		code = pt_error_set(why, PITOT_BAD_CONFIG, "%zu labels; at most %d are allowed",
			found, PT_LIMIT_LABELS);
	else if (list == NULL)
		code = pt_error_memory(why);
	else
		code = copy_labels(arena, object, list, why);
	json_decref(object);
	if (code != 0)
		return code;
	*labels = list;
	*count = found;
	return 0;
}
