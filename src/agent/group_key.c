/* SPDX-License-Identifier: MIT */
/* Reading paths of groups. A mistake is told in the words of a Pushgateway where it has some. */
#include "agent/group_key.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include <string.h>

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; NULL if it is damaged or holds a NUL. */
static char *
percent_decode(char *text)
{
	char *to = text;
	for (const char *at = text; *at != '\0'; at++) {
		char c = *at;
		if (c == '%') {
			int high = digit(at[1]), low = high < 0 ? -1 : digit(at[2]);
			if (low < 0)
				return NULL;
			c = (char)(high << 4 | low);
			at += 2;
		}
		if (c == '\0')
			return NULL;
		*to++ = c;
	}
	*to = '\0';
	return text;
}

static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-' || c == '+')
		return 62;
	return c == '_' || c == '/' ? 63 : -1;
}

/* base64url, padded or not, in place; NULL if it is damaged or holds a NUL. */
static char *
base64_decode(char *text)
{
	char *to = text;
	size_t length = strlen(text);
	unsigned bits = 0, held = 0;
	while (length > 0 && text[length - 1] == '=')
		length--;
	if (length % 4 == 1)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		int value = sextet(text[i]);
		if (value < 0)
			return NULL;
		bits = (bits << 6 | (unsigned)value) & 0xffff;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		char c = (char)(bits >> held & 0xff);
		if (c == '\0')
			return NULL;
		*to++ = c;
	}
	*to = '\0';
	return text;
}

/* The next component of the path, decoded; *path moves behind its slash, or becomes NULL. */
static char *
take(char **path)
{
	char *part = *path, *slash = strchr(part, '/');
	*path = slash == NULL ? NULL : slash + 1;
	if (slash != NULL)
		*slash = '\0';
	return percent_decode(part);
}

static const char *
read_pair(char **path, struct pt_label *pair)
{
	static const char mark[] = "@base64";
	char *name = take(path);
	if (name == NULL || name[0] == '\0')
		return "an empty or damaged label name in the path";
	if (*path == NULL)
		return "odd number of components in label string";
	char *value = take(path);
	size_t length = pt_name_without(name, strlen(name), mark);
	if (name[length] != '\0') {
		name[length] = '\0';
		value = value == NULL ? NULL : base64_decode(value);
	}
	if (value == NULL || !pt_utf8_valid(value, strlen(value)))
		return "a damaged label value in the path";
	if (!pt_name_is_label(name, length, true) || strncmp(name, "__", 2) == 0)
		return "improper label name in the path";
	*pair = pt_label_of(name, value);
	return NULL;
}

static struct pt_labels *
read_key(char *path, struct pitot_error *why)
{
	struct pt_label pairs[PT_LIMIT_LABELS];
	size_t count = 0;
	const char *problem = NULL;
	while (path != NULL && path[0] != '\0' && problem == NULL) {
		if (count == PT_LIMIT_LABELS)
			problem = "too many labels in the path";
		else
			problem = read_pair(&path, &pairs[count++]);
	}
	if (problem == NULL &&
		(count == 0 || strcmp(pairs[0].name, "job") != 0 || pairs[0].value_length == 0))
		problem = "job name is required";
	if (problem == NULL && pt_labels_duplicate(pairs, count) != NULL)
		problem = "a label is in the path twice";
	if (problem != NULL) {
		(void)pt_error_set(why, PITOT_BAD_INPUT, "%s", problem);
		return NULL;
	}
	struct pt_labels *labels = pt_labels_new(pairs, count);
	if (labels == NULL)
		(void)pt_error_memory(why);
	return labels;
}

struct pt_labels *
pt_group_key(const char *path, struct pitot_error *why)
{
	static const char prefix[] = "/metrics/";
	if (strncmp(path, prefix, sizeof prefix - 1) != 0) {
		(void)pt_error_set(why, PITOT_NO_INPUT, "there is nothing at %s", path);
		return NULL;
	}
	struct pt_arena arena = {0};
	char *copy =
		pt_arena_copy(&arena, path + sizeof prefix - 1, strlen(path) - (sizeof prefix - 1));
	struct pt_labels *labels = copy == NULL ? NULL : read_key(copy, why);
	if (copy == NULL)
		(void)pt_error_memory(why);
	pt_arena_clear(&arena);
	return labels;
}
