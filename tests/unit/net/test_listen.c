/* SPDX-License-Identifier: MIT */
#include "net/listen.h"

#include "support/ask.h"
#include "support/check.h"
#include <fcntl.h>
#include <unistd.h>

static void
a_free_port_is_found_and_told(void)
{
	static const char *const addresses[] = {"127.0.0.1", "0.0.0.0", "::"};
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct pt_listener listener;
		struct pitot_error why = {.code = 0};
		check_int(pt_listen(&listener, addresses[i], 0, &why), 0);
		check_text(why.text, "");
		check_true(listener.socket >= 0 && listener.port != 0 && !listener.taken);
		check_true((fcntl(listener.socket, F_GETFD) & FD_CLOEXEC) != 0);
		check_true((fcntl(listener.socket, F_GETFL) & O_NONBLOCK) != 0);
		/* "::" takes IPv4 too. */
		int connection = ask_connect(listener.port);
		check_true(connection >= 0);
		(void)close(connection);
		(void)close(listener.socket);
	}
}

static void
a_port_that_is_taken_is_named_with_its_cure(void)
{
	struct pt_listener first, second;
	struct pitot_error why;
	char expected[128];
	check_fatal(pt_listen(&first, "127.0.0.1", 0, &why) == 0);
	check_int(pt_listen(&second, "127.0.0.1", first.port, &why), PITOT_IO);
	check_true(second.socket == -1 && second.taken);
	(void)snprintf(expected, sizeof expected,
		"port %u of 127.0.0.1 is already in use: choose another", (unsigned)first.port);
	check_text(why.text, expected);
	(void)close(first.socket);
	/* Connections that are not quite over do not keep it. */
	check_int(pt_listen(&second, "127.0.0.1", first.port, NULL), 0);
	(void)close(second.socket);
}

static void
an_address_that_cannot_be_is_told(void)
{
	static const struct {
		const char *address;
		int code;
		const char *text;
	} rows[] = {
		{"localhost", PITOT_USAGE, "address \"localhost\": expected digits"},
		{"", PITOT_USAGE, "address \"\": expected digits"},
		{"1.2.3", PITOT_USAGE, "address \"1.2.3\": expected digits"},
		{"[::1]", PITOT_USAGE, "address \"[::1]\": expected digits"},
		{"fe80::1", PITOT_IO, "not to be had"},
		{"192.0.2.1", PITOT_IO, "no interface of this machine has that address"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pt_listener listener;
		struct pitot_error why = {.code = 0};
		check_int(pt_listen(&listener, rows[i].address, 0, &why), rows[i].code);
		check_int(listener.socket, -1);
		check_true(!listener.taken);
		check_contains(why.text, rows[i].text);
	}
}

CHECK_MAIN("net/listen", TEST(a_free_port_is_found_and_told),
	TEST(a_port_that_is_taken_is_named_with_its_cure), TEST(an_address_that_cannot_be_is_told))
