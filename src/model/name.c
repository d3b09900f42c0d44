/* SPDX-License-Identifier: MIT */
/* Names: pure functions over text; nothing here can fail. */
#include "model/name.h"

#include "base/utf8.h"
#include <string.h>

const char *
pitot_type_text(enum pitot_type type)
{
	static const char *const texts[] = {
		[PITOT_UNKNOWN] = "unknown",
		[PITOT_COUNTER] = "counter",
		[PITOT_GAUGE] = "gauge",
		[PITOT_HISTOGRAM] = "histogram",
		[PITOT_GAUGE_HISTOGRAM] = "gaugehistogram",
		[PITOT_SUMMARY] = "summary",
		[PITOT_INFO] = "info",
		[PITOT_STATESET] = "stateset",
	};
	if ((unsigned)type >= sizeof texts / sizeof texts[0])
		return "unknown";
	return texts[type];
}

const char *
pt_name_suffix(enum pt_part part)
{
	static const char *const suffixes[] = {
		[PT_PART_VALUE] = "",
		[PT_PART_TOTAL] = "_total",
		[PT_PART_BUCKET] = "_bucket",
		[PT_PART_SUM] = "_sum",
		[PT_PART_COUNT] = "_count",
		[PT_PART_QUANTILE] = "",
		[PT_PART_GSUM] = "_gsum",
		[PT_PART_GCOUNT] = "_gcount",
		[PT_PART_INFO] = "_info",
		[PT_PART_STATE] = "",
		[PT_PART_CREATED] = "_created",
		[PT_PART_NATIVE] = "",
	};
	return suffixes[part];
}

/* What each byte is in a name, for ASCII: 1 a letter or "_", 2 a digit, 4 the colon of metrics. */
static const char kinds[256] = "0000000000000000000000000000000000000000000000002222222222400000"
			       "0111111111111111111111111110000101111111111111111111111111100000";

size_t
pt_name_plain(const char *name, size_t length, bool label)
{
	const int allowed = label ? 1 | 2 : 1 | 2 | 4;
	if (length == 0 || kinds[(unsigned char)name[0]] == '2')
		return 0;
	size_t at = 0;
	while (at < length && (kinds[(unsigned char)name[at]] & allowed) != 0)
		at++;
	return at;
}

static bool
is_plain(const char *name, size_t length, bool label)
{
	return length > 0 && pt_name_plain(name, length, label) == length;
}

bool
pt_name_is_metric(const char *name, size_t length, bool utf8)
{
	return utf8 ? length > 0 && pt_utf8_valid(name, length) : is_plain(name, length, false);
}

bool
pt_name_is_label(const char *name, size_t length, bool utf8)
{
	return utf8 ? length > 0 && pt_utf8_valid(name, length) : is_plain(name, length, true);
}

size_t
pt_name_without(const char *name, size_t length, const char *suffix)
{
	size_t cut = strlen(suffix);
	if (length > cut && memcmp(name + length - cut, suffix, cut) == 0)
		return length - cut;
	return length;
}

const char *const *
pt_name_reserved(enum pitot_type type)
{
	static const char *const plain[] = {"", NULL};
	static const char *const counter[] = {"_total", "_created", "", NULL};
	static const char *const summary[] = {"", "_count", "_sum", "_created", NULL};
	static const char *const histogram[] = {"_bucket", "_count", "_sum", "_created", "", NULL};
	static const char *const gauge_histogram[] = {"_bucket", "_gcount", "_gsum", "", NULL};
	static const char *const info[] = {"_info", "", NULL};
	switch (type) {
	case PITOT_COUNTER:
		return counter;
	case PITOT_SUMMARY:
		return summary;
	case PITOT_HISTOGRAM:
		return histogram;
	case PITOT_GAUGE_HISTOGRAM:
		return gauge_histogram;
	case PITOT_INFO:
		return info;
	default:
		return plain;
	}
}
