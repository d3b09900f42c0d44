/* SPDX-License-Identifier: MIT */
/*
 * What a client must send is made and compared, instead of reading what it sent: base64 has one
 * form for each text, and so nothing foreign is decoded. It fails when the password's file cannot
 * be read or memory is out.
 */
#include "net/login.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "net/url.h"
#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>

/* NULL: *code says why, and is never 0. */
static const char *
read_password(struct pt_login *login, int *code, struct pitot_error *why)
{
	struct pitot_error unread = {.code = PITOT_FAILED};
	const char *password = pt_secret_read(&login->password, &unread);
	*code = password == NULL ? unread.code : 0;
	if (password == NULL && why != NULL)
		*why = unread;
	return password;
}

int
pt_login_init(struct pt_login *login, const char *username, const char *password_file,
	struct pitot_error *why)
{
	*login = (struct pt_login){.username = NULL};
	if (username == NULL && password_file == NULL)
		return 0;
	if (username == NULL || password_file == NULL)
		return pt_error_set(why, PITOT_USAGE, "%s needs %s",
			username == NULL ? "password_file" : "username",
			username == NULL ? "username" : "password_file");
	if (strchr(username, ':') != NULL)
		return pt_error_set(why, PITOT_USAGE, "username: it must not contain a colon");
	login->username = strdup(username);
	if (login->username == NULL || pt_secret_init(&login->password, password_file) != 0)
		return pt_error_memory(why);
	int code;
	(void)read_password(login, &code, why);
	return code;
}

void
pt_login_clear(struct pt_login *login)
{
	free(login->username);
	pt_secret_clear(&login->password);
	*login = (struct pt_login){.username = NULL};
}

/* base64 in its ordinary alphabet, with padding. */
static void
put_base64(struct pt_buf *out, const struct pt_buf *plain)
{
	pt_url_base64(out, plain->bytes, plain->length);
	for (size_t i = 0; i < out->length; i++)
		out->bytes[i] = out->bytes[i] == '-' ? '+'
			: out->bytes[i] == '_'       ? '/'
						     : out->bytes[i];
	while (out->length % 4 != 0 && pt_buf_error(out) == 0)
		pt_buf_char(out, '=');
}

/* Looks at every byte of what was sent, whatever it is. */
static bool
is_same(const char *sent, const struct pt_buf *expected)
{
	size_t length = strlen(sent);
	unsigned char other = length != expected->length;
	for (size_t i = 0; i < length; i++)
		other |= (unsigned char)(sent[i] ^ expected->bytes[i % expected->length]);
	return other == 0;
}

static void
wipe(struct pt_buf *buf)
{
	if (buf->bytes != NULL)
		explicit_bzero(buf->bytes, buf->capacity);
	pt_buf_clear(buf);
}

static int
compare(const struct pt_login *login, const char *password, const char *sent,
	struct pitot_error *why)
{
	struct pt_buf plain, expected;
	size_t room = strlen(login->username) + 1 + strlen(password);
	pt_buf_init(&plain, PT_LIMIT_SECRET + PT_LIMIT_URL);
	pt_buf_init(&expected, 2 * (PT_LIMIT_SECRET + PT_LIMIT_URL));
	/* Room for all of it at once, so that no copy of it stays in freed memory. */
	(void)pt_buf_room(&plain, room);
	(void)pt_buf_room(&expected, 2 * room + 4);
	pt_buf_str(&plain, login->username);
	pt_buf_char(&plain, ':');
	pt_buf_str(&plain, password);
	if (pt_buf_error(&plain) == 0)
		put_base64(&expected, &plain);
	int code = 0;
	if (pt_buf_error(&plain) != 0 || pt_buf_error(&expected) != 0)
		code = pt_error_memory(why);
	else if (!is_same(sent, &expected))
		code = pt_error_set(why, PITOT_DENIED, "wrong user or password");
	wipe(&plain);
	wipe(&expected);
	return code;
}

int
pt_login_check(struct pt_login *login, const char *authorization, struct pitot_error *why)
{
	static const char scheme[] = "Basic ";
	if (login->username == NULL)
		return 0;
	if (authorization == NULL || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
		return pt_error_set(why, PITOT_DENIED, "no user and password");
	int code;
	const char *password = read_password(login, &code, why);
	if (password == NULL)
		return code;
	const char *sent = authorization + sizeof scheme - 1;
	return compare(login, password, sent + strspn(sent, " "), why);
}
