/* SPDX-License-Identifier: MIT */
/*
 * Every rule the sink checks, by its line in the conformance checklists, and what happens when one
 * is broken: a line on stderr, a count, and where a real receiver would refuse the request, a
 * reason. To add a rule, write its function (sink_rules_write.c, sink_rules_message.c,
 * sink_rules_push.c, sink_rules_text.c), declare it in sink.h and list it here.
 */
#include "cli/sink.h"

#include <string.h>

#define WRITE SINK_ON_WRITE
#define PUSH SINK_ON_PUSH
#define KEY (SINK_ON_PUSH | SINK_ON_DELETE)

const struct sink_rule sink_rules[] = {
	/* the request */
	{"remote-write", 1, WRITE, false, "method not POST", sink_rule_write_method},
	{"remote-write", 1, WRITE, false, "path not as configured", sink_rule_target},
	{"remote-write", 2, WRITE, true, "Content-Encoding not snappy", sink_rule_write_encoding},
	{"remote-write", 2, WRITE, true, "not one snappy block", sink_rule_write_block},
	{"remote-write", 3, WRITE, false, "wrong Content-Type", sink_rule_write_type},
	{"remote-write", 4, WRITE, false, "wrong version", sink_rule_write_version},
	{"remote-write", 5, WRITE, false, "no User-Agent name/version", sink_rule_write_agent},
	{"remote-write", 6, WRITE, false, "reserved header twice", sink_rule_reserved_headers},
	{"remote-write", 7, WRITE, false, "no Content-Length", sink_rule_content_length},
	{"remote-write", 8, WRITE, false, "wrong Retry-Attempt", sink_rule_retry_attempt},
	{"remote-write", 26, WRITE, true, "request too large", sink_rule_write_size},
	{"remote-write", 28, WRITE, false, "retried after a 4xx", sink_rule_retry_refused},
	{"remote-write", 29, WRITE, false, "retried without a wait", sink_rule_retry_soon},
	{"remote-write", 30, WRITE, false, "retried before Retry-After", sink_rule_retry_after},
	/* the message */
	{"remote-write", 9, WRITE, true, "not the message", sink_rule_write_fields},
	{"remote-write", 10, WRITE, true, "wrong symbol table", sink_rule_write_symbols},
	{"remote-write", 11, WRITE, true, "wrong reference", sink_rule_write_refs},
	{"remote-write", 12, WRITE, false, "series without sample", sink_rule_series_samples},
	{"remote-write", 13, WRITE, true, "no valid __name__", sink_rule_series_name},
	{"remote-write", 13, WRITE, true, "invalid label", sink_rule_series_labels},
	{"remote-write", 13, WRITE, true, "labels not sorted", sink_rule_series_sorted},
	{"remote-write", 13, WRITE, true, "not UTF-8", sink_rule_series_utf8},
	{"remote-write", 14, WRITE, true, "empty label value", sink_rule_series_empty},
	{"remote-write", 15, WRITE, false, "time not in ms", sink_rule_sample_milliseconds},
	{"remote-write", 15, WRITE, true, "samples out of order", sink_rule_sample_order},
	{"remote-write", 16, WRITE, true, "sample in the future", sink_rule_sample_future},
	{"remote-write", 17, WRITE, false, "NaN not canonical", sink_rule_sample_nan},
	{"remote-write", 18, WRITE, false, "stale marker not newer", sink_rule_sample_stale_newer},
	{"remote-write", 19, WRITE, false, "stale marker comes first",
		sink_rule_sample_stale_first},
	{"remote-write", 21, WRITE, false, "wrong start time", sink_rule_sample_start},
	{"remote-write", 22, WRITE, true, "wrong exemplar", sink_rule_exemplars},
	{"remote-write", 23, WRITE, false, "wrong metadata", sink_rule_metadata},
	{"remote-write", 24, WRITE, false, "floats and histograms in a 1.0 request",
		sink_rule_natives_apart},
	{"remote-write", 24, WRITE, true, "invalid native histogram", sink_rule_natives},
	{"remote-write", 25, WRITE, true, "custom buckets in 1.0", sink_rule_natives_custom},
	{"remote-write", 20, WRITE, false, "number not canonical", sink_rule_series_bounds},
	/* the path */
	{"pushgateway", 1, KEY, false, "// in the path", sink_rule_target},
	{"pushgateway", 3, KEY, true, "slash not in base64url", sink_rule_key_base64},
	{"pushgateway", 4, KEY, false, "empty value not @base64/=", sink_rule_key_empty},
	{"pushgateway", 5, KEY, true, ". or .. not in base64", sink_rule_key_dots},
	{"pushgateway", 6, KEY, false, "not percent-encoded", sink_rule_key_bytes},
	{"pushgateway", 7, KEY, true, "grouping value not UTF-8", sink_rule_key_utf8},
	{"pushgateway", 8, KEY, true, "wrong grouping label", sink_rule_key_names},
	/* the rest of the head */
	{"pushgateway", 10, PUSH, false, "wrong Content-Type", sink_rule_push_type},
	{"pushgateway", 16, PUSH, true, "Content-Encoding", sink_rule_push_encoding},
	{"pushgateway", 18, SINK_ON_DELETE, false, "delete not empty", sink_rule_delete_empty},
	{"pushgateway", 23, KEY, false, "Expect", sink_rule_expect},
	/* the text; several stand in both checklists, and are told once */
	{"text-formats", 1, PUSH, true, "not UTF-8", sink_rule_body_utf8},
	{"pushgateway", 26, PUSH, true, "cannot be read", sink_rule_body_parsed},
	{"pushgateway", 11, PUSH, true, "no LF at the end", sink_rule_body_ends},
	{"pushgateway", 11, PUSH, true, "CR", sink_rule_body_cr},
	{"pushgateway", 11, PUSH, true, "trailing blank", sink_rule_body_trailing},
	{"pushgateway", 11, PUSH, true, "timestamp", sink_rule_body_times},
	{"pushgateway", 11, PUSH, true, "exemplar", sink_rule_body_exemplars},
	{"pushgateway", 11, PUSH, true, "type not of 0.0.4", sink_rule_body_types},
	{"pushgateway", 12, PUSH, false, "counter without _total", sink_rule_body_total},
	{"pushgateway", 13, PUSH, true, "second HELP or TYPE", sink_rule_body_meta_once},
	{"pushgateway", 13, PUSH, true, "HELP or TYPE too late", sink_rule_body_meta_first},
	{"pushgateway", 13, PUSH, false, "family torn apart", sink_rule_body_together},
	{"pushgateway", 14, PUSH, false, "grouping label in a sample", sink_rule_body_own_labels},
	{"pushgateway", 15, PUSH, true, "duplicate series", sink_rule_body_duplicates},
	{"text-formats", 3, PUSH, true, "invalid name", sink_rule_body_names},
	{"text-formats", 10, PUSH, true, "names clash", sink_rule_body_clash},
	{"text-formats", 13, PUSH, true, "wrong escape in HELP", sink_rule_body_help},
	{"text-formats", 14, PUSH, false, "OpenMetrics line", sink_rule_body_open_lines},
	{"text-formats", 15, PUSH, false, "broken histogram", sink_rule_body_histograms},
	{NULL, 0, 0, false, NULL, NULL},
};

/* What came from outside must not be able to disturb a terminal. */
static void
make_printable(struct sink_text *text)
{
	static const char more[] = "...";
	if (text->length > SINK_LIMIT_DETAIL) {
		text->length = SINK_LIMIT_DETAIL;
		memcpy(text->bytes + text->length - strlen(more), more, sizeof more);
	}
	for (size_t i = 0; i < text->length; i++)
		if (text->bytes[i] < 0x20 || text->bytes[i] == 0x7f)
			text->bytes[i] = '?';
}

bool
sink_judge(struct sink *sink, unsigned on, const struct sink_view *view, struct sink_text *why)
{
	bool refused = false;
	for (const struct sink_rule *rule = sink_rules; rule->spec != NULL; rule++) {
		struct sink_text found = {0};
		if ((rule->on & on) == 0)
			continue;
		rule->check(view, &found);
		if (found.length == 0) {
			sink_text_clear(&found);
			continue;
		}
		make_printable(&found);
		sink->violations++;
		(void)fprintf(sink->err, "sink: VIOLATION %s %u: %s: %s\n", rule->spec,
			rule->number, rule->text, found.bytes);
		if (rule->refused && !refused)
			sink_text_format(why, "%s: %s", rule->text, found.bytes);
		refused = refused || rule->refused;
		sink_text_clear(&found);
	}
	return refused;
}
