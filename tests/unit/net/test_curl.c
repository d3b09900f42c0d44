/* SPDX-License-Identifier: MIT */
/* The transport against a scripted server on loopback. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "net/transport.h"
#include "support/check.h"
#include "support/exchange.h"
#include "support/server.h"

#define OK "HTTP/1.1 204 No Content\r\n\r\n"

static size_t
count_header(const struct server_request *request, const char *start)
{
	size_t count = 0;
	for (const char *at = request->head; (at = strstr(at, start)) != NULL; at++)
		count += at > request->head && at[-1] == '\n';
	return count;
}

static void
a_request_has_the_headers_it_needs_and_no_others(void)
{
	/* remote-write 1 */
	/* remote-write 5 */
	/* remote-write 7 */
	/* pushgateway 23 */
	const struct server_step steps[] = {{SERVER_ANSWER, OK, 0}};
	struct server *server = server_start(NULL, steps, 1);
	char url[100];
	(void)snprintf(url, sizeof url, "%s/a/b?c=d", server_url(server));
	const struct pitot_label extra[] = {
		{"X-Scope-OrgID", "t1"}, {"X-Empty", ""}, {"X-Blank", " \t"}};
	struct exchange result = exchange_once(
		url, &(struct pitot_http_options){.headers = extra, .header_count = 3}, "body");
	check_int(result.code, 0);
	check_int(result.answer.status, 204);
	struct server_request request = server_request(server, 0);
	check_true(strncmp(request.head, "POST /a/b?c=d HTTP/1.1\r\n", 24) == 0);
	static const char *const once[] = {"Host: 127.0.0.1:", "Content-Length: 4\r\n",
		"Content-Type: text/plain\r\n", "User-Agent: pitot/" PACKAGE_VERSION "\r\n",
		"X-Scope-OrgID: t1\r\n", "X-Empty:", "X-Blank:"};
	for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
		check_size(count_header(&request, once[i]), 1);
	size_t lines = 0;
	for (const char *at = request.head; (at = strstr(at, "\r\n")) != NULL; at += 2)
		lines++;
	check_size(lines, 1 + 7 + 1);
	check_bytes(request.body, request.body_length, "body", 4);
	server_stop(server);
}

static void
an_empty_body_has_a_length_of_zero_with_every_method(void)
{
	/* pushgateway 18 */
	static const char *const methods[] = {"POST", "PUT", "DELETE"};
	const struct server_step steps[] = {{SERVER_ANSWER, OK, 0}};
	struct server *server = server_start(NULL, steps, 1);
	struct pt_transport *transport = pt_curl_new(&(struct pitot_http_options){0}, NULL);
	for (size_t i = 0; i < 3; i++) {
		struct exchange result = exchange(transport,
			&(struct pt_http_request){.method = methods[i], .url = server_url(server)},
			10000);
		check_int(result.code, 0);
		struct server_request request = server_request(server, i);
		check_true(strncmp(request.head, methods[i], strlen(methods[i])) == 0);
		check_size(count_header(&request, "Content-Length: 0\r\n"), 1);
		check_size(count_header(&request, "Content-Type:"), 0);
		check_int(request.connection, 1); /* kept alive */
	}
	transport->free(transport);
	server_stop(server);
}

static void
answers_are_read_with_their_times_places_and_texts(void)
{
	/* remote-write 30 */
	/* remote-write 37 */
	/* remote-write 40 */
	/* pushgateway 21 */
	char date[100], later[200];
	time_t when = time(NULL) + 100;
	struct tm utc;
	(void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&when, &utc));
	(void)snprintf(later, sizeof later,
		"HTTP/1.1 503 x\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", date);
	const struct {
		struct server_step step;
		int status;
		int64_t least, most; /* of Retry-After */
		const char *body, *location;
	} cases[] = {
		{{SERVER_ANSWER,
			 "HTTP/1.1 429 x\r\nretry-after:  7 \r\nContent-Length: 3\r\n\r\nno\n", 0},
			429, 7000, 7000, "no", ""},
		{{SERVER_ANSWER, later, 0}, 503, 97000, 100000, "", ""},
		{{SERVER_ANSWER, "HTTP/1.1 503 x\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n",
			 0},
			503, -1, -1, "", ""},
		{{SERVER_ANSWER, "HTTP/1.1 503 x\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n",
			 0},
			503, -1, -1, "", ""},
		{{SERVER_ANSWER,
			 "HTTP/1.1 503 x\r\nRetry-After: 99999999999999999999\r\nContent-Length: "
			 "0\r\n\r\n",
			 0},
			503, INT64_C(1000000000000), INT64_C(1000000000000), "", ""},
		{{SERVER_ANSWER,
			 "HTTP/1.1 503 x\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
			 "Content-Length: 0\r\n\r\n",
			 0},
			503, -1, -1, "", ""},
		{{SERVER_ANSWER,
			 "HTTP/1.1 307 x\r\nLocation: http://other/\x01x\r\nContent-Length: "
			 "0\r\n\r\n",
			 0},
			307, -1, -1, "", "http://other/?x"},
		{{SERVER_ANSWER, "HTTP/1.1 301 x\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 0},
			301, -1, -1, "", "/x"},
		{{SERVER_ANSWER,
			 "HTTP/1.1 400 x\r\nContent-Length: 9\r\n\r\na\nb\x1b[\xff!\xc3\xa9", 0},
			400, -1, -1, "a b?[?!\xc3\xa9", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct server *server = server_start(NULL, &cases[i].step, 1);
		struct exchange result =
			exchange_once(server_url(server), &(struct pitot_http_options){0}, "x");
		check_int(result.code, 0);
		check_int(result.answer.status, cases[i].status);
		check_true(result.answer.retry_after_ms >= cases[i].least &&
			result.answer.retry_after_ms <= cases[i].most);
		check_text(result.answer.body, cases[i].body);
		check_text(result.answer.location, cases[i].location);
		check_size(server_count(server), 1); /* no redirect was followed */
		server_stop(server);
	}
}

static void
only_seconds_and_dates_are_times_to_wait(void)
{
	/* remote-write 30 */
	static const struct {
		const char *value;
		int64_t expected;
	} cases[] = {{"0", 0}, {"1", 1000}, {"999999999", INT64_C(999999999000)}, {"", -1},
		{"1.5", -1}, {"1e3", -1}, {"+5", -1}, {"0x10", -1}, {"5 s", -1}, {"-0", -1},
		{"Monday", -1}, {"20301010 x", -1}, {"Fri, 99 Foo 2099 00:00:00 GMT", -1},
		{"Mon, 01 Jan 1990 00:00:00 GMT", -1}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[200];
		(void)snprintf(text, sizeof text,
			"HTTP/1.1 503 x\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
			cases[i].value);
		const struct server_step step = {SERVER_ANSWER, text, 0};
		struct server *server = server_start(NULL, &step, 1);
		struct exchange result =
			exchange_once(server_url(server), &(struct pitot_http_options){0}, "x");
		check_int(result.answer.status, 503);
		check_int(result.answer.retry_after_ms, cases[i].expected);
		server_stop(server);
	}
}

static void
interim_answers_leave_nothing_behind(void)
{
	const struct server_step step = {SERVER_ANSWER,
		"HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\nLocation: /early\r\n\r\n"
		"HTTP/1.1 503 x\r\nContent-Length: 4\r\n\r\nlate",
		0};
	struct server *server = server_start(NULL, &step, 1);
	struct exchange result =
		exchange_once(server_url(server), &(struct pitot_http_options){0}, "x");
	check_int(result.answer.status, 503);
	check_int(result.answer.retry_after_ms, -1);
	check_text(result.answer.location, "");
	check_text(result.answer.body, "late");
	server_stop(server);
}

static void
the_connection_is_used_again_unless_it_is_closed(void)
{
	/* remote-write 7 */
	static const struct server_step steps[] = {{SERVER_ANSWER, OK, 0},
		{SERVER_HUGE, NULL, 100000}, {SERVER_ANSWER, OK, 0}, {SERVER_HUGE, NULL, 4 << 20},
		{SERVER_ANSWER, "HTTP/1.1 204 x\r\nConnection: close\r\n\r\n", 0},
		{SERVER_ANSWER, OK, 0}};
	static const unsigned connections[] = {1, 1, 1, 1, 2, 3};
	struct server *server = server_start(NULL, steps, 6);
	struct pt_transport *transport = pt_curl_new(&(struct pitot_http_options){0}, NULL);
	for (size_t i = 0; i < 6; i++) {
		struct exchange result = exchange(transport,
			&(struct pt_http_request){.method = "POST", .url = server_url(server)},
			10000);
		check_int(result.code, 0);
		check_true(!result.answer.maybe_received);
		check_int(server_request(server, i).connection, connections[i]);
	}
	transport->free(transport);
	server_stop(server);
}

static void
what_libcurl_sends_again_by_itself_may_have_been_received_before(void)
{
	/* remote-write 39 */
	static const struct server_step steps[] = {{SERVER_ANSWER, OK, 0}, {SERVER_CLOSE, NULL, 0},
		{SERVER_ANSWER, "HTTP/1.1 400 x\r\nContent-Length: 12\r\n\r\nout of order", 0}};
	struct server *server = server_start(NULL, steps, 3);
	struct pt_transport *transport = pt_curl_new(&(struct pitot_http_options){0}, NULL);
	const struct pt_http_request request = {.method = "POST", .url = server_url(server)};
	struct exchange result = exchange(transport, &request, 10000);
	check_true(!result.answer.maybe_received);
	result = exchange(transport, &request, 10000);
	check_int(result.code, 0);
	check_int(result.answer.status, 400);
	check_true(result.answer.maybe_received);
	check_size(server_count(server), 3);
	/* A connection that is refused received nothing, whatever was sent before. */
	char url[64];
	(void)snprintf(url, sizeof url, "%s", server_url(server));
	transport->free(transport);
	server_stop(server);
	transport = pt_curl_new(&(struct pitot_http_options){0}, NULL);
	server = server_start(NULL, steps, 1);
	const struct pt_http_request first = {.method = "POST", .url = server_url(server)};
	check_true(!exchange(transport, &first, 10000).answer.maybe_received);
	const struct pt_http_request second = {.method = "POST", .url = url};
	result = exchange(transport, &second, 10000);
	check_int(result.code, PITOT_UNAVAILABLE);
	check_text(result.why.text, "connect: Connection refused");
	check_true(!result.answer.maybe_received);
	transport->free(transport);
	server_stop(server);
}

static void
a_large_body_is_sent_at_once_with_its_length(void)
{
	/* remote-write 7 */
	/* pushgateway 23 */
	static const size_t length = (size_t)3 << 20;
	char *body = malloc(length);
	check_fatal(body != NULL);
	memset(body, 'x', length);
	const struct server_step step = {SERVER_ANSWER, OK, 0};
	struct server *server = server_start(NULL, &step, 1);
	struct pt_transport *transport = pt_curl_new(&(struct pitot_http_options){0}, NULL);
	struct exchange result = exchange(transport,
		&(struct pt_http_request){
			.method = "PUT", .url = server_url(server), .body = body, .length = length},
		10000);
	check_int(result.code, 0);
	struct server_request request = server_request(server, 0);
	check_size(request.body_length, length);
	check_size(count_header(&request, "Content-Length: 3145728\r\n"), 1);
	check_size(count_header(&request, "Expect:"), 0);
	check_size(count_header(&request, "Transfer-Encoding:"), 0);
	transport->free(transport);
	server_stop(server);
	free(body);
}

static void
a_binary_body_arrives_and_a_binary_answer_is_made_printable(void)
{
	/* remote-write 37 */
	char body[256];
	for (int i = 0; i < 256; i++)
		body[i] = (char)i;
	static const char answer[] =
		"HTTP/1.1 400 x\r\nContent-Length: 10\r\n\r\n\x1b]0;\x07\x80\xfe\xc3(\x7f";
	const struct server_step step = {SERVER_ANSWER, answer, 0};
	struct server *server = server_start(NULL, &step, 1);
	struct pt_transport *transport = pt_curl_new(&(struct pitot_http_options){0}, NULL);
	struct exchange result = exchange(transport,
		&(struct pt_http_request){
			.method = "POST", .url = server_url(server), .body = body, .length = 256},
		10000);
	struct server_request request = server_request(server, 0);
	check_bytes(request.body, request.body_length, body, sizeof body);
	check_int(result.code, 0);
	check_text(result.answer.body,
		"?]0;???"
		"?(?");
	transport->free(transport);
	server_stop(server);
}

static void
headers_without_end_are_cut_off(void)
{
	/* remote-write 37 */
	static char answer[(2 << 20) + 100] = "HTTP/1.1 400 x\r\n";
	size_t used = strlen(answer);
	while (used < (2 << 20))
		used += (size_t)snprintf(
			answer + used, sizeof answer - used, "X-%zu: 0123456789\r\n", used);
	const struct server_step step = {SERVER_ANSWER, answer, 0};
	struct server *server = server_start(NULL, &step, 1);
	struct exchange result =
		exchange_once(server_url(server), &(struct pitot_http_options){0}, "x");
	/* Newer libcurl has a limit of its own, which is no answer then. */
	check_true(
		result.code == 0 ? result.answer.status == 400 : result.code == PITOT_UNAVAILABLE);
	server_stop(server);
}

static void
a_huge_answer_is_cut_and_its_status_kept(void)
{
	/* remote-write 37 */
	static const size_t sizes[] = {1024, 1025, 1 << 20, 50 << 20};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		const struct server_step steps[] = {{SERVER_HUGE, NULL, sizes[i]}};
		struct server *server = server_start(NULL, steps, 1);
		struct exchange result =
			exchange_once(server_url(server), &(struct pitot_http_options){0}, "x");
		check_int(result.code, 0);
		check_int(result.answer.status, 400);
		check_size(strlen(result.answer.body), PT_LIMIT_ANSWER);
		server_stop(server);
	}
}

static void
no_answer_is_unavailable_and_tells_whether_it_may_have_arrived(void)
{
	/* remote-write 31 */
	static const struct server_step steps[] = {{SERVER_CLOSE, NULL, 0}, {SERVER_RESET, NULL, 0},
		{SERVER_HANG, NULL, 0}, {SERVER_ANSWER, "HTTP/1.1 204 x\r\nX: half", 0},
		{SERVER_ANSWER, "HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nhalf", 0},
		{SERVER_DRIP, "HTTP/1.1 204 x\r\nX: ", 0},
		{SERVER_DRIP, "HTTP/1.1 400 x\r\nContent-Length: 99999\r\n\r\n", 0},
		{SERVER_ANSWER, "garbage\r\n\r\n", 0}};
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct server *server = server_start(NULL, &steps[i], 1);
		struct pt_transport *transport = pt_curl_new(&(struct pitot_http_options){0}, NULL);
		struct exchange result = exchange(transport,
			&(struct pt_http_request){.method = "POST",
				.url = server_url(server),
				.body = "x",
				.length = 1},
			300);
		check_int(result.code, PITOT_UNAVAILABLE);
		check_int(result.answer.status, 0);
		check_true(result.answer.maybe_received);
		check_true(result.why.text[0] != '\0');
		transport->free(transport);
		server_stop(server);
	}
	/* Nobody listens: bind a port and give it back. */
	struct server *server = server_start(NULL, steps, 1);
	char url[64];
	(void)snprintf(url, sizeof url, "%s", server_url(server));
	server_stop(server);
	struct exchange result = exchange_once(url, &(struct pitot_http_options){0}, "x");
	check_int(result.code, PITOT_UNAVAILABLE);
	check_text(result.why.text, "connect: Connection refused");
	check_true(!result.answer.maybe_received);
	result =
		exchange_once("http://no-such-host.invalid/", &(struct pitot_http_options){0}, "x");
	check_int(result.code, PITOT_NO_HOST);
	check_true(!result.answer.maybe_received);
}

struct hasten {
	struct pt_deadline *deadline;
	struct server *server;
};

static void *
hasten_when_received(void *context)
{
	struct hasten *hasten = context;
	while (server_count(hasten->server) == 0)
		(void)nanosleep(&(struct timespec){0, 5000000}, NULL);
	pt_deadline_hasten(hasten->deadline, 0);
	return NULL;
}

static void
a_hastened_deadline_ends_a_transfer_under_way(void)
{
	const struct server_step steps[] = {{SERVER_HANG, NULL, 0}};
	struct server *server = server_start(NULL, steps, 1);
	struct pt_transport *transport = pt_curl_new(&(struct pitot_http_options){0}, NULL);
	struct pt_deadline *deadline = pt_deadline_new(pt_clock_real());
	int64_t begin = pt_clock_real()->mono_ms(pt_clock_real());
	pt_deadline_set(deadline, begin + 600000);
	struct hasten hasten = {deadline, server};
	pthread_t thread;
	check_int(pthread_create(&thread, NULL, hasten_when_received, &hasten), 0);
	struct pt_http_answer answer;
	int code = transport->send(transport,
		&(struct pt_http_request){.method = "POST", .url = server_url(server)}, 600000,
		deadline, &answer, NULL);
	check_int(code, PITOT_UNAVAILABLE);
	check_true(pt_clock_real()->mono_ms(pt_clock_real()) - begin < 60000);
	check_int(pthread_join(thread, NULL), 0);
	pt_deadline_free(deadline);
	transport->free(transport);
	server_stop(server);
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	check_fatal(file != NULL);
	check_true(fputs(text, file) >= 0);
	check_int(fclose(file), 0);
}

static void
secrets_come_from_files_and_follow_their_changes(void)
{
	/* pushgateway 24 */
	char directory[] = "/tmp/pitot-net-XXXXXX", path[100];
	check_fatal(mkdtemp(directory) != NULL);
	(void)snprintf(path, sizeof path, "%s/secret", directory);
	const struct server_step steps[] = {{SERVER_ANSWER, OK, 0}};
	struct server *server = server_start(NULL, steps, 1);
	const struct pt_http_request request = {.method = "POST", .url = server_url(server)};

	struct pt_transport *bearer =
		pt_curl_new(&(struct pitot_http_options){.bearer_token_file = path}, NULL);
	struct exchange result = exchange(bearer, &request, 10000);
	check_int(result.code, PITOT_NO_INPUT);
	check_contains(result.why.text, "/secret: No such file");
	write_file(path, "first-token\n");
	check_int(exchange(bearer, &request, 10000).code, 0);
	struct server_request seen = server_request(server, 0);
	check_size(count_header(&seen, "Authorization: Bearer first-token\r\n"), 1);
	write_file(path, "the-second-token");
	check_int(exchange(bearer, &request, 10000).code, 0);
	seen = server_request(server, 1);
	check_size(count_header(&seen, "Authorization: Bearer the-second-token\r\n"), 1);
	/* The same length and the old time, as copying tools leave it: changed nevertheless. */
	struct stat before;
	check_int(stat(path, &before), 0);
	write_file(path, "THE-second-token");
	const struct timespec times[2] = {before.st_atim, before.st_mtim};
	check_int(utimensat(AT_FDCWD, path, times, 0), 0);
	check_int(exchange(bearer, &request, 10000).code, 0);
	seen = server_request(server, 2);
	check_size(count_header(&seen, "Authorization: Bearer THE-second-token\r\n"), 1);
	static const char *const bad[] = {"", "\n", "a\x01!\n"};
	for (size_t i = 0; i < 3; i++) {
		write_file(path, bad[i]);
		result = exchange(bearer, &request, 10000);
		check_int(result.code, PITOT_USAGE);
		check_contains(result.why.text, "no secret on its first line");
	}
	bearer->free(bearer);

	write_file(path, "s3cret\r\nnext line\n");
	result = exchange_once(server_url(server),
		&(struct pitot_http_options){.username = "user", .password_file = path}, "");
	seen = server_request(server, 3);
	check_size(count_header(&seen, "Authorization: Basic dXNlcjpzM2NyZXQ=\r\n"), 1);
	result = exchange_once(server_url(server),
		&(struct pitot_http_options){.username = "user", .password = "p:w"}, "");
	seen = server_request(server, 4);
	check_size(count_header(&seen, "Authorization: Basic dXNlcjpwOnc=\r\n"), 1);
	check_int(unlink(path), 0);
	check_int(rmdir(directory), 0);
	server_stop(server);
}

static void
wrong_options_are_refused_before_anything_is_sent(void)
{
	/* remote-write 6 */
	static const struct pitot_label reserved[] = {{"host", "x"}, {"CONTENT-ENCODING", "x"},
		{"Content-Length", "x"}, {"content-type", "x"}, {"User-Agent", "x"},
		{"Connection", "x"}, {"Keep-Alive", "x"}, {"Proxy-Authenticate", "x"},
		{"Proxy-Authorization", "x"}, {"WWW-Authenticate", "x"}, {"accept-encoding", "x"},
		{"x-prometheus-remote-write-version", "x"},
		{"X-Prometheus-Remote-Read-Version", "x"}, {"X-Amz-Date", "x"},
		{"X-Amz-Security-Token", "x"}, {"X-Amz-Content-Sha256", "x"},
		{"Transfer-Encoding", "x"}, {"expect", "x"}, {"RETRY-ATTEMPT", "x"},
		{"Authorization", "sensitive"}, {"", "x"}, {"a b", "x"}, {"a:b", "x"},
		{"A", "sensitive\r\nB: c"}, {"A\n", "x"}};
	struct pitot_error why;
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
		why.code = 0;
		check_true(pt_curl_new(&(struct pitot_http_options){.headers = &reserved[i],
					       .header_count = 1},
				   &why) == NULL);
		check_int(why.code, PITOT_USAGE);
		check_contains(why.text, "header \"");
		check_true(strstr(why.text, "sensitive") == NULL);
		check_true(strpbrk(why.text, "\r\n") == NULL);
	}
	static char long_path[200];
	memset(long_path, 's', sizeof long_path - 1);
	const struct pitot_http_options bad[] = {
		{.username = "u", .bearer_token_file = "f"},
		{.username = "u", .password = "sensitive", .password_file = "f"},
		{.password = "sensitive"},
		{.username = "a:b", .password = "sensitive"},
		{.unix_socket = "/s", .proxy = "http://h"},
		{.unix_socket = long_path},
		{.proxy = "foo://u:sensitive@h:1"},
		{.proxy = "http://u:sensitive@h:99999"},
		{.proxy = "http://u:sensitive @h"},
		{.cert_file = "c"},
		{.key_file = "k"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		why.code = 0;
		check_true(pt_curl_new(&bad[i], &why) == NULL);
		check_int(why.code, PITOT_USAGE);
		check_true(strstr(why.text, "sensitive") == NULL);
	}
}

static void
a_unix_socket_is_used_whatever_proxy_the_environment_has(void)
{
	char directory[] = "/tmp/pitot-net-XXXXXX", path[100];
	check_fatal(mkdtemp(directory) != NULL);
	(void)snprintf(path, sizeof path, "%s/s", directory);
	const struct server_step steps[] = {{SERVER_ANSWER, OK, 0}};
	struct server *server = server_start(path, steps, 1);
	check_fatal(server != NULL);
	check_int(setenv("http_proxy", "http://proxy.invalid:1", 1), 0);
	const struct pitot_http_options options = {.unix_socket = path};
	struct exchange result = exchange_once("http://anything.invalid/x", &options, "x");
	check_int(result.code, 0);
	check_true(strncmp(server_request(server, 0).head, "POST /x HTTP/1.1\r\n", 18) == 0);
	server_stop(server);
	check_int(unlink(path), 0);
	result = exchange_once("http://anything.invalid/x", &options, "x");
	check_int(unsetenv("http_proxy"), 0);
	check_int(result.code, PITOT_UNAVAILABLE);
	check_contains(result.why.text, path);
	check_contains(result.why.text, "No such file");
	check_int(rmdir(directory), 0);
}

static void
a_proxy_is_used_and_its_refusal_is_told(void)
{
	const struct server_step steps[] = {{SERVER_ANSWER, OK, 0},
		{SERVER_ANSWER, "HTTP/1.1 403 x\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n",
			0}};
	struct server *server = server_start(NULL, steps, 2);
	char proxy[100];
	(void)snprintf(proxy, sizeof proxy, "http://u:sensitive@%s", server_url(server) + 7);
	const struct pitot_http_options options = {.proxy = proxy};
	struct exchange result = exchange_once("http://anything.invalid/x", &options, "x");
	check_int(result.code, 0);
	struct server_request request = server_request(server, 0);
	check_true(strncmp(request.head, "POST http://anything.invalid/x HTTP/1.1\r\n", 41) == 0);
	check_size(count_header(&request, "Proxy-Authorization: Basic "), 1);
	/* Through a tunnel the receiver sees nothing of a request that the proxy refuses. */
	result = exchange_once("https://anything.invalid/x", &options, "x");
	check_int(result.code, PITOT_UNAVAILABLE);
	check_int(result.answer.status, 0);
	check_int(result.answer.retry_after_ms, -1);
	check_true(!result.answer.maybe_received);
	check_contains(result.why.text, "403");
	request = server_request(server, 1);
	check_true(strncmp(request.head, "CONNECT anything.invalid:443 HTTP/1.1\r\n", 39) == 0);
	server_stop(server);
	/* That of the environment is not checked before; its password must not be told either. */
	check_int(setenv("http_proxy", "foo://u:sensitive@h:1", 1), 0);
	result = exchange_once("http://127.0.0.1:1/", &(struct pitot_http_options){0}, "x");
	check_int(unsetenv("http_proxy"), 0);
	check_true(result.code == PITOT_UNAVAILABLE || result.code == PITOT_NO_HOST);
	check_true(strstr(result.why.text, "sensitive") == NULL);
}

static void
certificate_files_that_cannot_be_read_are_named(void)
{
	static const char missing[] = "/nonexistent/x.pem";
	static const struct pitot_http_options bad[] = {{.ca_file = missing},
		{.cert_file = missing, .key_file = "/dev/null"},
		{.cert_file = "/dev/null", .key_file = missing}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct pitot_error why = {0};
		check_true(pt_curl_new(&bad[i], &why) == NULL);
		check_int(why.code, PITOT_NO_INPUT);
		check_contains(why.text, "/nonexistent/x.pem: No such file");
	}
}

CHECK_MAIN("net/curl", TEST(a_request_has_the_headers_it_needs_and_no_others),
	TEST(an_empty_body_has_a_length_of_zero_with_every_method),
	TEST(answers_are_read_with_their_times_places_and_texts),
	TEST(only_seconds_and_dates_are_times_to_wait), TEST(interim_answers_leave_nothing_behind),
	TEST(the_connection_is_used_again_unless_it_is_closed),
	TEST(what_libcurl_sends_again_by_itself_may_have_been_received_before),
	TEST(a_large_body_is_sent_at_once_with_its_length),
	TEST(a_binary_body_arrives_and_a_binary_answer_is_made_printable),
	TEST(headers_without_end_are_cut_off), TEST(a_huge_answer_is_cut_and_its_status_kept),
	TEST(no_answer_is_unavailable_and_tells_whether_it_may_have_arrived),
	TEST(a_hastened_deadline_ends_a_transfer_under_way),
	TEST(secrets_come_from_files_and_follow_their_changes),
	TEST(wrong_options_are_refused_before_anything_is_sent),
	TEST(a_unix_socket_is_used_whatever_proxy_the_environment_has),
	TEST(a_proxy_is_used_and_its_refusal_is_told),
	TEST(certificate_files_that_cannot_be_read_are_named))
