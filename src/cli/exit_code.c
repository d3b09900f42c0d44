/* SPDX-License-Identifier: MIT */
/* Failures as texts and exit statuses, those of sysexits.h. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

int
cli_exit_code(int code)
{
	switch (code) {
	case PITOT_OK:
		return EXIT_SUCCESS;
	case PITOT_USAGE:
		return EX_USAGE;
	case PITOT_BAD_INPUT:
	case PITOT_REFUSED:
		return EX_DATAERR;
	case PITOT_NO_INPUT:
		return EX_NOINPUT;
	case PITOT_NO_HOST:
		return EX_NOHOST;
	case PITOT_UNAVAILABLE:
		return EX_UNAVAILABLE;
	case PITOT_NO_MEMORY:
		return EX_OSERR;
	case PITOT_IO:
		return EX_IOERR;
	case PITOT_SPOOLED:
		return EX_TEMPFAIL;
	case PITOT_DENIED:
		return EX_NOPERM;
	case PITOT_BAD_CONFIG:
		return EX_CONFIG;
	default:
		return EXIT_FAILURE;
	}
}

int
cli_fail(const char *verb, const struct pitot_error *why)
{
	/* The library begins with what it was asked to do, which stands there already. */
	size_t length = strlen(verb);
	bool said = strncmp(why->text, verb, length) == 0 && why->text[length] == ' ';
	fprintf(stderr, "pitot: %s: %s\n", verb, why->text + (said ? length + 1 : 0));
	return cli_exit_code(why->code);
}

void
cli_warn(const char *verb, const char *format, ...)
{
	fprintf(stderr, "pitot: %s: warning: ", verb);
	va_list arguments;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

int
cli_usage(const char *verb, const char *format, ...)
{
	fprintf(stderr, "pitot: %s: ", verb);
	va_list arguments;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, " (see 'pitot %s --help')\n", verb);
	return EX_USAGE;
}
