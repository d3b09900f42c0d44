/* SPDX-License-Identifier: MIT */
/* What a client that scrapes says it takes (RFC 9110, 12.5), and what it therefore gets. */
#ifndef PT_DRIVE_ACCEPT_H
#define PT_DRIVE_ACCEPT_H

#include <stdbool.h>
#include <pitot/exposition.h>

/* How much one thing is wanted. */
struct pt_accept_wish {
	unsigned exact;   /* how exactly it is named: 0 not at all, 1 or 2 by a wildcard, 3 */
	unsigned quality; /* thousandths; 0: not wanted */
	unsigned place;   /* among all that is named */
};

/* All zero: nothing is said, so that the oldest format goes, as it is. */
struct pt_accept {
	struct pt_accept_wish text, openmetrics, gzip, identity;
	unsigned places;
	bool escapes; /* the client names how names are to be escaped */
	enum pitot_escaping escaping;
};

/* One Accept header; each further one adds to it. What cannot be read is left out. */
void pt_accept_types(struct pt_accept *accept, const char *header);
/* One Accept-Encoding header, likewise. */
void pt_accept_codings(struct pt_accept *accept, const char *header);

/* OpenMetrics only if it is asked for; nothing that fits is text, too. */
enum pitot_format pt_accept_format(const struct pt_accept *accept);
bool pt_accept_gzip(const struct pt_accept *accept);
/* "allow-utf-8" and so on. */
const char *pt_accept_escaping_text(enum pitot_escaping escaping);

#endif
