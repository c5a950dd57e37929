/*
 * mail/date.c - see date.h
 *
 * The text is cut into words; each word is a month, a clock time, a zone, a year or a day by its
 * shape, in whatever order they come. Touches memory only; fails when day, month or year is
 * missing or out of range.
 */
#include "base/clock.h"
#include "base/slice.h"

#include "mail/date.h"

#define TEXT_MAX 1024
#define UNSET (-1)

struct parts {
	int year, month, day, hour, minute, second, ms;
	int64_t zone_ms;
	bool zone, clock, pm, am;
};

/* number - digits at the start, at most 9 of them */
static size_t number(struct assay_slice s, int *value)
{
	size_t n = 0;

	*value = 0;
	while (n < s.n && n < 9 && assay_ascii_is_digit(s.p[n]))
		*value = *value * 10 + (s.p[n++] - '0');
	return n;
}

/* month_of - 1 to 12, or 0 */
static int month_of(struct assay_slice word)
{
	static const char *const name[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
		"sep", "oct", "nov", "dec" };

	for (int i = 0; word.n >= 3 && i < 12; i++)
		if (assay_slice_casestarts(word, name[i]) &&
		    (word.n <= 4 || assay_ascii_is_alpha(word.p[3])))
			return i + 1;
	return 0;
}

/* set_zone - offset from UTC in hours and minutes */
static void set_zone(struct parts *t, int sign, int hours, int minutes)
{
	if (hours > 24 || minutes > 59)
		hours = minutes = 0;
	t->zone_ms = (int64_t)sign * (hours * 60 + minutes) * 60000;
	t->zone = true;
}

/* numeric_zone - +hhmm, -hh:mm, +hh, GMT+2; false when it is none */
static bool numeric_zone(struct parts *t, struct assay_slice word)
{
	int sign = word.n > 0 && word.p[0] == '-' ? -1 : 1, v, minutes = 0;
	size_t n;

	if (word.n < 2 || (word.p[0] != '+' && word.p[0] != '-'))
		return false;
	word = assay_slice_from(word, 1);
	n = number(word, &v);
	if (n == 0 || n > 6)
		return false;
	if (n < word.n && word.p[n] == ':')
		(void)number(assay_slice_from(word, n + 1), &minutes);
	else if (n >= 3 && n <= 4) {
		minutes = v % 100;
		v /= 100;
	} else if (n > 4) {
		minutes = v / 100 % 100;
		v /= 10000;
	}
	set_zone(t, sign, v, minutes);
	return true;
}

/* named_zone - RFC 5322 4.3 and a few more that occur; false when unknown */
static bool named_zone(struct parts *t, struct assay_slice word)
{
	static const struct {
		const char *name;
		int minutes;
	} zone[] = { { "utc", 0 }, { "gmt", 0 }, { "ut", 0 }, { "z", 0 }, { "est", -300 },
		{ "edt", -240 }, { "cst", -360 }, { "cdt", -300 }, { "mst", -420 }, { "mdt", -360 },
		{ "pst", -480 }, { "pdt", -420 }, { "cet", 60 }, { "cest", 120 }, { "met", 60 },
		{ "mest", 120 }, { "eet", 120 }, { "eest", 180 }, { "wet", 0 }, { "west", 60 },
		{ "bst", 60 }, { "msk", 180 }, { "jst", 540 }, { "hkt", 480 }, { "aest", 600 },
		{ "aedt", 660 }, { "nzst", 720 }, { "nzdt", 780 } };

	for (size_t i = 0; i < sizeof(zone) / sizeof(zone[0]); i++) {
		if (!assay_slice_caseis(word, zone[i].name))
			continue;
		t->zone_ms = (int64_t)zone[i].minutes * 60000;
		t->zone = true;
		return true;
	}
	return assay_slice_casestarts(word, "gmt") || assay_slice_casestarts(word, "utc")
	    ? numeric_zone(t, assay_slice_from(word, 3))
	    : false;
}

/* fraction - .123 of a second; returns its length */
static size_t fraction(struct parts *t, struct assay_slice s)
{
	int scale = 100;
	size_t n = 1;

	if (s.n < 2 || (s.p[0] != '.' && s.p[0] != ',') || !assay_ascii_is_digit(s.p[1]))
		return 0;
	for (; n < s.n && assay_ascii_is_digit(s.p[n]); n++, scale /= 10)
		t->ms += (s.p[n] - '0') * scale;
	return n;
}

/* clock_word - hh:mm[:ss[.fff]][zone]; false when it is none */
static bool clock_word(struct parts *t, struct assay_slice word)
{
	int v[3] = { 0, 0, 0 };
	size_t n = number(word, &v[0]), k;

	if (t->clock || n == 0 || n > 2 || n >= word.n || (word.p[n] != ':' && word.p[n] != '.'))
		return false;
	for (int i = 1; i < 3 && n < word.n && (word.p[n] == ':' || word.p[n] == '.'); i++) {
		k = number(assay_slice_from(word, n + 1), &v[i]);
		if (k == 0 || k > 2)
			return false;
		n += k + 1;
	}
	t->hour = v[0];
	t->minute = v[1];
	t->second = v[2];
	t->clock = true;
	n += fraction(t, assay_slice_from(word, n));
	word = assay_slice_from(word, n);
	if (!numeric_zone(t, word))
		(void)named_zone(t, word);
	return true;
}

/* iso_word - yyyy-mm-dd or yyyy/mm/dd, with Thh:mm:ss behind; false when it is none */
static bool iso_word(struct parts *t, struct assay_slice word)
{
	int year, month, day;
	size_t n = number(word, &year), k;
	char sep;

	if (n != 4 || word.n < 8 || (word.p[4] != '-' && word.p[4] != '/' && word.p[4] != '.'))
		return false;
	sep = word.p[4];
	k = number(assay_slice_from(word, 5), &month);
	n = 5 + k;
	if (k == 0 || k > 2 || n >= word.n || word.p[n] != sep)
		return false;
	k = number(assay_slice_from(word, n + 1), &day);
	if (k == 0 || k > 2)
		return false;
	n += k + 1;
	t->year = year;
	t->month = month;
	t->day = day;
	if (n < word.n && (word.p[n] == 'T' || word.p[n] == 't'))
		(void)clock_word(t, assay_slice_from(word, n + 1));
	return true;
}

/* number_word - a day or a year by its size and what is known already */
static void number_word(struct parts *t, struct assay_slice word)
{
	int v;
	size_t n = number(word, &v);

	if (n != word.n)
		return;
	if (t->day == UNSET && n <= 2 && v >= 1 && v <= 31)
		t->day = v;
	else if (t->year == UNSET && n <= 5)
		/* RFC 5322 4.3: 00-49 are 2000-2049, less than 1000 adds 1900 (0102 is 2002) */
		t->year = v < 50 ? v + 2000 : v < 1000 ? v + 1900 : v;
}

/* take_word - whatever it is */
static void take_word(struct parts *t, struct assay_slice word)
{
	int month;

	if (word.n == 0 || iso_word(t, word) || clock_word(t, word))
		return;
	month = month_of(word);
	if (month > 0 && t->month == UNSET)
		t->month = month;
	else if (assay_slice_caseis(word, "pm"))
		t->pm = true;
	else if (assay_slice_caseis(word, "am"))
		t->am = true;
	else if (assay_ascii_is_digit(word.p[0]))
		number_word(t, word);
	else if (!t->zone && t->clock && !numeric_zone(t, word))
		(void)named_zone(t, word);
}

/* dashed - day-month-year in one word (RFC 850): the dashes are only separators */
static bool dashed(struct assay_slice s, size_t at)
{
	if (at == 0 || at + 1 >= s.n)
		return false;
	return assay_ascii_is_alpha(s.p[at - 1]) ||
	    (assay_ascii_is_digit(s.p[at - 1]) && assay_ascii_is_alpha(s.p[at + 1]));
}

/* is_separator - does the byte end a word? */
static bool is_separator(struct assay_slice s, size_t i)
{
	char c = s.p[i];

	if (assay_ascii_is_space(c) || c == ',' || c == ';' || c == '"' || c == '(' || c == ')' ||
	    c == '\0')
		return true;
	return c == '-' && dashed(s, i) &&
	    !(i >= 3 && assay_slice_caseis(assay_slice(s.p + i - 3, 3), "GMT")) &&
	    !(i >= 3 && assay_slice_caseis(assay_slice(s.p + i - 3, 3), "UTC"));
}

/* scan - every word outside comments */
static void scan(struct parts *t, struct assay_slice s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.n;) {
		size_t start = i;

		if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && depth > 0)
			depth--;
		while (i < s.n && !is_separator(s, i))
			i++;
		if (depth == 0)
			take_word(t, assay_slice(s.p + start, i - start));
		if (i == start)
			i++;
	}
}

/* in_range - is it a time that can be? */
static bool in_range(const struct parts *t)
{
	return t->year >= 1900 && t->year <= 9999 && t->month >= 1 && t->month <= 12 &&
	    t->day >= 1 && t->day <= 31 && t->hour <= 24 && t->minute <= 59 && t->second <= 60;
}

/* assay_date_parse - text to milliseconds UTC */
enum assay_status assay_date_parse(struct assay_slice text, int64_t *utc_ms)
{
	struct parts t = { .year = UNSET, .month = UNSET, .day = UNSET };

	*utc_ms = 0;
	scan(&t, assay_slice_head(text, TEXT_MAX));
	if (t.pm && t.hour < 12)
		t.hour += 12;
	else if (t.am && t.hour == 12)
		t.hour = 0;
	if (!in_range(&t))
		return ASSAY_E_SYNTAX;
	*utc_ms = assay_clock_days(t.year, t.month, t.day) * 86400000 +
	    ((int64_t)t.hour * 3600 + t.minute * 60 + t.second) * 1000 + t.ms - t.zone_ms;
	return ASSAY_OK;
}
