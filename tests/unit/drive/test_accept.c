/* SPDX-License-Identifier: MIT */
#include "drive/accept.h"

#include "support/check.h"

static struct pt_accept
types(const char *header)
{
	struct pt_accept accept = {.places = 0};
	pt_accept_types(&accept, header);
	return accept;
}

static void
openmetrics_goes_to_those_who_ask_for_it(void)
{
	static const struct {
		const char *header;
		bool openmetrics;
	} rows[] = {
		{"", false},
		{"*/*", false},
		{"text/plain", false},
		{"text/plain;version=0.0.4", false},
		{"application/openmetrics-text", true},
		{"Application/OpenMetrics-Text ; Version=\"1.0.0\"", true},
		{"application/openmetrics-text;version=0.0.1", false},
		{"application/openmetrics-text;version=2.0.0", false},
		{"application/*", true},
		{"application/json", false},
		{"text/*", false},
		/* Browsers, Prometheus 2.0, 2.42 and 3, Grafana Alloy. */
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
		{"text/plain;version=0.0.4;q=1,*/*;q=0.1", false},
		{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
		 "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
			true},
		{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
		 "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
		 "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
			true},
		{"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
		 "encoding=delimited,text/plain;version=0.0.4;q=0.3",
			false},
		/* Qualities decide, then exactness, then the order. */
		{"application/openmetrics-text;q=0.4,text/plain;q=0.5", false},
		{"application/openmetrics-text;q=0.5,text/plain;q=0.499", true},
		{"application/openmetrics-text,text/plain", true},
		{"text/plain,application/openmetrics-text", false},
		{"*/*,application/openmetrics-text", true},
		{"application/openmetrics-text,*/*", true},
		{"application/openmetrics-text;q=0,*/*", false},
		{"text/plain;q=0,*/*", true},
		{"text/plain;q=0", false}, /* there is nothing else to give */
		{"application/*;q=0.9,*/*;q=0.8", true},
		{"application/openmetrics-text;q=0.1,application/openmetrics-text;q=0.9,"
		 "text/plain;q=0.5",
			true},
		/* What cannot be read is as if it were not there. */
		{"application/openmetrics-text;q=2", false},
		{"application/openmetrics-text;q=", false},
		{"application/openmetrics-text;q=0.0001", false},
		{"application/openmetrics-text;q=1.001", false},
		{"application/openmetrics-text;q=-1", false},
		{"application/openmetrics-text;q=0x1", false},
		{"application/openmetrics-text;q", true},
		{"application/openmetrics-text;;;q=1;", true},
		{",, ,application/openmetrics-text", true},
		{";q=1,application/openmetrics-text", true},
		{"x/y;a=\"b,c;q=0\\\"\",application/openmetrics-text", true},
		{"x/y;a=\"b,application/openmetrics-text", false},
		{"\"", false},
		{"x;a=\"\\", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pt_accept accept = types(rows[i].header);
		bool openmetrics = pt_accept_format(&accept) == PITOT_OPENMETRICS_1_0;
		check_int(openmetrics, rows[i].openmetrics);
		if (openmetrics != rows[i].openmetrics)
			check_text(rows[i].header, "decided otherwise");
	}
}

static void
several_headers_are_one_list(void)
{
	struct pt_accept accept = types("text/plain;q=0.5");
	pt_accept_types(&accept, "application/openmetrics-text;q=0.6");
	check_int(pt_accept_format(&accept), PITOT_OPENMETRICS_1_0);
	pt_accept_types(&accept, "text/plain;q=0.7");
	check_int(pt_accept_format(&accept), PITOT_TEXT_0_0_4);
}

static void
the_escaping_is_that_of_the_range_that_counts(void)
{
	static const struct {
		const char *header;
		bool escapes;
		enum pitot_escaping escaping;
	} rows[] = {
		{"application/openmetrics-text", false, PITOT_ESCAPE_UNDERSCORES},
		{"application/openmetrics-text;escaping=allow-utf-8", true, PITOT_ESCAPE_NONE},
		{"application/openmetrics-text;escaping=underscores", true,
			PITOT_ESCAPE_UNDERSCORES},
		{"application/openmetrics-text;escaping=dots", true, PITOT_ESCAPE_DOTS},
		{"application/openmetrics-text;escaping=\"values\"", true, PITOT_ESCAPE_VALUES},
		{"application/openmetrics-text;escaping=other", true, PITOT_ESCAPE_UNDERSCORES},
		{"application/openmetrics-text;escaping=dots;q=0.5,"
		 "application/openmetrics-text;q=0.6",
			false, PITOT_ESCAPE_UNDERSCORES},
		{"application/openmetrics-text;escaping=dots;q=0.6,"
		 "application/openmetrics-text;escaping=values;q=0.5",
			true, PITOT_ESCAPE_DOTS},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pt_accept accept = types(rows[i].header);
		check_int(accept.escapes, rows[i].escapes);
		check_int(accept.escaping, rows[i].escaping);
	}
	check_text(pt_accept_escaping_text(PITOT_ESCAPE_NONE), "allow-utf-8");
}

static void
gzip_goes_to_those_who_take_it(void)
{
	static const struct {
		const char *header;
		bool gzip;
	} rows[] = {
		{"", false},
		{"gzip", true},
		{"GZIP", true},
		{"x-gzip", true},
		{"identity", false},
		{"deflate, gzip, br, zstd", true},
		{"*", true},
		{"*;q=0", false},
		{"gzip;q=0", false},
		{"gzip;q=0,*", false},
		{"gzip;q=0.001", true},
		{"gzip;q=0.5,identity;q=0.6", false},
		{"gzip;q=0.5,identity;q=0.5", true},
		{"gzip;q=x", false},
		{"gzipped", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pt_accept accept = {.places = 0};
		pt_accept_codings(&accept, rows[i].header);
		check_int(pt_accept_gzip(&accept), rows[i].gzip);
	}
}

CHECK_MAIN("drive/accept", TEST(openmetrics_goes_to_those_who_ask_for_it),
	TEST(several_headers_are_one_list), TEST(the_escaping_is_that_of_the_range_that_counts),
	TEST(gzip_goes_to_those_who_take_it))
