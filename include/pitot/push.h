/* SPDX-License-Identifier: MIT */
/*
 * Destinations and the pusher: what main() touches once.
 *
 * All times are milliseconds. All strings are copied before a function returns, unless said.
 */
#ifndef PITOT_PUSH_H
#define PITOT_PUSH_H

#include <stdbool.h>
#include <pitot/error.h>
#include <pitot/exposition.h>
#include <pitot/metrics.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pitot_protocol {
	PITOT_PROTOCOL_AUTO = 0, /* from the URL's path, see pitot_push_options.url */
	PITOT_PROTOCOL_PUSHGATEWAY,
	/*
	 * The newest version that the receiver takes: 2.0 is tried, and the same samples are sent
	 * by 1.0 when it does not know that. The answer is remembered for a day.
	 */
	PITOT_PROTOCOL_REMOTE_WRITE,
	PITOT_PROTOCOL_REMOTE_WRITE_1, /* 1.0 */
	PITOT_PROTOCOL_REMOTE_WRITE_2  /* 2.0 */
};

/* What a push does to what the Pushgateway already holds under the same grouping key. */
enum pitot_push_mode {
	PITOT_MERGE = 0, /* replaces the families that are pushed, leaves the others (HTTP POST) */
	PITOT_REPLACE    /* the group becomes exactly what is pushed (HTTP PUT) */
};

/*
 * What becomes of the series at a destination when the pusher stops. Series that end before, by
 * removal or expiry, get a stale marker with remote write whatever is said here; from a Pushgateway
 * they vanish when their family is pushed the next time.
 */
enum pitot_at_end {
	PITOT_END_DEFAULT = 0, /* remote write: stale; Pushgateway and one-shot pushes: keep */
	PITOT_END_KEEP,        /* the last values stay */
	PITOT_END_STALE,       /* stale markers; a Pushgateway's group becomes empty */
	PITOT_END_DELETE       /* as stale, but a Pushgateway's group is deleted */
};

/* What becomes of several destinations. */
enum pitot_fanout {
	PITOT_FANOUT_ALL = 0, /* each gets everything */
	PITOT_FANOUT_FIRST    /* the next one only while those before it are down */
};

/* What a request is cut into when the receiver refuses what is in it (HTTP 400). */
enum pitot_on_refused {
	PITOT_REFUSED_DEFAULT = 0, /* one-shot pushes: split; the pusher: drop */
	PITOT_REFUSED_DROP,        /* it is lost as a whole, and counted */
	PITOT_REFUSED_SPLIT /* remote write 1.0: halves are sent until the bad series is alone */
};

/* How to talk HTTP. Zero means the default; secrets come from files, never from here to a log. */
struct pitot_http_options {
	const char *username;          /* basic authentication, with password or password_file */
	const char *password;          /* prefer password_file */
	const char *password_file;     /* read again when it changes */
	const char *bearer_token;      /* excludes username; prefer bearer_token_file */
	const char *bearer_token_file; /* read again when it changes; excludes username */
	const struct pitot_label *headers; /* extra ones; those the protocol owns are refused */
	size_t header_count;
	const char *ca_file;   /* PEM; default: the system's */
	const char *cert_file; /* client certificate, PEM, with key_file */
	const char *key_file;
	bool insecure_skip_verify; /* no TLS verification at all */
	const char *proxy;       /* default: http_proxy, https_proxy, no_proxy of the environment */
	const char *unix_socket; /* path of a socket to connect to in place of the URL's host */
};

/* How often the pusher pushes when it adapts; otherwise always PITOT_RHYTHM_DISABLED. */
enum pitot_rhythm {
	PITOT_RHYTHM_DISABLED = 0, /* in a fixed interval, as while the breaker is open */
	PITOT_RHYTHM_AGGRESSIVE,   /* little load: in the shortest interval */
	PITOT_RHYTHM_BALANCED,     /* in one between, that grows with the load */
	PITOT_RHYTHM_CONSERVATIVE  /* much load: in the longest interval */
};

/* "disabled", "aggressive", "balanced", "conservative"; never NULL. */
const char *pitot_rhythm_text(enum pitot_rhythm rhythm);

/*
 * The pusher adapts its interval to the load, which is the weighted mean of three shares, each 0 to
 * 1: of samples that changed in a second, of the queue that is waiting, and of time that a push
 * takes. Slow or failed pushes in a row open a breaker: the interval is fixed until one succeeds
 * fast. A full queue is flushed at once in any case. Zero means the default.
 */
struct pitot_adaptive_options {
	bool enabled;
	int64_t min_interval_ms; /* default: a third of interval_ms */
	int64_t max_interval_ms; /* default: six times the shortest */
	/* All three 0: 0.5, 0.3, 0.2; otherwise as they are, where 0 leaves that share out. */
	double rate_weight;
	double pending_weight;
	double duration_weight;
	double full_rate;          /* changed samples in a second that are a full share; 1000 */
	double full_pending;       /* part of the queue that is a full share, up to 1; 0.5 */
	int64_t full_duration_ms;  /* of a push that is a full share; default slow_push_ms */
	double smoothing;          /* how much of each new load counts, up to 1; default 0.3 */
	double low_load;           /* below: aggressive; default 0.3 */
	double high_load;          /* above: conservative; up to 1; default 0.7 */
	int64_t slow_push_ms;      /* a push that takes longer is slow; default 2000 */
	unsigned slow_pushes;      /* in a row that open the breaker; default 5 */
	int64_t fixed_interval_ms; /* while the breaker is open; default interval_ms */
};

/* Whose time samples carry. */
enum pitot_clock {
	PITOT_CLOCK_LOCAL = 0, /* ours; samples that are ahead of the receiver's are held back */
	PITOT_CLOCK_SERVER     /* the receiver's, as its answers tell it */
};

struct pitot_report;

/* Zero means the default. */
struct pitot_push_options {
	/*
	 * Where to. A URL without scheme means http://. With PITOT_PROTOCOL_AUTO an empty path
	 * means a Pushgateway, a well-known remote-write path (/api/v1/write, /api/v1/push,
	 * /api/prom/push, /api/v1/receive, /remote_write) means remote write, anything else is
	 * an error that asks for `protocol`.
	 */
	const char *url;
	enum pitot_protocol protocol;
	const char *job;      /* default: the program's name */
	const char *instance; /* default: the host's name; "" means none */
	/* Pushgateway: further grouping labels. Remote write: labels added to every series. */
	const struct pitot_label *labels;
	size_t label_count;
	enum pitot_push_mode mode; /* Pushgateway only */
	bool utf8_names;           /* the receiver takes names outside [a-zA-Z0-9_:] */
	/*
	 * The receiver takes native histograms: they are sent as such, otherwise as their classic
	 * buckets. Receivers that do not take them may answer 500 for ever; that is noticed, and
	 * classic buckets are sent for a day. A Pushgateway gets them beside their buckets.
	 */
	bool native_histograms;
	bool old_start_time; /* remote write 2.0: start times also where receivers read before */
	/*
	 * Remote write, pusher: no sample of value 0 before the first one of a counter or
	 * histogram. It lets increase() see what was counted before the first push.
	 */
	bool no_zero_anchor;
	enum pitot_at_end at_end;
	enum pitot_on_refused on_refused;

	/*
	 * Further destinations. Each has its own url, protocol, mode, http and native_histograms,
	 * old_start_time and utf8_names; its job, instance, labels, max_request_bytes, queue_bytes
	 * and timeout_ms are those of the first unless they are set; everything else is taken from
	 * the first, and `others` of the others must be empty. With PITOT_FANOUT_FIRST all speak
	 * the same protocol family.
	 */
	const struct pitot_push_options *others;
	size_t other_count; /* at most 15 */
	enum pitot_fanout fanout;

	/*
	 * What could not be sent waits in memory, at most this much for each destination. When it
	 * is full, newer samples replace older ones of the same series, oldest first, which is
	 * counted. A Pushgateway only ever gets the newest state. Default 16 MiB.
	 */
	size_t queue_bytes;
	int64_t max_age_ms; /* samples older than this are dropped and counted; default: none are */
	unsigned shards;    /* remote write, pusher: requests at a time, 1 to 16; default 1 */
	/*
	 * A directory for requests until they are delivered, which survive the end of the process;
	 * the next push to the same destination continues. It is made if it is missing. Excludes
	 * shards. NULL: none.
	 */
	const char *spool_dir;
	uint64_t spool_bytes; /* at most, for each queue; the oldest go first; default 256 MiB */
	bool detach;          /* one-shot pushes: only into the spool; needs spool_dir */

	int64_t interval_ms;      /* pusher: time between pushes; default 15000 */
	double jitter;            /* share of the interval, 0 to 1; default 0.1; negative: none */
	int64_t timeout_ms;       /* one HTTP request; default 10000 */
	int64_t deadline_ms;      /* one-shot push with all its retries; default 30000 */
	int64_t stop_deadline_ms; /* the last push in pitot_pusher_stop(); default 5000 */
	size_t max_request_bytes; /* remote write: not compressed; default 1 MiB */
	bool no_self_metrics;     /* pusher: no pitot_… metrics about its own pushes */
	struct pitot_adaptive_options adaptive; /* pusher */
	enum pitot_clock clock;                 /* pusher, remote write */

	struct pitot_http_options http;

	/*
	 * Pusher: called with no lock held when a destination has taken all that waited for it,
	 * and after each attempt that failed. With several destinations or shards it may be called
	 * from several threads at a time.
	 */
	void (*report)(void *context, const struct pitot_report *report);
	void *report_context;
};

#define PITOT_URL_TEXT 256

/* Why samples will never be delivered. */
enum pitot_drop {
	PITOT_DROP_REFUSED,    /* the receiver refused them (HTTP 4xx), or wrote fewer than sent */
	PITOT_DROP_DENIED,     /* the receiver refused the login, or the URL is wrong */
	PITOT_DROP_POISON,     /* the receiver lives, but answers 500 to them again and again */
	PITOT_DROP_UNSENT,     /* the time was up */
	PITOT_DROP_REPLACED,   /* newer samples of the same series took their place in the queue */
	PITOT_DROP_QUEUE_FULL, /* the queue was full of samples that nothing could replace */
	PITOT_DROP_TOO_OLD,    /* older than max_age_ms */
	PITOT_DROP_TOO_LARGE,  /* fits into no request of max_request_bytes */
	PITOT_DROP_UNSENDABLE, /* the protocol's version has no place for them */
	PITOT_DROP_INVALID,    /* refused here: names, labels or times that no receiver takes */
	PITOT_DROP_SPOOL_FULL, /* more than spool_bytes, or the disk is full */
	PITOT_DROP_DAMAGED,    /* the spool was damaged */
	PITOT_DROP_CLOCK,      /* the clock cannot be trusted */
	PITOT_DROP_REASONS     /* how many there are */
};
/* "refused", "denied", … as in the label of pitot_samples_dropped_total; NULL for others. */
const char *pitot_drop_text(enum pitot_drop reason);

/* What was done at one destination since its last report. */
struct pitot_report {
	char url[PITOT_URL_TEXT];     /* without user, password and query; cut where too long */
	enum pitot_protocol protocol; /* the version that was spoken, if any was */
	struct pitot_error error;     /* .code is PITOT_OK when everything was delivered */
	int64_t time_ms;              /* when it started, since the epoch */
	int64_t duration_ms;
	unsigned requests;      /* HTTP requests that were answered 2xx */
	unsigned attempts;      /* HTTP requests in all, retries included */
	size_t series;          /* in the snapshot */
	size_t samples_sent;    /* acknowledged by the receiver; native histograms included */
	size_t samples_retried; /* sent once more, each time */
	size_t samples_failed;  /* refused, denied, poison or unsent */
	size_t samples_dropped; /* all others that will never be delivered */
	size_t dropped[PITOT_DROP_REASONS]; /* both, by reason */
	const char *dropped_reason; /* of the last of samples_dropped; NULL if there are none */
	size_t exemplars_sent;
	size_t exemplars_dropped; /* the destination cannot carry them */
	size_t samples_pending;   /* in the queue or the spool */
	uint64_t pending_bytes;   /* which they take */
	int64_t oldest_ms;        /* the earliest time among them; 0 if there are none */
	uint64_t bytes_sent;      /* request bodies, once for each attempt */
	bool maybe_stored;        /* an attempt got no answer, so the receiver may hold the data */
	int64_t receiver_ms;      /* its time by its last answer, in whole seconds; 0: not told */
	int64_t heard_ms;         /* what our clock said then */
	bool final;               /* the pusher's last for this destination */
};

/* Checks url, protocol, job, instance and labels, and tells which protocol they mean. */
int pitot_push_protocol(const struct pitot_push_options *options, enum pitot_protocol *protocol,
	struct pitot_error *why);
/*
 * Gathers and pushes once, with retries, in the calling thread. `report` may be NULL. A mistake
 * that the registry keeps is told when what could be declared has been pushed.
 */
int pitot_push(struct pitot_registry *registry, const struct pitot_push_options *options,
	struct pitot_report *report, struct pitot_error *why);
/*
 * Pushes a snapshot that exists. `time_ms` > 0 becomes the time of samples that have none, 0 leaves
 * them that of the snapshot. A Pushgateway takes no time: there it must be 0.
 */
int pitot_push_snapshot(const struct pitot_snapshot *snapshot, int64_t time_ms,
	const struct pitot_push_options *options, struct pitot_report *report,
	struct pitot_error *why);
/* Pushgateway: deletes the group of exactly this job, instance and labels. */
int pitot_push_delete(const struct pitot_push_options *options, struct pitot_report *report,
	struct pitot_error *why);
/* A group of a Pushgateway; valid during the call that shows it. Times are since the epoch. */
struct pitot_group {
	const char *job, *instance;       /* "" where the key has none */
	const struct pitot_label *labels; /* the rest of the key; an instance of "", too */
	size_t label_count;
	int64_t pushed_ms;  /* when it was last pushed */
	int64_t failed_ms;  /* when a push was last refused; 0: never */
	int64_t expires_ms; /* by the group's pitot_expires_timestamp_seconds; 0: never */
};
/* Shows every group of the Pushgateway at `url`; of the options, http and timeout_ms count too. */
int pitot_push_groups(const struct pitot_push_options *options,
	void (*show)(void *context, const struct pitot_group *group), void *context,
	struct pitot_error *why);
/*
 * Reads the page of metrics at `url`, as a scrape does; of the options, http and timeout_ms count
 * too. NULL if it cannot be had or is not metrics; else free it with pitot_snapshot_free().
 */
struct pitot_snapshot *pitot_scrape(
	const struct pitot_push_options *options, struct pitot_error *why) PITOT_MUST_USE;
/*
 * What pitot_push_snapshot() would send, without sending: the URL, the headers without secrets and
 * each request's body are given to `show` in order.
 */
struct pitot_request {
	const char *method;
	const char *url;
	const struct pitot_label *headers;
	size_t header_count;
	const void *body; /* as on the wire */
	size_t body_length;
	const void *plain; /* before compression; == body where there is none */
	size_t plain_length;
};
int pitot_push_preview(const struct pitot_snapshot *snapshot, int64_t time_ms,
	const struct pitot_push_options *options,
	void (*show)(void *context, const struct pitot_request *request), void *context,
	struct pitot_error *why);

struct pitot_pusher;

/*
 * Starts a thread that gathers now, then once in an interval, and one that sends for each
 * destination and shard. NULL on a wrong option or on a mistake that the registry keeps. The
 * registry must outlive the pusher. With a disabled registry the
 * pusher does nothing: no thread, no socket.
 */
struct pitot_pusher *pitot_pusher_start(struct pitot_registry *registry,
	const struct pitot_push_options *options, struct pitot_error *why) PITOT_MUST_USE;
/*
 * Gathers now and waits until that is delivered everywhere, `wait_ms` at most; 0 does not wait.
 * PITOT_UNAVAILABLE when it waits longer; it stays in the queue.
 */
int pitot_pusher_flush(struct pitot_pusher *pusher, int64_t wait_ms, struct pitot_error *why);
/*
 * Gathers once more, ends the series as at_end says, and sends all of it within stop_deadline_ms;
 * then the threads end and the pusher is freed. Returns why the last values were not delivered:
 * PITOT_SPOOLED if they are in the spool. pitot_pusher_stop(NULL, NULL) does nothing.
 */
int pitot_pusher_stop(struct pitot_pusher *pusher, struct pitot_error *why);

#ifdef __cplusplus
}
#endif
#endif
