/* SPDX-License-Identifier: MIT */
/*
 * What can go wrong. Functions that can fail return 0 or one of the codes below, and describe the
 * failure in a struct pitot_error that the caller owns and may leave out (NULL).
 */
#ifndef PITOT_ERROR_H
#define PITOT_ERROR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PITOT_MUST_USE __attribute__((warn_unused_result))
#define PITOT_SENTINEL __attribute__((sentinel))
#else
#define PITOT_MUST_USE
#define PITOT_SENTINEL
#endif

/* A code's value changes what a caller does; the text says what happened. */
enum pitot_code {
	PITOT_OK = 0,
	PITOT_FAILED = -1,      /* failed for good, and none of the reasons below */
	PITOT_USAGE = -2,       /* an argument, option or declaration is wrong */
	PITOT_BAD_INPUT = -3,   /* text, label or sample cannot be parsed or sent */
	PITOT_REFUSED = -4,     /* the receiver refused the data (HTTP 4xx): never retried */
	PITOT_DENIED = -5,      /* the receiver refused the login (HTTP 401, 403) */
	PITOT_NO_INPUT = -6,    /* a file is missing or cannot be read */
	PITOT_NO_HOST = -7,     /* the receiver's name does not resolve */
	PITOT_UNAVAILABLE = -8, /* the receiver is down or slow after all retries */
	PITOT_NO_MEMORY = -9,   /* out of memory, or one of the limits in base/limits.h */
	PITOT_IO = -10,         /* a local read or write failed */
	PITOT_BAD_CONFIG = -11, /* an environment variable or configuration value is wrong */
	PITOT_SPOOLED = -12 /* not delivered yet, but safe in the spool: a later push sends it */
};

/* The longest text, including its final NUL; a longer one is cut and ends in "...". */
#define PITOT_ERROR_TEXT 512

/*
 * Written only on failure. `text` reads from the outside in, for example
 * "push http://localhost:9091: connect: connection refused"; it never holds a secret.
 */
struct pitot_error {
	int code;        /* enum pitot_code */
	int http_status; /* the receiver's answer, 0 where there was none */
	unsigned line;   /* of the input, counted from 1; 0 where there is none */
	unsigned column; /* in bytes, counted from 1; 0 where there is none */
	char text[PITOT_ERROR_TEXT];
};

/* A short constant text for a code ("receiver unavailable"). Thread-safe; never NULL. */
const char *pitot_code_text(int code);

/* The library's version, "major.minor.patch". */
const char *pitot_version(void);

#ifdef __cplusplus
}
#endif
#endif
