/* SPDX-License-Identifier: MIT */
/* Which extra headers a user may set. */
#ifndef PT_NET_HEADERS_H
#define PT_NET_HEADERS_H

#include <pitot/metrics.h>

/*
 * PITOT_USAGE if the header is reserved for the protocol or is not a header; its value is not told.
 */
int pt_headers_check(const struct pitot_label *header, struct pitot_error *why);

#endif
