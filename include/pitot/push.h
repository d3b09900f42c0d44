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
	PITOT_PROTOCOL_REMOTE_WRITE /* 1.0 */
};

/* What a push does to what the Pushgateway already holds under the same grouping key. */
enum pitot_push_mode {
	PITOT_MERGE = 0, /* replaces the families that are pushed, leaves the others (HTTP POST) */
	PITOT_REPLACE    /* the group becomes exactly what is pushed (HTTP PUT) */
};

/* How to talk HTTP. Zero means the default; secrets come from files, never from here to a log. */
struct pitot_http_options {
	const char *username;          /* basic authentication, with password or password_file */
	const char *password;          /* prefer password_file */
	const char *password_file;     /* read again when it changes */
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
	PITOT_RHYTHM_DISABLED =
		0, /* in a fixed interval: it does not adapt, or the breaker is open */
	PITOT_RHYTHM_AGGRESSIVE,  /* little load: in the shortest interval */
	PITOT_RHYTHM_BALANCED,    /* in one between, that grows with the load */
	PITOT_RHYTHM_CONSERVATIVE /* much load: in the longest interval */
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

	int64_t interval_ms;      /* pusher: time between pushes; default 15000 */
	double jitter;            /* share of the interval, 0 to 1; default 0.1; negative: none */
	int64_t timeout_ms;       /* one HTTP request; default 10000 */
	int64_t deadline_ms;      /* one push with all its retries; default 30000 */
	int64_t stop_deadline_ms; /* the last push in pitot_pusher_stop(); default 5000 */
	size_t max_request_bytes; /* remote write: not compressed; default 1 MiB */
	bool no_self_metrics;     /* pusher: no pitot_… metrics about its own pushes */
	struct pitot_adaptive_options adaptive; /* pusher */
	enum pitot_clock clock;                 /* pusher, remote write */

	struct pitot_http_options http;

	/* Pusher: called after every push, from its thread, with no lock held. */
	void (*report)(void *context, const struct pitot_report *report);
	void *report_context;
};

#define PITOT_URL_TEXT 256

/* What one push did. */
struct pitot_report {
	char url[PITOT_URL_TEXT]; /* without user, password and query; cut where too long */
	enum pitot_protocol protocol;
	struct pitot_error error; /* .code is PITOT_OK when everything was delivered */
	int64_t time_ms;          /* when it started, since the epoch */
	int64_t duration_ms;
	unsigned requests;          /* HTTP requests that were answered 2xx */
	unsigned attempts;          /* HTTP requests in all, retries included */
	size_t series;              /* in the snapshot */
	size_t samples_sent;        /* acknowledged by the receiver */
	size_t samples_failed;      /* not acknowledged: refused, or out of retries */
	size_t samples_dropped;     /* could not be sent to this destination, see dropped_reason */
	const char *dropped_reason; /* a constant string, NULL if none were */
	size_t exemplars_dropped;   /* the destination cannot carry them */
	uint64_t bytes_sent;        /* request bodies, once for each attempt */
	bool maybe_stored; /* an attempt got no answer, so the receiver may hold the data */
	bool final;        /* the pusher's last */
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
 * Starts a thread that pushes now, then once in an interval. NULL on a wrong option or on a mistake
 * that the registry keeps. The registry must outlive the pusher. With a disabled registry the
 * pusher does nothing: no thread, no socket.
 */
struct pitot_pusher *pitot_pusher_start(struct pitot_registry *registry,
	const struct pitot_push_options *options, struct pitot_error *why) PITOT_MUST_USE;
/* Pushes now and waits for the result, `wait_ms` at most; 0 does not wait. */
int pitot_pusher_flush(struct pitot_pusher *pusher, int64_t wait_ms, struct pitot_error *why);
/*
 * One last push within stop_deadline_ms, then the thread ends and the pusher is freed. Returns what
 * the last push returned. pitot_pusher_stop(NULL, NULL) does nothing.
 */
int pitot_pusher_stop(struct pitot_pusher *pusher, struct pitot_error *why);

#ifdef __cplusplus
}
#endif
#endif
