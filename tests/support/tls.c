/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- certificates ---- */

struct pair {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
};

struct wish {
	const char *file, *name, *host; /* host NULL: an authority */
	long days;                      /* until it ends */
};

static bool
sign(struct pair *pair, const struct wish *wish, const struct pair *authority)
{
	const char *problem = NULL;
	const time_t day = 86400, now = time(NULL);
	const unsigned char serial = (unsigned char)(1 + strlen(wish->file));
	const unsigned char loopback[4] = {127, 0, 0, 1};
	gnutls_x509_crt_t crt = pair->certificate;
	bool ip = wish->host != NULL && strcmp(wish->host, "127.0.0.1") == 0;
	int bad = gnutls_x509_privkey_generate(
		pair->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	bad |= gnutls_x509_crt_set_version(crt, 3);
	bad |= gnutls_x509_crt_set_serial(crt, &serial, 1);
	bad |= gnutls_x509_crt_set_activation_time(crt, now - 10 * day);
	bad |= gnutls_x509_crt_set_expiration_time(crt, now + wish->days * day);
	bad |= gnutls_x509_crt_set_dn(crt, wish->name, &problem);
	bad |= gnutls_x509_crt_set_key(crt, pair->key);
	bad |= gnutls_x509_crt_set_basic_constraints(crt, wish->host == NULL, -1);
	if (wish->host != NULL)
		bad |= gnutls_x509_crt_set_subject_alt_name(crt,
			ip ? GNUTLS_SAN_IPADDRESS : GNUTLS_SAN_DNSNAME,
			ip ? (const void *)loopback : wish->host,
			ip ? sizeof loopback : (unsigned)strlen(wish->host), GNUTLS_FSAN_SET);
	else
		bad |= gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_KEY_CERT_SIGN);
	bad |= gnutls_x509_crt_sign2(
		crt, authority->certificate, authority->key, GNUTLS_DIG_SHA256, 0);
	return bad == 0;
}

static bool
write_pem(const char *directory, const char *name, const struct pair *pair)
{
	char path[200];
	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "w");
	if (file == NULL)
		return false;
	gnutls_datum_t key = {NULL, 0}, crt = {NULL, 0};
	bool ok = gnutls_x509_privkey_export2(pair->key, GNUTLS_X509_FMT_PEM, &key) == 0 &&
		gnutls_x509_crt_export2(pair->certificate, GNUTLS_X509_FMT_PEM, &crt) == 0 &&
		fwrite(key.data, 1, key.size, file) == key.size &&
		fwrite(crt.data, 1, crt.size, file) == crt.size;
	gnutls_free(key.data);
	gnutls_free(crt.data);
	return fclose(file) == 0 && ok;
}

static const struct wish wishes[] = {
	{"ca.pem", "CN=Test authority", NULL, 10},
	{"other.pem", "CN=Other authority", NULL, 10},
	{"server.pem", "CN=Server", "127.0.0.1", 10},
	{"elsewhere.pem", "CN=Elsewhere", "elsewhere.invalid", 10},
	{"expired.pem", "CN=Expired", "127.0.0.1", -1},
	{"client.pem", "CN=Client", "client.invalid", 10},
};
enum { wish_count = sizeof wishes / sizeof wishes[0] };

int
tls_make_certificates(const char *directory)
{
	struct pair pairs[wish_count] = {{NULL, NULL}};
	bool ok = true;
	for (size_t i = 0; ok && i < wish_count; i++) {
		const struct pair *authority = wishes[i].host == NULL ? &pairs[i] : &pairs[0];
		ok = gnutls_x509_privkey_init(&pairs[i].key) == 0 &&
			gnutls_x509_crt_init(&pairs[i].certificate) == 0 &&
			sign(&pairs[i], &wishes[i], authority) &&
			write_pem(directory, wishes[i].file, &pairs[i]);
	}
	for (size_t i = 0; i < wish_count; i++) {
		if (pairs[i].key != NULL)
			gnutls_x509_privkey_deinit(pairs[i].key);
		if (pairs[i].certificate != NULL)
			gnutls_x509_crt_deinit(pairs[i].certificate);
	}
	return ok ? 0 : -1;
}

void
tls_remove_certificates(const char *directory)
{
	char path[200];
	for (size_t i = 0; i < wish_count; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", directory, wishes[i].file);
		(void)unlink(path);
	}
}

/* ---- the relay ---- */

struct tls {
	pthread_t thread;
	int listener;
	int stop_pipe[2];
	bool want_client;
	char url[64];
	struct sockaddr_in to;
	gnutls_certificate_credentials_t credentials;
};

static void
reset_on_close(int fd)
{
	const struct linger now = {1, 0};
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* Passes bytes on, in both directions, until one side ends or it is time to stop. */
static void
relay(const struct tls *tls, gnutls_session_t session, int outside, int inside)
{
	char block[16384];
	struct pollfd fds[3] = {{.fd = outside, .events = POLLIN}, {.fd = inside, .events = POLLIN},
		{.fd = tls->stop_pipe[0], .events = POLLIN}};
	for (;;) {
		bool pending = gnutls_record_check_pending(session) > 0;
		if (!pending && (poll(fds, 3, -1) <= 0 || fds[2].revents != 0))
			return;
		if (pending || fds[0].revents != 0) {
			ssize_t got = gnutls_record_recv(session, block, sizeof block);
			if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
				continue;
			if (got <= 0 || send(inside, block, (size_t)got, MSG_NOSIGNAL) != got)
				return;
		} else if (fds[1].revents != 0) {
			ssize_t got = recv(inside, block, sizeof block, 0);
			if (got < 0)
				reset_on_close(outside);
			if (got <= 0 || gnutls_record_send(session, block, (size_t)got) != got)
				return;
		}
	}
}

/* Closing with unread bytes would be a reset, which may overtake the alert. */
static void
wait_for_end(const struct tls *tls, int fd)
{
	char block[4096];
	struct pollfd fds[2] = {
		{.fd = fd, .events = POLLIN}, {.fd = tls->stop_pipe[0], .events = POLLIN}};
	(void)shutdown(fd, SHUT_WR);
	while (poll(fds, 2, -1) > 0 && fds[1].revents == 0)
		if (recv(fd, block, sizeof block, 0) <= 0)
			return;
}

static void
serve_connection(const struct tls *tls, int outside)
{
	gnutls_session_t session;
	if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL) != 0)
		return;
	int inside = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), code = 0;
	bool ok = inside >= 0 && gnutls_set_default_priority(session) == 0 &&
		gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->credentials) == 0;
	if (tls->want_client) {
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
		gnutls_session_set_verify_cert(session, NULL, 0);
	}
	gnutls_transport_set_int(session, outside);
	gnutls_handshake_set_timeout(session, 10000);
	while (ok && (code = gnutls_handshake(session)) < 0 && !gnutls_error_is_fatal(code))
		;
	if (ok && code == 0 &&
		connect(inside, (const struct sockaddr *)&tls->to, sizeof tls->to) == 0) {
		relay(tls, session, outside, inside);
		(void)gnutls_bye(session, GNUTLS_SHUT_WR);
	} else if (ok) {
		(void)gnutls_alert_send_appropriate(session, code);
		wait_for_end(tls, outside);
	}
	gnutls_deinit(session);
	if (inside >= 0)
		(void)close(inside);
}

static void *
serve(void *context)
{
	struct tls *tls = context;
	struct pollfd fds[2] = {{.fd = tls->listener, .events = POLLIN},
		{.fd = tls->stop_pipe[0], .events = POLLIN}};
	while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
		int fd = accept(tls->listener, NULL, NULL);
		if (fd < 0)
			continue;
		serve_connection(tls, fd);
		(void)close(fd);
	}
	return NULL;
}

static bool
load(struct tls *tls, const char *directory, const char *name)
{
	char crt[200], authority[200];
	(void)snprintf(crt, sizeof crt, "%s/%s", directory, name);
	(void)snprintf(authority, sizeof authority, "%s/ca.pem", directory);
	return gnutls_certificate_allocate_credentials(&tls->credentials) == 0 &&
		gnutls_certificate_set_x509_key_file(
			tls->credentials, crt, crt, GNUTLS_X509_FMT_PEM) == 0 &&
		gnutls_certificate_set_x509_trust_file(
			tls->credentials, authority, GNUTLS_X509_FMT_PEM) > 0;
}

static bool
listen_on(struct tls *tls)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof address;
	tls->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = tls->listener >= 0 &&
		bind(tls->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
		listen(tls->listener, 16) == 0 &&
		getsockname(tls->listener, (struct sockaddr *)&address, &size) == 0;
	(void)snprintf(tls->url, sizeof tls->url, "https://127.0.0.1:%d", ntohs(address.sin_port));
	return ok;
}

static void
clear(struct tls *tls)
{
	if (tls->credentials != NULL)
		gnutls_certificate_free_credentials(tls->credentials);
	(void)close(tls->stop_pipe[0]);
	(void)close(tls->listener);
	free(tls);
}

struct tls *
tls_start(const char *directory, const char *name, bool want_client, const char *url)
{
	struct tls *tls = calloc(1, sizeof *tls);
	if (tls == NULL)
		return NULL;
	tls->want_client = want_client;
	tls->listener = tls->stop_pipe[0] = tls->stop_pipe[1] = -1;
	tls->to = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_addr = {htonl(INADDR_LOOPBACK)},
		.sin_port = htons((uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10))};
	if (load(tls, directory, name) && listen_on(tls) && pipe(tls->stop_pipe) == 0 &&
		pthread_create(&tls->thread, NULL, serve, tls) == 0)
		return tls;
	(void)close(tls->stop_pipe[1]);
	clear(tls);
	return NULL;
}

void
tls_stop(struct tls *tls)
{
	(void)close(tls->stop_pipe[1]);
	(void)pthread_join(tls->thread, NULL);
	clear(tls);
}

const char *
tls_url(const struct tls *tls)
{
	return tls->url;
}
