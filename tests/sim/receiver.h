/* SPDX-License-Identifier: MIT */
/*
 * A simulated receiver of remote write under a virtual clock: it decodes what it is sent with
 * another decoder than ours, keeps it as Prometheus does (in order within a series, a whole request
 * of 1.0 or nothing), and fails as it is told.
 */
#ifndef SIM_RECEIVER_H
#define SIM_RECEIVER_H

#include "export/lanes.h"

/* Virtual time: it passes when somebody sleeps or a request takes its time. */
struct sim_clock {
	struct pt_clock clock; /* first */
	int64_t mono_ms;
	int64_t wall_ahead_ms; /* of the wall clock before the monotonic one; may step */
	int64_t true_ahead_ms; /* of the receivers' */
};
void sim_clock_init(struct sim_clock *clock);

enum sim_fault {
	SIM_FINE,
	SIM_REFUSE, /* no connection */
	SIM_RESET,  /* the connection ends before the request was read */
	SIM_LOST,   /* stored, but the answer is lost */
	SIM_HANG,   /* nothing until the time is up */
	SIM_503,    /* with or without Retry-After */
	SIM_429,    /* with Retry-After */
	SIM_500,
	SIM_FAULTS
};

enum sim_version {
	SIM_SPEAKS_BOTH,
	SIM_ONLY_1_TELLS,  /* 415 for 2.0 */
	SIM_ONLY_1_SILENT, /* 204 for 2.0, and nothing is stored */
	SIM_ONLY_2,        /* 415 for 1.0 */
	SIM_VERSIONS
};

struct sim_sample {
	int64_t time_ms;
	uint64_t bits; /* of a native histogram: of its count */
};

struct sim_series {
	char *text;                 /* all labels, sorted */
	struct sim_sample *samples; /* rising by time */
	size_t count, capacity;
};

struct sim_receiver {
	struct sim_clock *clock;
	enum sim_version version;
	enum sim_fault fault; /* what happens now */
	bool tells_time;      /* answers have a Date */
	const char *poison;   /* 500 for requests with this in a series' text; NULL: none */
	int64_t retry_after_ms;
	/* What came of it. */
	struct sim_series *series; /* in no order */
	size_t series_count, series_capacity;
	size_t requests[3]; /* by version, answered 2xx with something stored */
	size_t again;       /* samples that were there already, with the same value */
	size_t refused;     /* samples answered 400 */
	size_t unsure;      /* samples that were stored while the answer was lost */
	size_t broken;      /* requests that break the protocol */
	char why[200];      /* the first of them */
};

void sim_receiver_clear(struct sim_receiver *receiver);
/* A transport to it, for pt_world.connect with the receiver as context. */
struct pt_transport *sim_connect(
	void *receiver, const struct pitot_http_options *options, struct pitot_error *why);
/* The series with exactly this text, or NULL. */
struct sim_series *sim_find(struct sim_receiver *receiver, const char *text);
/* Appends a sample; rising times are the caller's care. */
void sim_append(struct sim_series *series, int64_t time_ms, uint64_t bits);
/* The same store for what was offered: finds or makes. */
struct sim_series *sim_get(struct sim_receiver *receiver, const char *text);

#endif
