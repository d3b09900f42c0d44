/* SPDX-License-Identifier: MIT */
/*
 * Relabelling. Rules are compiled once; a set keeps its texts in one arena that is emptied with it.
 * What can fail is an expression or a key of a rule, which is told when it is added, and memory.
 */
#include "model/relabel.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include <pcre2.h>
#include <pitot/config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum action {
	REPLACE,
	KEEP,
	DROP,
	KEEPEQUAL,
	DROPEQUAL,
	LABELMAP,
	LABELDROP,
	LABELKEEP,
	LOWERCASE,
	UPPERCASE,
	ACTIONS
};

static const char *const action_names[ACTIONS] = {"replace", "keep", "drop", "keepequal",
	"dropequal", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"};

/* Steps after which an expression is said not to match: real ones need a few hundred. */
#define MATCH_LIMIT 100000u

struct rule {
	enum action action;
	const char **sources;
	size_t source_count;
	const char *separator, *target, *replacement;
	pcre2_code *regex;
	pcre2_match_data *match;
};

struct pt_relabel {
	struct pt_arena arena;
	struct rule *rules;
	size_t count;
	pcre2_match_context *context;
};

/* ---- sets ---- */

struct pt_label_set {
	struct pt_arena arena;
	struct pt_label pairs[PT_LIMIT_LABELS + 1]; /* and the name */
	size_t count;
	struct pt_buf joined, made; /* of rules at work */
	bool failed;
};

struct pt_label_set *
pt_label_set_new(void)
{
	struct pt_label_set *set = calloc(1, sizeof *set);
	if (set == NULL)
		return NULL;
	pt_buf_init(&set->joined, PT_LIMIT_VALUE);
	pt_buf_init(&set->made, PT_LIMIT_VALUE);
	return set;
}

void
pt_label_set_free(struct pt_label_set *set)
{
	if (set == NULL)
		return;
	pt_arena_clear(&set->arena);
	pt_buf_clear(&set->joined);
	pt_buf_clear(&set->made);
	free(set);
}

void
pt_label_set_empty(struct pt_label_set *set)
{
	pt_arena_clear(&set->arena);
	set->count = 0;
	set->failed = false;
}

static size_t
find(const struct pt_label_set *set, const char *name, size_t length)
{
	size_t i = 0;
	while (i < set->count &&
		(set->pairs[i].name_length != length ||
			memcmp(set->pairs[i].name, name, length) != 0))
		i++;
	return i;
}

static void
take_out(struct pt_label_set *set, size_t index)
{
	set->pairs[index] = set->pairs[--set->count];
}

void
pt_label_set_put(struct pt_label_set *set, const char *name, size_t name_length, const char *value,
	size_t value_length)
{
	size_t at = find(set, name, name_length);
	if (value_length == 0) {
		if (at < set->count)
			take_out(set, at);
		return;
	}
	if (at == sizeof set->pairs / sizeof set->pairs[0]) {
		set->failed = true;
		return;
	}
	struct pt_label *pair = &set->pairs[at];
	const char *kept =
		at < set->count ? pair->name : pt_arena_copy(&set->arena, name, name_length);
	const char *text = pt_arena_copy(&set->arena, value, value_length);
	if (kept == NULL || text == NULL) {
		set->failed = true;
		return;
	}
	*pair = (struct pt_label){kept, text, (uint32_t)name_length, (uint32_t)value_length};
	set->count += at == set->count;
}

const char *
pt_label_set_get(const struct pt_label_set *set, const char *name)
{
	size_t at = find(set, name, strlen(name));
	return at < set->count ? set->pairs[at].value : NULL;
}

size_t
pt_label_set_count(const struct pt_label_set *set)
{
	return set->count;
}

const struct pt_label *
pt_label_set_pairs(const struct pt_label_set *set)
{
	return set->pairs;
}

bool
pt_label_set_failed(const struct pt_label_set *set)
{
	return set->failed;
}

/* ---- rules ---- */

struct pt_relabel *
pt_relabel_new(void)
{
	struct pt_relabel *relabel = calloc(1, sizeof *relabel);
	if (relabel == NULL)
		return NULL;
	relabel->context = pcre2_match_context_create(NULL);
	if (relabel->context == NULL) {
		free(relabel);
		return NULL;
	}
	(void)pcre2_set_match_limit(relabel->context, MATCH_LIMIT); /* cannot fail */
	return relabel;
}

void
pt_relabel_free(struct pt_relabel *relabel)
{
	if (relabel == NULL)
		return;
	for (size_t i = 0; i < relabel->count; i++) {
		pcre2_code_free(relabel->rules[i].regex);
		pcre2_match_data_free(relabel->rules[i].match);
	}
	pcre2_match_context_free(relabel->context);
	pt_arena_clear(&relabel->arena);
	free(relabel->rules);
	free(relabel);
}

bool
pt_relabel_is_empty(const struct pt_relabel *relabel)
{
	return relabel == NULL || relabel->count == 0;
}

static int
compile(struct rule *rule, const char *text, struct pitot_error *why)
{
	char anchored[2048];
	int code = 0;
	PCRE2_SIZE at = 0;
	if (strlen(text) > sizeof anchored - 16)
		return pt_error_set(why, PITOT_BAD_CONFIG, "regex: is longer than %zu bytes",
			sizeof anchored - 16);
	(void)snprintf(anchored, sizeof anchored, "^(?s:%s)\\z", text);
	rule->regex = pcre2_compile((PCRE2_SPTR)anchored, PCRE2_ZERO_TERMINATED,
		PCRE2_UTF | PCRE2_NO_UTF_CHECK, &code, &at, NULL);
	if (rule->regex == NULL) {
		PCRE2_UCHAR message[160];
		(void)pcre2_get_error_message(code, message, sizeof message);
		size_t column = at > 4 ? at - 4 : 0;
		return pt_error_set(why, PITOT_BAD_CONFIG, "regex: \"%s\": %s at character %zu",
			text, (const char *)message, column + 1);
	}
	rule->match = pcre2_match_data_create_from_pattern(rule->regex, NULL);
	return rule->match == NULL ? pt_error_memory(why) : 0;
}

static int
check(const struct rule *rule, const struct pt_relabel_rule *from, struct pitot_error *why)
{
	bool sets = rule->action == REPLACE || rule->action == LOWERCASE ||
		rule->action == UPPERCASE || rule->action == KEEPEQUAL || rule->action == DROPEQUAL;
	const char *name = action_names[rule->action];
	if (sets && rule->target == NULL)
		return pt_error_set(
			why, PITOT_BAD_CONFIG, "target_label: is missing: \"%s\" needs it", name);
	bool only_names = rule->action == LABELDROP || rule->action == LABELKEEP;
	if (only_names &&
		(rule->source_count > 0 || rule->target != NULL || from->replacement != NULL))
		return pt_error_set(why, PITOT_BAD_CONFIG,
			"action: \"%s\" takes only regex: remove the other keys", name);
	return 0;
}

static const char *
copy(struct pt_relabel *relabel, const char *text)
{
	return text == NULL ? NULL : pt_arena_copy(&relabel->arena, text, strlen(text));
}

static int
fill(struct pt_relabel *relabel, struct rule *rule, const struct pt_relabel_rule *from,
	struct pitot_error *why)
{
	const char *action = from->action != NULL ? from->action : "replace";
	int found = 0;
	while (found < ACTIONS && strcasecmp(action_names[found], action) != 0)
		found++;
	if (strcasecmp(action, "hashmod") == 0)
		return pt_error_set(why, PITOT_BAD_CONFIG,
			"action: \"hashmod\" is not supported: choose the targets by name");
	if (found == ACTIONS) {
		const char *nearest = pitot_nearest(action, action_names, ACTIONS);
		return nearest == NULL
			? pt_error_set(why, PITOT_BAD_CONFIG, "action: there is no \"%s\"", action)
			: pt_error_set(why, PITOT_BAD_CONFIG,
				  "action: there is no \"%s\"; did you mean \"%s\"?", action,
				  nearest);
	}
	rule->action = (enum action)found;
	rule->source_count = from->source_count;
	rule->target = copy(relabel, from->target_label);
	rule->separator = copy(relabel, from->separator != NULL ? from->separator : ";");
	rule->replacement = copy(relabel, from->replacement != NULL ? from->replacement : "$1");
	rule->sources =
		pt_arena_alloc(&relabel->arena, (from->source_count + 1) * sizeof rule->sources[0]);
	if (rule->separator == NULL || rule->replacement == NULL || rule->sources == NULL)
		return pt_error_memory(why);
	for (size_t i = 0; i < from->source_count; i++) {
		rule->sources[i] = copy(relabel, from->source_labels[i]);
		if (rule->sources[i] == NULL)
			return pt_error_memory(why);
	}
	int code = check(rule, from, why);
	return code != 0 ? code : compile(rule, from->regex != NULL ? from->regex : "(.*)", why);
}

int
pt_relabel_add(
	struct pt_relabel *relabel, const struct pt_relabel_rule *rule, struct pitot_error *why)
{
	struct rule *grown =
		realloc(relabel->rules, (relabel->count + 1) * sizeof relabel->rules[0]);
	if (grown == NULL)
		return pt_error_memory(why);
	relabel->rules = grown;
	relabel->rules[relabel->count] = (struct rule){.action = REPLACE};
	/* Counted also when it fails, so that it is freed. */
	return fill(relabel, &relabel->rules[relabel->count++], rule, why);
}

/* ---- applying ---- */

static bool
matches(const struct pt_relabel *relabel, const struct rule *rule, const char *text, size_t length)
{
	return pcre2_match(rule->regex, (PCRE2_SPTR)text, length, 0, PCRE2_NO_UTF_CHECK,
		       rule->match, relabel->context) > 0;
}

/* The sources' values, joined; valid until the next. */
static const char *
join(struct pt_label_set *set, const struct rule *rule, size_t *length)
{
	set->joined.length = 0;
	for (size_t i = 0; i < rule->source_count; i++) {
		const char *value = pt_label_set_get(set, rule->sources[i]);
		if (i > 0)
			pt_buf_str(&set->joined, rule->separator);
		pt_buf_str(&set->joined, value != NULL ? value : "");
	}
	const char *text = pt_buf_text(&set->joined);
	*length = set->joined.length;
	return text;
}

/* The group that `name` (a number or a name of the expression) stands for; nothing if none. */
static void
put_group(struct pt_buf *out, const struct rule *rule, const char *text, const char *name,
	size_t length)
{
	char word[64];
	if (length == 0 || length >= sizeof word)
		return;
	memcpy(word, name, length);
	word[length] = '\0';
	char *end = NULL;
	long number = strtol(word, &end, 10);
	if (*end != '\0')
		number = pcre2_substring_number_from_name(rule->regex, (PCRE2_SPTR)word);
	if (number < 0 || (uint32_t)number >= pcre2_get_ovector_count(rule->match))
		return;
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(rule->match) + 2 * number;
	if (ends[0] != PCRE2_UNSET)
		pt_buf_put(out, text + ends[0], ends[1] - ends[0]);
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '_';
}

/* "$1", "${1}", "$name", "$$", as Go's regexp expands them. */
static void
expand(struct pt_buf *out, const struct rule *rule, const char *template, const char *text)
{
	out->length = 0;
	for (const char *at = template; *at != '\0';) {
		if (*at != '$') {
			pt_buf_char(out, *at++);
			continue;
		}
		if (at[1] == '$') {
			pt_buf_char(out, '$');
			at += 2;
			continue;
		}
		bool braces = at[1] == '{';
		const char *name = at + (braces ? 2 : 1), *end = name;
		while (is_word(*end))
			end++;
		if (end == name || (braces && *end != '}')) {
			pt_buf_char(out, *at++);
			continue;
		}
		put_group(out, rule, text, name, (size_t)(end - name));
		at = end + (braces ? 1 : 0);
	}
}

static void
replace(const struct pt_relabel *relabel, const struct rule *rule, struct pt_label_set *set)
{
	char target[PT_LIMIT_NAME + 1];
	size_t length;
	const char *text = join(set, rule, &length);
	if (!matches(relabel, rule, text, length))
		return;
	expand(&set->made, rule, rule->target, text);
	if (set->made.length == 0 || set->made.length > PT_LIMIT_NAME)
		return;
	size_t target_length = set->made.length;
	memcpy(target, set->made.bytes, target_length);
	if (!pt_name_is_label(target, target_length, true))
		return;
	expand(&set->made, rule, rule->replacement, text);
	pt_label_set_put(set, target, target_length, set->made.length > 0 ? set->made.bytes : "",
		set->made.length);
}

static void
change_case(const struct rule *rule, struct pt_label_set *set)
{
	size_t length;
	const char *text = join(set, rule, &length);
	set->made.length = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (rule->action == LOWERCASE && c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (rule->action == UPPERCASE && c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		pt_buf_char(&set->made, c);
	}
	pt_label_set_put(set, rule->target, strlen(rule->target), set->made.bytes, length);
}

static void
map_names(const struct pt_relabel *relabel, const struct rule *rule, struct pt_label_set *set)
{
	size_t count = set->count;
	for (size_t i = 0; i < count; i++) {
		struct pt_label pair = set->pairs[i];
		if (!matches(relabel, rule, pair.name, pair.name_length))
			continue;
		expand(&set->made, rule, rule->replacement, pair.name);
		if (set->made.length > 0 && set->made.length <= PT_LIMIT_NAME)
			pt_label_set_put(set, set->made.bytes, set->made.length, pair.value,
				pair.value_length);
	}
}

static void
choose_names(const struct pt_relabel *relabel, const struct rule *rule, struct pt_label_set *set)
{
	for (size_t i = set->count; i-- > 0;) {
		const struct pt_label *pair = &set->pairs[i];
		bool found = matches(relabel, rule, pair->name, pair->name_length);
		if (found == (rule->action == LABELDROP))
			take_out(set, i);
	}
}

static bool
apply_one(const struct pt_relabel *relabel, const struct rule *rule, struct pt_label_set *set)
{
	size_t length;
	const char *text, *target;
	switch (rule->action) {
	case KEEP:
	case DROP:
		text = join(set, rule, &length);
		return matches(relabel, rule, text, length) == (rule->action == KEEP);
	case KEEPEQUAL:
	case DROPEQUAL:
		text = join(set, rule, &length);
		target = pt_label_set_get(set, rule->target);
		return (strcmp(text, target != NULL ? target : "") == 0) ==
			(rule->action == KEEPEQUAL);
	case LOWERCASE:
	case UPPERCASE:
		change_case(rule, set);
		return true;
	case LABELMAP:
		map_names(relabel, rule, set);
		return true;
	case LABELDROP:
	case LABELKEEP:
		choose_names(relabel, rule, set);
		return true;
	default:
		replace(relabel, rule, set);
		return true;
	}
}

bool
pt_relabel_apply(const struct pt_relabel *relabel, struct pt_label_set *set)
{
	for (size_t i = 0; relabel != NULL && i < relabel->count; i++)
		if (!apply_one(relabel, &relabel->rules[i], set))
			return false;
	return true;
}
