/* SPDX-License-Identifier: MIT */
#include "model/relabel.h"

#include "support/check.h"
#include <stdlib.h>

/* A set as text, sorted: "a=1 b=2". */
static void
describe(const struct pt_label_set *set, char *text, size_t size)
{
	struct pt_labels *labels = pt_labels_new(pt_label_set_pairs(set), pt_label_set_count(set));
	text[0] = '\0';
	for (uint32_t i = 0; labels != NULL && i < pt_labels_count(labels); i++) {
		size_t length = strlen(text);
		(void)snprintf(text + length, size - length, "%s%s=%s", i > 0 ? " " : "",
			pt_labels_at(labels, i).name, pt_labels_at(labels, i).value);
	}
	pt_labels_unref(labels);
}

static void
fill(struct pt_label_set *set)
{
	static const char *const pairs[][2] = {{"__name__", "http_requests_total"}, {"code", "200"},
		{"host", "a.example.org:80"}, {"Zone", "EU"}};
	pt_label_set_empty(set);
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		pt_label_set_put(
			set, pairs[i][0], strlen(pairs[i][0]), pairs[i][1], strlen(pairs[i][1]));
}

#define ALL "Zone=EU __name__=http_requests_total code=200 host=a.example.org:80"

/* The documentation of Prometheus' relabel_config. */
static void
rules_do_what_those_of_prometheus_do(void)
{
	static const char *const name[] = {"__name__"}, *const host[] = {"host"},
				 *const both[] = {"code", "Zone"}, *const none[] = {"none"};
	static const struct {
		struct pt_relabel_rule rule;
		const char *expected; /* NULL: dropped */
	} rows[] = {
		{{.source_labels = name, .source_count = 1, .regex = "http_.*", .action = "keep"},
			ALL},
		{{.source_labels = name, .source_count = 1, .regex = "http", .action = "keep"},
			NULL}, /* anchored */
		{{.source_labels = name, .source_count = 1, .regex = "http.*", .action = "drop"},
			NULL},
		{{.source_labels = none, .source_count = 1, .regex = "", .action = "drop"}, NULL},
		{{.source_labels = host,
			 .source_count = 1,
			 .regex = "([^.]+)\\..*:(\\d+)",
			 .target_label = "short",
			 .replacement = "$1-${2}"},
			ALL " short=a-80"},
		{{.source_labels = both, .source_count = 2, .target_label = "both"},
			"Zone=EU __name__=http_requests_total both=200;EU code=200 "
			"host=a.example.org:80"},
		{{.source_labels = both,
			 .source_count = 2,
			 .separator = "/",
			 .regex = "(?P<c>.*)/(?P<z>.*)",
			 .target_label = "x",
			 .replacement = "$z$$$c"},
			ALL " x=EU$200"},
		{{.source_labels = host, .source_count = 1, .regex = "no", .target_label = "x"},
			ALL}, /* no match, no change */
		{{.target_label = "code", .replacement = ""},
			"Zone=EU __name__=http_requests_total host=a.example.org:80"},
		{{.regex = "code|host", .action = "labeldrop"},
			"Zone=EU __name__=http_requests_total"},
		{{.regex = "__name__|code", .action = "labelkeep"},
			"__name__=http_requests_total code=200"},
		{{.regex = "(Zo)ne", .replacement = "the_$1", .action = "labelmap"},
			ALL " the_Zo=EU"},
		{{.source_labels = both + 1,
			 .source_count = 1,
			 .target_label = "Zone",
			 .action = "lowercase"},
			"Zone=eu __name__=http_requests_total code=200 host=a.example.org:80"},
		{{.source_labels = host,
			 .source_count = 1,
			 .target_label = "H",
			 .action = "Uppercase"},
			"H=A.EXAMPLE.ORG:80 " ALL},
		{{.source_labels = both,
			 .source_count = 1,
			 .target_label = "code",
			 .action = "keepequal"},
			ALL},
		{{.source_labels = both,
			 .source_count = 1,
			 .target_label = "host",
			 .action = "keepequal"},
			NULL},
		{{.source_labels = none,
			 .source_count = 1,
			 .target_label = "none",
			 .action = "dropequal"},
			NULL},
		/* One that would backtrack for ever does not match. */
		{{.source_labels = host,
			 .source_count = 1,
			 .regex = "(([a-z.]+)+)+([a-z.:]+)+[A-Z]{40}",
			 .target_label = "x"},
			ALL},
	};
	struct pt_label_set *set = pt_label_set_new();
	check_fatal(set != NULL);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[512];
		struct pitot_error why = {.code = 0};
		struct pt_relabel *relabel = pt_relabel_new();
		check_fatal(relabel != NULL);
		check_int(pt_relabel_add(relabel, &rows[i].rule, &why), 0);
		fill(set);
		bool kept = pt_relabel_apply(relabel, set);
		describe(set, text, sizeof text);
		check_text(kept ? text : "(dropped)",
			rows[i].expected != NULL ? rows[i].expected : "(dropped)");
		pt_relabel_free(relabel);
	}
	pt_label_set_free(set);
}

static void
mistakes_in_rules_are_told_by_key(void)
{
	static const struct {
		struct pt_relabel_rule rule;
		const char *expected;
	} rows[] = {
		{{.action = "kep"}, "action: there is no \"kep\"; did you mean \"keep\"?"},
		{{.action = "hashmod"}, "\"hashmod\" is not supported"},
		{{.action = "replace"}, "target_label: is missing"},
		{{.regex = "(", .action = "drop"}, "regex: \"(\": missing closing parenthesis"},
		{{.regex = "a", .target_label = "x", .action = "labeldrop"}, "takes only regex"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pitot_error why = {.code = 0};
		struct pt_relabel *relabel = pt_relabel_new();
		check_int(pt_relabel_add(relabel, &rows[i].rule, &why), PITOT_BAD_CONFIG);
		check_contains(why.text, rows[i].expected);
		pt_relabel_free(relabel);
	}
}

static void
a_set_has_a_limit(void)
{
	struct pt_label_set *set = pt_label_set_new();
	char name[16];
	check_fatal(set != NULL);
	for (int i = 0; i < 66 && !pt_label_set_failed(set); i++)
		pt_label_set_put(set, name, (size_t)snprintf(name, sizeof name, "l%d", i), "v", 1);
	check_true(pt_label_set_failed(set));
	pt_label_set_empty(set);
	check_true(!pt_label_set_failed(set));
	pt_label_set_free(set);
}

CHECK_MAIN("model/relabel", TEST(rules_do_what_those_of_prometheus_do),
	TEST(mistakes_in_rules_are_told_by_key), TEST(a_set_has_a_limit))
