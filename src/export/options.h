/* SPDX-License-Identifier: MIT */
/* The numbers and choices among the push options: checked, and zero replaced by the default. */
#ifndef PT_EXPORT_OPTIONS_H
#define PT_EXPORT_OPTIONS_H

#include <pitot/push.h>

/*
 * Copies `options` to *complete (the strings stay the caller's) with the defaults in place. A wrong
 * one is PITOT_USAGE, and the text names the option, its value and what is allowed. Completing
 * twice changes nothing more.
 */
int pt_options_complete(struct pitot_push_options *complete,
	const struct pitot_push_options *options, struct pitot_error *why);

#endif
