/* SPDX-License-Identifier: MIT */
/* The server's side of basic authentication: one user, whose password is in a file. */
#ifndef PT_NET_LOGIN_H
#define PT_NET_LOGIN_H

#include "net/secret.h"

struct pt_login {
	char *username; /* NULL: nobody needs one */
	struct pt_secret password;
};

/*
 * Both NULL, or both given; the file is read once, so that a wrong one is told now. PITOT_USAGE,
 * PITOT_NO_INPUT, PITOT_NO_MEMORY. Clear it in any case.
 */
int pt_login_init(struct pt_login *login, const char *username, const char *password_file,
	struct pitot_error *why);
void pt_login_clear(struct pt_login *login);
/*
 * Whether the Authorization header (NULL: there is none) has the user and the password: 0, or
 * PITOT_DENIED, in a time that does not tell how much of it is right. Otherwise as
 * pt_secret_read(), or PITOT_NO_MEMORY.
 */
int pt_login_check(struct pt_login *login, const char *authorization, struct pitot_error *why);

#endif
