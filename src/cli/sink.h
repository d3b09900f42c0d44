/* SPDX-License-Identifier: MIT */
/*
 * What the files of `pitot sink` share: a receiver that checks what it receives.
 *
 *   sink_http.c  bytes of HTTP into a sink_request, a sink_answer into bytes, faults on demand
 *   sink_serve.c which request is what; runs the rules; counts
 *   sink_remote_write.c, sink_pushgateway.c   what a real receiver does with a request
 *   sink_message.c, sink_print.c   remote-write requests, decoded and as lines
 *   sink_rules.c the table of rules; sink_rules_*.c the rules
 *   sink_store.c, sink_lines.c, sink_text.c   what they stand on
 *
 * It shares no code with the encoders it judges. Everything runs in one thread.
 */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SINK_LIMIT_BODY ((size_t)64 << 20) /* one request as it comes */
#define SINK_LIMIT_PLAIN                                                                           \
	((size_t)32 << 20) /* one remote-write request, not compressed: the default */
#define SINK_LIMIT_SERIES ((size_t)2000000)
#define SINK_LIMIT_GROUPS ((size_t)100000)
#define SINK_LIMIT_LABELS 128
#define SINK_LIMIT_TEXT ((size_t)1 << 30)
#define SINK_LIMIT_DETAIL 300 /* bytes of a violation's text */
#define SINK_LIMIT_FAULTS 10000
#define SINK_LIMIT_WAITING 64 /* connections held back by a fault */

/* ---- sink_text.c: text, numbers, encodings ---- */

/* A run of bytes that somebody else owns; no NUL behind it. */
struct sink_span {
	const char *at;
	size_t length;
};
#define SPAN(text) ((struct sink_span){(text), strlen(text)})
/* For printf's %.*s. */
#define SPAN_ARG(span) (int)((span).length < 200 ? (span).length : 200), (span).at

bool sink_span_is(struct sink_span span, const char *text);
bool sink_span_equal(struct sink_span a, struct sink_span b);
bool sink_span_ends(struct sink_span span, const char *suffix);
/* Bytewise, as strcmp(). */
int sink_span_compare(struct sink_span a, struct sink_span b);

/* A growing text. The first failure (memory, SINK_LIMIT_TEXT) sticks in `failed`. Zeroed: empty. */
struct sink_text {
	char *bytes; /* always ends in NUL where not NULL */
	size_t length, capacity;
	bool failed;
};
void sink_text_clear(struct sink_text *text);
void sink_text_add(struct sink_text *text, struct sink_span span);
void sink_text_str(struct sink_text *text, const char *bytes);
void sink_text_format(struct sink_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A label value between its quotes: \, " and LF escaped. */
void sink_text_escaped(struct sink_text *text, struct sink_span value);
/* The shortest decimal that reads back as the same double; `open`: as OpenMetrics writes it. */
void sink_text_number(struct sink_text *text, double value, bool open);
/* The content, never NULL. */
const char *sink_text_chars(const struct sink_text *text);

bool sink_utf8_valid(struct sink_span span);
bool sink_is_metric_name(struct sink_span name);
bool sink_is_label_name(struct sink_span name);
/* Percent-decoded into a new string; NULL if malformed or memory is out. */
char *sink_percent_decode(struct sink_span in, size_t *length);
/* base64url with or without padding, into a new string; NULL as above. */
char *sink_base64url_decode(struct sink_span in, size_t *length);
/* Standard alphabet, padded. */
void sink_text_base64(struct sink_text *text, struct sink_span in);

/* ---- sink_store.c: what came ---- */

/* A table from text to something; the key is copied. Zeroed: empty. */
struct sink_entry {
	struct sink_entry *next; /* in order of arrival */
	uint64_t hash;
	struct sink_span key;
	void *value;
};
struct sink_table {
	struct sink_entry **slots;
	size_t capacity, count;
	struct sink_entry *first, *last;
};
/* The entry of the key; made, with value NULL, if it is new. NULL if memory is out. */
struct sink_entry *sink_table_at(struct sink_table *table, struct sink_span key);
struct sink_entry *sink_table_find(const struct sink_table *table, struct sink_span key);
/* `release` gets each value; NULL: nothing is owned. */
void sink_table_clear(struct sink_table *table, void (*release)(void *value));

/* The latest sample of one remote-write series. */
struct sink_series {
	bool sampled;  /* some request had a sample of it */
	bool accepted; /* some request that was accepted had */
	int64_t last_ms;
	int64_t start_ms; /* since when it counts; 0: not told */
	double value;
};

/* One metric family of a Pushgateway group. */
struct sink_family {
	struct sink_text meta;    /* its HELP and TYPE lines */
	struct sink_text samples; /* its sample lines, grouping labels included */
	size_t count;
};

struct sink_group {
	struct sink_table families; /* of struct sink_family */
	double push_seconds;
};

struct sink_store {
	struct sink_table series; /* of struct sink_series, by name{labels} */
	struct sink_table told;   /* lines of metadata; values are NULL */
	struct sink_table groups; /* of struct sink_group, by {labels}; value NULL: deleted */
};
void sink_store_clear(struct sink_store *store);
void sink_group_free(void *group);
void sink_family_free(void *family);
/* Groups that were not deleted. */
size_t sink_store_groups(const struct sink_store *store);
/* All groups as text 0.0.4, the samples of a family together. */
void sink_store_text(const struct sink_store *store, struct sink_text *out);

/* ---- requests and answers ---- */

struct sink_header {
	char *name, *value;
};

struct sink_request {
	const char *method;
	const char *target; /* as it stood in the request line */
	struct sink_header *headers;
	size_t header_count;
	struct sink_span body;
	int64_t wall_ms; /* when it had come, since the epoch */
	int64_t mono_ms; /* the same, in time that only rises */
};
/* The first header of this name, in any case; NULL if there is none. */
const char *sink_request_header(const struct sink_request *request, const char *name);

struct sink_answer {
	unsigned status;
	int retry_after;  /* seconds; negative: no such header */
	const char *type; /* Content-Type; NULL: plain text */
	struct sink_text body;
	bool accepted; /* something was pushed or deleted, and is */
	bool tells;    /* remote write 2.0: the Written headers are sent */
	unsigned long long samples_written, histograms_written, exemplars_written;
};
void sink_answer_say(struct sink_answer *answer, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- faults on demand ---- */

enum sink_fault_kind {
	SINK_NORMAL,
	SINK_STATUS,
	SINK_HANG,
	SINK_RESET,
	SINK_CLOSE,
	SINK_SLOW,
	SINK_UNWRITTEN, /* 204 without the Written headers, and nothing stored */
	SINK_WRITTEN    /* a normal answer that claims only so many samples */
};
struct sink_fault {
	enum sink_fault_kind kind;
	unsigned status;
	int number; /* SINK_STATUS: seconds of Retry-After, negative for none; SINK_SLOW: to wait */
};
struct sink_script {
	struct sink_fault *faults;
	size_t count, at;
};
/* Returns NULL, or what is wrong (a static text) with *where at the word. */
const char *sink_script_parse(struct sink_script *script, const char *text, const char **where);

/* ---- lines of text 0.0.4 ---- */

enum sink_line_kind {
	SINK_LINE_BLANK,
	SINK_LINE_COMMENT,
	SINK_LINE_HELP,
	SINK_LINE_TYPE,
	SINK_LINE_OPEN, /* UNIT or EOF: OpenMetrics only */
	SINK_LINE_SAMPLE
};

struct sink_label {
	struct sink_span name;
	struct sink_span value; /* in lines: with its escapes */
};

/* A family as the body shows it. */
struct sink_declared {
	struct sink_span name, type; /* type: empty without a TYPE line */
	struct sink_span help;       /* the whole line; empty without */
	size_t first_sample;         /* line numbers; 0: none */
	size_t last_sample;
};

struct sink_line {
	enum sink_line_kind kind;
	size_t number;          /* from 1 */
	struct sink_span whole; /* without LF */
	struct sink_span name;
	struct sink_span labels;      /* between the braces */
	struct sink_span value;       /* of a sample; TYPE's word; HELP's text */
	struct sink_span time;        /* empty: none */
	struct sink_span rest;        /* behind all that */
	struct sink_declared *family; /* NULL for blank, comment, open */
};

struct sink_lines {
	struct sink_line *lines;
	size_t count;
	struct sink_table families; /* of struct sink_declared */
};
/* Understands any bytes somehow; exact for what a parser accepts. False if memory is out. */
bool sink_lines_read(struct sink_lines *lines, struct sink_span body);
void sink_lines_clear(struct sink_lines *lines);
/* The labels of a line, sorted by name; returns how many, SINK_LIMIT_LABELS at most. */
size_t sink_line_labels(const struct sink_line *line, struct sink_label *labels);

/* ---- the grouping key of a Pushgateway path ---- */

struct sink_key_label {
	struct sink_span raw_name, raw_value; /* as in the path; the name without @base64 */
	bool base64;
	char *name, *value; /* decoded; NULL where that failed */
	size_t name_length, value_length;
};
struct sink_key {
	struct sink_key_label labels[SINK_LIMIT_LABELS];
	size_t count;
	const char *error; /* why a gateway answers 400; NULL if it does not */
};
/* `path` is what follows "/metrics/", without the query. */
void sink_key_read(struct sink_key *key, struct sink_span path);
void sink_key_clear(struct sink_key *key);
/* {a="1",job="x"}, sorted by name, the last of equal names. */
void sink_key_text(const struct sink_key *key, struct sink_text *out);
/* The decoded label of this name, or NULL. */
const struct sink_key_label *sink_key_find(const struct sink_key *key, struct sink_span name);

/* ---- rules ---- */

/* What the sink answered to a request that may be sent again. */
struct sink_attempt {
	uint64_t hash;
	size_t length;
	unsigned status; /* 0: no answer at all */
	int retry_after; /* seconds; negative: none was said */
	unsigned sent;   /* how often it came before */
	long retry;      /* the last Retry-Attempt, 0 if there was none */
	int64_t mono_ms; /* when it was answered */
};

struct sink_write; /* sink_message.h */

/* One request as the rules see it. */
struct sink_view {
	const struct sink_request *request;
	const struct sink_attempt
		*before; /* the same remote-write body, refused earlier; or NULL */
	/* remote write */
	const char *unblocked; /* why it is not one snappy block, or NULL */
	const char *undecoded; /* why the block holds no message, or NULL */
	size_t plain_length, plain_limit;
	unsigned version;               /* of the protocol, as the head says: 1, 2, or 0 */
	const struct sink_write *write; /* NULL if not decoded */
	struct sink_series **series;    /* of each time series of `write` */
	/* Pushgateway */
	const struct sink_key *key;
	const struct sink_lines *lines; /* NULL for a delete */
	const char *unparsed;           /* why a parser refuses the body, or NULL */
};

/* The Content-Type of the Pushgateway's other body. */
#define SINK_MODEL_TYPE                                                                            \
	"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "               \
	"encoding=delimited"

/* Which requests a rule looks at. */
enum { SINK_ON_WRITE = 1, SINK_ON_PUSH = 2, SINK_ON_DELETE = 4 };

struct sink_rule {
	const char *spec; /* the checklist */
	unsigned number;  /* its line */
	unsigned on;      /* SINK_ON_… */
	bool refused;     /* a receiver answers 400 */
	const char *text; /* what is asked for */
	/* Writes to `found` what is wrong; nothing if it is right. */
	void (*check)(const struct sink_view *view, struct sink_text *found);
};

/* Ends in one whose spec is NULL. */
extern const struct sink_rule sink_rules[];

#define SINK_RULE(name) void sink_rule_##name(const struct sink_view *view, struct sink_text *found)
SINK_RULE(target);
SINK_RULE(reserved_headers);
SINK_RULE(content_length);
SINK_RULE(expect);
SINK_RULE(write_method);
SINK_RULE(write_encoding);
SINK_RULE(write_type);
SINK_RULE(write_version);
SINK_RULE(write_agent);
SINK_RULE(write_block);
SINK_RULE(write_fields);
SINK_RULE(write_symbols);
SINK_RULE(write_refs);
SINK_RULE(write_size);
SINK_RULE(retry_attempt);
SINK_RULE(retry_refused);
SINK_RULE(retry_soon);
SINK_RULE(retry_after);
SINK_RULE(series_samples);
SINK_RULE(series_name);
SINK_RULE(series_labels);
SINK_RULE(series_sorted);
SINK_RULE(series_utf8);
SINK_RULE(series_empty);
SINK_RULE(series_bounds);
SINK_RULE(sample_milliseconds);
SINK_RULE(sample_order);
SINK_RULE(sample_future);
SINK_RULE(sample_nan);
SINK_RULE(sample_stale_first);
SINK_RULE(sample_stale_newer);
SINK_RULE(sample_start);
SINK_RULE(exemplars);
SINK_RULE(metadata);
SINK_RULE(natives_apart);
SINK_RULE(natives);
SINK_RULE(natives_custom);
SINK_RULE(key_slashes);
SINK_RULE(key_base64);
SINK_RULE(key_empty);
SINK_RULE(key_dots);
SINK_RULE(key_bytes);
SINK_RULE(key_utf8);
SINK_RULE(key_names);
SINK_RULE(push_type);
SINK_RULE(push_encoding);
SINK_RULE(delete_empty);
SINK_RULE(body_parsed);
SINK_RULE(body_ends);
SINK_RULE(body_cr);
SINK_RULE(body_trailing);
SINK_RULE(body_times);
SINK_RULE(body_exemplars);
SINK_RULE(body_types);
SINK_RULE(body_total);
SINK_RULE(body_meta_once);
SINK_RULE(body_meta_first);
SINK_RULE(body_together);
SINK_RULE(body_own_labels);
SINK_RULE(body_duplicates);
SINK_RULE(body_utf8);
SINK_RULE(body_names);
SINK_RULE(body_clash);
SINK_RULE(body_help);
SINK_RULE(body_open_lines);
SINK_RULE(body_histograms);

/* ---- the sink ---- */

enum sink_print { SINK_PRINT_SAMPLES, SINK_PRINT_SUMMARY, SINK_PRINT_NONE };
#define SINK_ATTEMPTS 256 /* refused requests that are remembered */

struct sink {
	/* options */
	enum sink_print print;
	const char *route_prefix; /* of the Pushgateway's paths: "" or "/…" */
	size_t plain_limit;
	bool declines[3];    /* versions of remote write that are answered 415 */
	unsigned long count; /* accepted requests to stop after; 0: none */
	FILE *out, *err;
	struct sink_script script;

	/* what came */
	struct sink_store store;
	struct sink_attempt attempts[SINK_ATTEMPTS];
	size_t attempt_next;
	unsigned long requests, accepted, violations;
	unsigned long long samples;
};
void sink_clear(struct sink *sink);

/* The same body, refused or left without an answer earlier; NULL if there is none. */
struct sink_attempt *sink_attempt_find(struct sink *sink, const struct sink_request *request);

/* Runs the rules for one kind of request; true if a `refused` one was broken, and `why` is how. */
bool sink_judge(
	struct sink *sink, unsigned on, const struct sink_view *view, struct sink_text *why);

/*
 * Answers a request. `fault` is what the script wants for it, and is taken only for pushes. With a
 * status above 299, hang, reset and close the request is judged, but nothing is stored.
 */
void sink_serve(struct sink *sink, const struct sink_request *request, struct sink_answer *answer,
	struct sink_fault *fault);

/* The two protocols; `refuse` is a fault that keeps the request from being stored. */
void sink_remote_write(struct sink *sink, const struct sink_request *request, bool refuse,
	struct sink_answer *answer);
/* `path` as for sink_key_read(). */
void sink_pushgateway(struct sink *sink, const struct sink_request *request, struct sink_span path,
	bool refuse, struct sink_answer *answer);

/* ---- sink_http.c ---- */

struct sink_http_options {
	const char *address; /* numeric */
	uint16_t port;       /* 0: a free one */
	char *login;         /* "Basic …", what Authorization must be; NULL: open to all */
	char *cert, *key;    /* PEM; both or none */
};
struct sink_http;
/* NULL on failure, with *why a new string. */
struct sink_http *sink_http_start(
	struct sink *sink, const struct sink_http_options *options, char **why);
uint16_t sink_http_port(const struct sink_http *http);
/* Accepted requests whose answer is on its way. */
unsigned long sink_http_done(const struct sink_http *http);
/* Serves until `wake_fd` is readable or `wait_ms` (negative: no limit) are over, or once. */
void sink_http_turn(struct sink_http *http, int wake_fd, int64_t wait_ms);
void sink_http_stop(struct sink_http *http);

#endif
