/* SPDX-License-Identifier: MIT */
/*
 * What a Pushgateway does: groups in memory that are replaced (PUT), merged by family (POST) or
 * deleted, and 400 with a text for what it refuses (specs/pushgateway 2, 5, 6).
 */
#include "cli/sink_message.h"

#include <pitot.h>
#include <stdlib.h>
#include <string.h>

/* ---- samples as the gateway shows them ---- */

/* The grouping labels win over those of the sample; "instance" is there, if only empty. */
static void
add_sample(struct sink_text *out, const struct sink_line *line, const struct sink_key *key,
	struct sink_span key_text)
{
	struct sink_label labels[SINK_LIMIT_LABELS];
	size_t count = sink_line_labels(line, labels);
	bool instance = sink_key_find(key, SPAN("instance")) != NULL;
	sink_text_add(out, line->name);
	sink_text_str(out, "{");
	for (size_t i = 0; i < count; i++) {
		instance = instance || sink_span_is(labels[i].name, "instance");
		if (sink_key_find(key, labels[i].name) != NULL)
			continue;
		sink_text_add(out, labels[i].name);
		sink_text_str(out, "=\"");
		sink_text_add(out, labels[i].value);
		sink_text_str(out, "\",");
	}
	if (!instance)
		sink_text_str(out, "instance=\"\",");
	/* Without its opening brace. */
	sink_text_add(out, (struct sink_span){key_text.at + 1, key_text.length - 1});
	sink_text_str(out, " ");
	sink_text_add(out, line->value);
	sink_text_str(out, "\n");
}

static struct sink_family *
family_at(struct sink_table *families, const struct sink_declared *declared)
{
	struct sink_entry *entry = sink_table_at(families, declared->name);
	if (entry == NULL || entry->value != NULL)
		return entry != NULL ? entry->value : NULL;
	struct sink_family *family = calloc(1, sizeof *family);
	if (family == NULL)
		return NULL;
	entry->value = family;
	if (declared->help.length > 0) {
		sink_text_add(&family->meta, declared->help);
		sink_text_str(&family->meta, "\n");
	}
	struct sink_span type = declared->type.length > 0 ? declared->type : SPAN("untyped");
	sink_text_str(&family->meta, "# TYPE ");
	sink_text_add(&family->meta, declared->name);
	sink_text_str(&family->meta, " ");
	sink_text_add(&family->meta, type);
	sink_text_str(&family->meta, "\n");
	return family;
}

/* The families of a body; false if memory is out. */
static bool
read_families(struct sink_table *families, const struct sink_lines *lines,
	const struct sink_key *key, struct sink_span key_text)
{
	for (size_t i = 0; i < lines->count; i++) {
		const struct sink_line *line = &lines->lines[i];
		/* The gateway's own. */
		if (line->kind != SINK_LINE_SAMPLE || sink_span_is(line->name, "push_time_seconds"))
			continue;
		struct sink_family *family = family_at(families, line->family);
		if (family == NULL)
			return false;
		add_sample(&family->samples, line, key, key_text);
		family->count++;
		if (family->samples.failed || family->meta.failed)
			return false;
	}
	return true;
}

/* ---- the store ---- */

static struct sink_group *
group_at(struct sink_store *store, struct sink_span key_text)
{
	if (store->groups.count >= SINK_LIMIT_GROUPS &&
		sink_table_find(&store->groups, key_text) == NULL)
		return NULL;
	struct sink_entry *entry = sink_table_at(&store->groups, key_text);
	if (entry != NULL && entry->value == NULL)
		entry->value = calloc(1, sizeof(struct sink_group));
	return entry != NULL ? entry->value : NULL;
}

static void
drop_families(struct sink_group *group)
{
	sink_table_clear(&group->families, sink_family_free);
}

/* Moves each family to the group, in place of its old one. */
static bool
merge_families(struct sink_group *group, struct sink_table *families)
{
	for (struct sink_entry *from = families->first; from != NULL; from = from->next) {
		struct sink_entry *to = sink_table_at(&group->families, from->key);
		if (to == NULL)
			return false;
		sink_family_free(to->value);
		to->value = from->value;
		from->value = NULL;
	}
	return true;
}

static bool
store_push(struct sink *sink, const struct sink_request *request, struct sink_table *families,
	struct sink_span key_text)
{
	struct sink_group *group = group_at(&sink->store, key_text);
	if (group == NULL)
		return false;
	if (strcmp(request->method, "PUT") == 0)
		drop_families(group);
	if (!merge_families(group, families))
		return false;
	group->push_seconds = (double)request->wall_ms / 1000;
	return true;
}

/* ---- what is printed ---- */

static void
print_push(struct sink *sink, const struct sink_request *request, const struct sink_table *families,
	size_t samples)
{
	if (sink->print == SINK_PRINT_SUMMARY)
		(void)fprintf(sink->out, "%s %s: %zu samples\n", request->method, request->target,
			samples);
	if (sink->print != SINK_PRINT_SAMPLES)
		return;
	for (const struct sink_entry *entry = families->first; entry != NULL; entry = entry->next)
		(void)fputs(
			sink_text_chars(&((struct sink_family *)entry->value)->samples), sink->out);
}

static size_t
count_samples(const struct sink_table *families)
{
	size_t count = 0;
	for (const struct sink_entry *entry = families->first; entry != NULL; entry = entry->next)
		count += ((struct sink_family *)entry->value)->count;
	return count;
}

/* ---- requests ---- */

static void
accept_push(struct sink *sink, const struct sink_request *request, const struct sink_view *view,
	bool refuse, struct sink_answer *answer)
{
	struct sink_table families = {0};
	struct sink_text key_text = {0};
	sink_key_text(view->key, &key_text);
	struct sink_span key = {sink_text_chars(&key_text), key_text.length};
	bool good = !key_text.failed && read_families(&families, view->lines, view->key, key);
	size_t samples = good ? count_samples(&families) : 0;
	if (good && !refuse) {
		print_push(sink, request, &families, samples);
		good = store_push(sink, request, &families, key);
	}
	if (good && !refuse) {
		sink->samples += samples;
		answer->accepted = true;
	}
	if (good)
		answer->status = 200;
	else
		sink_answer_say(answer, 500, "the sink is out of memory or room for groups");
	sink_table_clear(&families, sink_family_free);
	sink_text_clear(&key_text);
}

/* Names, quoting, order and other parameters are free. */
static bool
is_model(const struct sink_request *request)
{
	static const char *const parts[] = {"application/vnd.google.protobuf",
		"io.prometheus.client.MetricFamily", "delimited"};
	const char *type = sink_request_header(request, "Content-Type");
	for (size_t i = 0; type != NULL && i < sizeof parts / sizeof parts[0]; i++)
		if (strcasestr(type, parts[i]) == NULL)
			return false;
	return type != NULL;
}

static void
push(struct sink *sink, const struct sink_request *request, const struct sink_key *key, bool refuse,
	struct sink_answer *answer)
{
	struct sink_lines lines = {.count = 0};
	struct sink_text why = {0}, decoded = {0};
	struct pitot_error error = {.code = 0};
	struct sink_view view = {.request = request, .key = key, .lines = &lines};
	struct pitot_parse_options options = {.source = "body", .format = PITOT_TEXT_0_0_4};
	struct sink_span body = request->body;
	if (is_model(request)) {
		view.unparsed = sink_model_text(&decoded, body.at, body.length);
		body = (struct sink_span){sink_text_chars(&decoded), decoded.length};
	}
	struct pitot_snapshot *snapshot = pitot_parse(body.at, body.length, &options, &error);
	if (snapshot == NULL && view.unparsed == NULL)
		view.unparsed = error.text;
	pitot_snapshot_free(snapshot);
	if (decoded.failed || !sink_lines_read(&lines, body))
		sink_answer_say(answer, 500, "the sink is out of memory");
	else if (sink_judge(sink, SINK_ON_PUSH, &view, &why))
		sink_answer_say(
			answer, 400, "pushed metrics are invalid: %s", sink_text_chars(&why));
	else if (key->error != NULL)
		sink_answer_say(answer, 400, "%s", key->error);
	else
		accept_push(sink, request, &view, refuse, answer);
	sink_text_clear(&why);
	sink_lines_clear(&lines);
	sink_text_clear(&decoded);
}

static void delete (struct sink *sink, const struct sink_request *request,
	const struct sink_key *key, bool refuse, struct sink_answer *answer)
{
	struct sink_text why = {0}, key_text = {0};
	struct sink_view view = {.request = request, .key = key};
	sink_key_text(key, &key_text);
	if (sink_judge(sink, SINK_ON_DELETE, &view, &why)) {
		sink_answer_say(answer, 400, "%s", sink_text_chars(&why));
	} else if (key->error != NULL) {
		sink_answer_say(answer, 400, "%s", key->error);
	} else {
		struct sink_entry *entry = sink_table_find(&sink->store.groups,
			(struct sink_span){sink_text_chars(&key_text), key_text.length});
		if (entry != NULL && !refuse) {
			sink_group_free(entry->value);
			entry->value = NULL;
		}
		if (!refuse && sink->print != SINK_PRINT_NONE)
			(void)fprintf(sink->out, "# deleted %s\n", sink_text_chars(&key_text));
		answer->status = 202;
		answer->accepted = !refuse;
	}
	sink_text_clear(&why);
	sink_text_clear(&key_text);
}

void
sink_pushgateway(struct sink *sink, const struct sink_request *request, struct sink_span path,
	bool refuse, struct sink_answer *answer)
{
	struct sink_key *key = malloc(sizeof *key);
	if (key == NULL) {
		sink_answer_say(answer, 500, "the sink is out of memory");
		return;
	}
	sink_key_read(key, path);
	if (strcmp(request->method, "DELETE") == 0)
		delete (sink, request, key, refuse, answer);
	else if (strcmp(request->method, "PUT") == 0 || strcmp(request->method, "POST") == 0)
		push(sink, request, key, refuse, answer);
	else
		sink_answer_say(answer, 405, "Method Not Allowed");
	sink_key_clear(key);
	free(key);
}
