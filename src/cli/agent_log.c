/* SPDX-License-Identifier: MIT */
/*
 * The agent's log on stderr: logfmt with the keys that Prometheus uses, JSON, or a short line for
 * people. What cannot be written is lost: there is no other place to tell it.
 */
#include "cli/agent.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {"DEBUG", "INFO", "WARN", "ERROR"};

/* Whether stderr goes to the journal: it says which file it gave us. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat own;
	char text[64];
	if (stream == NULL || fstat(STDERR_FILENO, &own) != 0)
		return false;
	(void)snprintf(text, sizeof text, "%llu:%llu", (unsigned long long)own.st_dev,
		(unsigned long long)own.st_ino);
	return strcmp(text, stream) == 0;
}

void
cli_agent_log_init(
	struct cli_agent_log *log, enum cli_log_format format, enum pitot_log_level least)
{
	*log = (struct cli_agent_log){format, least, is_journal()};
	if (log->format == CLI_LOG_AUTO)
		log->format = isatty(STDERR_FILENO) != 0 ? CLI_LOG_SHORT : CLI_LOG_LOGFMT;
}

static void
format_time(char *text, size_t size, bool date)
{
	struct timespec now;
	struct tm utc;
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	(void)gmtime_r(&now.tv_sec, &utc);
	char seconds[32];
	(void)strftime(seconds, sizeof seconds, date ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S", &utc);
	(void)snprintf(text, size, "%s.%03ld%s", seconds, now.tv_nsec / 1000000, date ? "Z" : "");
}

/* A value as logfmt has it: in quotes where it needs them. */
static void
put_value(FILE *out, const char *value)
{
	bool plain = value[0] != '\0';
	for (const char *at = value; *at != '\0'; at++)
		plain = plain && (unsigned char)*at > ' ' && strchr("\"=\\\x7f", *at) == NULL;
	if (plain) {
		(void)fputs(value, out);
		return;
	}
	(void)fputc('"', out);
	for (const char *at = value; *at != '\0'; at++) {
		if (*at == '"' || *at == '\\')
			(void)fputc('\\', out);
		if (*at == '\n')
			(void)fputs("\\n", out);
		else if ((unsigned char)*at >= ' ' && *at != 0x7f)
			(void)fputc(*at, out);
	}
	(void)fputc('"', out);
}

static void
put_logfmt(FILE *out, const struct cli_agent_log *log, const struct pitot_log_entry *entry)
{
	char now[64];
	format_time(now, sizeof now, true);
	if (!log->journal)
		(void)fprintf(out, "time=%s ", now);
	(void)fprintf(out, "level=%s msg=", level_names[entry->level]);
	put_value(out, entry->message);
	for (size_t i = 0; i < entry->field_count; i++) {
		(void)fprintf(out, " %s=", entry->fields[i].name);
		put_value(out, entry->fields[i].value);
	}
	(void)fputc('\n', out);
}

static void
put_short(FILE *out, const struct pitot_log_entry *entry)
{
	char now[64];
	format_time(now, sizeof now, false);
	(void)fprintf(
		out, "%s %s%s", now, entry->level >= PITOT_LOG_WARN ? "! " : "", entry->message);
	for (size_t i = 0; i < entry->field_count; i++) {
		(void)fprintf(out, "%s%s ", i == 0 ? ": " : ", ", entry->fields[i].name);
		put_value(out, entry->fields[i].value);
	}
	(void)fputc('\n', out);
}

static void
put_json(FILE *out, const struct pitot_log_entry *entry)
{
	char now[64];
	format_time(now, sizeof now, true);
	json_t *line = json_object();
	(void)json_object_set_new(line, "time", json_string(now));
	(void)json_object_set_new(line, "level", json_string(level_names[entry->level]));
	(void)json_object_set_new(line, "msg", json_string(entry->message));
	for (size_t i = 0; i < entry->field_count; i++)
		(void)json_object_set_new(
			line, entry->fields[i].name, json_string(entry->fields[i].value));
	char *text = json_dumps(line, JSON_COMPACT);
	if (text != NULL)
		(void)fprintf(out, "%s\n", text);
	free(text);
	json_decref(line);
}

void
cli_agent_log(void *context, const struct pitot_log_entry *entry)
{
	static const int priorities[] = {7, 6, 4, 3};
	const struct cli_agent_log *log = context;
	char *text = NULL;
	size_t size = 0;
	if (entry->level < log->least)
		return;
	/* One write for a line, so that lines do not mix with those of others. */
	FILE *out = open_memstream(&text, &size);
	if (out == NULL)
		return;
	if (log->journal)
		(void)fprintf(out, "<%d>", priorities[entry->level]);
	if (log->format == CLI_LOG_JSON)
		put_json(out, entry);
	else if (log->format == CLI_LOG_SHORT)
		put_short(out, entry);
	else
		put_logfmt(out, log, entry);
	if (fclose(out) == 0 && write(STDERR_FILENO, text, size) < 0) {
		/* There is nobody to tell. */
	}
	free(text);
}
