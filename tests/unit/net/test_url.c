/* SPDX-License-Identifier: MIT */
#include "base/limits.h"
#include "net/url.h"
#include "support/check.h"

static void
urls_are_completed_or_refused_with_a_reason(void)
{
	static const struct {
		const char *url, *complete, *problem;
	} cases[] = {
		{"http://h/p?q", "http://h/p?q", NULL},
		{"https://u:p@h:1/", "https://u:p@h:1/", NULL},
		{"localhost:9091", "http://localhost:9091", NULL},
		{"[::1]:9091/x", "http://[::1]:9091/x", NULL},
		{"", NULL, "empty"},
		{"ftp://h/", NULL, "only http"},
		{"file:///etc/passwd", NULL, "only http"},
		{"http://", NULL, "URL \"http://\""},
		{"http://h h/", NULL, "space or a control"},
		{"http://h/\n", NULL, "space or a control"},
		{"http://h:99999/", NULL, "URL \"http://h:99999/\""},
		{"http://user:secret@h:99999/?token=x", NULL, "\"http://h:99999/\""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pt_buf out;
		struct pitot_error why = {0};
		pt_buf_init(&out, 1000);
		int code = pt_url_complete(&out, cases[i].url, &why);
		check_int(code, cases[i].complete != NULL ? 0 : PITOT_USAGE);
		if (cases[i].complete != NULL)
			check_text(pt_buf_text(&out), cases[i].complete);
		else
			check_contains(why.text, cases[i].problem);
		check_true(strstr(why.text, "secret") == NULL && strstr(why.text, "token") == NULL);
		pt_buf_clear(&out);
	}
}

static void
a_url_longer_than_the_limit_is_refused(void)
{
	static char url[PT_LIMIT_URL + 20];
	memset(url, 'a', sizeof url - 1);
	memcpy(url, "http://h/", 9);
	struct pt_buf out;
	pt_buf_init(&out, 100000);
	check_int(pt_url_complete(&out, url, NULL), PITOT_USAGE);
	url[PT_LIMIT_URL] = '\0';
	check_int(pt_url_complete(&out, url, NULL), 0);
	pt_buf_clear(&out);
}

static void
proxies_are_of_the_kinds_that_are_spoken(void)
{
	static const char *const good[] = {"", "http://h", "h:3128", "https://u:p@h:1",
		"socks5h://127.0.0.1:1080", "socks4://h", "SOCKS5://h"};
	static const char *const bad[] = {"foo://u:secret@h", "http://", "http://u:secret@h:99999",
		"http://u:secret@h h", "ftp://h", "http://h\n"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		check_int(pt_url_check_proxy(good[i], NULL), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct pitot_error why = {0};
		check_int(pt_url_check_proxy(bad[i], &why), PITOT_USAGE);
		check_contains(why.text, "proxy \"");
		check_true(strstr(why.text, "secret") == NULL && strchr(why.text, '\n') == NULL);
	}
}

static void
redacting_drops_login_query_and_fragment(void)
{
	/* pushgateway 24 */
	static const char *const cases[][2] = {
		{"http://u:p@h:1/a/b?q#f", "http://h:1/a/b"},
		{"https://u:p@p@h/", "https://h/"},
		{"h:1?x", "h:1"},
		{"http://h", "http://h"},
		{"u:p@h/x@y", "h/x@y"},
		{"http://h/\x1b[1m", "http://h/?[1m"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct pt_buf out;
		pt_buf_init(&out, 1000);
		pt_url_redact(&out, cases[i][0]);
		check_text(pt_buf_text(&out), cases[i][1]);
		pt_buf_clear(&out);
	}
}

static void
the_path_is_found(void)
{
	static const char *const cases[][2] = {{"http://h/a/b?q", "/a/b"}, {"http://h", ""},
		{"http://h?x", ""}, {"http://h/#f", "/"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t length = 99;
		const char *path = pt_url_path(cases[i][0], &length);
		check_bytes(path, length, cases[i][1], strlen(cases[i][1]));
	}
}

static void
components_are_percent_encoded_and_base64_has_no_padding(void)
{
	/* pushgateway 6 */
	struct pt_buf out;
	pt_buf_init(&out, 10000);
	pt_url_escape(&out, "a b+c/%?#\"\n\xc3\xa9~-._", 17);
	check_text(pt_buf_text(&out), "a%20b%2Bc%2F%25%3F%23%22%0A%C3%A9~-._");
	for (int c = 1; c < 256; c++) {
		char byte = (char)c;
		pt_buf_reset(&out);
		pt_url_escape(&out, &byte, 1);
		check_true(out.length == 1 || (out.length == 3 && out.bytes[0] == '%'));
	}
	static const char *const cases[][2] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"},
		{"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"/var/tmp", "L3Zhci90bXA"},
		{"\xfb\xff\xfe", "-__-"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		pt_buf_reset(&out);
		pt_url_base64(&out, cases[i][0], strlen(cases[i][0]));
		check_text(pt_buf_text(&out), cases[i][1]);
	}
	pt_buf_clear(&out);
}

CHECK_MAIN("net/url", TEST(urls_are_completed_or_refused_with_a_reason),
	TEST(a_url_longer_than_the_limit_is_refused),
	TEST(proxies_are_of_the_kinds_that_are_spoken),
	TEST(redacting_drops_login_query_and_fragment), TEST(the_path_is_found),
	TEST(components_are_percent_encoded_and_base64_has_no_padding))
