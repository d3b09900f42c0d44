/* SPDX-License-Identifier: MIT */
/*
 * The groups that a Pushgateway holds, as its own page tells them: each has a series of
 * push_time_seconds with just its grouping key. Fails as a request does, and on a page that is not
 * metrics.
 */
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "drive/visit.h"
#include "net/url.h"
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
		pt_buf_str(url, "/metrics");
		(void)pt_buf_text(url); /* the NUL now, so that a failure shows here */
		if (pt_buf_error(url) != 0)
			code = pt_error_memory(why);
	}
	pt_buf_clear(&complete);
	return code;
}

/* The value of `family` in the group of these labels, or 0. */
static double
value_of(const struct pitot_snapshot *snapshot, const char *family, const struct pitot_sample *key)
{
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		bool same = strcmp(sample.family, family) == 0 &&
			sample.label_count == key->label_count;
		for (size_t k = 0; same && k < key->label_count; k++) {
			struct pitot_label a = pitot_sample_label(&sample, k);
			struct pitot_label b = pitot_sample_label(key, k);
			same = strcmp(a.name, b.name) == 0 && strcmp(a.value, b.value) == 0;
		}
		if (same)
			return sample.value;
	}
	return 0;
}

static int
show_groups(const struct pitot_snapshot *snapshot,
	void (*show)(void *context, const struct pitot_group *group), void *context)
{
	struct pitot_label labels[PT_LIMIT_LABELS + 1];
	for (size_t i = 0; i < pitot_snapshot_size(snapshot); i++) {
		struct pitot_sample sample = pitot_snapshot_sample(snapshot, i);
		struct pitot_group group = {.job = "", .instance = "", .labels = labels};
		if (strcmp(sample.family, "push_time_seconds") != 0 ||
			sample.label_count > PT_LIMIT_LABELS)
			continue;
		for (size_t k = 0; k < sample.label_count; k++) {
			struct pitot_label label = pitot_sample_label(&sample, k);
			if (strcmp(label.name, "job") == 0)
				group.job = label.value;
			else if (strcmp(label.name, "instance") == 0)
				group.instance = label.value;
			else
				labels[group.label_count++] = label;
		}
		group.pushed_ms = (int64_t)(sample.value * 1000);
		group.failed_ms =
			(int64_t)(value_of(snapshot, "push_failure_time_seconds", &sample) * 1000);
		group.expires_ms =
			(int64_t)(value_of(snapshot, "pitot_expires_timestamp_seconds", &sample) *
				1000);
		show(context, &group);
	}
	return 0;
}

int
pitot_push_groups(const struct pitot_push_options *options,
	void (*show)(void *context, const struct pitot_group *group), void *context,
	struct pitot_error *why)
{
	struct pitot_snapshot *snapshot = NULL;
	struct pt_buf url, shown;
	pt_buf_init(&url, PT_LIMIT_URL + 16);
	pt_buf_init(&shown, PT_LIMIT_URL + 16);
	int code = complete_url(&url, options->url, why);
	if (code == 0)
		snapshot = pt_visit_read(pt_buf_text(&url), options, why);
	if (snapshot != NULL) {
		code = show_groups(snapshot, show, context);
	} else if (code == 0) {
		pt_url_redact(&shown, pt_buf_text(&url));
		code = pt_error_wrap(why, "list %s", pt_buf_text(&shown));
	}
	pitot_snapshot_free(snapshot);
	pt_buf_clear(&url);
	pt_buf_clear(&shown);
	return code;
}
