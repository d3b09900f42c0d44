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

#include "base/buf.h"
#include "base/error.h"
#include "net/answer.h"
#include "net/headers.h"
#include "net/secret.h"
#include "net/url.h"
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

struct curl_transport {
	struct pt_transport base;
	CURL *easy;
	CURLM *multi;
	struct curl_slist *user_headers;
	char *username, *password;
	char *ca_file, *cert_file, *key_file, *unix_socket; /* to name them */
	struct pt_secret password_file, token_file;
	/* Of the request under way. */
	struct pt_answer_reader reader;
	unsigned times_sent; /* more than once where a kept connection turned out to be closed */
	char detail[CURL_ERROR_SIZE];
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void
start_curl(void)
{
	curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- options ---- */

static int
set_text(CURL *easy, CURLoption option, const char *text)
{
	return text == NULL || curl_easy_setopt(easy, option, text) == CURLE_OK ? 0
										: PITOT_NO_MEMORY;
}

/* At once: libcurl looks only when it is connected, and does not always name the file then. */
static int
check_files(const struct pitot_http_options *options, struct pitot_error *why)
{
	const struct {
		const char *what, *path;
	} files[] = {{"ca_file", options->ca_file}, {"cert_file", options->cert_file},
		{"key_file", options->key_file}};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (files[i].path != NULL && access(files[i].path, R_OK) != 0)
			return pt_error_set(why, PITOT_NO_INPUT, "%s %s: %s", files[i].what,
				files[i].path, strerror(errno));
	return 0;
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
	else if (options->username != NULL && strchr(options->username, ':') != NULL)
		problem = "a user name cannot have a colon";
	else if ((options->cert_file == NULL) != (options->key_file == NULL))
		problem = "a client certificate needs both cert_file and key_file";
	else if (options->unix_socket != NULL && options->proxy != NULL)
		problem = "a Unix socket and a proxy exclude each other";
	else if (options->unix_socket != NULL &&
		strlen(options->unix_socket) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
		problem = "the path of the Unix socket is too long";
	if (problem != NULL)
		return pt_error_set(why, PITOT_USAGE, "%s", problem);
	if (options->proxy != NULL && pt_url_check_proxy(options->proxy, why) != 0)
		return PITOT_USAGE;
	for (size_t i = 0; i < options->header_count; i++)
		if (pt_headers_check(&options->headers[i], why) != 0)
			return PITOT_USAGE;
	return check_files(options, why);
}

static bool
append(struct curl_slist **list, const char *line)
{
	struct curl_slist *grown = curl_slist_append(*list, line);
	if (grown == NULL)
		return false;
	*list = grown;
	return true;
}

static bool
add_header(struct curl_slist **list, const char *name, const char *value)
{
	struct pt_buf line;
	size_t size = strlen(name) + strlen(value) + 3;
	pt_buf_init(&line, PT_LIMIT_SECRET * 2);
	/* Room for all of it at once, so that no copy of a secret stays in freed memory. */
	(void)pt_buf_room(&line, size);
	/* libcurl sends a header without a value only if it ends in a semicolon. */
	bool empty = value[strspn(value, " \t")] == '\0';
	pt_buf_printf(&line, empty ? "%s;" : "%s: %s", name, value);
	bool ok = pt_buf_error(&line) == 0 && append(list, pt_buf_text(&line));
	if (line.bytes != NULL)
		explicit_bzero(line.bytes, line.capacity);
	pt_buf_clear(&line);
	return ok;
}

/* A header may hold a secret, say an X-API-Key. */
static void
free_headers(struct curl_slist *list)
{
	for (struct curl_slist *header = list; header != NULL; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(list);
}

static bool
copy_text(char **to, const char *text)
{
	return text == NULL || (*to = strdup(text)) != NULL;
}

static bool
copy_options(struct curl_transport *transport, const struct pitot_http_options *options)
{
	if (!copy_text(&transport->username, options->username) ||
		!copy_text(&transport->password, options->password) ||
		!copy_text(&transport->ca_file, options->ca_file) ||
		!copy_text(&transport->cert_file, options->cert_file) ||
		!copy_text(&transport->key_file, options->key_file) ||
		!copy_text(&transport->unix_socket, options->unix_socket))
		return false;
	for (size_t i = 0; i < options->header_count; i++)
		if (!add_header(&transport->user_headers, options->headers[i].name,
			    options->headers[i].value))
			return false;
	return pt_secret_init(&transport->password_file, options->password_file) == 0 &&
		pt_secret_init(&transport->token_file, options->bearer_token_file) == 0;
}

/* Called when a connection stands, before the request is written to it. */
static int
count_sending(void *context, char *their_ip, char *our_ip, int their_port, int our_port)
{
	struct curl_transport *transport = context;
	(void)their_ip, (void)our_ip, (void)their_port, (void)our_port;
	transport->times_sent++;
	return CURL_PREREQFUNC_OK;
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
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, pt_answer_take_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transport->reader);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, pt_answer_take_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transport->reader);
	(void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* a proxy's own */
	(void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, count_sending);
	(void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, transport);
	/* By default libcurl may keep the CA file for a day: a replaced one would be missed. */
	(void)curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
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
		user = user->next)
		ok = append(headers, user->data);
	/* A name and a colon alone keep libcurl from sending its own. */
	static const char *const unwanted[] = {"Expect:", "Accept:", "Content-Type:"};
	for (size_t i = 0; ok && i < (typed ? 2u : 3u); i++)
		ok = append(headers, unwanted[i]);
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

/* libcurl may quote the URL of the environment's proxy, with its password. */
static const char *
detail_of(const struct curl_transport *transport, CURLcode result)
{
	const char *detail = transport->detail;
	return *detail != '\0' && strchr(detail, '@') == NULL ? detail : curl_easy_strerror(result);
}

static int
tell_connect(const struct curl_transport *transport, const char *detail, struct pitot_error *why)
{
	long reason = 0;
	(void)curl_easy_getinfo(transport->easy, CURLINFO_OS_ERRNO, &reason);
	if (reason != 0)
		detail = strerror((int)reason);
	if (transport->unix_socket == NULL)
		return pt_error_set(why, PITOT_UNAVAILABLE, "connect: %s", detail);
	return pt_error_set(why, PITOT_UNAVAILABLE, "connect to the socket %s: %s",
		transport->unix_socket, detail);
}

static int
tell_distrust(const struct curl_transport *transport, const char *detail, struct pitot_error *why)
{
	long verdict = 0;
	(void)curl_easy_getinfo(transport->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
	/* 1 is what libcurl begins with: the chain was found good, then the name was not. */
	if (verdict <= 1)
		return pt_error_set(why, PITOT_UNAVAILABLE,
			"TLS: the receiver's certificate is not for this host: %s", detail);
	/* OpenSSL's X509_V_ERR_…: no issuer found, or self-signed; else the detail says all. */
	bool unknown = verdict == 2 || (verdict >= 18 && verdict <= 21);
	if (unknown && transport->ca_file != NULL)
		return pt_error_set(why, PITOT_UNAVAILABLE,
			"TLS: the receiver's certificate is not trusted: %s (ca_file %s does not "
			"have its "
			"authority)",
			detail, transport->ca_file);
	return pt_error_set(why, PITOT_UNAVAILABLE,
		"TLS: the receiver's certificate is not trusted: %s%s", detail,
		unknown ? " (name its authority with ca_file)" : "");
}

/* What a person can do about it, as far as libcurl's text tells. */
static const char *
hint_of(CURLcode result, const char *detail)
{
	static const struct {
		const char *part, *hint;
	} hints[] = {
		{"wrong version number", " (does the receiver speak plain http?)"},
		{"packet length too long", " (does the receiver speak plain http?)"},
		{"certificate required", " (the receiver wants a client certificate)"},
		{"handshake failure", " (does the receiver want a client certificate?)"},
		{"bad certificate", " (does the receiver want another client certificate?)"},
		{"unknown ca", " (does the receiver want another client certificate?)"},
	};
	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
		if (strstr(detail, hints[i].part) != NULL)
			return hints[i].hint;
	if (result == CURLE_UNSUPPORTED_PROTOCOL || result == CURLE_WEIRD_SERVER_REPLY)
		return " (is this a port for https?)";
	return "";
}

static int
tell_failure(const struct curl_transport *transport, CURLcode result, struct pitot_error *why)
{
	const char *detail = detail_of(transport, result);
	switch (result) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return pt_error_set(why, PITOT_NO_HOST, "%s", detail);
	case CURLE_COULDNT_CONNECT:
		return tell_connect(transport, detail, why);
	case CURLE_OPERATION_TIMEDOUT:
		return pt_error_set(why, PITOT_UNAVAILABLE, "timed out %s",
			transport->times_sent > 0 ? "waiting for the receiver's answer"
						  : "connecting to the receiver");
	case CURLE_PEER_FAILED_VERIFICATION:
		return tell_distrust(transport, detail, why);
	case CURLE_SSL_CACERT_BADFILE:
		return pt_error_set(why, PITOT_NO_INPUT, "ca_file %s: %s",
			transport->ca_file != NULL ? transport->ca_file : "of the system", detail);
	case CURLE_SSL_CERTPROBLEM:
		return pt_error_set(why, PITOT_NO_INPUT, "client certificate %s with key %s: %s",
			transport->cert_file, transport->key_file, detail);
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return pt_error_set(why, PITOT_UNAVAILABLE, "no answer from the receiver: %s%s",
			detail, hint_of(result, detail));
	case CURLE_OUT_OF_MEMORY:
		return pt_error_memory(why);
	case CURLE_URL_MALFORMAT:
		return pt_error_set(why, PITOT_USAGE, "%s", detail);
	default:
		return pt_error_set(
			why, PITOT_UNAVAILABLE, "%s%s", detail, hint_of(result, detail));
	}
}

static int
transport_send(struct pt_transport *base, const struct pt_http_request *request, int64_t timeout_ms,
	struct pt_deadline *deadline, struct pt_http_answer *answer, struct pitot_error *why)
{
	struct curl_transport *transport = (struct curl_transport *)base;
	struct curl_slist *headers = NULL;
	pt_answer_begin(&transport->reader, answer);
	transport->times_sent = 0;
	transport->detail[0] = '\0';
	int code = set_request(transport, request, &headers, why);
	if (code != 0) {
		free_headers(headers);
		return code == PITOT_NO_MEMORY ? pt_error_memory(why) : code;
	}
	CURLcode result = run(transport, timeout_ms, deadline);
	long status = 0;
	(void)curl_easy_getinfo(transport->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_setopt(transport->easy, CURLOPT_HTTPHEADER, NULL);
	free_headers(headers);
	pt_answer_end(&transport->reader);
	bool answered = status > 0 && (result == CURLE_OK || transport->reader.too_long);
	answer->maybe_received = transport->times_sent > (answered ? 1 : 0);
	if (!answered)
		return tell_failure(transport, result, why);
	answer->status = (int)status;
	return 0;
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
	free_headers(transport->user_headers);
	wipe(transport->username);
	wipe(transport->password);
	free(transport->ca_file);
	free(transport->cert_file);
	free(transport->key_file);
	free(transport->unix_socket);
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
		!copy_options(transport, options) || !set_options(transport, options))
		goto fail;
	return &transport->base;
fail:
	if (transport != NULL)
		transport_free(&transport->base);
	(void)pt_error_memory(why);
	return NULL;
}
