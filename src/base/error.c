/* SPDX-License-Identifier: MIT */
/* Error texts, written from the inside out and read from the outside in. A long text is cut. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
pitot_code_text(int code)
{
	static const char *const texts[] = {
		[-PITOT_OK] = "success",
		[-PITOT_FAILED] = "failed",
		[-PITOT_USAGE] = "wrong usage",
		[-PITOT_BAD_INPUT] = "bad input",
		[-PITOT_REFUSED] = "refused by the receiver",
		[-PITOT_DENIED] = "access denied by the receiver",
		[-PITOT_NO_INPUT] = "no input",
		[-PITOT_NO_HOST] = "host not found",
		[-PITOT_UNAVAILABLE] = "receiver unavailable",
		[-PITOT_NO_MEMORY] = "out of memory or over a limit",
		[-PITOT_IO] = "input/output error",
		[-PITOT_BAD_CONFIG] = "bad configuration",
		[-PITOT_SPOOLED] = "kept in the spool",
	};
	int index = code <= 0 ? -code : -1;
	if (index < 0 || index >= (int)(sizeof texts / sizeof texts[0]))
		return "unknown error";
	return texts[index];
}

const char *
pitot_version(void)
{
	return PACKAGE_VERSION;
}

static void
mark_cut(char *text, size_t size, int wanted)
{
	if (wanted >= (int)size)
		memcpy(text + size - 4, "...", 4);
}

int
pt_error_set(struct pitot_error *why, int code, const char *format, ...)
{
	if (why == NULL)
		return code;
	/* Arguments may point into *why, so it is written only when the text is complete. */
	struct pitot_error error = {.code = code};
	va_list arguments;
	va_start(arguments, format);
	int wanted = vsnprintf(error.text, sizeof error.text, format, arguments);
	va_end(arguments);
	mark_cut(error.text, sizeof error.text, wanted);
	*why = error;
	return code;
}

int
pt_error_wrap(struct pitot_error *why, const char *format, ...)
{
	if (why == NULL)
		return PITOT_FAILED;
	char text[PITOT_ERROR_TEXT];
	va_list arguments;
	va_start(arguments, format);
	int context = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	int wanted = context;
	if (context >= 0 && context < (int)sizeof text)
		wanted +=
			snprintf(text + context, sizeof text - (size_t)context, ": %s", why->text);
	mark_cut(text, sizeof text, wanted);
	memcpy(why->text, text, sizeof text);
	return why->code;
}

int
pt_error_memory(struct pitot_error *why)
{
	return pt_error_set(why, PITOT_NO_MEMORY, "out of memory");
}
