/*
 * bench/bloom - a seen filter with many values: rate, time, size; bench.sh --bloom calls it
 *
 *	bench_bloom FILE PLANNED VALUES...	the file is made anew; VALUES are looked at one
 *						after the other: 50000000 150000000
 *
 * Values are generated addresses. After each step all that were added are asked (none may be
 * missing), then a million that were not. Exit 1: a false negative, or a rate above 1.1 x 0.001.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "bloom/filter.h"

#define RATE 0.001
#define OTHERS 1000000ul

/* value - address number i */
static struct assay_slice value(char text[80], const char *kind, unsigned long i)
{
	const int n =
	    snprintf(text, 80, "%s.%lx@host%lu.example.org", kind, i * 2654435761ul, i % 9973);

	return (struct assay_slice){ text, (size_t)n };
}

/* resident - bytes of us in memory, the pages of the file among them */
static unsigned long resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long all = 0, pages = 0;

	if (f == NULL || fscanf(f, "%lu %lu", &all, &pages) != 2)
		pages = 0;
	if (f != NULL)
		(void)fclose(f);
	return pages * (unsigned long)sysconf(_SC_PAGESIZE);
}

/* die - what went wrong */
static void die(const struct assay_err *err)
{
	(void)fprintf(stderr, "bench_bloom: %s\n", err->text);
	exit(2);
}

/* ns - per call since then, without what making the text costs */
static double ns(int64_t since, int64_t text_us, unsigned long calls)
{
	return (double)(assay_clock_mono_us() - since - text_us) * 1000 /
	    (double)(calls > 0 ? calls : 1);
}

/* texts - how long it takes to make so many, in microseconds */
static int64_t texts(unsigned long n)
{
	const int64_t since = assay_clock_mono_us();
	volatile size_t sum = 0;
	char text[80];

	for (unsigned long i = 0; i < n; i++)
		sum += value(text, "some", i).n;
	return assay_clock_mono_us() - since;
}

/* add - values [from, to) */
static void add(struct assay_filter *filter, unsigned long from, unsigned long to)
{
	const int64_t text_us = texts(to - from), since = assay_clock_mono_us();
	struct assay_err err;
	char text[80];

	for (unsigned long i = from; i < to; i++) {
		/* As a drain does it: some at a time. */
		if ((i == from || i % 500 == 0) && assay_filter_lock(filter, &err) != ASSAY_OK)
			die(&err);
		if (assay_filter_add(filter, value(text, "some", i), 0, NULL, &err) != ASSAY_OK)
			die(&err);
		if (i % 500 == 499 || i + 1 == to)
			assay_filter_unlock(filter);
	}
	(void)printf("  add %.0f ns", ns(since, text_us, to - from));
}

/* ask - all that are there, and others; how many of the others are there as well */
static unsigned long ask(struct assay_filter *filter, unsigned long n)
{
	unsigned long missing = 0, found = 0;
	int64_t text_us = texts(n), since = assay_clock_mono_us();
	char text[80];

	for (unsigned long i = 0; i < n; i++)
		missing += !assay_filter_ask(filter, value(text, "some", i)).seen;
	(void)printf(", seen %.0f ns", ns(since, text_us, n));
	text_us = texts(OTHERS);
	since = assay_clock_mono_us();
	for (unsigned long i = 0; i < OTHERS; i++)
		found += assay_filter_ask(filter, value(text, "other", i)).seen;
	(void)printf(", new %.0f ns; ", ns(since, text_us, OTHERS));
	if (missing > 0) {
		(void)printf("%lu FORGOTTEN\n", missing);
		exit(1);
	}
	return found;
}

int main(int argc, char **argv)
{
	struct assay_filter_options options = { .field = "from", .rate = RATE };
	struct assay_filter *writer, *reader;
	struct assay_filter_stats stats;
	struct assay_err err;
	unsigned long have = 0;
	int code = 0;

	if (argc < 4) {
		(void)fprintf(stderr, "usage: bench_bloom FILE PLANNED VALUES...\n");
		return 64;
	}
	options.size = strtoul(argv[2], NULL, 10);
	(void)unlink(argv[1]);
	if (assay_filter_make(argv[1], &options, &err) != ASSAY_OK ||
	    assay_filter_open(argv[1], &options, ASSAY_FILTER_WRITE, &writer, &err) != ASSAY_OK)
		die(&err);
	for (int i = 3; i < argc; i++) {
		const unsigned long n = strtoul(argv[i], NULL, 10);
		int64_t since, open_us;
		unsigned long found;

		(void)printf("%s values of %s planned:\n", argv[i], argv[2]);
		add(writer, have, n);
		have = n;
		since = assay_clock_mono_us();
		if (assay_filter_sync(writer, &err) != ASSAY_OK)
			die(&err);
		(void)printf(", sync %lld ms", (long long)(assay_clock_mono_us() - since) / 1000);
		since = assay_clock_mono_us();
		if (assay_filter_open(argv[1], &options, ASSAY_FILTER_READ, &reader, &err) !=
		    ASSAY_OK)
			die(&err);
		open_us = assay_clock_mono_us() - since;
		found = ask(reader, n);
		assay_filter_stats(reader, &stats);
		assay_filter_close(&reader);
		(void)printf("false positives %.3f x asked (computed %.3f)\n"
			     "  opens in %.2f ms, file %.1f MB, %u layers, resident %.1f MB\n",
		    (double)found / OTHERS / RATE, stats.rate_now / RATE, (double)open_us / 1000,
		    (double)stats.bytes / 1e6, stats.layers, (double)resident() / 1e6);
		if ((double)found > 1.1 * RATE * OTHERS || open_us > 5000)
			code = 1;
	}
	assay_filter_close(&writer);
	return code;
}
