/* SPDX-License-Identifier: MIT */
/*
 * URLs. libcurl's parser judges them, so that what is accepted here is what it will use. It fails
 * on anything that is no http or https URL with a host, and when memory is out.
 */
#include "net/url.h"

#include "base/error.h"
#include "base/limits.h"
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>

static bool
has_forbidden_byte(const char *url)
{
	for (const unsigned char *at = (const unsigned char *)url; *at != '\0'; at++)
		if (*at <= ' ' || *at == 0x7f)
			return true;
	return false;
}

static int
refuse(const char *what, const char *url, const char *problem, struct pitot_error *why)
{
	struct pt_buf shown;
	pt_buf_init(&shown, PT_LIMIT_URL * 2);
	pt_url_redact(&shown, url);
	int code = pt_error_set(
		why, PITOT_USAGE, "%s \"%.200s\": %s", what, pt_buf_text(&shown), problem);
	pt_buf_clear(&shown);
	return code;
}

/* `schemes` is a list of words, each with a space before and behind it. */
static bool
is_one_of(const char *schemes, const char *scheme)
{
	char word[12];
	int length = snprintf(word, sizeof word, " %s ", scheme);
	return length < (int)sizeof word && strstr(schemes, word) != NULL;
}

/* What is wrong with a URL, or NULL. */
static const char *
problem_of(const char *url, unsigned flags, const char *schemes, const char *wrong_scheme)
{
	CURLU *parsed = curl_url();
	if (parsed == NULL)
		return "out of memory";
	char *scheme = NULL, *host = NULL;
	const char *problem = NULL;
	CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME | flags);
	if (code == CURLUE_OK && curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		!is_one_of(schemes, scheme))
		problem = wrong_scheme;
	else if (code != CURLUE_OK)
		problem = curl_url_strerror(code);
	else if (curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK || *host == '\0')
		problem = "it has no host";
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(parsed);
	return problem;
}

int
pt_url_check_proxy(const char *proxy, struct pitot_error *why)
{
	const char *problem = NULL;
	if (*proxy == '\0')
		return 0;
	if (has_forbidden_byte(proxy))
		problem = "it has a space or a control character";
	else
		problem = problem_of(proxy, CURLU_GUESS_SCHEME,
			" http https socks4 socks4a socks5 socks5h ",
			"a proxy is http, https, socks4, socks4a, socks5 or socks5h");
	return problem == NULL ? 0 : refuse("proxy", proxy, problem, why);
}

int
pt_url_complete(struct pt_buf *out, const char *url, struct pitot_error *why)
{
	if (*url == '\0')
		return pt_error_set(why, PITOT_USAGE, "the URL is empty");
	if (strlen(url) > PT_LIMIT_URL)
		return pt_error_set(
			why, PITOT_USAGE, "the URL is longer than %zu bytes", PT_LIMIT_URL);
	if (has_forbidden_byte(url))
		return refuse("URL", url, "it has a space or a control character", why);
	size_t begin = out->length;
	if (strstr(url, "://") == NULL)
		pt_buf_str(out, "http://");
	pt_buf_str(out, url);
	const char *complete = pt_buf_text(out);
	if (pt_buf_error(out) != 0)
		return pt_error_memory(why);
	const char *problem = problem_of(
		complete + begin, 0, " http https ", "only http:// and https:// are possible");
	if (problem == NULL)
		return 0;
	out->length = begin;
	return refuse("URL", url, problem, why);
}

void
pt_url_redact(struct pt_buf *out, const char *url)
{
	const char *authority = strstr(url, "://");
	authority = authority == NULL ? url : authority + 3;
	const char *end = authority + strcspn(authority, "/?#");
	const char *host = authority;
	for (const char *at = authority; at < end; at++)
		if (*at == '@')
			host = at + 1;
	end += strcspn(end, "?#");
	pt_buf_put(out, url, (size_t)(authority - url));
	for (const char *at = host; at < end; at++)
		pt_buf_char(out, (unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at);
}

const char *
pt_url_path(const char *url, size_t *length)
{
	const char *at = strstr(url, "://");
	at = at == NULL ? url : at + 3;
	at += strcspn(at, "/?#");
	*length = strcspn(at, "?#");
	return at;
}

void
pt_url_escape(struct pt_buf *out, const char *text, size_t length)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || (c != '\0' && strchr("._~-", c) != NULL);
		if (plain) {
			pt_buf_char(out, (char)c);
		} else {
			const char code[3] = {'%', hex[c >> 4], hex[c & 15]};
			pt_buf_put(out, code, sizeof code);
		}
	}
}

void
pt_url_base64(struct pt_buf *out, const char *bytes, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	for (size_t i = 0; i < length; i += 3) {
		uint32_t group = 0;
		size_t have = length - i < 3 ? length - i : 3;
		for (size_t j = 0; j < 3; j++)
			group = group << 8 | (j < have ? (unsigned char)bytes[i + j] : 0u);
		for (size_t j = 0; j <= have; j++)
			pt_buf_char(out, digits[group >> (18 - 6 * j) & 63]);
	}
}
