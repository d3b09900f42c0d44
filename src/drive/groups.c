/* SPDX-License-Identifier: MIT */
/*
 * The groups that a Pushgateway holds, as its API tells them. Its page of metrics cannot: there a
 * label that is empty in the grouping key is the same as none. Fails as a request does, and on an
 * answer that is not the API's.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "drive/visit.h"
#include "net/url.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int
complete_url(struct pt_buf *url, const char *base, struct pitot_error *why)
{
	struct pt_buf complete;
	size_t length = 0;
	if (base == NULL)
		return pt_error_set(why, PITOT_USAGE, "url: is missing: the Pushgateway's address");
	pt_buf_init(&complete, PT_LIMIT_URL + 1);
	int code = pt_url_complete(&complete, base, why);
	if (code == 0) {
		const char *text = pt_buf_text(&complete);
		const char *path = pt_url_path(text, &length);
		while (length > 0 && path[length - 1] == '/')
			length--;
		pt_buf_put(url, text, (size_t)(path - text) + length);
		pt_buf_str(url, "/api/v1/metrics");
		(void)pt_buf_text(url); /* the NUL now, so that a failure shows here */
		if (pt_buf_error(url) != 0)
			code = pt_error_memory(why);
	}
	pt_buf_clear(&complete);
	return code;
}

struct showing {
	void (*show)(void *context, const struct pitot_group *group);
	void *context;
};

/* The value of the one series of `family` in the group as milliseconds, or 0. */
static int64_t
time_of(const json_t *told, const char *family)
{
	const json_t *metrics = json_object_get(json_object_get(told, family), "metrics");
	const char *text = json_string_value(json_object_get(json_array_get(metrics, 0), "value"));
	double seconds = text == NULL ? 0 : strtod(text, NULL);
	/* A group may hold any number there: what can be no time is none. */
	return seconds > 0 && seconds < 1e14 ? (int64_t)(seconds * 1000) : 0;
}

static int
show_group(const struct showing *showing, const json_t *told, struct pitot_error *why)
{
	struct pitot_label labels[PT_LIMIT_LABELS + 1];
	struct pitot_group group = {.job = "", .instance = "", .labels = labels};
	json_t *key = json_object_get(told, "labels"), *value;
	const char *name;
	if (!json_is_object(key) || json_object_size(key) > PT_LIMIT_LABELS)
		return pt_error_set(why, PITOT_BAD_INPUT, "a group has no labels, or too many");
	json_object_foreach(key, name, value)
	{
		struct pitot_label label = {name, json_string_value(value)};
		if (label.value == NULL)
			return pt_error_set(why, PITOT_BAD_INPUT, "a label has no text");
		if (strcmp(name, "job") == 0)
			group.job = label.value;
		else if (strcmp(name, "instance") == 0 && label.value[0] != '\0')
			group.instance = label.value;
		else /* an empty instance too, which is another group than that without */
			labels[group.label_count++] = label;
	}
	group.pushed_ms = time_of(told, "push_time_seconds");
	group.failed_ms = time_of(told, "push_failure_time_seconds");
	group.expires_ms = time_of(told, "pitot_expires_timestamp_seconds");
	showing->show(showing->context, &group);
	return 0;
}

static int
show_groups(void *context, const char *page, size_t length, struct pitot_error *why)
{
	json_error_t problem;
	json_t *answer = json_loadb(page, length, 0, &problem);
	const json_t *groups = json_object_get(answer, "data");
	int code = 0;
	if (answer == NULL)
		code = pt_error_set(why, PITOT_BAD_INPUT, "the answer is not JSON: %s in line %d",
			problem.text, problem.line);
	else if (!json_is_array(groups))
		code = pt_error_set(why, PITOT_BAD_INPUT, "the answer is not a Pushgateway's");
	for (size_t i = 0; code == 0 && i < json_array_size(groups); i++)
		code = show_group(context, json_array_get(groups, i), why);
	json_decref(answer);
	return code;
}

int
pitot_push_groups(const struct pitot_push_options *options,
	void (*show)(void *context, const struct pitot_group *group), void *context,
	struct pitot_error *why)
{
	struct showing showing = {show, context};
	struct pt_buf url, shown;
	pt_buf_init(&url, PT_LIMIT_URL + 32);
	pt_buf_init(&shown, PT_LIMIT_URL + 32);
	int code = complete_url(&url, options->url, why);
	if (code == 0) {
		pt_url_redact(&shown, pt_buf_text(&url));
		code = pt_visit(
			pt_buf_text(&url), options, "application/json", show_groups, &showing, why);
		if (code != 0)
			code = pt_error_wrap(why, "list %s", pt_buf_text(&shown));
	}
	pt_buf_clear(&url);
	pt_buf_clear(&shown);
	return code;
}
