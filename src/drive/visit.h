/* SPDX-License-Identifier: MIT */
/* One page, got once. */
#ifndef PT_DRIVE_VISIT_H
#define PT_DRIVE_VISIT_H

#include <stddef.h>
#include <pitot/push.h>

/* Reads a page, which is there only during the call; the result is that of the visit. */
typedef int pt_visit_reader(
	void *context, const char *page, size_t length, struct pitot_error *why);
/*
 * Gets the page at a complete URL, which should be of the type `accept`, and lets `read` read it;
 * of the options, http and timeout_ms count. Fails as the request or as `read` does, with a reason
 * that does not name the URL.
 */
int pt_visit(const char *url, const struct pitot_push_options *options, const char *accept,
	pt_visit_reader *read, void *context, struct pitot_error *why);

#endif
