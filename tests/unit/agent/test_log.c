/* SPDX-License-Identifier: MIT */
#include "agent/log.h"

#include "support/check.h"
#include "support/tick.h"
#include <string.h>

struct told {
	struct tick tick;
	struct pt_log *log;
	char text[1024]; /* what was told since it was looked at: "message err repeated; …" */
};

static void
take(void *context, const struct pitot_log_entry *entry)
{
	struct told *told = context;
	strcat(told->text, entry->message);
	for (size_t i = 1; i < entry->field_count; i++) {
		strcat(told->text, " ");
		strcat(told->text, entry->fields[i].value);
	}
	strcat(told->text, "; ");
}

static void
begin(struct told *told)
{
	tick_init(&told->tick);
	told->text[0] = '\0';
	told->log = pt_log_new(
		&(struct pitot_agent_options){.log = take, .log_context = told}, &told->tick.clock);
	check_fatal(told->log != NULL);
}

static void
check_told(struct told *told, const char *trouble, const char *expected)
{
	pt_log_trouble(told->log, "Down", "url", "http://h", trouble);
	check_text(told->text, expected);
	told->text[0] = '\0';
	tick_pass(&told->tick, 1000);
}

static void
trouble_that_stays_is_told_each_minute(void)
{
	struct told told;
	begin(&told);
	check_told(&told, "", "");
	check_told(&told, "refused", "Down refused; ");
	for (int i = 1; i < 60; i++)
		check_told(&told, "refused", "");
	check_told(&told, "refused", "Down refused 59; ");
	check_told(&told, "another", "Down another; ");
	check_told(&told, "", "It works again; ");
	check_told(&told, "", "");
	pt_log_free(told.log);
}

static void
trouble_that_comes_and_goes_is_told_as_rarely(void)
{
	struct told told;
	begin(&told);
	check_told(&told, "refused", "Down refused; ");
	check_told(&told, "", "It works again; ");
	for (int i = 1; i < 30; i++) {
		check_told(&told, "refused", "");
		check_told(&told, "", "");
	}
	check_told(&told, "refused", "Down refused 29; ");
	check_told(&told, "refused", "");
	check_told(&told, "", "It works again; ");
	pt_log_free(told.log);
}

/* What works again must not keep its place for ever. */
static void
there_is_room_for_new_trouble(void)
{
	struct told told;
	char about[32];
	begin(&told);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(about, sizeof about, "http://h%d", i);
		pt_log_trouble(told.log, "Down", "url", about, "refused");
		pt_log_trouble(told.log, "Down", "url", about, "");
		told.text[0] = '\0';
		tick_pass(&told.tick, 1000);
	}
	check_told(&told, "refused", "Down refused; ");
	check_told(&told, "refused", "");
	pt_log_free(told.log);
}

CHECK_MAIN("agent/log", TEST(trouble_that_stays_is_told_each_minute),
	TEST(trouble_that_comes_and_goes_is_told_as_rarely), TEST(there_is_room_for_new_trouble))
