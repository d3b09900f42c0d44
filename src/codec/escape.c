/* SPDX-License-Identifier: MIT */
/* Escaping of names, code point by code point. Only the buffer can fail, and that sticks. */
#include "codec/escape.h"

#include "base/utf8.h"

static bool
is_classic(const char *name, size_t length, bool label)
{
	return label ? pt_name_is_label(name, length, false)
		     : pt_name_is_metric(name, length, false);
}

static bool
is_allowed(int32_t c, size_t at, bool label)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		(c == ':' && !label) || (c >= '0' && c <= '9' && at > 0);
}

/* One code point that stood at byte `at`. */
static void
escape_point(struct pt_buf *out, int32_t c, bool allowed, enum pitot_escaping scheme)
{
	if (scheme == PITOT_ESCAPE_DOTS && c == '.')
		pt_buf_str(out, "_dot_");
	else if (scheme != PITOT_ESCAPE_UNDERSCORES && c == '_')
		pt_buf_str(out, "__");
	else if (allowed)
		pt_buf_char(out, (char)c);
	else if (scheme == PITOT_ESCAPE_UNDERSCORES)
		pt_buf_char(out, '_');
	else if (scheme == PITOT_ESCAPE_DOTS)
		pt_buf_str(out, "__");
	else if (c < 0)
		pt_buf_str(out, "_FFFD_");
	else
		pt_buf_printf(out, "_%x_", (unsigned)c);
}

void
pt_escape_name(
	struct pt_buf *out, const char *name, size_t length, bool label, enum pitot_escaping scheme)
{
	if (scheme == PITOT_ESCAPE_NONE ||
		(scheme != PITOT_ESCAPE_DOTS && is_classic(name, length, label))) {
		pt_buf_put(out, name, length);
		return;
	}
	if (scheme == PITOT_ESCAPE_VALUES)
		pt_buf_str(out, "U__");
	for (size_t at = 0; at < length;) {
		size_t from = at;
		int32_t c = pt_utf8_next(name, length, &at);
		escape_point(out, c, is_allowed(c, from, label), scheme);
	}
}
