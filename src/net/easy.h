/* SPDX-License-Identifier: MIT */
/*
 * A handle of libcurl with a user's HTTP options: what sending and fetching have in common. The
 * structure must not move while it is used.
 */
#ifndef PT_NET_EASY_H
#define PT_NET_EASY_H

#include <curl/curl.h>
#include <stdbool.h>
#include "net/secret.h"
#include <pitot/push.h>

struct pt_easy {
	CURL *handle;
	struct curl_slist *user_headers;
	char *username, *password, *token;
	char *ca_file, *cert_file, *key_file, *unix_socket; /* to name them */
	struct pt_secret password_file, token_file;
	unsigned times_sent; /* more than once where a kept connection turned out to be closed */
	char detail[CURL_ERROR_SIZE];
};

/* PITOT_USAGE names what is wrong in itself, whatever the files that it names hold. */
int pt_easy_check(const struct pitot_http_options *options, struct pitot_error *why);
/*
 * Fills a zeroed structure. PITOT_USAGE names the wrong option; PITOT_NO_MEMORY. Clear it in any
 * case.
 */
int pt_easy_init(
	struct pt_easy *easy, const struct pitot_http_options *options, struct pitot_error *why);
void pt_easy_clear(struct pt_easy *easy);
/* Reads the secrets' files, if they changed, and sets the login of the next request. */
int pt_easy_login(struct pt_easy *easy, struct pitot_error *why);
/* Describes a failed request; returns one of the codes of struct pt_transport's send. */
int pt_easy_failure(const struct pt_easy *easy, CURLcode result, struct pitot_error *why);
/* 0 also where `text` is NULL; PITOT_NO_MEMORY. */
int pt_easy_text(CURL *handle, CURLoption option, const char *text);

/* Lists of header lines, wiped before they are freed. False if memory is out. */
bool pt_easy_append(struct curl_slist **list, const char *line);
bool pt_easy_header(struct curl_slist **list, const char *name, const char *value);
void pt_easy_free_headers(struct curl_slist *list);

#endif
