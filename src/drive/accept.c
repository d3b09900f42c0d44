/* SPDX-License-Identifier: MIT */
/*
 * Reading Accept and Accept-Encoding: lists of ranges with parameters, of which q says how much
 * each is wanted. The most exact range that fits a thing counts for it; among things that are
 * wanted equally much, the one that is named more exactly wins, then the one that is named first.
 * Nothing fails: what cannot be read is left out, as if it had not been sent.
 */
#include "drive/accept.h"

#include <string.h>

/* A part of the header. */
struct span {
	const char *at;
	size_t length;
};

/* One element of the list. */
struct range {
	struct span name;              /* "text/plain", "gzip" */
	struct span version, escaping; /* at == NULL: there is none */
	unsigned quality;
	bool ok;
};

static bool
is(struct span text, const char *word)
{
	size_t i = 0;
	for (; i < text.length && word[i] != '\0'; i++) {
		char c = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] | 0x20)
								: text.at[i];
		if (c != word[i])
			return false;
	}
	return i == text.length && word[i] == '\0';
}

static struct span
trimmed(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	return (struct span){from, (size_t)(to - from)};
}

/* Up to one of the two, or the end of the text; what stands in quotes is passed over. */
static const char *
find_end(const char *at, char one, char other)
{
	bool quoted = false;
	for (; *at != '\0'; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (quoted && *at == '\\' && at[1] != '\0')
			at++;
		else if (!quoted && (*at == one || *at == other))
			break;
	}
	return at;
}

/* "1", "0.5", with at most three digits behind the point; as thousandths. */
static bool
read_quality(struct span text, unsigned *quality)
{
	if (text.length == 0 || text.length > 5 || (text.at[0] != '0' && text.at[0] != '1') ||
		(text.length > 1 && text.at[1] != '.'))
		return false;
	unsigned value = (unsigned)(text.at[0] - '0') * 1000, digit = 100;
	for (size_t i = 2; i < text.length; i++, digit /= 10) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value += (unsigned)(text.at[i] - '0') * digit;
	}
	*quality = value;
	return value <= 1000;
}

static void
take_parameter(struct range *range, const char *from, const char *to)
{
	const char *equals = memchr(from, '=', (size_t)(to - from));
	if (equals == NULL)
		return;
	struct span name = trimmed(from, equals), value = trimmed(equals + 1, to);
	if (value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"')
		value = (struct span){value.at + 1, value.length - 2};
	if (is(name, "q"))
		range->ok = range->ok && read_quality(value, &range->quality);
	else if (is(name, "version"))
		range->version = value;
	else if (is(name, "escaping"))
		range->escaping = value;
}

/* Reads the element at *at, and moves *at to the next one. */
static struct range
next_range(const char **at)
{
	struct range range = {.quality = 1000};
	const char *end = find_end(*at, ',', ';');
	range.name = trimmed(*at, end);
	range.ok = range.name.length > 0;
	while (*end == ';') {
		const char *from = end + 1;
		end = find_end(from, ',', ';');
		take_parameter(&range, from, end);
	}
	*at = *end == ',' ? end + 1 : end;
	return range;
}

/* False if something else counts: a more exact range, or one as exact that is wanted more. */
static bool
wish(struct pt_accept *accept, struct pt_accept_wish *wish, unsigned exact, unsigned quality)
{
	if (exact < wish->exact || (exact == wish->exact && quality <= wish->quality))
		return false;
	*wish = (struct pt_accept_wish){exact, quality, accept->places};
	return true;
}

static void
take_escaping(struct pt_accept *accept, struct span text)
{
	accept->escapes = text.at != NULL;
	accept->escaping = PITOT_ESCAPE_UNDERSCORES;
	for (int i = PITOT_ESCAPE_UNDERSCORES; i <= PITOT_ESCAPE_NONE; i++)
		if (is(text, pt_accept_escaping_text((enum pitot_escaping)i)))
			accept->escaping = (enum pitot_escaping)i;
}

static void
take_type(struct pt_accept *accept, const struct range *range)
{
	struct pt_accept_wish *text = &accept->text, *openmetrics = &accept->openmetrics;
	bool any = range->version.at == NULL;
	if (is(range->name, "text/plain") && (any || is(range->version, "0.0.4"))) {
		(void)wish(accept, text, 3, range->quality);
	} else if (is(range->name, "text/*")) {
		(void)wish(accept, text, 2, range->quality);
	} else if (is(range->name, "*/*")) {
		(void)wish(accept, text, 1, range->quality);
		(void)wish(accept, openmetrics, 1, range->quality);
	} else if (is(range->name, "application/*")) {
		(void)wish(accept, openmetrics, 2, range->quality);
	} else if (is(range->name, "application/openmetrics-text") &&
		(any || is(range->version, "1.0.0"))) {
		if (wish(accept, openmetrics, 3, range->quality))
			take_escaping(accept, range->escaping);
	}
}

static void
take_coding(struct pt_accept *accept, const struct range *range)
{
	if (is(range->name, "gzip") || is(range->name, "x-gzip"))
		(void)wish(accept, &accept->gzip, 3, range->quality);
	else if (is(range->name, "identity"))
		(void)wish(accept, &accept->identity, 3, range->quality);
	else if (is(range->name, "*"))
		(void)wish(accept, &accept->gzip, 1, range->quality);
}

static void
take_list(struct pt_accept *accept, const char *header,
	void (*take)(struct pt_accept *accept, const struct range *range))
{
	while (*header != '\0') {
		struct range range = next_range(&header);
		accept->places++;
		if (range.ok)
			take(accept, &range);
	}
}

void
pt_accept_types(struct pt_accept *accept, const char *header)
{
	take_list(accept, header, take_type);
}

void
pt_accept_codings(struct pt_accept *accept, const char *header)
{
	take_list(accept, header, take_coding);
}

enum pitot_format
pt_accept_format(const struct pt_accept *accept)
{
	const struct pt_accept_wish *text = &accept->text, *openmetrics = &accept->openmetrics;
	bool better = openmetrics->quality > text->quality;
	if (openmetrics->quality == text->quality && openmetrics->quality > 0)
		better = openmetrics->exact > text->exact ||
			(openmetrics->exact == text->exact && openmetrics->place < text->place);
	return better ? PITOT_OPENMETRICS_1_0 : PITOT_TEXT_0_0_4;
}

bool
pt_accept_gzip(const struct pt_accept *accept)
{
	return accept->gzip.quality > 0 && accept->gzip.quality >= accept->identity.quality;
}

const char *
pt_accept_escaping_text(enum pitot_escaping escaping)
{
	static const char *const texts[] = {"underscores", "dots", "values", "allow-utf-8"};
	return texts[escaping];
}
