/* rooms: core text base */
/*
 * tests/unit/test_health.c - what the scoreboard means: the sentence, the level, the forms. Also
 * backlog.h. This process is the service (it holds the lock and writes the pages); a child looks.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "core/backlog.h"
#include "core/bypass.h"
#include "core/health.h"
#include "core/json.h"
#include "core/sandbox.h"
#include "core/site.h"
#include "core/supervise.h"

#define SOUND                                                                                      \
	(ASSAY_SANDBOX_PRIVS | ASSAY_SANDBOX_RLIMITS | ASSAY_SANDBOX_SECCOMP |                     \
	    ASSAY_SANDBOX_LANDLOCK)

/* What the child saw, in memory that both have. */
struct seen {
	enum assay_health_level level;
	size_t reasons;
	char sentence[800], text[16384], mails[4096], json[32768], metrics[32768];
};

static char home[64], run_dir[80];
static struct assay_config *config;
static struct assay_site site;
static struct seen *seen;
static pid_t pid; /* alive */

/* ---- the service ----------------------------------------------------------------------------- */

/* page - a process that has been well for a minute */
static struct assay_board_slot *page(unsigned slot, enum assay_board_kind kind, const char *name)
{
	struct assay_board_slot *p = assay_board_slot(&site.board, slot);
	int64_t now = assay_clock_mono_ms();

	memset(p, 0, sizeof *p);
	p->kind = (uint32_t)kind;
	p->pid = pid;
	p->generation = site.board.head->generation;
	p->starts = 1;
	p->state = ASSAY_BOARD_IDLE;
	p->started_ms = p->since_ms = now - 60000;
	p->beat_ms = now;
	(void)snprintf(p->name, sizeof p->name, "%s", name);
	return p;
}

static int setup(void **state)
{
	const char *const lines[] = { "user=no-such-user-here", NULL };
	struct assay_config_source source = { .no_files = true, .core_opts = lines };
	struct assay_err err;

	(void)state;
	(void)snprintf(home, sizeof home, "/tmp/assay-health-XXXXXX");
	if (mkdtemp(home) == NULL)
		return -1;
	source.home = home;
	(void)snprintf(run_dir, sizeof run_dir, "%s/run", home);
	if (assay_config_load(&source, &config, &err) != ASSAY_OK ||
	    assay_site_open(&site, config, &err) != ASSAY_OK)
		return -1;
	pid = getpid();
	site.board.head->generation = 1;
	site.board.head->scan_processes = 2;
	site.board.head->bulk_max = 1;
	(void)page(ASSAY_SLOT_PARENT, ASSAY_BOARD_PARENT, "");
	page(ASSAY_SLOT_JANITOR, ASSAY_BOARD_JANITOR, "")->disk_free = 5 << 20;
	(void)page(ASSAY_SLOT_MASTER, ASSAY_BOARD_MASTER, "");
	page(5, ASSAY_BOARD_DOOR, "maildir")->mails = 1234;
	page(6, ASSAY_BOARD_DRAIN, "sqlite")->records = 1200;
	for (unsigned i = 0; i < 2; i++)
		page(assay_board_scan_slot(1) + i, ASSAY_BOARD_SCAN, "")->sandbox = SOUND;
	return 0;
}

static int teardown(void **state)
{
	char path[100];

	(void)state;
	if (site.run != NULL)
		assay_site_close(&site, true);
	assay_config_free(&config);
	(void)snprintf(path, sizeof path, "%s/run/service.lock", home);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/service.lock", home);
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/run/bypass", home);
	(void)unlink(path);
	return rmdir(run_dir) != 0 || rmdir(home) != 0;
}

/* ---- the child ------------------------------------------------------------------------------- */

static void keep(char *to, size_t size, struct assay_buf *buf)
{
	(void)snprintf(to, size, "%s", buf->p != NULL ? buf->p : "");
	assay_buf_release(buf);
	assay_buf_init(buf, 1 << 20);
}

static void look_now(void)
{
	struct assay_health h;
	struct assay_buf buf;
	json_t *json;

	assay_health_read(run_dir, &h);
	seen->level = h.level;
	seen->reasons = h.reasons;
	(void)snprintf(seen->sentence, sizeof seen->sentence, "%s", h.sentence);
	assay_buf_init(&buf, 1 << 20);
	assay_health_print(&h, &buf);
	keep(seen->text, sizeof seen->text, &buf);
	assay_health_print_mails(&h, &buf);
	keep(seen->mails, sizeof seen->mails, &buf);
	json = assay_health_json(&h);
	(void)assay_json_write(json, ASSAY_JSON_COMPACT, &buf);
	json_decref(json);
	keep(seen->json, sizeof seen->json, &buf);
	assay_health_metrics(&h, &buf);
	keep(seen->metrics, sizeof seen->metrics, &buf);
	assay_buf_release(&buf);
	assay_health_release(&h);
}

/* look - in another process: nobody sees his own lock */
static void look(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		look_now();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void contains(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, text);
}

/* degraded - for this one reason */
static void degraded(const char *part)
{
	look();
	contains(seen->sentence, part);
	if (seen->level != ASSAY_HEALTH_DEGRADED || seen->reasons != 1)
		fail_msg(
		    "level %d, %zu reasons: %s", (int)seen->level, seen->reasons, seen->sentence);
	contains(seen->sentence, "DEGRADED: ");
	contains(seen->json, "\"level\":\"degraded\"");
	contains(seen->metrics, "\nassay_health 1\n");
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void all_is_well(void **state)
{
	json_t *json;
	struct assay_err err;

	(void)state;
	look();
	assert_int_equal(seen->level, ASSAY_HEALTH_OK);
	contains(seen->sentence, "OK: 1234 since the start 6");
	contains(seen->text, "2 of 2 processes, 0 busy; at most 1 for watchers");
	contains(seen->text, "door maildir");
	contains(seen->text, "drain sqlite");
	contains(seen->text, "inline 0, bulk 0");
	contains(seen->text, "5.0 MiB free");
	contains(seen->text, "seccomp");
	contains(seen->mails, "no mail is in work");
	contains(seen->metrics, "assay_mails_total{kind=\"door\",name=\"maildir\"} 1234\n");
	contains(seen->metrics, "assay_records_total{kind=\"drain\",name=\"sqlite\"} 1200\n");
	assert_int_equal(
	    assay_json_parse((struct assay_slice){ seen->json, strlen(seen->json) }, &json, &err),
	    ASSAY_OK);
	assert_string_equal(assay_json_get_str(json, "level"), "ok");
	json_decref(json);
}

static void a_service_that_is_not_there_is_down(void **state)
{
	(void)state;
	assay_site_close(&site, false);
	look();
	assert_int_equal(seen->level, ASSAY_HEALTH_DOWN);
	contains(seen->sentence, "DOWN: the service in ");
	contains(seen->sentence, "was killed");
	assert_int_equal(assay_site_open(&site, config, &(struct assay_err){ 0 }), ASSAY_OK);
	assay_site_close(&site, true);
	look();
	assert_int_equal(seen->level, ASSAY_HEALTH_DOWN);
	contains(seen->sentence, "no service runs in ");
	contains(seen->sentence, "try: assay serve");
	contains(seen->metrics, "\nassay_health 2\n");
}

static void without_scan_processes_it_is_down(void **state)
{
	unsigned scans = assay_board_scan_slot(1);

	(void)state;
	assay_board_slot(&site.board, scans)->pid = 0;
	degraded("1 of 2 scan processes run");
	assay_board_slot(&site.board, scans + 1)->pid = 0;
	assay_board_slot(&site.board, ASSAY_SLOT_MASTER)->pid = 0;
	assay_board_set_error(
	    assay_board_slot(&site.board, ASSAY_SLOT_MASTER), "rules.yar:3: wrong");
	look();
	assert_int_equal(seen->level, ASSAY_HEALTH_DOWN);
	contains(seen->sentence, "DOWN: no mail is scanned, it waits");
	contains(seen->sentence, "rules.yar:3: wrong");
}

static void a_slow_worker_is_named(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int64_t now = assay_clock_mono_ms();
	int line[3];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct assay_board_slot *p =
		    assay_board_slot(&site.board, assay_board_scan_slot(1) + i);

		p->state = ASSAY_BOARD_BUSY;
		p->since_ms = now - 50000;
		p->worker_ms = now - 40000 - 2000 * i;
		(void)snprintf(p->worker, sizeof p->worker, "clamav");
		(void)snprintf(p->payload_id, sizeof p->payload_id, "0.%u", i);
		(void)snprintf(p->queue_id, sizeof p->queue_id, "4Z%u", i);
		(void)snprintf(p->of.worker[0].name, sizeof p->of.worker[0].name, "clamav");
		p->of.worker[0].calls = 10;
		p->of.worker[0].us = 5000000;
		p->of.worker[0].most_us = 700000 + i;
	}
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s/run/bulk.sock", home);
	for (unsigned i = 0; i < 3; i++) {
		line[i] = socket(AF_UNIX, SOCK_STREAM, 0);
		assert_int_equal(connect(line[i], (struct sockaddr *)&at, sizeof at), 0);
	}
	degraded("clamav 4");
	contains(seen->sentence, " s on average in 2 of 2 scan processes");
	contains(seen->sentence, "try: assay bypass on --worker clamav");
	contains(seen->mails, "4Z1");
	contains(seen->mails, "0.1");
	contains(seen->mails, "scan process 1.2");
	contains(seen->text, "500.000 ms");
	contains(seen->metrics, "assay_worker_calls_total{worker=\"clamav\"} 20\n");
	contains(seen->metrics, "assay_worker_longest_seconds{worker=\"clamav\"} 0.700001\n");
	if (assay_backlog_count(at.sun_path) >= 0) { /* unless the kernel does not say */
		assert_int_equal(assay_backlog_count(at.sun_path), 3);
		contains(seen->sentence, "DEGRADED: 3 mails wait, clamav 4");
		contains(seen->text, "inline 0, bulk 3");
		contains(seen->metrics, "assay_socket_waiting{socket=\"bulk\"} 3\n");
	}
	assert_int_equal(assay_backlog_count("/tmp/assay-none.sock"), -1);
	for (unsigned i = 0; i < 3; i++)
		(void)close(line[i]);
	/* As long as one has time, it is well. */
	assay_board_slot(&site.board, assay_board_scan_slot(1))->state = ASSAY_BOARD_IDLE;
	look();
	assert_int_equal(seen->level, ASSAY_HEALTH_OK);
}

static void processes_that_are_not_well_are_named(void **state)
{
	struct assay_board_slot *door = assay_board_slot(&site.board, 5);
	struct assay_board_slot *drain = assay_board_slot(&site.board, 6);
	int64_t now = assay_clock_mono_ms();

	(void)state;
	door->beat_ms = now - 100000;
	degraded("door maildir (pid ");
	contains(seen->sentence, "hangs: no sign of life for 10");
	door->beat_ms = now;
	door->state = ASSAY_BOARD_STARTING;
	door->since_ms = now - 90000;
	degraded("door maildir has been starting for 9");
	door->state = ASSAY_BOARD_IDLE;
	drain->state = ASSAY_BOARD_WAITING;
	assay_board_set_error(drain, "server says no\n");
	degraded("drain sqlite waits for 6");
	drain->pid = 0;
	drain->again_ms = now + 20000;
	degraded("drain sqlite is down: server says no?");
	contains(seen->text, "again in ");
	*drain = (struct assay_board_slot){ .kind = ASSAY_BOARD_NONE };
	assay_board_slot(&site.board, ASSAY_SLOT_PARENT)->beat_ms = now - 40000;
	degraded("the parent (pid ");
}

static void queues_and_the_disk_are_looked_at(void **state)
{
	struct assay_board_slot *janitor = assay_board_slot(&site.board, ASSAY_SLOT_JANITOR);
	struct assay_board_queue *q = &janitor->of.queue[0];

	(void)state;
	(void)snprintf(q->name, sizeof q->name, "connector-sqlite");
	q->files = 14;
	q->oldest_wall_ms = assay_clock_wall_ms() - 60000;
	look();
	assert_int_equal(seen->level, ASSAY_HEALTH_OK);
	contains(seen->text, "connector-sqlite");
	contains(seen->metrics, "assay_queue_files{queue=\"connector-sqlite\"} 14\n");
	q->oldest_wall_ms = assay_clock_wall_ms() - 720000;
	degraded("14 files wait in queue connector-sqlite, the oldest for 12 min");
	q->oldest_wall_ms = 0;
	q->poison = 2;
	degraded("2 set aside in queue connector-sqlite");
	q->poison = 0;
	q->full = true;
	q->bytes = 1 << 30;
	degraded("queue connector-sqlite is full (1.0 GiB): no mail is taken in");
	q->full = false;
	janitor->disk_low = true;
	degraded("only 5.0 MiB are free where the spool is");
}

static void settings_are_told(void **state)
{
	struct assay_bypass what = { .until_wall_ms = assay_clock_wall_ms() + 600000 };
	struct assay_board_head *head = site.board.head;
	struct assay_err err;

	(void)state;
	(void)snprintf(head->reload_error, sizeof head->reload_error, "assay.conf:7: wrong");
	degraded("the last reload failed: assay.conf:7: wrong; try: assay config -t");
	head->reload_error[0] = '\0';
	head->sandbox_off = true;
	degraded("without a sandbox");
	head->sandbox_off = false;
	assay_board_slot(&site.board, assay_board_scan_slot(1))->sandbox = ASSAY_SANDBOX_PRIVS;
	degraded("the sandbox of scan processes is not complete");
	assay_board_slot(&site.board, assay_board_scan_slot(1))->sandbox = SOUND;
	(void)snprintf(what.worker, sizeof what.worker, "clamav");
	(void)snprintf(what.reason, sizeof what.reason, "it hangs");
	assert_int_equal(assay_bypass_write(run_dir, &what, &err), ASSAY_OK);
	degraded("bypass of clamav until ");
	contains(seen->sentence, "(it hangs); try: assay bypass off");
	contains(seen->metrics, "\nassay_bypass 1\n");
	assert_int_equal(assay_bypass_remove(run_dir, &err), ASSAY_OK);
	head->stopping = true;
	look();
	assert_int_equal(seen->level, ASSAY_HEALTH_DOWN);
}

static void many_reasons_make_one_sentence(void **state)
{
	(void)state;
	site.board.head->sandbox_off = true;
	for (unsigned i = 7; i < 60; i++)
		page(i, ASSAY_BOARD_DRAIN, "x")->pid = 0;
	look();
	assert_int_equal(seen->level, ASSAY_HEALTH_DEGRADED);
	assert_int_equal(seen->reasons, ASSAY_HEALTH_REASONS);
	contains(seen->sentence, "; and 29 more");
}

/* What imports and commands had scanned is in no door's count, whichever generation did it. */
static void guests_are_counted_apart(void **state)
{
	unsigned scans = assay_board_scan_slot(1);

	(void)state;
	look();
	if (strstr(seen->text, "guests") != NULL || strstr(seen->sentence, "imports") != NULL)
		fail_msg("guests where there were none: %s", seen->text);
	contains(seen->json, "\"guests\":0");
	assay_board_slot(&site.board, scans)->guests = 500;
	assay_board_slot(&site.board, scans + 1)->guests = 20;
	page(assay_board_scan_slot(2) + 3, ASSAY_BOARD_SCAN, "")->guests = 7;
	look();
	contains(seen->sentence, "OK: 1234 since the start 6");
	contains(seen->sentence, " ago; 527 of imports and commands");
	contains(seen->text, "\nguests     527 scanned for assay import and assay scan\n");
	contains(seen->json, "\"mails\":1234,");
	contains(seen->json, "\"guests\":527,");
	contains(seen->metrics, "\nassay_guest_mails_total 527\n");
}

static void mails_of_the_last_minute_are_counted(void **state)
{
	struct assay_board_slot *parent = assay_board_slot(&site.board, ASSAY_SLOT_PARENT);
	struct assay_board_slot *door = assay_board_slot(&site.board, 5);
	int64_t now = assay_clock_mono_ms();

	(void)state;
	door->mails = 100;
	for (int i = 0; i < 40; i++)
		assay_health_sample(&site.board, parent);
	for (unsigned i = 0; i < ASSAY_BOARD_SAMPLES; i++)
		assert_int_equal(parent->of.sample[i].mails, 100);
	memset(&parent->of, 0, sizeof parent->of);
	parent->of.sample[3] = (struct assay_board_sample){ now - 70000, 10 };
	parent->of.sample[1] = (struct assay_board_sample){ now - 50000, 60 };
	parent->of.sample[2] = (struct assay_board_sample){ now - 5000, 90 };
	look();
	contains(seen->sentence, "OK: 40 mails in the last 5");
}

/* Whatever a scan process that is owned writes on its page, the answer is an answer. */
static void nonsense_on_a_page_is_endured(void **state)
{
	unsigned scans = assay_board_scan_slot(1);
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 20; round++) {
		unsigned char *p = (unsigned char *)assay_board_slot(&site.board, scans);

		for (size_t i = 0; i < sizeof(struct assay_board_slot); i++)
			p[i] = (unsigned char)(rand_r(&seed) >> 8);
		look();
		assert_true(seen->sentence[0] != '\0');
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_is_well),
		TEST(a_service_that_is_not_there_is_down),
		TEST(without_scan_processes_it_is_down),
		TEST(a_slow_worker_is_named),
		TEST(processes_that_are_not_well_are_named),
		TEST(queues_and_the_disk_are_looked_at),
		TEST(settings_are_told),
		TEST(many_reasons_make_one_sentence),
		TEST(guests_are_counted_apart),
		TEST(mails_of_the_last_minute_are_counted),
		TEST(nonsense_on_a_page_is_endured),
	};

	seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return seen == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
