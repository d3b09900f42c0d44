/* SPDX-License-Identifier: MIT */
/*
 * The destination as the options describe it. Fails on a wrong URL, on a path that says nothing
 * about the protocol, and on job, instance or labels that no receiver takes: what a receiver would
 * answer with a 400, or worse would take and choke on (specs/pushgateway 7), is refused here.
 */
#include "export/target.h"

#include "base/error.h"
#include "base/utf8.h"
#include "export/options.h"
#include "net/url.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- protocol ---- */

static bool
path_ends(const char *path, size_t length, const char *end)
{
	size_t size = strlen(end);
	return length >= size && memcmp(path + length - size, end, size) == 0;
}

static enum pitot_protocol
protocol_of_path(const char *path, size_t length)
{
	static const char *const remote_write[] = {
		"/api/v1/write",
		"/api/v1/push",
		"/api/prom/push",
		"/api/v1/receive",
		"/remote_write",
	};
	if (length == 0 || (length == 1 && path[0] == '/'))
		return PITOT_PROTOCOL_PUSHGATEWAY;
	for (size_t i = 0; i < sizeof remote_write / sizeof remote_write[0]; i++)
		if (path_ends(path, length, remote_write[i]))
			return PITOT_PROTOCOL_REMOTE_WRITE;
	return PITOT_PROTOCOL_AUTO;
}

static int
choose_protocol(struct pt_target *target, struct pitot_error *why)
{
	target->protocol = target->options.protocol;
	if (target->protocol == PITOT_PROTOCOL_AUTO) {
		size_t length = 0;
		const char *path = pt_url_path(target->url.bytes, &length);
		target->protocol = protocol_of_path(path, length);
		if (target->protocol == PITOT_PROTOCOL_AUTO)
			return pt_error_set(why, PITOT_USAGE,
				"protocol: the path %.*s does not tell whether this is a "
				"Pushgateway or remote write: set the protocol",
				(int)(length < 200 ? length : 200), path);
	}
	if (target->protocol == PITOT_PROTOCOL_REMOTE_WRITE &&
		target->options.mode == PITOT_REPLACE)
		return pt_error_set(why, PITOT_USAGE,
			"mode: replace is for a Pushgateway: remote write only adds samples");
	return 0;
}

/* ---- labels ---- */

static int
add(struct pt_target *target, const char *option, const char *name, const char *value,
	struct pitot_error *why)
{
	if (strlen(value) > PT_LIMIT_VALUE)
		return pt_error_set(why, PITOT_USAGE,
			"%s: the value of %s is longer than %zu bytes", option, name,
			PT_LIMIT_VALUE);
	if (!pt_utf8_valid(value, strlen(value)))
		return pt_error_set(
			why, PITOT_USAGE, "%s: the value of %s is not valid UTF-8", option, name);
	if (target->count == PT_LIMIT_LABELS)
		return pt_error_set(why, PITOT_USAGE,
			"%s: more than %d labels with job and instance", option, PT_LIMIT_LABELS);
	target->pairs[target->count++] = pt_label_of(name, value);
	return 0;
}

static int
add_job(struct pt_target *target, struct pitot_error *why)
{
	const char *job = target->options.job;
	if (job == NULL)
		job = program_invocation_short_name;
	if (job[0] == '\0' && target->options.job == NULL)
		job = "pitot"; /* a program may be started without a name */
	if (job[0] == '\0' && target->protocol == PITOT_PROTOCOL_PUSHGATEWAY)
		return pt_error_set(
			why, PITOT_USAGE, "job: is empty: a Pushgateway needs the name of the job");
	return add(target, "job", "job", job, why);
}

static int
add_instance(struct pt_target *target, struct pitot_error *why)
{
	const char *instance = target->options.instance;
	if (instance == NULL) {
		if (gethostname(target->host, sizeof target->host) != 0)
			return pt_error_set(why, PITOT_USAGE,
				"instance: this host has no name: set the instance");
		target->host[sizeof target->host - 1] = '\0';
		instance = target->host;
	}
	return instance[0] == '\0' ? 0 : add(target, "instance", "instance", instance, why);
}

/* What a path component cannot hold: the receiver decodes first and splits then. */
static bool
fits_path(const char *name)
{
	size_t length = strlen(name);
	return strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		pt_name_without(name, length, "@base64") == length;
}

static int
check_label(const struct pt_target *target, size_t index, struct pitot_error *why)
{
	const char *name = target->options.labels[index].name;
	bool utf8 = target->options.utf8_names;
	if (name == NULL || target->options.labels[index].value == NULL)
		return pt_error_set(
			why, PITOT_USAGE, "labels: number %zu has no name or no value", index + 1);
	size_t length = strlen(name);
	if (length > PT_LIMIT_NAME || !pt_utf8_valid(name, length))
		return pt_error_set(why, PITOT_USAGE,
			"labels: the name of number %zu is not valid UTF-8 of at most %zu bytes",
			index + 1, PT_LIMIT_NAME);
	if (!pt_name_is_label(name, length, utf8))
		return pt_error_set(why, PITOT_USAGE, "labels: \"%s\" is not a label name: %s",
			name, utf8 ? "it is empty" : "letters, digits and _, not a digit first");
	if (strncmp(name, "__", 2) == 0)
		return pt_error_set(why, PITOT_USAGE,
			"labels: \"%s\" is not allowed: names beginning with __ are reserved",
			name);
	if (strcmp(name, "le") == 0 || strcmp(name, "quantile") == 0)
		return pt_error_set(why, PITOT_USAGE,
			"labels: \"%s\" is not allowed: histograms and summaries own it", name);
	if (strcmp(name, "job") == 0 || strcmp(name, "instance") == 0)
		return pt_error_set(why, PITOT_USAGE,
			"labels: \"%s\" is not allowed: use the option %s", name, name);
	if (target->protocol == PITOT_PROTOCOL_PUSHGATEWAY && !fits_path(name))
		return pt_error_set(why, PITOT_USAGE,
			"labels: \"%s\" cannot stand in a Pushgateway's URL: no /, . or .., and no "
			"@base64 at the end",
			name);
	return 0;
}

static int
by_name(const void *left, const void *right)
{
	const struct pt_label *a = left, *b = right;
	return strcmp(a->name, b->name);
}

static int
add_labels(struct pt_target *target, struct pitot_error *why)
{
	const struct pitot_push_options *options = &target->options;
	size_t first = target->count;
	if (options->label_count > 0 && options->labels == NULL)
		return pt_error_set(why, PITOT_USAGE, "labels: label_count is %zu without labels",
			options->label_count);
	for (size_t i = 0; i < options->label_count; i++) {
		const struct pitot_label *label = &options->labels[i];
		int code = check_label(target, i, why);
		if (code == 0)
			code = add(target, "labels", label->name, label->value, why);
		if (code != 0)
			return code;
	}
	if (target->count > first)
		qsort(target->pairs + first, target->count - first, sizeof target->pairs[0],
			by_name);
	const char *twice = pt_labels_duplicate(target->pairs, target->count);
	if (twice != NULL)
		return pt_error_set(why, PITOT_USAGE, "labels: \"%s\" is given twice", twice);
	return 0;
}

/* ---- all of it ---- */

int
pt_target_init(
	struct pt_target *target, const struct pitot_push_options *options, struct pitot_error *why)
{
	target->count = 0;
	pt_buf_init(&target->url, PT_LIMIT_URL + 1);
	int code = pt_options_complete(&target->options, options, why);
	if (code != 0)
		return code;
	if (options->url == NULL || options->url[0] == '\0')
		return pt_error_set(why, PITOT_USAGE,
			"url: is missing: the receiver's address, such as http://localhost:9091");
	code = pt_url_complete(&target->url, options->url, why);
	(void)pt_buf_text(&target->url); /* the NUL now, so that a failure shows here */
	if (code == 0 && pt_buf_error(&target->url) != 0)
		code = pt_error_memory(why);
	if (code == 0)
		code = choose_protocol(target, why);
	if (code == 0)
		code = add_job(target, why);
	if (code == 0)
		code = add_instance(target, why);
	if (code == 0)
		code = add_labels(target, why);
	return code;
}

void
pt_target_clear(struct pt_target *target)
{
	pt_buf_clear(&target->url);
}
