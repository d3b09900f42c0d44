/* SPDX-License-Identifier: MIT */
/*
 * Setting up an easy handle, logging in, and telling what libcurl says in words that name the
 * option to change. What can fail is a wrong option, a file that cannot be read, and memory.
 */
#include "net/easy.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "net/headers.h"
#include "net/url.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>
#include <unistd.h>

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void
start_curl(void)
{
	curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- options ---- */

int
pt_easy_text(CURL *handle, CURLoption option, const char *text)
{
	return text == NULL || curl_easy_setopt(handle, option, text) == CURLE_OK ? 0
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

int
pt_easy_check(const struct pitot_http_options *options, struct pitot_error *why)
{
	const char *problem = NULL;
	bool token = options->bearer_token_file != NULL || options->bearer_token != NULL;
	if (token && options->username != NULL)
		problem = "a bearer token and a user name exclude each other";
	else if (options->bearer_token_file != NULL && options->bearer_token != NULL)
		problem = "a bearer token and a file of one exclude each other";
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
	return 0;
}

bool
pt_easy_append(struct curl_slist **list, const char *line)
{
	struct curl_slist *grown = curl_slist_append(*list, line);
	if (grown == NULL)
		return false;
	*list = grown;
	return true;
}

bool
pt_easy_header(struct curl_slist **list, const char *name, const char *value)
{
	struct pt_buf line;
	size_t size = strlen(name) + strlen(value) + 3;
	pt_buf_init(&line, PT_LIMIT_SECRET * 2);
	/* Room for all of it at once, so that no copy of a secret stays in freed memory. */
	(void)pt_buf_room(&line, size);
	/* libcurl sends a header without a value only if it ends in a semicolon. */
	bool empty = value[strspn(value, " \t")] == '\0';
	pt_buf_printf(&line, empty ? "%s;" : "%s: %s", name, value);
	bool ok = pt_buf_error(&line) == 0 && pt_easy_append(list, pt_buf_text(&line));
	if (line.bytes != NULL)
		explicit_bzero(line.bytes, line.capacity);
	pt_buf_clear(&line);
	return ok;
}

/* A header may hold a secret, say an X-API-Key. */
void
pt_easy_free_headers(struct curl_slist *list)
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
copy_options(struct pt_easy *easy, const struct pitot_http_options *options)
{
	if (!copy_text(&easy->username, options->username) ||
		!copy_text(&easy->password, options->password) ||
		!copy_text(&easy->token, options->bearer_token) ||
		!copy_text(&easy->ca_file, options->ca_file) ||
		!copy_text(&easy->cert_file, options->cert_file) ||
		!copy_text(&easy->key_file, options->key_file) ||
		!copy_text(&easy->unix_socket, options->unix_socket))
		return false;
	for (size_t i = 0; i < options->header_count; i++)
		if (!pt_easy_header(&easy->user_headers, options->headers[i].name,
			    options->headers[i].value))
			return false;
	return pt_secret_init(&easy->password_file, options->password_file) == 0 &&
		pt_secret_init(&easy->token_file, options->bearer_token_file) == 0;
}

/* Called when a connection stands, before the request is written to it. */
static int
count_sending(void *context, char *their_ip, char *our_ip, int their_port, int our_port)
{
	struct pt_easy *easy = context;
	(void)their_ip, (void)our_ip, (void)their_port, (void)our_port;
	easy->times_sent++;
	return CURL_PREREQFUNC_OK;
}

static bool
set_options(struct pt_easy *easy, const struct pitot_http_options *options)
{
	CURL *handle = easy->handle;
	int code = 0;
	code |= pt_easy_text(handle, CURLOPT_CAINFO, options->ca_file);
	code |= pt_easy_text(handle, CURLOPT_SSLCERT, options->cert_file);
	code |= pt_easy_text(handle, CURLOPT_SSLKEY, options->key_file);
	code |= pt_easy_text(handle, CURLOPT_PROXY, options->proxy);
	code |= pt_easy_text(handle, CURLOPT_UNIX_SOCKET_PATH, options->unix_socket);
	code |= pt_easy_text(handle, CURLOPT_USERAGENT, "pitot/" PACKAGE_VERSION);
	code |= pt_easy_text(handle, CURLOPT_PROTOCOLS_STR, "http,https");
	/* These only store a number or a pointer, which cannot fail. */
	(void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
	(void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, easy->detail);
	(void)curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); /* a proxy's own */
	(void)curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, count_sending);
	(void)curl_easy_setopt(handle, CURLOPT_PREREQDATA, easy);
	/* By default libcurl may keep the CA file for a day: a replaced one would be missed. */
	(void)curl_easy_setopt(handle, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	(void)curl_easy_setopt(
		handle, CURLOPT_SSL_VERIFYPEER, options->insecure_skip_verify ? 0L : 1L);
	(void)curl_easy_setopt(
		handle, CURLOPT_SSL_VERIFYHOST, options->insecure_skip_verify ? 0L : 2L);
	return code == 0;
}

/* ---- login ---- */

int
pt_easy_login(struct pt_easy *easy, struct pitot_error *why)
{
	CURL *handle = easy->handle;
	const char *password = easy->password;
	if (easy->token_file.path != NULL || easy->token != NULL) {
		const char *token =
			easy->token != NULL ? easy->token : pt_secret_read(&easy->token_file, why);
		if (token == NULL)
			return pt_error_wrap(why, "bearer token");
		(void)curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		return pt_easy_text(handle, CURLOPT_XOAUTH2_BEARER, token);
	}
	if (easy->username == NULL)
		return 0;
	if (easy->password_file.path != NULL) {
		password = pt_secret_read(&easy->password_file, why);
		if (password == NULL)
			return pt_error_wrap(why, "password");
	}
	(void)curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	return pt_easy_text(handle, CURLOPT_USERNAME, easy->username) |
		pt_easy_text(handle, CURLOPT_PASSWORD, password == NULL ? "" : password);
}

/* ---- what went wrong ---- */

/* libcurl may quote the URL of the environment's proxy, with its password. */
static const char *
detail_of(const struct pt_easy *easy, CURLcode result)
{
	const char *detail = easy->detail;
	return *detail != '\0' && strchr(detail, '@') == NULL ? detail : curl_easy_strerror(result);
}

static int
tell_connect(const struct pt_easy *easy, const char *detail, struct pitot_error *why)
{
	long reason = 0;
	(void)curl_easy_getinfo(easy->handle, CURLINFO_OS_ERRNO, &reason);
	if (reason != 0)
		detail = strerror((int)reason);
	if (easy->unix_socket == NULL)
		return pt_error_set(why, PITOT_UNAVAILABLE, "connect: %s", detail);
	return pt_error_set(
		why, PITOT_UNAVAILABLE, "connect to the socket %s: %s", easy->unix_socket, detail);
}

static int
tell_distrust(const struct pt_easy *easy, const char *detail, struct pitot_error *why)
{
	long verdict = 0;
	(void)curl_easy_getinfo(easy->handle, CURLINFO_SSL_VERIFYRESULT, &verdict);
	/* 1 is what libcurl begins with: the chain was found good, then the name was not. */
	if (verdict <= 1)
		return pt_error_set(why, PITOT_UNAVAILABLE,
			"TLS: the receiver's certificate is not for this host: %s", detail);
	/* OpenSSL's X509_V_ERR_…: no issuer found, or self-signed; else the detail says all. */
	bool unknown = verdict == 2 || (verdict >= 18 && verdict <= 21);
	if (unknown && easy->ca_file != NULL)
		return pt_error_set(why, PITOT_UNAVAILABLE,
			"TLS: the receiver's certificate is not trusted: %s (ca_file %s does not "
			"have its "
			"authority)",
			detail, easy->ca_file);
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

int
pt_easy_failure(const struct pt_easy *easy, CURLcode result, struct pitot_error *why)
{
	const char *detail = detail_of(easy, result);
	switch (result) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return pt_error_set(why, PITOT_NO_HOST, "%s", detail);
	case CURLE_COULDNT_CONNECT:
		return tell_connect(easy, detail, why);
	case CURLE_OPERATION_TIMEDOUT:
		return pt_error_set(why, PITOT_UNAVAILABLE, "timed out %s",
			easy->times_sent > 0 ? "waiting for the receiver's answer"
					     : "connecting to the receiver");
	case CURLE_PEER_FAILED_VERIFICATION:
		return tell_distrust(easy, detail, why);
	case CURLE_SSL_CACERT_BADFILE:
		return pt_error_set(why, PITOT_NO_INPUT, "ca_file %s: %s",
			easy->ca_file != NULL ? easy->ca_file : "of the system", detail);
	case CURLE_SSL_CERTPROBLEM:
		return pt_error_set(why, PITOT_NO_INPUT, "client certificate %s with key %s: %s",
			easy->cert_file, easy->key_file, detail);
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

/* ---- making and freeing ---- */

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
pt_easy_clear(struct pt_easy *easy)
{
	curl_easy_cleanup(easy->handle);
	pt_easy_free_headers(easy->user_headers);
	wipe(easy->username);
	wipe(easy->password);
	wipe(easy->token);
	free(easy->ca_file);
	free(easy->cert_file);
	free(easy->key_file);
	free(easy->unix_socket);
	pt_secret_clear(&easy->password_file);
	pt_secret_clear(&easy->token_file);
}

int
pt_easy_init(
	struct pt_easy *easy, const struct pitot_http_options *options, struct pitot_error *why)
{
	if (pt_easy_check(options, why) != 0 || check_files(options, why) != 0)
		return PITOT_USAGE;
	/* libcurl's own set-up is not thread-safe in every version. */
	(void)pthread_once(&curl_once, start_curl);
	easy->handle = curl_ready == CURLE_OK ? curl_easy_init() : NULL;
	if (easy->handle == NULL || !copy_options(easy, options) || !set_options(easy, options))
		return pt_error_memory(why);
	return 0;
}
