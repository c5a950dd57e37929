/*
 * core/cmd/import_tell.c - see import.h: what people see of an import. Writes standard error, and
 * the summary to standard output.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/import.h"
#include "core/human.h"
#include "core/json.h"
#include "text/printable.h"

#define BAR_MS 250
#define LINE_MS 10000
#define SAMPLE_MS 1000
#define SILENT_MS 5000 /* without an answer: then a rate says nothing */
#define SMOOTH 0.15    /* weight of the last second in a rate */
#define BAR_CELLS 20
#define PLACE_MAX 300

static const char *const actions[ASSAY_IMPORT_ACTIONS] = { "accept", "tag", "quarantine",
	"tempfail", "reject", "discard", "redirect", NULL };

/* ---- counting -------------------------------------------------------------------------------- */

/* note_day - widens the range; text begins with a day */
static void note_day(struct assay_import_count *count, const char *text)
{
	char day[sizeof count->oldest];

	(void)snprintf(day, sizeof day, "%.10s", text);
	if (count->oldest[0] == '\0' || strcmp(day, count->oldest) < 0)
		memcpy(count->oldest, day, sizeof day);
	if (strcmp(day, count->newest) > 0)
		memcpy(count->newest, day, sizeof day);
}

/* assay_import_tell_found - see import.h */
void assay_import_tell_found(struct assay_import *import, const json_t *request, uint64_t size)
{
	const json_t *utc = json_object_get(json_object_get(request, "message_time"), "utc");
	char text[ASSAY_TIME_TEXT];

	import->count.found++;
	import->count.bytes += size;
	if (!import->dry || !json_is_integer(utc))
		return;
	assay_clock_format(json_integer_value(utc), text);
	note_day(&import->count, text);
}

/* between - what stands behind `begin`, up to `end` (NULL: all); NONE when there is no such place.
 * A string of the mail cannot look like either: its quotes have a backslash before them. */
static struct assay_slice between(struct assay_slice json, const char *begin, const char *end)
{
	size_t at = assay_slice_search(json, assay_slice_str(begin)), n;
	struct assay_slice rest;

	if (at == json.n)
		return ASSAY_SLICE_NONE;
	rest = assay_slice_from(json, at + strlen(begin));
	if (end == NULL)
		return rest;
	n = assay_slice_search(rest, assay_slice_str(end));
	return n < rest.n ? assay_slice_head(rest, n) : ASSAY_SLICE_NONE;
}

/* note_senders - those that the decorator seen calls new, each once */
static void note_senders(struct assay_import *import, struct assay_slice report)
{
	struct assay_slice rest = between(report, "\"decorators\":{", "\"limits\":"), value;

	rest = between(between(rest, "\"seen\":{", NULL), "\"from\":[", NULL);
	/* A row after another, as long as it is this list: other fields stand behind it. */
	while (assay_slice_starts(rest, "{\"value\":\"") &&
	    (value = between(rest, "{\"value\":\"", "\",\"isnew\":")).p != NULL) {
		rest = assay_slice_from(rest, (size_t)(value.p - rest.p) + value.n);
		if (assay_slice_starts(rest, "\",\"isnew\":true"))
			import->count.new_senders +=
			    assay_keyset_add(&import->senders, assay_import_journal_digest(value));
		rest = assay_slice_from(between(rest, "}", NULL), 1);
	}
}

/* assay_import_tell_answer - see import.h */
void assay_import_tell_answer(struct assay_import *import, const struct assay_answer *answer)
{
	struct assay_import_count *count = &import->count;
	const struct assay_slice time =
	    between(answer->report, "\"message_time\":{\"utc\":\"", "\"");
	const char *place = assay_json_get_str(answer->request, "source_id");
	struct assay_buf line;

	count->answered_bytes += answer->bytes.n;
	count->partial += strcmp(answer->status, "partial") == 0;
	count->unscanned += strcmp(answer->status, "unscanned") == 0;
	note_senders(import, answer->report);
	for (size_t i = 0; actions[i] != NULL; i++)
		count->action[i] += strcmp(actions[i], answer->action) == 0;
	if (time.n >= 10)
		note_day(count, time.p);
	if (strcmp(answer->status, "scanned") == 0)
		return;
	assay_buf_init(&line, 1024);
	(void)assay_printable_add(&line, assay_slice_str(place != NULL ? place : "?"), PLACE_MAX);
	assay_log(ASSAY_LOG_WARNING, "%s: %s%s%s; scan_id=%s", line.p, answer->status,
	    answer->why != NULL ? ", " : "", answer->why != NULL ? answer->why : "",
	    answer->scan_id);
	assay_buf_release(&line);
}

/* ---- progress -------------------------------------------------------------------------------- */

/* done - bytes of files */
static uint64_t done(const struct assay_import_pace *pace)
{
	uint64_t n = pace->before + pace->now;

	return n < pace->total ? n : pace->total;
}

/* smooth - a rate with what the last seconds were */
static double smooth(double old, uint64_t more, int64_t ms)
{
	double now = (double)more * 1000 / (double)ms;

	return old > 0 ? old + SMOOTH * (now - old) : now;
}

/* sample - the rates */
static void sample(struct assay_import *import, int64_t now_ms)
{
	struct assay_import_pace *pace = &import->pace;
	const uint64_t mails = import->dry ? import->count.found : import->count.kept;
	const int64_t ms = now_ms - pace->sampled_ms;

	if (ms < SAMPLE_MS)
		return;
	pace->mails_rate = smooth(pace->mails_rate, mails - pace->sampled_mails, ms);
	pace->bytes_rate = smooth(pace->bytes_rate, done(pace) - pace->sampled_bytes, ms);
	pace->sampled_ms = now_ms;
	pace->sampled_mails = mails;
	pace->sampled_bytes = done(pace);
}

/* add_bar - "[####----]  43%" */
static void add_bar(struct assay_buf *line, double share, bool cells)
{
	for (int i = 0; cells && i < BAR_CELLS; i++)
		(void)assay_buf_printf(
		    line, "%s%c", i == 0 ? "[" : "", share * BAR_CELLS > i ? '#' : '-');
	(void)assay_buf_printf(line, "%s%3d%%", cells ? "] " : "", (int)(share * 100));
}

/* describe - how far it is, how fast, how long it takes */
static void describe(const struct assay_import *import, struct assay_buf *line)
{
	const struct assay_import_pace *pace = &import->pace;
	const struct assay_import_count *count = &import->count;
	const uint64_t left = pace->total - done(pace);
	char size[ASSAY_HUMAN_TEXT], age[ASSAY_HUMAN_TEXT];

	add_bar(
	    line, pace->total > 0 ? (double)done(pace) / (double)pace->total : 1, pace->terminal);
	(void)assay_buf_printf(
	    line, "  %" PRIu64 " messages", import->dry ? count->found : count->kept);
	if (count->known > 0)
		(void)assay_buf_printf(line, " + %" PRIu64 " known", count->known);
	(void)assay_buf_printf(line, "  %.0f/s  %s/s", pace->mails_rate,
	    assay_human_size(size, (uint64_t)pace->bytes_rate));
	if (count->kept < count->admitted && assay_clock_mono_ms() - import->heard_ms > SILENT_MS)
		(void)assay_buf_add_str(line, "  waits for the service");
	else if (pace->bytes_rate > 0)
		(void)assay_buf_printf(line, "  %s left",
		    assay_human_age(age, (int64_t)((double)left / pace->bytes_rate * 1000)));
}

/* assay_import_tell_pace - see import.h */
int64_t assay_import_tell_pace(struct assay_import *import)
{
	struct assay_import_pace *pace = &import->pace;
	const int64_t now_ms = assay_clock_mono_ms();
	const int64_t every_ms = pace->terminal ? BAR_MS : LINE_MS;
	struct assay_buf line;

	sample(import, now_ms);
	if (now_ms - pace->said_ms < every_ms)
		return pace->said_ms + every_ms;
	pace->said_ms = now_ms;
	assay_buf_init(&line, 400);
	describe(import, &line);
	/* Back to the begin of the line: whatever else is said stands over the bar. */
	(void)fprintf(stderr, pace->terminal ? "\r%s\033[K\r" : "assay: import: %s\n", line.p);
	assay_buf_release(&line);
	return now_ms + every_ms;
}

/* assay_import_tell_end - see import.h */
void assay_import_tell_end(struct assay_import *import)
{
	if (import->pace.terminal)
		(void)fprintf(stderr, "\r\033[K");
}

/* ---- the summary ----------------------------------------------------------------------------- */

/* add_count - "12 partial", with a comma before all but the first */
static void add_count(struct assay_buf *out, uint64_t n, const char *what, bool *first)
{
	if (n == 0)
		return;
	(void)assay_buf_printf(out, "%s%" PRIu64 " %s", *first ? "" : ", ", n, what);
	*first = false;
}

/* add_verdicts - what the policy decided; nobody was told */
static void add_verdicts(const struct assay_import_count *count, struct assay_buf *out)
{
	bool first = true;

	(void)assay_buf_add_str(out, "verdicts       ");
	for (size_t i = 0; actions[i] != NULL; i++)
		add_count(out, count->action[i], actions[i], &first);
	(void)assay_buf_add_str(out, first ? "none\n" : "\n");
	first = true;
	if (count->partial + count->unscanned == 0)
		return;
	(void)assay_buf_add_str(out, "not whole      ");
	add_count(out, count->partial, "partial", &first);
	add_count(out, count->unscanned, "unscanned", &first);
	(void)assay_buf_add_char(out, '\n');
}

/* add_kept - how many, how fast */
static void add_kept(const struct assay_import *import, struct assay_buf *out)
{
	const struct assay_import_count *count = &import->count;
	const int64_t ms = assay_clock_mono_ms() - import->pace.began_ms;
	char size[ASSAY_HUMAN_TEXT], age[ASSAY_HUMAN_TEXT];
	const double s = ms > 0 ? (double)ms / 1000 : 0.001;

	(void)assay_buf_printf(out, "imported       %" PRIu64 " messages, %s", count->kept,
	    assay_human_size(size, count->answered_bytes));
	(void)assay_buf_printf(out, " in %s: %.1f messages/s, %.2f MB/s\n",
	    assay_human_age(age, ms), (double)count->kept / s,
	    (double)count->answered_bytes / 1e6 / s);
}

/* assay_import_tell_summary - see import.h */
void assay_import_tell_summary(const struct assay_import *import)
{
	const struct assay_import_count *count = &import->count;
	char size[ASSAY_HUMAN_TEXT];
	struct assay_buf out;

	assay_buf_init(&out, 4096);
	(void)assay_buf_printf(&out, "found          %" PRIu64 " messages, %s\n", count->found,
	    assay_human_size(size, count->bytes));
	(void)assay_buf_printf(&out, "known before   %" PRIu64 "\n", count->known);
	if (import->dry)
		(void)assay_buf_add_str(&out, "imported       nothing (--dry-run)\n");
	else
		add_kept(import, &out);
	if (!import->dry)
		add_verdicts(count, &out);
	if (!import->dry)
		(void)assay_buf_printf(&out, "new senders    %" PRIu64 "\n", count->new_senders);
	if (count->oldest[0] != '\0')
		(void)assay_buf_printf(
		    &out, "dates          %s to %s\n", count->oldest, count->newest);
	if (count->failed > 0)
		(void)assay_buf_printf(&out, "failed         %" PRIu64 " files\n", count->failed);
	if (count->passed_over > 0)
		(void)assay_buf_printf(
		    &out, "no mail        %" PRIu64 " files\n", count->passed_over);
	assay_cmd_print(assay_buf_slice(&out));
	assay_buf_release(&out);
}
