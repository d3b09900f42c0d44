/* SPDX-License-Identifier: MIT */
/* The script of faults: words such as 500, 429/2, hang, reset, slow/3, written/7 and ok. */
#include "cli/sink.h"

#include <stdlib.h>
#include <string.h>

/* A whole number behind a slash, 0 to 86400; false for anything else. */
static bool
read_number(struct sink_span word, int *number)
{
	int value = 0;
	for (size_t i = 0; i < word.length; i++) {
		if (word.at[i] < '0' || word.at[i] > '9' || i > 4)
			return false;
		value = value * 10 + (word.at[i] - '0');
	}
	*number = value;
	return word.length > 0 && value <= 86400;
}

static const char *
read_word(struct sink_span word, struct sink_fault *fault)
{
	const char *slash = memchr(word.at, '/', word.length);
	struct sink_span name = {word.at, slash != NULL ? (size_t)(slash - word.at) : word.length};
	int status = 0;
	*fault = (struct sink_fault){.number = -1};
	if (slash != NULL &&
		!read_number((struct sink_span){slash + 1, word.length - name.length - 1},
			&fault->number))
		return "expected a whole number behind the \"/\"";
	if (name.length == 3 && read_number(name, &status) && status >= 200 && status <= 599) {
		fault->kind = SINK_STATUS;
		fault->status = (unsigned)status;
		return NULL;
	}
	if (sink_span_is(name, "slow")) {
		fault->kind = SINK_SLOW;
		fault->number = slash != NULL ? fault->number : 2;
		return NULL;
	}
	if (sink_span_is(name, "written") && slash != NULL) {
		fault->kind = SINK_WRITTEN;
		return NULL;
	}
	if (sink_span_is(word, "hang"))
		fault->kind = SINK_HANG;
	else if (sink_span_is(word, "reset"))
		fault->kind = SINK_RESET;
	else if (sink_span_is(word, "close"))
		fault->kind = SINK_CLOSE;
	else if (sink_span_is(word, "no-written"))
		fault->kind = SINK_UNWRITTEN;
	else if (!sink_span_is(word, "ok"))
		return "expected 200 to 599, hang, reset, close, slow, no-written, written/N or "
		       "ok";
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
