/* SPDX-License-Identifier: MIT */
/*
 * TLS in front of a scripted server: a relay on loopback that ends TLS and passes the bytes on, and
 * the certificates for it. A reset behind it is a reset in front of it. Like the server it serves
 * one connection at a time; stop it after the transports are freed and before the server is
 * stopped.
 */
#ifndef TLS_H
#define TLS_H

#include <stdbool.h>

/*
 * Writes into `directory`: ca.pem; server.pem for 127.0.0.1, elsewhere.pem for another host,
 * expired.pem and client.pem, all of that authority, each with its key in one file; and other.pem,
 * an authority that signed nothing. 0 or -1.
 */
int tls_make_certificates(const char *directory);
void tls_remove_certificates(const char *directory);

struct tls;

/*
 * Passes on to `url`, as server_url() tells it, with the certificate `name` ("server.pem") of
 * `directory`; `want_client`: only for clients with a certificate of ca.pem. NULL if it cannot.
 */
struct tls *tls_start(const char *directory, const char *name, bool want_client, const char *url);
void tls_stop(struct tls *tls);
/* "https://127.0.0.1:PORT" */
const char *tls_url(const struct tls *tls);

#endif
