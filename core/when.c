/*
 * core/when.c - see when.h
 */
#include "base/clock.h"
#include "base/slice.h"
#include "core/when.h"

#define DAY_MS ((int64_t)86400000)
#define PARTS 6u

static const struct {
	char unit;
	int64_t ms;
} ages[] = { { 'm', 60000 }, { 'h', 3600000 }, { 'd', DAY_MS }, { 'w', 7 * DAY_MS },
	{ 'y', 365 * DAY_MS } };

/* parse_age - 30d */
static bool parse_age(struct assay_slice text, int64_t now_ms, struct assay_when *when)
{
	uint64_t number;

	if (text.n < 2 || !assay_slice_u64(assay_slice_head(text, text.n - 1), &number) ||
	    number > 100000)
		return false;
	for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++)
		if (text.p[text.n - 1] == ages[i].unit) {
			when->from = now_ms - (int64_t)number * ages[i].ms;
			when->to = now_ms + 1;
			return true;
		}
	return false;
}

/* take_parts - the numbers of 2026-01-31T12:30:15, as many as there are; 0: malformed */
static size_t take_parts(struct assay_slice text, int part[PARTS])
{
	static const char before[PARTS] = { 0, '-', '-', 'T', ':', ':' };
	size_t n = 0;

	while (n < PARTS && text.n > 0) {
		const size_t digits = n == 0 ? 4 : 2;
		uint64_t value;

		if (n > 0 && assay_ascii_lower(text.p[0]) != assay_ascii_lower(before[n]))
			return 0;
		text = assay_slice_from(text, n > 0);
		if (text.n < digits || !assay_slice_u64(assay_slice_head(text, digits), &value))
			return 0;
		part[n++] = (int)value;
		text = assay_slice_from(text, digits);
	}
	return text.n == 0 ? n : 0;
}

/* days_of - in a month of the calendar */
static int days_of(int year, int month)
{
	const int next = month == 12 ? 1 : month + 1;

	return (int)(assay_clock_days(month == 12 ? year + 1 : year, next, 1) -
	    assay_clock_days(year, month, 1));
}

/* in_range - is every part a number of its kind? */
static bool in_range(const int part[PARTS], size_t n)
{
	return (n < 2 || (part[1] >= 1 && part[1] <= 12)) &&
	    (n < 3 || (part[2] >= 1 && part[2] <= days_of(part[0], part[1]))) &&
	    (n < 4 || part[3] <= 23) && (n < 5 || part[4] <= 59) && (n < 6 || part[5] <= 59);
}

/* length_of - of the smallest part that was named, in milliseconds */
static int64_t length_of(const int part[PARTS], size_t n)
{
	static const int64_t of_day[] = { DAY_MS, 3600000, 60000, 1000 };

	if (n == 1)
		return (assay_clock_days(part[0] + 1, 1, 1) - assay_clock_days(part[0], 1, 1)) *
		    DAY_MS;
	return n == 2 ? days_of(part[0], part[1]) * DAY_MS : of_day[n - 3];
}

/* assay_when_parse - see when.h */
bool assay_when_parse(struct assay_slice text, int64_t now_ms, struct assay_when *when)
{
	int part[PARTS] = { 0, 1, 1, 0, 0, 0 };
	size_t n;

	if (parse_age(text, now_ms, when))
		return true;
	if (text.n > 10 && assay_ascii_lower(text.p[text.n - 1]) == 'z')
		text.n--;
	n = take_parts(text, part);
	if (n == 0 || !in_range(part, n))
		return false;
	when->from = assay_clock_days(part[0], part[1], part[2]) * DAY_MS +
	    part[3] * (int64_t)3600000 + part[4] * (int64_t)60000 + part[5] * (int64_t)1000;
	when->to = when->from + length_of(part, n);
	return true;
}
