/*
 * syslog - a line per mail for the system's log, RFC 5424
 *
 * "<PRI>1 TIME HOST assay PID report - scan_id=... status=... verdict=... from=..."; with report =
 * yes the whole report instead, where it fits. Touches one socket (target.h), opened at the first
 * line and again after it broke. A line that could not be sent fails the batch, which is told again
 * from its start: lines may come twice, never not at all as far as the socket can tell.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "summary.h"
#include "target.h"

#define LINE_MAX_DEFAULT "60K"
#define SUMMARY_MAX 16384

static const char facilities[] = "user|mail|daemon|auth|local0|local1|local2|local3|local4|local5|"
				 "local6|local7";
static const int facility_numbers[] = { 1, 2, 3, 4, 16, 17, 18, 19, 20, 21, 22, 23 };

struct syslog_state {
	struct assay_target target;
	int facility;
	bool report;
	size_t max;
	char host[256];
};

static const struct assay_opt options[] = {
	{ "address", ASSAY_OPT_STR, "unix:/dev/log", 0, 0, NULL,
	    "unix:/path, udp:HOST:PORT or tcp:HOST:PORT (127.0.0.1 and 514 when left out)" },
	{ "facility", ASSAY_OPT_ENUM, "mail", 0, 0, facilities, "facility of the lines" },
	{ "report", ASSAY_OPT_BOOL, "no", 0, 0, NULL, "send the whole report where it fits" },
	{ "max_length", ASSAY_OPT_SIZE, LINE_MAX_DEFAULT, 480, 16 << 20, NULL,
	    "longest line that is sent" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

/* facility_of - its number; the word was checked */
static int facility_of(const char *word)
{
	struct assay_slice rest = assay_slice_str(facilities), one;

	for (size_t i = 0; assay_slice_split(&rest, '|', &one); i++)
		if (assay_slice_is(one, word))
			return facility_numbers[i];
	ASSAY_BUG("facility %s", word);
}

/* set_host - our name as RFC 5424 wants it: printable, no blanks; "-" when there is none */
static void set_host(char *host, size_t size)
{
	if (gethostname(host, size) != 0)
		host[0] = '\0';
	host[size - 1] = '\0';
	for (char *p = host; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			*p = '?';
	if (host[0] == '\0')
		memcpy(host, "-", 2);
}

/* syslog_open - checks the address; nothing is opened yet */
static enum assay_status syslog_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct syslog_state *s = assay_xcalloc(1, sizeof *s);
	enum assay_status status;

	status = assay_target_init(&s->target, assay_opt_str(opts, "address"), err);
	if (status != ASSAY_OK) {
		free(s);
		return status;
	}
	s->facility = facility_of(assay_opt_str(opts, "facility"));
	s->report = assay_opt_int(opts, "report") != 0;
	s->max = (size_t)assay_opt_int(opts, "max_length");
	set_host(s->host, sizeof s->host);
	*state = s;
	return ASSAY_OK;
}

/* syslog_close - the socket and the state */
static void syslog_close(void *state)
{
	struct syslog_state *s = state;

	assay_target_close(&s->target);
	free(s);
}

/* begin - the head of a line */
static void begin(const struct syslog_state *s, const struct assay_record *record,
    const json_t *json, struct assay_buf *line)
{
	char now[ASSAY_TIME_TEXT];

	assay_clock_format(assay_clock_wall_ms(), now);
	assay_buf_clear(line);
	(void)assay_buf_printf(line, "<%d>1 %s %s assay %ld %s - ",
	    s->facility * 8 + assay_summary_severity(json), now, s->host, (long)getpid(),
	    record->kind);
}

/* send_report - all of it; ASSAY_E_LIMIT when it does not fit */
static enum assay_status send_report(struct syslog_state *s, const struct assay_record *record,
    const json_t *json, struct assay_err *err)
{
	enum assay_status status = ASSAY_E_LIMIT;
	struct assay_buf line;

	if (record->json.n >= s->max)
		return status;
	assay_buf_init(&line, s->max);
	begin(s, record, json, &line);
	if (assay_buf_add_slice(&line, record->json))
		status = assay_target_send(&s->target, assay_buf_slice(&line), err);
	assay_buf_release(&line);
	return status;
}

/* fitting - at most max bytes, no character cut in two */
static struct assay_slice fitting(struct assay_slice line, size_t max)
{
	size_t n = max < line.n ? max : line.n;

	while (n > 0 && n < line.n && ((unsigned char)line.p[n] & 0xc0) == 0x80)
		n--;
	return assay_slice_head(line, n);
}

/* send_summary - what fits of it */
static enum assay_status send_summary(struct syslog_state *s, const struct assay_record *record,
    const json_t *json, struct assay_err *err)
{
	struct assay_buf line, words;
	enum assay_status status;

	assay_buf_init(&line, SUMMARY_MAX + 512);
	assay_buf_init(&words, SUMMARY_MAX);
	begin(s, record, json, &line);
	if (strcmp(record->kind, "finding") == 0)
		assay_summary_finding(json, &words);
	else
		assay_summary_report(json, &words);
	(void)assay_buf_add_slice(&line, assay_buf_slice(&words));
	status = assay_target_send(&s->target, fitting(assay_buf_slice(&line), s->max), err);
	assay_buf_release(&line);
	assay_buf_release(&words);
	return status;
}

/* save_one - one record, whole or in words */
static enum assay_status save_one(
    struct syslog_state *s, const struct assay_record *record, struct assay_err *err)
{
	json_t *json = json_loadb(record->json.p, record->json.n, 0, NULL);
	enum assay_status status = ASSAY_E_LIMIT;

	if (!json_is_object(json)) {
		json_decref(json);
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "%s %s is no JSON object", record->kind, record->id);
	}
	if (s->report)
		status = send_report(s, record, json, err);
	if (status == ASSAY_E_LIMIT)
		status = send_summary(s, record, json, err);
	json_decref(json);
	return status;
}

/* syslog_save - line by line */
static enum assay_status syslog_save(
    void *state, const struct assay_record *records, size_t n, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	for (size_t i = 0; i < n && status == ASSAY_OK; i++)
		status = save_one(state, &records[i], err);
	return status;
}

static const struct assay_connector connector = { .save = syslog_save };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "syslog",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "a line per mail for the system's log",
	.options = options,
	.needs = ASSAY_NEEDS_NETWORK,
	.open = syslog_open,
	.close = syslog_close,
	.connector = &connector,
};
