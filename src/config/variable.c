/* SPDX-License-Identifier: MIT */
/*
 * One variable of the environment at a time, as a value of some kind. A value that is not of its
 * kind is PITOT_BAD_CONFIG, with a text that names the variable, the value unless it may be secret,
 * and what is expected; it sticks, and nothing is found after it.
 */
#include "config/variable.h"

#include "base/endpoint.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "config/json.h"
#include "config/pairs.h"
#include <pitot/config.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- finding and refusing ---- */

/* The full name: one that begins with '_' is ours. */
static const char *
full_name(struct pt_variables *variables, const char *name)
{
	if (name[0] != '_')
		return name;
	size_t before = strlen(variables->prefix), after = strlen(name);
	char *full = pt_arena_alloc(&variables->arena, before + after + 1);
	if (full == NULL) {
		(void)pt_error_memory(&variables->error);
		return NULL;
	}
	memcpy(full, variables->prefix, before);
	memcpy(full + before, name, after + 1);
	return full;
}

bool
pt_variable_find(struct pt_variables *variables, const char *name, struct pt_variable *found)
{
	if (variables->error.code != 0)
		return false;
	const char *full = full_name(variables, name);
	const char *value = full == NULL ? NULL : getenv(full);
	if (value == NULL || *value == '\0')
		return false;
	*found = (struct pt_variable){full, pt_arena_copy(&variables->arena, value, strlen(value))};
	if (found->value != NULL)
		return true;
	(void)pt_error_memory(&variables->error);
	return false;
}

static void
refuse(struct pt_variables *variables, const struct pt_variable *variable, const char *expected)
{
	(void)pt_error_set(&variables->error, PITOT_BAD_CONFIG, "%s=\"%.64s\": %s", variable->name,
		variable->value, expected);
}

/* For values that may be secret, and those that cannot be shown. */
static void
refuse_unseen(
	struct pt_variables *variables, const struct pt_variable *variable, const char *expected)
{
	(void)pt_error_set(&variables->error, PITOT_BAD_CONFIG, "%s: %s", variable->name, expected);
}

/* The error comes from a parser: puts the variable, and perhaps its value, before it. */
static void
name_culprit(struct pt_variables *variables, const struct pt_variable *variable, bool show)
{
	if (variables->error.code == PITOT_NO_MEMORY)
		return;
	variables->error.code = PITOT_BAD_CONFIG;
	if (show)
		(void)pt_error_wrap(
			&variables->error, "%s=\"%.64s\"", variable->name, variable->value);
	else
		(void)pt_error_wrap(&variables->error, "%s", variable->name);
}

/* ---- kinds of values ---- */

bool
pt_variable_is(const char *text, size_t length, const char *word)
{
	if (length != strlen(word))
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
		if (c != word[i])
			return false;
	}
	return true;
}

int
pt_variable_choice(struct pt_variables *variables, const char *name,
	const struct pt_choice *choices, size_t count, int otherwise, const char *expected)
{
	struct pt_variable found;
	if (!pt_variable_find(variables, name, &found))
		return otherwise;
	for (size_t i = 0; i < count; i++)
		if (pt_variable_is(found.value, strlen(found.value), choices[i].word))
			return choices[i].value;
	refuse(variables, &found, expected);
	return otherwise;
}

bool
pt_variable_bool(struct pt_variables *variables, const char *name, bool otherwise)
{
	static const struct pt_choice choices[] = {{"true", 1}, {"1", 1}, {"yes", 1}, {"on", 1},
		{"false", 0}, {"0", 0}, {"no", 0}, {"off", 0}};
	return pt_variable_choice(variables, name, choices, COUNT(choices), otherwise,
		       "expected true, false, 1, 0, yes, no, on or off") != 0;
}

const char *
pt_variable_text(struct pt_variables *variables, const char *name)
{
	struct pt_variable found;
	if (!pt_variable_find(variables, name, &found))
		return NULL;
	if (pt_utf8_valid(found.value, strlen(found.value)))
		return found.value;
	refuse_unseen(variables, &found, "the value is not valid UTF-8");
	return NULL;
}

const char *
pt_variable_path(struct pt_variables *variables, const char *name)
{
	struct pt_variable found;
	return pt_variable_find(variables, name, &found) ? found.value : NULL;
}

const char *
pt_variable_metric_prefix(struct pt_variables *variables, const char *name)
{
	struct pt_variable found;
	if (!pt_variable_find(variables, name, &found))
		return NULL;
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
	if (strspn(found.value, "0123456789") == 0 &&
		found.value[strspn(found.value, allowed)] == '\0')
		return found.value;
	refuse(variables, &found,
		"expected letters, digits, _ and :, not beginning with a digit, for example "
		"mailer_");
	return NULL;
}

int64_t
pt_variable_duration(struct pt_variables *variables, const char *name)
{
	struct pt_variable found;
	int64_t ms = 0;
	if (!pt_variable_find(variables, name, &found))
		return 0;
	if (pitot_duration_parse(found.value, &ms, &variables->error) != 0) {
		name_culprit(variables, &found, false); /* the text begins with the value */
	} else if (ms == 0) {
		refuse(variables, &found, "expected a duration above 0, for example 15s");
	}
	return ms;
}

int64_t
pt_variable_milliseconds(struct pt_variables *variables, const char *name)
{
	struct pt_variable found;
	if (!pt_variable_find(variables, name, &found))
		return 0;
	int64_t ms = 0;
	const char *at = found.value;
	for (; *at >= '0' && *at <= '9' && ms <= PT_LIMIT_DURATION_MS; at++)
		ms = ms * 10 + (*at - '0');
	if (*at == '\0' && ms > 0 && ms <= PT_LIMIT_DURATION_MS)
		return ms;
	refuse(variables, &found,
		"expected a whole number of milliseconds above 0, for example 15000");
	return 0;
}

bool
pt_variable_port(struct pt_variables *variables, const char *name, uint16_t *port)
{
	struct pt_variable found;
	if (!pt_variable_find(variables, name, &found))
		return false;
	/* Kubernetes sets NAME_PORT=tcp://… for every service: nobody meant us. */
	if (strncmp(found.value, "tcp://", 6) == 0)
		return false;
	unsigned number = 0;
	const char *at = found.value;
	for (; *at >= '0' && *at <= '9' && number <= UINT16_MAX; at++)
		number = number * 10 + (unsigned)(*at - '0');
	if (*at != '\0' || number > UINT16_MAX)
		refuse(variables, &found, "expected a port, 1 to 65535, or 0 for a free one");
	*port = (uint16_t)number;
	return true;
}

const char *
pt_variable_address(struct pt_variables *variables, const char *name)
{
	struct pt_variable found;
	struct sockaddr_storage at;
	socklen_t length;
	if (!pt_variable_find(variables, name, &found))
		return NULL;
	if (!pt_endpoint_address(found.value, 0, &at, &length))
		refuse(variables, &found,
			"expected an address in digits, for example 127.0.0.1, 0.0.0.0 or ::");
	return found.value;
}

const char *
pt_variable_url_path(struct pt_variables *variables, const char *name)
{
	struct pt_variable found;
	if (!pt_variable_find(variables, name, &found))
		return NULL;
	if (!pt_endpoint_path(found.value))
		refuse(variables, &found,
			"expected / and letters, digits or any of /._~- behind it, for example "
			"/metrics");
	return found.value;
}

void
pt_variable_labels(struct pt_variables *variables, const char *name,
	const struct pitot_label **labels, size_t *count)
{
	struct pt_variable found;
	if (pt_variable_find(variables, name, &found) &&
		pt_json_labels(&variables->arena, found.value, labels, count, &variables->error) !=
			0)
		name_culprit(variables, &found, true);
}

void
pt_variable_pairs(struct pt_variables *variables, const char *name,
	const struct pitot_label **pairs, size_t *count)
{
	struct pt_variable found;
	if (pt_variable_find(variables, name, &found) &&
		pt_pairs_parse(&variables->arena, found.value, pairs, count, &variables->error) !=
			0)
		name_culprit(variables, &found, false); /* may be secret */
}

/* ---- URLs ---- */

/* The bytes of "scheme://" that the URL begins with, or 0. */
static size_t
scheme_length(const char *url)
{
	size_t length =
		strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
	return length > 0 && strncmp(url + length, "://", 3) == 0 ? length + 3 : 0;
}

/* Says what is wrong with a URL without what may be secret: user, password, query and fragment. */
static void
refuse_url(struct pt_variables *variables, const struct pt_variable *variable, const char *expected)
{
	const char *url = variable->value, *at = strrchr(url, '@');
	size_t scheme = scheme_length(url);
	/* The last '@' anywhere, as a password may hold what looks like the end of the host. */
	const char *rest = at != NULL ? at + 1 : url + scheme;
	size_t shown = strcspn(rest, "?#");
	(void)pt_error_set(&variables->error, PITOT_BAD_CONFIG, "%s=\"%.*s%.*s\": %s",
		variable->name, (int)(scheme < 16 ? scheme : 16), url,
		(int)(shown < 64 ? shown : 64), rest, expected);
}

void
pt_variable_check_url(struct pt_variables *variables, const struct pt_variable *variable)
{
	const char *url = variable->value;
	size_t length = strlen(url), scheme = scheme_length(url);
	bool clean = pt_utf8_valid(url, length);
	for (const char *p = url; *p != '\0'; p++)
		clean &= (unsigned char)*p > 0x20 && *p != 0x7f;
	if (!clean)
		refuse_unseen(variables, variable,
			"a URL holds no spaces or control characters; write a space as %20");
	else if (length > PT_LIMIT_URL)
		refuse_url(variables, variable, "longer than 8192 bytes");
	else if (scheme > 0 && !pt_variable_is(url, scheme, "http://") &&
		!pt_variable_is(url, scheme, "https://"))
		refuse_url(variables, variable, "expected http:// or https://");
}
