/* SPDX-License-Identifier: MIT */
#include "net/login.h"

#include "support/check.h"
#include <stdlib.h>
#include <unistd.h>

static char path[64];

static void
write_password(const char *text)
{
	FILE *file = fopen(path, "w");
	check_fatal(file != NULL);
	check_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

/* What a client sends is from RFC 7617 and `printf user:password | base64`. */
static void
only_the_right_user_and_password_enter(void)
{
	static const struct {
		const char *sent;
		int code;
	} rows[] = {
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", 0},
		{"basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ==", 0},
		{NULL, PITOT_DENIED},
		{"", PITOT_DENIED},
		{"Basic", PITOT_DENIED},
		{"Basic ", PITOT_DENIED},
		{"Basic =", PITOT_DENIED},
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=", PITOT_DENIED},
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ===", PITOT_DENIED},
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==", PITOT_DENIED},
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", PITOT_DENIED},
		{"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==QWxhZGRpbjpvcGVuIHNlc2FtZQ==", PITOT_DENIED},
		{"Basic YWxhZGRpbjpvcGVuIHNlc2FtZQ==", PITOT_DENIED}, /* aladdin */
		{"Basic QWxhZGRpbjo=", PITOT_DENIED},                 /* no password */
		{"Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", PITOT_DENIED},
		{"BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==", PITOT_DENIED},
	};
	struct pt_login login;
	struct pitot_error why;
	write_password("open sesame\n");
	check_fatal(pt_login_init(&login, "Aladdin", path, &why) == 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_int(pt_login_check(&login, rows[i].sent, &why), rows[i].code);
	pt_login_clear(&login);
}

static void
every_byte_of_base64_is_the_ordinary_one(void)
{
	struct pt_login login;
	write_password("\xfb\xff\xbf?>~");
	check_fatal(pt_login_init(&login, "a", path, NULL) == 0);
	check_int(pt_login_check(&login, "Basic YTr7/78/Pn4=", NULL), 0);
	check_int(pt_login_check(&login, "Basic YTr7_78_Pn4=", NULL), PITOT_DENIED);
	pt_login_clear(&login);
}

static void
a_password_may_change_and_vanish(void)
{
	struct pt_login login;
	struct pitot_error why;
	write_password("one");
	check_fatal(pt_login_init(&login, "u", path, NULL) == 0);
	check_int(pt_login_check(&login, "Basic dTpvbmU=", &why), 0);
	write_password("three");
	check_int(pt_login_check(&login, "Basic dTpvbmU=", &why), PITOT_DENIED);
	check_int(pt_login_check(&login, "Basic dTp0aHJlZQ==", &why), 0);
	check_int(unlink(path), 0);
	check_int(pt_login_check(&login, "Basic dTp0aHJlZQ==", &why), PITOT_NO_INPUT);
	check_contains(why.text, path);
	check_int(pt_login_check(&login, NULL, &why), PITOT_DENIED);
	pt_login_clear(&login);
}

static void
without_a_login_everybody_enters(void)
{
	struct pt_login login;
	check_int(pt_login_init(&login, NULL, NULL, NULL), 0);
	check_int(pt_login_check(&login, NULL, NULL), 0);
	check_int(pt_login_check(&login, "Basic x", NULL), 0);
	pt_login_clear(&login);
}

static void
half_a_login_is_a_mistake(void)
{
	static const struct {
		const char *username, *file;
		int code;
		const char *text;
	} rows[] = {
		{"u", NULL, PITOT_USAGE, "username needs password_file"},
		{NULL, path, PITOT_USAGE, "password_file needs username"},
		{"a:b", path, PITOT_USAGE, "must not contain a colon"},
		{"u", "/does/not/exist", PITOT_NO_INPUT, "/does/not/exist"},
		{"u", "/dev/null", PITOT_USAGE, "no secret on its first line"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pt_login login;
		struct pitot_error why = {.code = 0};
		check_int(
			pt_login_init(&login, rows[i].username, rows[i].file, &why), rows[i].code);
		check_contains(why.text, rows[i].text);
		pt_login_clear(&login);
	}
}

int
main(void)
{
	static const struct check_test tests[] = {TEST(only_the_right_user_and_password_enter),
		TEST(every_byte_of_base64_is_the_ordinary_one),
		TEST(a_password_may_change_and_vanish), TEST(without_a_login_everybody_enters),
		TEST(half_a_login_is_a_mistake)};
	(void)strcpy(path, "/tmp/pitot-login-XXXXXX");
	int file = mkstemp(path);
	if (file < 0 || close(file) != 0)
		return 1;
	int status = check_main("net/login", tests, sizeof tests / sizeof tests[0]);
	(void)unlink(path);
	return status;
}
