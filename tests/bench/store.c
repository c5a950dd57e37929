/*
 * store.c - the embedded store with many generated mails: inserts per second, search latency
 *
 *	bench_store FILE MAILS [search | expire [PERCENT]]	FILE is there already
 *
 * Reports are made here (senders, hosts and words fall off as in real mail: a few are everywhere,
 * most are rare; every mail has digests of its own) and given to the connector in batches of 100.
 * Then every kind of search is asked 60 times with values that occur, as `assay search` asks it
 * (the first 50 reports are read). expire: as many go as make so much of the file (10). Figures on
 * standard output.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "fake_host.h"

#define BATCH 500u
#define ROUNDS 60u
#define FIRST_MS ((int64_t)1735689600000) /* 2025-01-01 */
#define STEP_MS ((int64_t)31536000000)    /* a year for all */

static uint64_t seed = 1;
static uint64_t mails;

/* number - 0 .. n - 1 */
static uint64_t number(uint64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % n;
}

/* rare - 0 .. n - 1, small ones often */
static uint64_t rare(uint64_t n)
{
	const uint64_t a = number(n) + 1, b = number(n) + 1;

	return a * b / n * (number(n) + 1) / n;
}

/* add_hex - so many digits that are a function of the key */
static void add_hex(struct assay_buf *out, uint64_t key, unsigned digits)
{
	for (unsigned i = 0; i < digits; i++) {
		key = key * 6364136223846793005u + 1442695040888963407u;
		(void)assay_buf_add_char(out, "0123456789abcdef"[key >> 60]);
	}
}

/* add_words - a text of a vocabulary of 20,000 */
static void add_words(struct assay_buf *out, unsigned n)
{
	static const char *const part[] = { "ab", "re", "chi", "no", "ta", "lim", "ver", "qua",
		"so", "den", "ing", "ur", "pe", "zo", "fal", "mi", "ste", "gro", "wi", "hal" };

	while (n-- > 0) {
		uint64_t word = rare(20000);

		for (int i = 0; i < 3; i++, word /= 20)
			(void)assay_buf_add_str(out, part[word % 20]);
		(void)assay_buf_add_char(out, ' ');
	}
}

/* add_mail - the report of mail i */
static void add_mail(struct assay_buf *out, uint64_t i)
{
	const uint64_t host = rare(20000);
	char utc[ASSAY_TIME_TEXT];

	assay_clock_format(FIRST_MS + (int64_t)((double)STEP_MS * (double)i / (double)mails), utc);
	(void)assay_buf_printf(out,
	    "{\"schema\":\"assay/1\",\"status\":\"scanned\",\"supersedes\":null,"
	    "\"message_time\":{\"utc\":\"%s\"},\"content_sha256\":\"",
	    utc);
	add_hex(out, i, 64);
	(void)assay_buf_printf(out,
	    "\",\"verdict\":{\"action\":\"%s\"},\"facts\":{\"from\":[\"user%" PRIu64 "@host%" PRIu64
	    ".example\"],\"from_domain\":[\"host%" PRIu64 ".example\"],\"rcpt\":[\"r%" PRIu64
	    "@example.org\"],\"client\":[\"10.%u.%u.%u\"],"
	    "\"message_id\":[\"m%" PRIu64 "@host.example\"],\"status\":[\"scanned\"],"
	    "\"direction\":[\"in\"],\"size\":[%" PRIu64 "],\"type\":[\"message/rfc822\","
	    "\"text/plain\"],\"filename\":[\"file%" PRIu64 ".%s\"],\"url_host\":[\"www%" PRIu64
	    ".example\"],\"subject\":[\"",
	    number(20) == 0 ? "quarantine" : "accept", rare(100), host, host, rare(3000),
	    (unsigned)(host % 50), (unsigned)(host / 50 % 250), (unsigned)number(200), i,
	    1000 + rare(1000000), rare(50000), number(50) == 0 ? "docm" : "pdf", rare(30000));
	add_words(out, 6);
	(void)assay_buf_add_str(out, "\"],\"sha256\":[\"");
	add_hex(out, i * 3 + 1, 64);
	(void)assay_buf_add_str(out, "\",\"");
	add_hex(out, rare(1000000), 64);
	(void)assay_buf_add_str(out, "\"],\"md5\":[\"");
	add_hex(out, i * 3 + 1, 32);
	(void)assay_buf_add_str(out, "\"],\"sha1\":[\"");
	add_hex(out, i * 3 + 1, 40);
	(void)assay_buf_add_str(out, "\"]},\"results\":[{\"workers\":{\"smtp\":{\"body\":\"");
	add_words(out, 40 + (unsigned)rare(600));
	(void)assay_buf_add_str(out, "\"}}}]}");
}

/* save - one batch */
static void save(struct fake_host *host, uint64_t first, uint64_t n, struct assay_buf *text)
{
	struct assay_record record[BATCH];
	struct assay_err err = { .text = "" };
	char id[BATCH][40];
	size_t at[BATCH + 1];

	assay_buf_clear(text);
	for (uint64_t i = 0; i < n; i++) {
		at[i] = text->n;
		add_mail(text, first + i);
		(void)snprintf(id[i], sizeof id[i], "%08" PRIx64 "-0000-4000-8000-000000000000",
		    (first + i) * 2654435761u % 4294967296u);
	}
	at[n] = text->n;
	for (uint64_t i = 0; i < n; i++)
		record[i] = (struct assay_record){ "report", id[i],
			assay_slice(text->p + at[i], at[i + 1] - at[i]) };
	if (assay_plugin.connector->save(fake_host_state(host), record, n, &err) != ASSAY_OK) {
		(void)fprintf(stderr, "bench_store: %s\n", err.text);
		exit(1);
	}
}

/* now - of a clock, in seconds */
static double now(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* seconds - of the monotonic clock */
static double seconds(void)
{
	return now(CLOCK_MONOTONIC);
}

/* cpu - of this process: what other processes of the machine do not change */
static double cpu(void)
{
	return now(CLOCK_PROCESS_CPUTIME_ID);
}

/* fill - all of them, timed by tenths */
static void fill(struct fake_host *host)
{
	const uint64_t part = mails / 10;
	double begin = seconds(), begin_cpu = cpu(), first = 0, last = 0;
	struct assay_buf text;

	assay_buf_init(&text, (size_t)64 << 20);
	for (uint64_t tenth = 0; tenth < 10; tenth++) {
		const uint64_t end = tenth == 9 ? mails : (tenth + 1) * part;
		const double before = cpu(), wall = seconds();
		uint64_t n;

		for (uint64_t i = tenth * part; i < end; i += n) {
			n = end - i < BATCH ? end - i : BATCH;
			save(host, i, n, &text);
		}
		last = cpu() - before;
		first = tenth == 0 ? last : first;
		(void)printf("inserts to %9" PRIu64 ": %6.0f per second, %6.0f per CPU second\n",
		    end, (double)(end - tenth * part) / (seconds() - wall),
		    (double)(end - tenth * part) / last);
		(void)fflush(stdout);
	}
	(void)assay_plugin.connector->flush(fake_host_state(host), NULL);
	(void)printf(
	    "inserts: %.0f per second, %.0f per CPU second; the last tenth takes %.2f times "
	    "the CPU of the first\n",
	    (double)mails / (seconds() - begin), (double)mails / (cpu() - begin_cpu), last / first);
	(void)fflush(stdout);
	assay_buf_release(&text);
}

/* count_row - a row that is only counted */
static bool count_row(void *arg, const json_t *row)
{
	(void)row;
	++*(unsigned *)arg;
	return true;
}

/* by_value - for qsort */
static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* put_node - a comparison of one kind with a value that may occur */
static void put_node(struct assay_buf *out, unsigned kind)
{
	const uint64_t host = rare(20000);

	switch (kind) {
	case 0:
		(void)assay_buf_printf(out,
		    "{\"word\":\"from\",\"is\":\"glob\",\"value\":\"user%" PRIu64 "@host%" PRIu64
		    ".example\"}",
		    rare(100), host);
		break;
	case 1:
		(void)assay_buf_printf(out,
		    "{\"word\":\"from\",\"is\":\"domain\",\"value\":\"host%" PRIu64 ".example\"}",
		    host);
		break;
	case 2:
		(void)assay_buf_printf(out,
		    "{\"word\":\"rcpt\",\"is\":\"glob\",\"value\":\"r%" PRIu64 "@example.org\"}",
		    rare(3000));
		break;
	case 3:
		(void)assay_buf_add_str(out, "{\"word\":\"sha256\",\"is\":\"glob\",\"value\":\"");
		add_hex(out, number(mails) * 3 + 1, 64);
		(void)assay_buf_add_str(out, "\"}");
		break;
	case 4:
		(void)assay_buf_printf(out,
		    "{\"word\":\"url_host\",\"is\":\"glob\",\"value\":\"www%" PRIu64 ".example\"}",
		    rare(30000));
		break;
	case 5:
		(void)assay_buf_printf(out,
		    "{\"word\":\"client\",\"is\":\"net\",\"from\":\"00000000000000000000ffff0a%02x"
		    "%02x00\",\"to\":\"00000000000000000000ffff0a%02x%02xff\"}",
		    (unsigned)(host % 50), (unsigned)(host / 50 % 250), (unsigned)(host % 50),
		    (unsigned)(host / 50 % 250));
		break;
	case 6:
		(void)assay_buf_printf(out,
		    "{\"word\":\"filename\",\"is\":\"glob\",\"value\":\"*%" PRIu64 ".docm\"}",
		    number(1000));
		break;
	case 7:
		(void)assay_buf_add_str(
		    out, "{\"word\":\"verdict\",\"is\":\"glob\",\"value\":\"quarantine\"}");
		break;
	default:
		(void)assay_buf_add_str(out, "{\"is\":\"text\",\"in\":\"all\",\"value\":\"");
		add_words(out, 2);
		out->n--;
		(void)assay_buf_add_str(out, "\"}");
	}
}

/* What searches took, in milliseconds. */
struct took {
	double wall[ROUNDS * 9], cpu[ROUNDS * 9];
	size_t n;
};

/* ask - one search */
static void ask(struct fake_host *host, unsigned kind, unsigned *rows, struct took *took)
{
	struct assay_err err = { .text = "" };
	double begin, begin_cpu;
	struct assay_buf text;
	json_t *query;

	assay_buf_init(&text, 65536);
	(void)assay_buf_add_str(&text, "{\"limit\":51,\"match\":");
	put_node(&text, kind);
	(void)assay_buf_add_char(&text, '}');
	query = json_loads(text.p, 0, NULL);
	assay_buf_release(&text);
	begin = seconds();
	begin_cpu = cpu();
	if (query == NULL ||
	    assay_plugin.connector->query(fake_host_state(host), query, count_row, rows, &err) !=
		ASSAY_OK) {
		(void)fprintf(stderr, "bench_store: %s\n", err.text);
		exit(1);
	}
	took->wall[took->n] = (seconds() - begin) * 1000;
	took->cpu[took->n++] = (cpu() - begin_cpu) * 1000;
	json_decref(query);
}

/* print - a line of the table; sorts */
static void print(const char *what, double *wall, double *on_cpu, size_t n)
{
	qsort(wall, n, sizeof wall[0], by_value);
	qsort(on_cpu, n, sizeof on_cpu[0], by_value);
	(void)printf("search %-14s p50 %8.2f   p95 %8.2f   of CPU: p50 %8.2f   p95 %8.2f\n", what,
	    wall[n / 2], wall[n * 95 / 100], on_cpu[n / 2], on_cpu[n * 95 / 100]);
	(void)fflush(stdout);
}

/* search - every kind, in ms; the text is not counted among the fields */
static void search(struct fake_host *host)
{
	static const char *const kinds[] = { "from", "from:@domain", "rcpt", "sha256", "url_host",
		"client net", "filename:*", "verdict", "two words" };
	static struct took all, one;
	unsigned rows = 0;

	for (unsigned kind = 0; kind < 9; kind++) {
		one.n = 0;
		for (unsigned i = 0; i < ROUNDS; i++)
			ask(host, kind, &rows, &one);
		for (size_t i = 0; i < one.n && kind < 8; i++) {
			all.wall[all.n] = one.wall[i];
			all.cpu[all.n++] = one.cpu[i];
		}
		print(kinds[kind], one.wall, one.cpu, one.n);
	}
	print("all fields", all.wall, all.cpu, all.n);
	(void)printf("search: %u reports read\n", rows);
}

/* expire - until so much of the file is free */
static void expire(struct fake_host *host, uint64_t size, uint64_t percent)
{
	const struct assay_retention what = { 0, size / 100 * (100 - percent) };
	const double begin = seconds(), begin_cpu = cpu();
	enum assay_status status = ASSAY_OK;
	struct assay_err err = { .text = "" };
	double longest = 0, longest_cpu = 0;
	uint64_t all = 0, gone, calls = 0, long_calls = 0;

	while (status == ASSAY_OK) {
		const double before = seconds(), before_cpu = cpu();
		double took, took_cpu;

		status = assay_plugin.connector->expire(fake_host_state(host), &what, &gone, &err);
		took = seconds() - before;
		took_cpu = cpu() - before_cpu;
		longest = took > longest ? took : longest;
		longest_cpu = took_cpu > longest_cpu ? took_cpu : longest_cpu;
		calls++;
		long_calls += took_cpu > 0.2;
		all += gone;
	}
	if (status != ASSAY_END)
		(void)fprintf(stderr, "bench_store: %s\n", err.text);
	(void)printf("expired: %" PRIu64 " mails, %.0f per second, %.0f per CPU second; %" PRIu64
		     " calls, the longest %.0f ms, or %.0f of CPU; above 200 of CPU: %" PRIu64 "\n",
	    all, (double)all / (seconds() - begin), (double)all / (cpu() - begin_cpu), calls,
	    longest * 1000, longest_cpu * 1000, long_calls);
}

int main(int argc, char **argv)
{
	struct fake_host *host;
	char path[600];
	const char *opts[] = { path, NULL };
	struct stat st;

	uint64_t percent = 10;

	if (argc < 3 || argc > 5 || !assay_slice_u64(assay_slice_str(argv[2]), &mails) ||
	    mails < 1000 ||
	    (argc == 5 && (!assay_slice_u64(assay_slice_str(argv[4]), &percent) || percent > 99))) {
		(void)fprintf(
		    stderr, "usage: bench_store FILE MAILS [search | expire [PERCENT]]\n");
		return 64;
	}
	(void)snprintf(path, sizeof path, "path=%s", argv[1]);
	if (fake_host_open(&assay_plugin, opts, NULL, &host, NULL) != ASSAY_OK)
		return 70;
	if (argc == 3)
		fill(host);
	if (stat(argv[1], &st) == 0)
		(void)printf("store: %" PRIu64 " mails, %.2f KB each\n", mails,
		    (double)st.st_size / (double)mails / 1000);
	if (argc >= 4 && argv[3][0] == 'e')
		expire(host, (uint64_t)st.st_size, percent);
	else
		search(host);
	fake_host_close(&host);
	return 0;
}
