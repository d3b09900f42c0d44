/* SPDX-License-Identifier: MIT */
/*
 * A receiver that follows a script: a transport that answers as told and keeps what it was sent.
 * The script outlives the transport, which only counts that it was freed; reading is safe while
 * another thread sends.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <pthread.h>
#include "export/lanes.h"

enum script_kind {
	SCRIPT_ANSWER, /* with status and body; the default, once the steps are used up, is 200 */
	SCRIPT_REFUSE, /* no connection */
	SCRIPT_RESET,  /* no answer, but the request was received */
	SCRIPT_HANG    /* no answer until the time is up */
};

struct script_step {
	enum script_kind kind;
	int status;
	const char *body;
	bool written; /* remote write 2.0: told to have written everything */
	int64_t samples_written, histograms_written; /* where `written` is not; 0: not told */
	int64_t retry_after_ms;                      /* 0: not told */
	int64_t date_ms;                             /* the receiver's time; 0: not told */
	const char *location;
	bool hasten; /* while this is answered, somebody is in a hurry: 20 ms are left */
};

struct script_request {
	char method[8];
	char url[1024];
	char headers[512]; /* "Name: value\n" each */
	char *body;        /* with a NUL behind it */
	size_t length;
	int64_t timeout_ms;
};

#define SCRIPT_REQUESTS 64

struct script {
	struct pt_transport transport; /* first */
	const struct script_step *steps;
	size_t step_count;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t sent;
	bool repeat;  /* the last step for ever */
	size_t count; /* requests so far; the first SCRIPT_REQUESTS are kept */
	size_t freed;
	struct script_request requests[SCRIPT_REQUESTS];
	char last[4096]; /* the start of the last body */
};

void script_init(struct script *script, const struct script_step *steps, size_t count);
void script_clear(struct script *script);
/* A world in which every connection leads to the script. */
struct pt_world script_world(struct script *script);
/* The request at `index`; waits until it was sent. */
const struct script_request *script_wait(struct script *script, size_t index);
size_t script_count(struct script *script);
/* Whether the last step is repeated for ever; the default is not. */
void script_repeat(struct script *script, bool repeat);

#endif
