/* SPDX-License-Identifier: MIT */
/* Telling, and not telling again. What has no place in the list of troubles is told each time. */
#include "agent/log.h"

#include "base/hash.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { troubles_most = 256, fields_most = 8, again_ms = 60000 };

struct trouble {
	uint64_t about, text; /* hashes; about 0: free */
	int64_t told_ms;
	unsigned more; /* times since then */
	bool well;     /* it works now */
	bool told;     /* that it does not work was, so that it works again is news */
};

struct pt_log {
	void (*log)(void *context, const struct pitot_log_entry *entry);
	void *context;
	const struct pt_clock *clock;
	pthread_mutex_t lock; /* guards what follows, and the calls */
	struct trouble troubles[troubles_most];
};

struct pt_log *
pt_log_new(const struct pitot_agent_options *options, const struct pt_clock *clock)
{
	struct pt_log *log = calloc(1, sizeof *log);
	if (log == NULL)
		return NULL;
	log->log = options->log;
	log->context = options->log_context;
	log->clock = clock;
	(void)pthread_mutex_init(&log->lock, NULL); /* cannot fail on Linux */
	return log;
}

void
pt_log_free(struct pt_log *log)
{
	if (log == NULL)
		return;
	(void)pthread_mutex_destroy(&log->lock);
	free(log);
}

/* The lock is held. */
static void
tell(const struct pt_log *log, enum pitot_log_level level, const char *message,
	const struct pitot_label *fields, size_t count)
{
	const struct pitot_log_entry entry = {level, message, fields, count};
	if (log->log != NULL)
		log->log(log->context, &entry);
}

void
pt_log_tell(struct pt_log *log, enum pitot_log_level level, const char *message, ...)
{
	struct pitot_label fields[fields_most];
	size_t count = 0;
	va_list arguments;
	va_start(arguments, message);
	for (const char *name; (name = va_arg(arguments, const char *)) != NULL;) {
		const char *value = va_arg(arguments, const char *);
		if (value != NULL && count < fields_most)
			fields[count++] = (struct pitot_label){name, value};
	}
	va_end(arguments);
	(void)pthread_mutex_lock(&log->lock);
	tell(log, level, message, fields, count);
	(void)pthread_mutex_unlock(&log->lock);
}

/* What works is remembered for a while: it may be the same trouble each few seconds. */
static bool
is_free(const struct trouble *trouble, int64_t now_ms)
{
	return trouble->about == 0 || (trouble->well && now_ms - trouble->told_ms >= again_ms);
}

static struct trouble *
find(struct pt_log *log, uint64_t about, int64_t now_ms)
{
	struct trouble *place = NULL;
	for (size_t i = 0; i < troubles_most; i++) {
		if (log->troubles[i].about == about)
			return &log->troubles[i];
		if (place == NULL && is_free(&log->troubles[i], now_ms))
			place = &log->troubles[i];
	}
	return place;
}

/* Whether it is worth telling; *more is how often it was there untold. */
static bool
is_news(struct trouble *known, uint64_t about, uint64_t text, int64_t now_ms, unsigned *more)
{
	*more = 0;
	if (known == NULL)
		return true;
	if (known->about == about && known->text == text && now_ms - known->told_ms < again_ms) {
		known->more++;
		known->told = known->told && !known->well;
		known->well = false;
		return false;
	}
	*more = known->about == about && known->text == text ? known->more : 0;
	*known = (struct trouble){.about = about, .text = text, .told_ms = now_ms, .told = true};
	return true;
}

void
pt_log_trouble(struct pt_log *log, const char *message, const char *kind, const char *about,
	const char *trouble)
{
	uint64_t name = pt_hash(about, strlen(about), pt_hash(message, strlen(message), 0)) | 1;
	uint64_t text = pt_hash(trouble, strlen(trouble), 0);
	char times[24];
	unsigned more = 0;
	(void)pthread_mutex_lock(&log->lock);
	int64_t now_ms = log->clock->mono_ms(log->clock);
	struct trouble *known = find(log, name, now_ms);
	if (trouble[0] == '\0') {
		bool was_bad = known != NULL && known->about == name && !known->well;
		if (was_bad)
			known->well = true;
		if (was_bad && known->told)
			tell(log, PITOT_LOG_INFO, "It works again",
				&(struct pitot_label){kind, about}, 1);
	} else if (is_news(known, name, text, now_ms, &more)) {
		(void)snprintf(times, sizeof times, "%u", more);
		const struct pitot_label fields[] = {
			{kind, about}, {"err", trouble}, {"repeated", times}};
		tell(log, PITOT_LOG_WARN, message, fields, more > 0 ? 3 : 2);
	}
	(void)pthread_mutex_unlock(&log->lock);
}
