/* SPDX-License-Identifier: MIT */
/* The script of faults: words such as 500, 429/2, hang, reset, close, slow/3 and ok. */
#include "cli/sink.h"

#include <stdlib.h>
#include <string.h>

/* Whole seconds behind a slash, 0 to 86400; false for anything else. */
static bool
read_seconds(struct sink_span word, int *seconds)
{
	int value = 0;
	for (size_t i = 0; i < word.length; i++) {
		if (word.at[i] < '0' || word.at[i] > '9' || i > 4)
			return false;
		value = value * 10 + (word.at[i] - '0');
	}
	*seconds = value;
	return word.length > 0 && value <= 86400;
}

static const char *
read_word(struct sink_span word, struct sink_fault *fault)
{
	const char *slash = memchr(word.at, '/', word.length);
	struct sink_span name = {word.at, slash != NULL ? (size_t)(slash - word.at) : word.length};
	int status = 0;
	*fault = (struct sink_fault){.seconds = -1};
	if (slash != NULL &&
		!read_seconds((struct sink_span){slash + 1, word.length - name.length - 1},
			&fault->seconds))
		return "expected whole seconds behind the \"/\"";
	if (name.length == 3 && read_seconds(name, &status) && status >= 200 && status <= 599) {
		fault->kind = SINK_STATUS;
		fault->status = (unsigned)status;
		return NULL;
	}
	if (sink_span_is(name, "slow")) {
		fault->kind = SINK_SLOW;
		fault->seconds = slash != NULL ? fault->seconds : 2;
		return NULL;
	}
	if (sink_span_is(word, "hang"))
		fault->kind = SINK_HANG;
	else if (sink_span_is(word, "reset"))
		fault->kind = SINK_RESET;
	else if (sink_span_is(word, "close"))
		fault->kind = SINK_CLOSE;
	else if (!sink_span_is(word, "ok"))
		return "expected 200 to 599, hang, reset, close, slow or ok";
	return NULL;
}

const char *
sink_script_parse(struct sink_script *script, const char *text, const char **where)
{
	static const char blanks[] = " \t\n,";
	for (const char *at = text + strspn(text, blanks); *at != '\0'; at += strspn(at, blanks)) {
		struct sink_fault fault;
		size_t length = strcspn(at, blanks);
		*where = at;
		const char *wrong = read_word((struct sink_span){at, length}, &fault);
		if (wrong == NULL && script->count == SINK_LIMIT_FAULTS)
			wrong = "too many words";
		if (wrong != NULL)
			return wrong;
		struct sink_fault *faults =
			realloc(script->faults, (script->count + 1) * sizeof *faults);
		if (faults == NULL)
			return "no memory";
		script->faults = faults;
		script->faults[script->count++] = fault;
		at += length;
	}
	return NULL;
}
