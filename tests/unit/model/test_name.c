/* SPDX-License-Identifier: MIT */
#include "model/name.h"

#include "support/check.h"

/* text-formats 3 */
static void
names_are_checked_by_the_two_rules(void)
{
	static const struct {
		const char *name;
		bool metric, label, utf8;
	} rows[] = {
		{"a", true, true, true},
		{"_", true, true, true},
		{"Ab_9", true, true, true},
		{":", true, false, true},
		{"a:b", true, false, true},
		{"", false, false, false},
		{"9a", false, false, true},
		{"a-b", false, false, true},
		{"a.b", false, false, true},
		{"a b", false, false, true},
		{"a\n", false, false, true},
		{"stra\xc3\x9f"
		 "e",
			false, false, true},
		{"a\xff", false, false, false},
		{"@", false, false, true},
		{"[", false, false, true},
		{"`", false, false, true},
		{"{", false, false, true},
		{"a/", false, false, true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t length = strlen(rows[i].name);
		check_int(pt_name_is_metric(rows[i].name, length, false), rows[i].metric);
		check_int(pt_name_is_label(rows[i].name, length, false), rows[i].label);
		check_int(pt_name_is_metric(rows[i].name, length, true), rows[i].utf8);
		check_int(pt_name_is_label(rows[i].name, length, true), rows[i].utf8);
	}
	check_true(!pt_name_is_metric("a\0b", 3, false));
}

static void
a_suffix_is_cut_where_a_name_remains(void)
{
	check_size(pt_name_without("mail_sent_total", 15, "_total"), 9);
	check_size(pt_name_without("mail_sent", 9, "_total"), 9);
	check_size(pt_name_without("_total", 6, "_total"), 6);
	check_size(pt_name_without("a_total", 7, "_total"), 1);
	check_size(pt_name_without("al", 2, "_total"), 2);
	check_size(pt_name_without("abc", 3, ""), 3);
}

static void
every_part_has_its_suffix(void)
{
	static const char *const suffixes[] = {"", "_total", "_bucket", "_sum", "_count", "",
		"_gsum", "_gcount", "_info", "", "_created"};
	for (int part = PT_PART_VALUE; part <= PT_PART_CREATED; part++)
		check_text(pt_name_suffix((enum pt_part)part), suffixes[part]);
}

static void
every_type_has_its_name(void)
{
	static const char *const names[] = {"unknown", "counter", "gauge", "histogram",
		"gaugehistogram", "summary", "info", "stateset"};
	for (int type = PITOT_UNKNOWN; type <= PITOT_STATESET; type++)
		check_text(pitot_type_text((enum pitot_type)type), names[type]);
	check_text(pitot_type_text((enum pitot_type)8), "unknown");
}

static bool
reserves(enum pitot_type type, const char *suffix)
{
	for (const char *const *at = pt_name_reserved(type); *at != NULL; at++)
		if (strcmp(*at, suffix) == 0)
			return true;
	return false;
}

/* text-formats 10 */
static void
a_family_reserves_the_names_of_its_samples(void)
{
	static const struct {
		enum pitot_type type;
		const char *suffixes;
	} rows[] = {
		{PITOT_UNKNOWN, ""},
		{PITOT_GAUGE, ""},
		{PITOT_STATESET, ""},
		{PITOT_COUNTER, "_total _created"},
		{PITOT_SUMMARY, "_count _sum _created"},
		{PITOT_HISTOGRAM, "_bucket _count _sum _created"},
		{PITOT_GAUGE_HISTOGRAM, "_bucket _gcount _gsum"},
		{PITOT_INFO, "_info"},
	};
	static const char *const all[] = {
		"_total", "_created", "_bucket", "_count", "_sum", "_gcount", "_gsum", "_info"};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		check_true(reserves(rows[i].type, ""));
		for (size_t j = 0; j < sizeof all / sizeof all[0]; j++)
			check_int(reserves(rows[i].type, all[j]),
				strstr(rows[i].suffixes, all[j]) != NULL);
	}
}

CHECK_MAIN("model/name", TEST(names_are_checked_by_the_two_rules),
	TEST(a_suffix_is_cut_where_a_name_remains), TEST(every_part_has_its_suffix),
	TEST(every_type_has_its_name), TEST(a_family_reserves_the_names_of_its_samples))
