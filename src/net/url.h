/* SPDX-License-Identifier: MIT */
/* URLs: completing, checking and redacting them, and percent-encoding of path components. */
#ifndef PT_NET_URL_H
#define PT_NET_URL_H

#include "base/buf.h"
#include <pitot/error.h>

/*
 * Checks `url` and appends it in complete form: "http://" put before if it has no scheme; http and
 * https only; a host; no control characters or spaces; at most PT_LIMIT_URL bytes. User and
 * password in the URL are kept (libcurl uses them). PITOT_USAGE otherwise, with the redacted URL in
 * the text.
 */
int pt_url_complete(struct pt_buf *out, const char *url, struct pitot_error *why);
/* Whether libcurl can use `proxy` ("" is none). PITOT_USAGE otherwise, redacted in the text. */
int pt_url_check_proxy(const char *proxy, struct pitot_error *why);
/* Appends the URL without user, password, query and fragment, control characters as '?'. */
void pt_url_redact(struct pt_buf *out, const char *url);
/* The path of a complete URL: points into it; length without query and fragment. */
const char *pt_url_path(const char *url, size_t *length);
/* Appends `text` with every byte outside [A-Za-z0-9._~-] as %XX. */
void pt_url_escape(struct pt_buf *out, const char *text, size_t length);
/* Appends base64url (RFC 4648 section 5) without padding. */
void pt_url_base64(struct pt_buf *out, const char *bytes, size_t length);

#endif
