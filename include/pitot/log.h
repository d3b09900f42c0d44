/* SPDX-License-Identifier: MIT */
/*
 * What the library tells whoever started something: it never writes a log itself, but calls the
 * function it was given, which may print the event in any form.
 */
#ifndef PITOT_LOG_H
#define PITOT_LOG_H

#include <stddef.h>
#include <pitot/metrics.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pitot_log_level { PITOT_LOG_DEBUG = 0, PITOT_LOG_INFO, PITOT_LOG_WARN, PITOT_LOG_ERROR };

/* Something that happened; valid during the call. No field holds a secret. */
struct pitot_log_entry {
	enum pitot_log_level level;
	const char *message;              /* always the same for the same kind of event */
	const struct pitot_label *fields; /* what it is about: url, job, err, … */
	size_t field_count;
};

#ifdef __cplusplus
}
#endif
#endif
