/* SPDX-License-Identifier: MIT */
/*
 * The transport over libcurl: one easy handle, so one kept-alive connection, driven through the
 * multi interface, whose poll another thread can wake.
 *
 * The happy path is: set the request, run it, read the answer. Possible failures are: a file of the
 * options cannot be read (trying again is useless), no connection, no or a broken answer, the
 * timeout or the deadline (trying again may help). An answer with a status is no failure here.
 * Redirections are never followed; only http and https are spoken.
 */
#include "net/transport.h"

#include "base/error.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "net/headers.h"
#include "net/secret.h"
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What an answer may weigh in all; more ends the connection. */
enum { answer_most = 1 << 20 };

struct curl_transport {
	struct pt_transport base;
	CURL *easy;
	CURLM *multi;
	struct curl_slist *user_headers;
	char *username, *password;
	struct pt_secret password_file, token_file;
	char detail[CURL_ERROR_SIZE];
	/* Of the request under way. */
	struct pt_http_answer *answer;
	size_t body_kept, body_seen;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void
start_curl(void)
{
	curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- reading the answer ---- */

/* Control characters and broken UTF-8 become '?', so that a log line stays one. */
static void
make_printable(char *text)
{
	size_t length = strlen(text);
	for (size_t at = 0; at < length;) {
		size_t from = at;
		int32_t c = pt_utf8_next(text, length, &at);
		if (c < ' ' || (c >= 0x7f && c < 0xa0))
			memset(text + from, c == '\n' || c == '\t' || c == '\r' ? ' ' : '?',
				at - from);
	}
	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
}

static size_t
take_body(char *bytes, size_t one, size_t count, void *context)
{
	struct curl_transport *transport = context;
	size_t length = one * count, room = PT_LIMIT_ANSWER - transport->body_kept;
	size_t kept = length < room ? length : room;
	char *to = transport->answer->body + transport->body_kept;
	memcpy(to, bytes, kept);
	for (size_t i = 0; i < kept; i++)
		to[i] = to[i] == '\0' ? '?' : to[i];
	transport->body_kept += kept;
	transport->body_seen += length;
	/* Anything but the length ends the transfer; the answer's status is known by then. */
	return transport->body_seen > answer_most ? 0 : length;
}

static bool
is_header(
	const char *line, size_t length, const char *name, const char **value, size_t *value_length)
{
	size_t size = strlen(name);
	if (length <= size || line[size] != ':' || strncasecmp(line, name, size) != 0)
		return false;
	const char *at = line + size + 1, *end = line + length;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (end > at && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	*value = at;
	*value_length = (size_t)(end - at);
	return true;
}

/* Seconds or a date; -1 for anything else, and for what lies in the past. */
static int64_t
retry_after(const char *value, size_t length)
{
	char text[64];
	if (length == 0 || length >= sizeof text)
		return -1;
	memcpy(text, value, length);
	text[length] = '\0';
	if (strspn(text, "0123456789") == length)
		return length > 9 ? INT64_C(1000) * 1000 * 1000 * 1000 : (int64_t)atol(text) * 1000;
	time_t when = curl_getdate(text, NULL);
	if (when < 0)
		return -1;
	int64_t left_ms = (int64_t)when * 1000 - pt_clock_real()->wall_ms(pt_clock_real());
	return left_ms < 0 ? -1 : left_ms;
}

static size_t
take_header(char *line, size_t one, size_t count, void *context)
{
	struct curl_transport *transport = context;
	struct pt_http_answer *answer = transport->answer;
	size_t length = one * count, value_length = 0;
	const char *value = NULL;
	if (is_header(line, length, "Retry-After", &value, &value_length))
		answer->retry_after_ms = retry_after(value, value_length);
	if (is_header(line, length, "Location", &value, &value_length)) {
		if (value_length >= sizeof answer->location)
			value_length = sizeof answer->location - 1;
		memcpy(answer->location, value, value_length);
		answer->location[value_length] = '\0';
		make_printable(answer->location);
	}
	return length;
}

/* ---- options ---- */

static int
set_text(CURL *easy, CURLoption option, const char *text)
{
	return text == NULL || curl_easy_setopt(easy, option, text) == CURLE_OK ? 0
										: PITOT_NO_MEMORY;
}

static int
check_options(const struct pitot_http_options *options, struct pitot_error *why)
{
	const char *problem = NULL;
	if (options->bearer_token_file != NULL && options->username != NULL)
		problem = "a bearer token and a user name exclude each other";
	else if (options->password != NULL && options->password_file != NULL)
		problem = "a password and a password file exclude each other";
	else if ((options->password != NULL || options->password_file != NULL) &&
		options->username == NULL)
		problem = "a password needs a user name";
	else if ((options->cert_file == NULL) != (options->key_file == NULL))
		problem = "a client certificate needs both cert_file and key_file";
	if (problem != NULL)
		return pt_error_set(why, PITOT_USAGE, "%s", problem);
	const char *const files[] = {options->ca_file, options->cert_file, options->key_file};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (files[i] != NULL && access(files[i], R_OK) != 0)
			return pt_error_set(
				why, PITOT_NO_INPUT, "%s: %s", files[i], strerror(errno));
	for (size_t i = 0; i < options->header_count; i++) {
		int code = pt_headers_check(&options->headers[i], why);
		if (code != 0)
			return code;
	}
	return 0;
}

static bool
add_header(struct curl_slist **list, const char *name, const char *value)
{
	struct pt_buf line;
	pt_buf_init(&line, PT_LIMIT_SECRET * 2);
	/* libcurl sends a header without a value only if it ends in a semicolon. */
	pt_buf_printf(&line, *value == '\0' ? "%s;%s" : "%s: %s", name, value);
	struct curl_slist *grown =
		pt_buf_error(&line) == 0 ? curl_slist_append(*list, pt_buf_text(&line)) : NULL;
	pt_buf_clear(&line);
	if (grown == NULL)
		return false;
	*list = grown;
	return true;
}

static bool
copy_login(struct curl_transport *transport, const struct pitot_http_options *options)
{
	if (options->username != NULL && (transport->username = strdup(options->username)) == NULL)
		return false;
	if (options->password != NULL && (transport->password = strdup(options->password)) == NULL)
		return false;
	for (size_t i = 0; i < options->header_count; i++)
		if (!add_header(&transport->user_headers, options->headers[i].name,
			    options->headers[i].value))
			return false;
	return pt_secret_init(&transport->password_file, options->password_file) == 0 &&
		pt_secret_init(&transport->token_file, options->bearer_token_file) == 0;
}

static bool
set_options(struct curl_transport *transport, const struct pitot_http_options *options)
{
	CURL *easy = transport->easy;
	int code = 0;
	code |= set_text(easy, CURLOPT_CAINFO, options->ca_file);
	code |= set_text(easy, CURLOPT_SSLCERT, options->cert_file);
	code |= set_text(easy, CURLOPT_SSLKEY, options->key_file);
	code |= set_text(easy, CURLOPT_PROXY, options->proxy);
	code |= set_text(easy, CURLOPT_UNIX_SOCKET_PATH, options->unix_socket);
	code |= set_text(easy, CURLOPT_USERAGENT, "pitot/" PACKAGE_VERSION);
	code |= set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	/* These only store a number or a pointer, which cannot fail. */
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transport->detail);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transport);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, transport);
	(void)curl_easy_setopt(
		easy, CURLOPT_SSL_VERIFYPEER, options->insecure_skip_verify ? 0L : 1L);
	(void)curl_easy_setopt(
		easy, CURLOPT_SSL_VERIFYHOST, options->insecure_skip_verify ? 0L : 2L);
	return code == 0;
}

/* ---- one request ---- */

static int
set_login(struct curl_transport *transport, struct pitot_error *why)
{
	CURL *easy = transport->easy;
	const char *password = transport->password;
	if (transport->token_file.path != NULL) {
		const char *token = pt_secret_read(&transport->token_file, why);
		if (token == NULL)
			return pt_error_wrap(why, "bearer token");
		(void)curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		return set_text(easy, CURLOPT_XOAUTH2_BEARER, token);
	}
	if (transport->username == NULL)
		return 0;
	if (transport->password_file.path != NULL) {
		password = pt_secret_read(&transport->password_file, why);
		if (password == NULL)
			return pt_error_wrap(why, "password");
	}
	(void)curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	return set_text(easy, CURLOPT_USERNAME, transport->username) |
		set_text(easy, CURLOPT_PASSWORD, password == NULL ? "" : password);
}

/* The caller frees the list after the transfer, also on failure. */
static int
set_request(struct curl_transport *transport, const struct pt_http_request *request,
	struct curl_slist **headers, struct pitot_error *why)
{
	CURL *easy = transport->easy;
	bool ok = true, typed = false;
	for (size_t i = 0; ok && i < request->header_count; i++) {
		typed = typed || strcasecmp(request->headers[i].name, "Content-Type") == 0;
		ok = add_header(headers, request->headers[i].name, request->headers[i].value);
	}
	for (struct curl_slist *user = transport->user_headers; ok && user != NULL;
		user = user->next) {
		struct curl_slist *grown = curl_slist_append(*headers, user->data);
		ok = grown != NULL;
		*headers = ok ? grown : *headers;
	}
	/* A name and a colon alone keep libcurl from sending its own. */
	static const char *const unwanted[] = {"Expect:", "Accept:", "Content-Type:"};
	for (size_t i = 0; ok && i < (typed ? 2u : 3u); i++) {
		struct curl_slist *grown = curl_slist_append(*headers, unwanted[i]);
		ok = grown != NULL;
		*headers = ok ? grown : *headers;
	}
	if (!ok)
		return pt_error_memory(why);
	/* POSTFIELDS with any method sends Content-Length always, and 0 for an empty body. */
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *headers);
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
	(void)curl_easy_setopt(
		easy, CURLOPT_POSTFIELDS, request->length > 0 ? request->body : (const void *)"");
	if (set_text(easy, CURLOPT_CUSTOMREQUEST, request->method) != 0 ||
		set_text(easy, CURLOPT_URL, request->url) != 0)
		return pt_error_memory(why);
	return set_login(transport, why);
}

static void
wake(void *context)
{
	(void)curl_multi_wakeup(context); /* at worst the poll ends by itself */
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* CURLE_OPERATION_TIMEDOUT when the time is over; otherwise what libcurl says. */
static CURLcode
run(struct curl_transport *transport, int64_t timeout_ms, struct pt_deadline *deadline)
{
	const struct pt_clock *clock = pt_deadline_clock(deadline);
	int64_t end_ms = clock->mono_ms(clock) + timeout_ms;
	CURLcode result = CURLE_OPERATION_TIMEDOUT;
	if (curl_multi_add_handle(transport->multi, transport->easy) != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	pt_deadline_on_hasten(deadline, wake, transport->multi);
	for (;;) {
		int running = 0, left = 0;
		if (curl_multi_perform(transport->multi, &running) != CURLM_OK)
			break;
		CURLMsg *message = curl_multi_info_read(transport->multi, &left);
		if (message != NULL && message->msg == CURLMSG_DONE) {
			result = message->data.result;
			break;
		}
		int64_t left_ms =
			smaller(pt_deadline_left(deadline), end_ms - clock->mono_ms(clock));
		if (left_ms <= 0)
			break;
		(void)curl_multi_poll(transport->multi, NULL, 0, (int)smaller(left_ms, 1000), NULL);
	}
	pt_deadline_on_hasten(deadline, NULL, NULL);
	(void)curl_multi_remove_handle(transport->multi, transport->easy);
	return result;
}

static int
tell_failure(const struct curl_transport *transport, CURLcode result, struct pitot_error *why)
{
	long os_errno = 0;
	const char *detail =
		transport->detail[0] != '\0' ? transport->detail : curl_easy_strerror(result);
	switch (result) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return pt_error_set(why, PITOT_NO_HOST, "%s", detail);
	case CURLE_COULDNT_CONNECT:
		(void)curl_easy_getinfo(transport->easy, CURLINFO_OS_ERRNO, &os_errno);
		return pt_error_set(why, PITOT_UNAVAILABLE, "connect: %s",
			os_errno != 0 ? strerror((int)os_errno) : detail);
	case CURLE_OPERATION_TIMEDOUT:
		return pt_error_set(why, PITOT_UNAVAILABLE, "timed out waiting for the receiver");
	case CURLE_PEER_FAILED_VERIFICATION:
		return pt_error_set(why, PITOT_UNAVAILABLE,
			"TLS: the receiver's certificate is not trusted (name its authority with a "
			"CA "
			"file): %s",
			detail);
	case CURLE_SSL_CONNECT_ERROR:
		return pt_error_set(why, PITOT_UNAVAILABLE,
			"TLS: %s (does the receiver speak https, and want a client certificate?)",
			detail);
	case CURLE_SSL_CACERT_BADFILE:
		return pt_error_set(why, PITOT_NO_INPUT, "CA file: %s", detail);
	case CURLE_SSL_CERTPROBLEM:
		return pt_error_set(why, PITOT_NO_INPUT, "client certificate: %s", detail);
	case CURLE_OUT_OF_MEMORY:
		return pt_error_memory(why);
	case CURLE_URL_MALFORMAT:
		return pt_error_set(why, PITOT_USAGE, "%s", detail);
	default:
		return pt_error_set(why, PITOT_UNAVAILABLE, "%s", detail);
	}
}

static int
transport_send(struct pt_transport *base, const struct pt_http_request *request, int64_t timeout_ms,
	struct pt_deadline *deadline, struct pt_http_answer *answer, struct pitot_error *why)
{
	struct curl_transport *transport = (struct curl_transport *)base;
	struct curl_slist *headers = NULL;
	*answer = (struct pt_http_answer){.retry_after_ms = -1};
	transport->answer = answer;
	transport->body_kept = transport->body_seen = 0;
	transport->detail[0] = '\0';
	int code = set_request(transport, request, &headers, why);
	if (code != 0) {
		curl_slist_free_all(headers);
		return code == PITOT_NO_MEMORY ? pt_error_memory(why) : code;
	}
	CURLcode result = run(transport, timeout_ms, deadline);
	long status = 0, sent = 0;
	(void)curl_easy_getinfo(transport->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(transport->easy, CURLINFO_REQUEST_SIZE, &sent);
	(void)curl_easy_setopt(transport->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	make_printable(answer->body);
	bool too_long = result == CURLE_WRITE_ERROR && transport->body_seen > answer_most;
	if (status > 0 && (result == CURLE_OK || too_long)) {
		answer->status = (int)status;
		return 0;
	}
	answer->maybe_received = sent > 0;
	return tell_failure(transport, result, why);
}

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void
transport_free(struct pt_transport *base)
{
	struct curl_transport *transport = (struct curl_transport *)base;
	curl_easy_cleanup(transport->easy);
	if (transport->multi != NULL)
		(void)curl_multi_cleanup(transport->multi);
	for (struct curl_slist *header = transport->user_headers; header != NULL;
		header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(transport->user_headers);
	wipe(transport->username);
	wipe(transport->password);
	pt_secret_clear(&transport->password_file);
	pt_secret_clear(&transport->token_file);
	free(transport);
}

struct pt_transport *
pt_curl_new(const struct pitot_http_options *options, struct pitot_error *why)
{
	if (check_options(options, why) != 0)
		return NULL;
	/* libcurl's own set-up is not thread-safe in every version. */
	(void)pthread_once(&curl_once, start_curl);
	struct curl_transport *transport = calloc(1, sizeof *transport);
	if (transport == NULL || curl_ready != CURLE_OK)
		goto fail;
	transport->base = (struct pt_transport){.send = transport_send, .free = transport_free};
	transport->easy = curl_easy_init();
	transport->multi = curl_multi_init();
	if (transport->easy == NULL || transport->multi == NULL ||
		!copy_login(transport, options) || !set_options(transport, options))
		goto fail;
	return &transport->base;
fail:
	if (transport != NULL)
		transport_free(&transport->base);
	(void)pt_error_memory(why);
	return NULL;
}
