/* SPDX-License-Identifier: MIT */
/* The transport over TLS: whom it trusts, as whom it comes, and what it says when that fails. */
#include <stdlib.h>
#include <unistd.h>
#include "net/transport.h"
#include "support/check.h"
#include "support/exchange.h"
#include "support/server.h"
#include "support/tls.h"

#define OK "HTTP/1.1 204 No Content\r\n\r\n"

static char directory[] = "/tmp/pitot-tls-XXXXXX";
static char ca[64], other[64], client[64], bad[64];

static void
certificates_can_be_made(void)
{
	check_fatal(mkdtemp(directory) != NULL);
	check_int(tls_make_certificates(directory), 0);
	(void)snprintf(ca, sizeof ca, "%s/ca.pem", directory);
	(void)snprintf(other, sizeof other, "%s/other.pem", directory);
	(void)snprintf(client, sizeof client, "%s/client.pem", directory);
	(void)snprintf(bad, sizeof bad, "%s/bad.pem", directory);
	FILE *file = fopen(bad, "w");
	check_fatal(file != NULL);
	check_true(fputs("not a certificate\n", file) >= 0);
	check_int(fclose(file), 0);
}

/* Posts once, to a receiver with the certificate `name`. */
static struct exchange
post(const char *name, bool want_client, const struct pitot_http_options *options, size_t *received)
{
	const struct server_step step = {SERVER_ANSWER, OK, 0};
	struct server *server = server_start(NULL, &step, 1);
	struct tls *tls = tls_start(directory, name, want_client, server_url(server));
	struct exchange result = {.code = 1};
	if (check_true_at(__FILE__, __LINE__, "tls_start", tls != NULL)) {
		result = exchange_once(tls_url(tls), options, "x");
		tls_stop(tls);
	}
	*received = server_count(server);
	server_stop(server);
	return result;
}

static void
only_a_trusted_certificate_of_the_right_host_is_spoken_to(void)
{
	/* remote-write 31 */
	/* pushgateway 24 */
	const struct {
		const char *name;
		struct pitot_http_options options;
		const char *problem, *hint; /* NULL: it is delivered */
	} cases[] = {
		{"server.pem", {.ca_file = ca}, NULL, NULL},
		{"server.pem", {.insecure_skip_verify = true}, NULL, NULL},
		{"elsewhere.pem", {.insecure_skip_verify = true}, NULL, NULL},
		{"expired.pem", {.insecure_skip_verify = true}, NULL, NULL},
		{"server.pem", {.ca_file = NULL}, "not trusted", "name its authority with ca_file"},
		{"server.pem", {.ca_file = other}, "not trusted", other},
		{"expired.pem", {.ca_file = ca}, "expired", "not trusted"},
		{"elsewhere.pem", {.ca_file = ca}, "not for this host", "127.0.0.1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t received = 0;
		struct exchange result = post(cases[i].name, false, &cases[i].options, &received);
		if (cases[i].problem == NULL) {
			check_int(result.code, 0);
			check_int(result.answer.status, 204);
			check_size(received, 1);
			continue;
		}
		check_int(result.code, PITOT_UNAVAILABLE);
		check_true(!result.answer.maybe_received);
		check_contains(result.why.text, "TLS: the receiver's certificate is ");
		check_contains(result.why.text, cases[i].problem);
		check_contains(result.why.text, cases[i].hint);
		check_size(received, 0);
	}
}

static void
a_client_certificate_is_shown_where_it_is_wanted(void)
{
	size_t received = 0;
	const struct pitot_http_options with = {
		.ca_file = ca, .cert_file = client, .key_file = client};
	check_int(post("server.pem", true, &with, &received).answer.status, 204);
	check_size(received, 1);
	const struct pitot_http_options without = {.ca_file = ca};
	struct exchange result = post("server.pem", true, &without, &received);
	check_int(result.code, PITOT_UNAVAILABLE);
	check_contains(result.why.text, "the receiver wants a client certificate");
	check_size(received, 0);
	const struct pitot_http_options wrong = {
		.ca_file = ca, .cert_file = other, .key_file = other};
	result = post("server.pem", true, &wrong, &received);
	check_int(result.code, PITOT_UNAVAILABLE);
	check_true(result.why.text[0] != '\0');
	check_size(received, 0);
}

static void
files_without_a_certificate_are_named(void)
{
	size_t received = 0;
	const struct pitot_http_options options[] = {{.ca_file = bad},
		{.ca_file = ca, .cert_file = bad, .key_file = client},
		{.ca_file = ca, .cert_file = client, .key_file = bad}};
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		struct exchange result = post("server.pem", false, &options[i], &received);
		check_int(result.code, PITOT_NO_INPUT);
		check_contains(result.why.text, bad);
		check_size(received, 0);
	}
}

static void
a_replaced_authority_is_noticed(void)
{
	const struct server_step step = {
		SERVER_ANSWER, "HTTP/1.1 204 x\r\nConnection: close\r\n\r\n", 0};
	struct server *server = server_start(NULL, &step, 1);
	struct tls *tls = tls_start(directory, "server.pem", false, server_url(server));
	check_fatal(tls != NULL);
	char path[64];
	(void)snprintf(path, sizeof path, "%s/now.pem", directory);
	check_int(symlink(other, path), 0);
	struct pt_transport *transport =
		pt_curl_new(&(struct pitot_http_options){.ca_file = path}, NULL);
	const struct pt_http_request request = {.method = "POST", .url = tls_url(tls)};
	check_int(exchange(transport, &request, 10000).code, PITOT_UNAVAILABLE);
	check_int(unlink(path), 0);
	check_int(symlink(ca, path), 0);
	check_int(exchange(transport, &request, 10000).code, 0);
	check_int(unlink(path), 0);
	check_int(exchange(transport, &request, 10000).code, PITOT_NO_INPUT);
	transport->free(transport);
	tls_stop(tls);
	server_stop(server);
}

static void
the_wrong_kind_of_port_is_recognised(void)
{
	const struct server_step step = {
		SERVER_ANSWER, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 0};
	struct server *server = server_start(NULL, &step, 1);
	struct tls *tls = tls_start(directory, "server.pem", false, server_url(server));
	check_fatal(tls != NULL);
	char url[100];
	(void)snprintf(url, sizeof url, "http%s", tls_url(tls) + 5);
	struct exchange result = exchange_once(url, &(struct pitot_http_options){0}, "x");
	check_int(result.code, PITOT_UNAVAILABLE);
	check_contains(result.why.text, "https");
	tls_stop(tls);
	server_stop(server);

	/* TLS spoken to plain HTTP: the server waits for the end of what it takes for headers. */
	server = server_start(NULL, &step, 1);
	(void)snprintf(url, sizeof url, "https%s", server_url(server) + 4);
	struct pt_transport *transport = pt_curl_new(&(struct pitot_http_options){0}, NULL);
	const struct pt_http_request request = {.method = "POST", .url = url};
	result = exchange(transport, &request, 300);
	check_int(result.code, PITOT_UNAVAILABLE);
	check_text(result.why.text, "timed out connecting to the receiver");
	check_true(!result.answer.maybe_received);
	transport->free(transport);
	server_stop(server);
}

static void
a_reset_while_a_large_body_is_sent_kills_nobody(void)
{
	/* remote-write 31 */
	static const struct server_step steps[] = {{SERVER_CUT, NULL, 0}, {SERVER_RESET, NULL, 0}};
	static char body[8 << 20];
	for (size_t i = 0; i < 2; i++) {
		struct server *server = server_start(NULL, &steps[i], 1);
		struct tls *tls = tls_start(directory, "server.pem", false, server_url(server));
		check_fatal(tls != NULL);
		struct pt_transport *transport =
			pt_curl_new(&(struct pitot_http_options){.ca_file = ca}, NULL);
		struct exchange result = exchange(transport,
			&(struct pt_http_request){.method = "POST",
				.url = tls_url(tls),
				.body = body,
				.length = sizeof body},
			10000);
		check_int(result.code, PITOT_UNAVAILABLE);
		check_true(result.answer.maybe_received);
		transport->free(transport);
		tls_stop(tls);
		server_stop(server);
	}
}

static void
the_certificates_are_removed(void)
{
	tls_remove_certificates(directory);
	check_int(unlink(bad), 0);
	check_int(rmdir(directory), 0);
}

CHECK_MAIN("net/tls", TEST(certificates_can_be_made),
	TEST(only_a_trusted_certificate_of_the_right_host_is_spoken_to),
	TEST(a_client_certificate_is_shown_where_it_is_wanted),
	TEST(files_without_a_certificate_are_named), TEST(a_replaced_authority_is_noticed),
	TEST(the_wrong_kind_of_port_is_recognised),
	TEST(a_reset_while_a_large_body_is_sent_kills_nobody), TEST(the_certificates_are_removed))
