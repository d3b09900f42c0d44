/* SPDX-License-Identifier: MIT */
/*
 * An exporter turns snapshots into requests for one destination, and sends one request at a time.
 * It never touches a registry and decides nothing about when and how often: that is the lane's.
 *
 * It has two halves. `begin` and `next` make requests; `attempt` and `probe` send them. Each half
 * belongs to one thread at a time, and the two may be different ones.
 */
#ifndef PT_EXPORT_EXPORTER_H
#define PT_EXPORT_EXPORTER_H

#include <stdatomic.h>
#include "codec/remote_write.h"
#include "export/formats.h"
#include "net/attempt.h"
#include <pitot/push.h>

/* A finished request. */
struct pt_batch {
	enum pt_format format;
	struct pt_write_count count; /* what is in it */
	size_t from, to;             /* the series of the table that it covers */
	const void *body;            /* as on the wire */
	size_t length;
};

/* A snapshot on its way into requests. */
struct pt_work {
	const struct pitot_snapshot *snapshot; /* must outlive the work */
	int64_t time_ms;                       /* of samples that have none of their own */
	int64_t now_ms;                        /* by the clock that they follow */
	unsigned shard, shards;                /* of remote write; 0 and 1: all */
	bool only_ends; /* births and ends of series: beside an ordinary snapshot */
	/* Filled by begin; `at` and `end` may be moved between two calls of next. */
	struct pitot_snapshot
		view; /* as the receiver takes it; borrows from exporter and snapshot */
	enum pt_write_part part;
	bool natives;                       /* native histograms go as such */
	bool metadata;                      /* 1.0: the families are to be told, last */
	bool telling;                       /* and that is what `at` runs over now */
	size_t at, end;                     /* the next series, and the one behind the last */
	size_t skipped[PITOT_DROP_REASONS]; /* samples that never get into a request, by reason */
	size_t exemplars_skipped;
};

enum pt_fate {
	PT_FATE_STORED,  /* done; the outcome says how much of it */
	PT_FATE_AGAIN,   /* the receiver speaks another version: make the request anew, at once */
	PT_FATE_LATER,   /* worth another attempt after a wait */
	PT_FATE_REFUSED, /* this request will never be taken, others may */
	PT_FATE_DENIED,  /* none will be: login or URL are wrong */
};

struct pt_outcome {
	enum pt_fate fate;
	struct pitot_error error;     /* why it was not stored, or not all of it */
	struct pt_write_count stored; /* with PT_FATE_STORED and _REFUSED: acknowledged */
	struct pt_write_count lost;   /* left out since the version has no place for it */
	uint64_t bytes;               /* of the body that was sent */
};

struct pt_exporter {
	/*
	 * Checks the snapshot and begins with it. PITOT_BAD_INPUT if it holds what no receiver
	 * takes: nothing of it is sent then.
	 */
	int (*begin)(struct pt_exporter *exporter, struct pt_work *work, struct pitot_error *why);
	/*
	 * The next request; its body is valid until the next call. 1, or 0 when there is none left,
	 * or PITOT_NO_MEMORY.
	 */
	int (*next)(struct pt_exporter *exporter, struct pt_work *work, struct pt_batch *batch,
		struct pitot_error *why);
	/* Sends it once; `attempt` keeps the numbers of all attempts of this batch. */
	void (*attempt)(struct pt_exporter *exporter, const struct pt_batch *batch,
		struct pt_deadline *deadline, struct pt_attempt *attempt,
		struct pt_outcome *outcome);
	/*
	 * Whether the receiver takes an empty request: it lives. `attempt` gets what it answered.
	 * NULL where there is no request without a side effect.
	 */
	bool (*probe)(struct pt_exporter *exporter, struct pt_deadline *deadline,
		struct pt_attempt *attempt);
	/* The batch was given up as poison: what is special about it is not sent any more. */
	void (*poisoned)(struct pt_exporter *exporter, const struct pt_batch *batch);
	void (*free)(struct pt_exporter *exporter);
	enum pitot_protocol protocol; /* as asked for: never AUTO */
	const char *url;              /* redacted, for reports */
	_Atomic size_t kept_bytes;    /* memory for making requests; relaxed: only told */
	uint64_t key;                 /* a hash of what makes this destination a different one */
};

/* The version that is spoken now, for reports. */
enum pitot_protocol pt_exporter_speaks(const struct pt_exporter *exporter);

/*
 * Checks the options and makes the exporter that their protocol asks for. Takes over `transport`,
 * also on failure. Job and instance get their defaults here.
 */
struct pt_exporter *pt_exporter_new(const struct pitot_push_options *options,
	struct pt_transport *transport, const struct pt_clock *clock, struct pitot_error *why);

#endif
