/* rooms: plugin_sqlite fakehost text base */
/*
 * tests of plugins/connector/sqlite over time: parts, findings, erasing, retention, an older file,
 * a full disk, a locked and a damaged file, slow readers, readers of a group
 */
#include "sqlite_store.h"

#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/clock.h"
#include "sqlite/pack.h"

#define ID "%08zu-0000-4000-8000-000000000000"
#define DAY ((int64_t)86400000)

static struct assay_arena *arena;

static int make_arena(void **state)
{
	(void)state;
	arena = assay_arena_new();
	return 0;
}

static int free_arena(void **state)
{
	(void)state;
	assay_arena_free(&arena);
	return 0;
}

/* id_of - the scan_id of mail i */
static const char *id_of(size_t i)
{
	return assay_arena_printf(arena, ID, i);
}

/* mail - the report of mail i, scanned at a time; a third has the same sender */
static const char *mail(size_t i, int64_t scanned)
{
	char utc[ASSAY_TIME_TEXT];

	assay_clock_format(scanned, utc);
	return assay_arena_printf(arena,
	    "{\"n\":\"%zu\",\"scan_id\":\"" ID "\",\"time\":\"%s\","
	    "\"message_time\":{\"utc\":\"2026-01-01T00:%02zu:%02zu.000Z\"},"
	    "\"facts\":{\"from\":[\"From%zu@example.com\"],\"client\":[\"192.0.2.%zu\"],"
	    "\"message_id\":[\"m%zu@example.com\"],\"sha256\":[\"%064zx\"],\"size\":[%zu],"
	    "\"subject\":[\"Subject no. %zu\"]},\"verdict\":{\"action\":\"accept\"},"
	    "\"results\":[{\"workers\":{\"smtp\":{\"body\":\"text %zu of all\"}}}]}",
	    i, i, utc, i / 60 % 60, i % 60, i % 3, i % 200, i, i, i, i, i);
}

/* save_mails - from .. to - 1, one batch */
static enum assay_status save_mails(size_t from, size_t to, int64_t scanned, struct assay_err *err)
{
	struct assay_record *records = assay_arena_calloc(arena, to - from, sizeof *records);

	for (size_t i = from; i < to; i++)
		records[i - from] =
		    (struct assay_record){ "report", id_of(i), assay_slice_str(mail(i, scanned)) };
	return assay_plugin.connector->save(fake_host_state(host), records, to - from, err);
}

/* finding - one that is saved */
static void finding(const char *id, size_t of, const char *kind, const char *more)
{
	const char *json = assay_arena_printf(arena,
	    "{\"n\":\"%s\",\"schema\":\"assay-finding/1\",\"scan_id\":\"%s\","
	    "\"time\":\"2026-02-01T00:00:00.000Z\",\"kind\":\"%s\",\"by\":\"rosa\"%s}",
	    id, id_of(of), kind, more);
	const struct assay_record record = { "finding", id, assay_slice_str(json) };

	assert_int_equal(
	    assay_plugin.connector->save(fake_host_state(host), &record, 1, NULL), ASSAY_OK);
}

/* small_parts - a new store whose parts have n reports */
static void small_parts(unsigned n)
{
	start();
	finding("none", 0, "rescan", "");
	run(assay_arena_printf(arena,
	    "UPDATE about SET value = %u WHERE name = 'part_reports'; DELETE FROM finding", n));
	again();
}

/* erase - reports from .. to - 1 */
static void erase(size_t from, size_t to)
{
	const char **ids = assay_arena_calloc(arena, to - from, sizeof *ids);

	for (size_t i = from; i < to; i++)
		ids[i - from] = id_of(i);
	assert_int_equal(
	    assay_plugin.connector->erase(fake_host_state(host), ids, to - from, NULL), ASSAY_OK);
}

/* expire - all there is to do; how many reports went */
static uint64_t expire(int64_t before_ms, uint64_t most_bytes)
{
	const struct assay_retention what = { before_ms, most_bytes };
	enum assay_status status = ASSAY_OK;
	uint64_t gone, all = 0;

	while (status == ASSAY_OK) {
		status = assay_plugin.connector->expire(fake_host_state(host), &what, &gone, NULL);
		all += gone;
	}
	assert_int_equal(status, ASSAY_END);
	return all;
}

#define GLOB(w, v) "{\"word\":\"" w "\",\"is\":\"glob\",\"value\":\"" v "\"}"
#define TEXT(v) "{\"is\":\"text\",\"in\":\"all\",\"value\":\"" v "\"}"

/* found - how many reports a comparison finds */
static long found(const char *node)
{
	const char *out =
	    ask(assay_arena_printf(arena, "{\"want\":\"count\",\"all\":true,\"match\":%s}", node));
	long n = -1;

	(void)sscanf(out, "{\"count\":%ld}", &n);
	return n;
}

/* all_is_found - of 40 mails in small parts, or in one */
static void all_is_found(void)
{
	assert_int_equal(found(GLOB("from", "from1@example.com")), 13);
	assert_int_equal(found(GLOB("from", "*@example.com")), 40);
	assert_int_equal(found(GLOB("from", "from?@exam*")), 40);
	assert_int_equal(
	    found("{\"word\":\"from\",\"is\":\"domain\",\"value\":\"example.com\"}"), 40);
	assert_int_equal(found(GLOB("message_id", "m7@example.com")), 1);
	assert_int_equal(found(GLOB("sha256",
			     "0000000000000000000000000000000000000000000000000000000000000010")),
	    1);
	assert_int_equal(found(GLOB("sha256",
			     "00000000000000000000000000000000000000000000000000000000000001*")),
	    0);
	assert_int_equal(found(GLOB("sha256",
			     "00000000000000000000000000000000000000000000000000000000000000*")),
	    40);
	assert_int_equal(found(GLOB("sha256",
			     "000000000000000000000000000000000000000000000000000000000000001*")),
	    16);
	assert_int_equal(found(GLOB("sha256", "*1f")), 1);
	assert_int_equal(
	    found("{\"word\":\"sha256\",\"is\":\"one_of\",\"values\":[\"x\","
		  "\"0000000000000000000000000000000000000000000000000000000000000002\"]}"),
	    1);
	assert_int_equal(found("{\"word\":\"size\",\"is\":\"size\",\"from\":10,\"to\":19}"), 10);
	assert_int_equal(found("{\"word\":\"client\",\"is\":\"net\",\"from\":"
			       "\"00000000000000000000ffffc0000200\",\"to\":"
			       "\"00000000000000000000ffffc0000207\"}"),
	    8);
	assert_int_equal(found(TEXT("of all")), 40);
	assert_int_equal(found(TEXT("xt 7 of")), 1);
	assert_int_equal(found(TEXT("7 ")), 4);
	assert_int_equal(found(GLOB("scan_id", "00000007-*")), 1);
	assert_string_equal(ask("{\"limit\":3}"), "39 38 37 ");
	assert_string_equal(ask("{\"want\":\"counts\",\"word\":\"from\"}"),
	    "{\"value\":\"From0@example.com\",\"count\":14} "
	    "{\"value\":\"From1@example.com\",\"count\":13} "
	    "{\"value\":\"From2@example.com\",\"count\":13} ");
	assert_string_equal(ask("{\"want\":\"values\",\"word\":\"sha256\",\"limit\":1}"),
	    "{\"value\":\"0000000000000000000000000000000000000000000000000000000000000000\"} ");
	assert_string_equal(ask("{\"want\":\"values\",\"word\":\"scan_id\",\"limit\":1}"),
	    "{\"value\":\"00000039-0000-4000-8000-000000000000\"} ");
	assert_string_equal(fetched("00000012-0000-4000-8000-000000000000"), "12");
	assert_string_equal(fetched("00000012-00"), "12");
	assert_string_equal(fetched("M12@example.com"), "12");
}

static void parts_are_one_store(void **state)
{
	(void)state;
	start();
	assert_int_equal(save_mails(0, 40, 0, NULL), ASSAY_OK);
	all_is_found();
	assert_int_equal(number("SELECT count(*) FROM part"), 1);
	stop();
	small_parts(7);
	assert_int_equal(save_mails(0, 20, 0, NULL), ASSAY_OK);
	again();
	assert_int_equal(save_mails(20, 40, 0, NULL), ASSAY_OK);
	assert_int_equal(number("SELECT count(*) FROM part"), 6);
	all_is_found();
	stop();
}

/* What is found often is met on the way back in time, part by part. */
static void what_is_frequent_is_found_too(void **state)
{
	(void)state;
	small_parts(1000);
	for (size_t i = 0; i < 3500; i += 500)
		assert_int_equal(save_mails(i, i + 500, 0, NULL), ASSAY_OK);
	assert_string_equal(
	    ask("{\"limit\":3,\"match\":" GLOB("verdict", "accept") "}"), "3499 3498 3497 ");
	assert_string_equal(ask("{\"limit\":3,\"match\":{\"and\":[" GLOB(
				"verdict", "accept") "," GLOB("from", "from[!x]*") "]}}"),
	    "");
	assert_string_equal(
	    ask("{\"limit\":2,\"match\":{\"and\":[" GLOB(
		"from", "*@example.com") ","
					 "{\"not\":" GLOB("from", "from1@example.com") "}]}}"),
	    "3498 3497 ");
	assert_int_equal(
	    found("{\"or\":[" GLOB("from", "*@example.com") "," GLOB("sha256", "*f") "]}"), 3500);
	stop();
}

static void findings_are_found_by(void **state)
{
	(void)state;
	start();
	finding("before", 1, "hunt", ",\"rules\":[\"late\"],\"facts\":{\"yara\":[\"Late_Rule\"]}");
	assert_int_equal(save_mails(0, 3, 0, NULL), ASSAY_OK);
	assert_string_equal(match(GLOB("rule", "late")), "1 ");
	finding("after", 2, "label", ",\"facts\":{\"size\":[77]}");
	finding("after", 2, "label", "");
	finding("wrong", 2, "label", ",\"label\":\"false_positive\"");
	finding("stray", 9, "hunt", "");
	assert_string_equal(match(GLOB("finding", "*")), "2 1 ");
	assert_string_equal(match(GLOB("finding", "label")), "2 ");
	assert_string_equal(match(GLOB("label", "false*")), "2 ");
	assert_string_equal(match(GLOB("label", "true*")), "");
	assert_string_equal(match(GLOB("yara", "late_rule")), "1 ");
	assert_string_equal(
	    match("{\"word\":\"size\",\"is\":\"size\",\"from\":77,\"to\":77}"), "2 ");
	assert_string_equal(ask("{\"want\":\"findings\"}"), "after before wrong ");
	assert_string_equal(
	    ask("{\"want\":\"findings\",\"match\":" GLOB("finding", "hunt") "}"), "before ");
	erase(0, 3);
	assert_int_equal(number("SELECT count(*) FROM finding"), 1);
	assert_int_equal(number("SELECT count(*) FROM fact"), 0);
	stop();
}

/* nothing_is_left - in any table of reports */
static void nothing_is_left(void)
{
	static const char *const tables[] = { "report", "document", "fact", "value", "ending",
		"net" };

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		assert_int_equal(
		    number(assay_arena_printf(arena, "SELECT count(*) FROM %s", tables[i])), 0);
	assert_int_equal(number("SELECT count(*) FROM part"), 1);
	assert_int_equal(number("SELECT removed FROM part"), 0);
}

static void what_is_erased_is_gone(void **state)
{
	(void)state;
	small_parts(7);
	assert_int_equal(save_mails(0, 40, 0, NULL), ASSAY_OK);
	erase(3, 4);
	assert_int_equal(found(GLOB("from", "from0@example.com")), 13);
	assert_int_equal(found(GLOB("message_id", "m3@example.com")), 0);
	assert_int_equal(number("SELECT count(*) FROM value WHERE text = 'm3@example.com'"), 0);
	assert_int_equal(found(TEXT("text 3 of all")), 0);
	assert_int_equal(found(TEXT("of all")), 39);
	run("INSERT INTO text_1(text_1) VALUES('integrity-check')");
	erase(3, 5);
	assert_int_equal(found(TEXT("of all")), 38);
	assert_int_equal(save_mails(3, 4, 0, NULL), ASSAY_OK);
	assert_int_equal(found(TEXT("text 3 of all")), 1);
	assert_int_equal(expire(0, 0), 0);
	assert_int_equal(found(TEXT("of all")), 39);
	erase(0, 40);
	assert_int_equal(expire(0, 0), 0);
	assert_string_equal(ask("{}"), "");
	nothing_is_left();
	assert_int_equal(save_mails(0, 40, 0, NULL), ASSAY_OK);
	all_is_found();
	stop();
}

/* holds - do the bytes stand in the file? */
static bool holds(const char *text)
{
	struct assay_buf file;
	bool yes;

	assay_buf_init(&file, (size_t)64 << 20);
	assert_int_equal(
	    assay_io_read_file(keep_dir_path(&dir, STORE_FILE), &file, NULL), ASSAY_OK);
	yes = assay_slice_search(assay_buf_slice(&file), assay_slice_str(text)) < file.n;
	assay_buf_release(&file);
	return yes;
}

static void what_is_erased_is_overwritten(void **state)
{
	static const char *const rosa = "{\"n\":\"R\",\"facts\":{\"rcpt\":[\"rosa@example.org\"],"
					"\"subject\":[\"about qzx\"]}}";

	(void)state;
	start();
	assert_int_equal(save_mails(0, 200, 0, NULL), ASSAY_OK);
	assert_int_equal(save(&rosa, 1, NULL), ASSAY_OK);
	fake_host_close(&host);
	run("PRAGMA wal_checkpoint(TRUNCATE)");
	assert_true(holds("rosa@example.org") && holds("gro.elpmaxe@asor"));
	open_store(NULL);
	assert_int_equal(assay_plugin.connector->erase(
			     fake_host_state(host), (const char *const[]){ "1abcde" }, 1, NULL),
	    ASSAY_OK);
	assert_false(holds("rosa@example.org") || holds("gro.elpmaxe@asor"));
	assert_int_equal(expire(0, 0), 0);
	assert_int_equal(number("SELECT count(*) FROM terms_1 WHERE term = 'qzx'"), 0);
	assert_int_equal(number("SELECT removed FROM part"), 0);
	assert_int_equal(found(TEXT("of all")), 200);
	stop();
}

static void what_was_erased_does_not_come_back(void **state)
{
	struct assay_err err;
	json_t *report = NULL;

	(void)state;
	start();
	assert_int_equal(save_mails(0, 2, 0, NULL), ASSAY_OK);
	finding("gone", 1, "erased", "");
	erase(1, 2);
	assert_int_equal(save_mails(0, 3, 0, NULL), ASSAY_OK);
	assert_string_equal(ask("{}"), "2 0 ");
	assert_int_equal(
	    assay_plugin.connector->fetch(fake_host_state(host), id_of(1), &report, &err),
	    ASSAY_E_NOENT);
	assert_non_null(strstr(err.text, "erased by rosa, 2026-02-01"));
	erase(0, 3);
	assert_int_equal(expire(INT64_MAX, 0), 0);
	assert_int_equal(number("SELECT count(*) FROM finding"), 1);
	stop();
}

static void the_old_go_first(void **state)
{
	(void)state;
	small_parts(100);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(
		    save_mails(i * 100, i * 100 + 100, (int64_t)i * DAY, NULL), ASSAY_OK);
	finding("stray", 4000, "hunt", "");
	assert_int_equal(expire(3 * DAY, 0), 300);
	assert_int_equal(found(TEXT("of all")), 700);
	assert_int_equal(number("SELECT count(*) FROM finding"), 1);
	assert_int_equal(number("SELECT min(first) FROM part"), 301);
	assert_int_equal(expire(3 * DAY, 0), 0);
	assert_int_equal(expire(3 * DAY + 1, 0), 100);
	assert_string_equal(ask("{\"limit\":2}"), "999 998 ");
	assert_int_equal(expire(INT64_MAX, 0), 600);
	assert_int_equal(number("SELECT count(*) FROM finding"), 0);
	nothing_is_left();
	stop();
}

/* in_use - bytes of the file that are not free */
static long long in_use(void)
{
	return number("SELECT (SELECT * FROM pragma_page_count) - (SELECT * FROM"
		      " pragma_freelist_count)") *
	    number("PRAGMA page_size");
}

static void the_file_keeps_its_bound(void **state)
{
	const char *const node = TEXT("of all");
	uint64_t gone, bound;

	(void)state;
	small_parts(200);
	assert_int_equal(expire(0, 1), 0);
	for (size_t i = 0; i < 2000; i += 500)
		assert_int_equal(save_mails(i, i + 500, 0, NULL), ASSAY_OK);
	bound = (uint64_t)in_use() / 2;
	gone = expire(0, bound);
	assert_true(in_use() <= (long long)bound);
	/* Neither nothing nor far too much: some 1,000. */
	assert_in_range(gone, 800, 1300);
	assert_int_equal(found(node), 2000 - (long)gone);
	assert_string_equal(ask("{\"limit\":1}"), "1999 ");
	assert_int_equal(save_mails(2000, 2500, 0, NULL), ASSAY_OK);
	(void)expire(0, bound);
	assert_true(in_use() <= (long long)bound);
	assert_string_equal(ask("{\"limit\":1}"), "2499 ");
	stop();
}

/* ---- an older file --------------------------------------------------------------------------- */

static const char schema_1[] =
    "PRAGMA application_id = 1634956153;"
    "CREATE TABLE about(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT INTO about VALUES('schema', 1), ('flushed', 0);"
    "CREATE TABLE report("
    " id INTEGER PRIMARY KEY,"
    " scan_id TEXT NOT NULL UNIQUE,"
    " time INTEGER NOT NULL," /* of the message, ms */
    " fold BLOB NOT NULL,"    /* equal: reports of one mail */
    " superseded INTEGER NOT NULL,"
    " supersedes TEXT,"
    " source_id TEXT);"
    "CREATE INDEX report_time ON report(time);"
    "CREATE INDEX report_supersedes ON report(supersedes) WHERE supersedes IS NOT NULL;"
    "CREATE INDEX report_source ON report(source_id) WHERE source_id IS NOT NULL;"
    "CREATE TABLE document(report INTEGER PRIMARY KEY, json BLOB NOT NULL);"
    "CREATE TABLE word(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE value("
    " id INTEGER PRIMARY KEY,"
    " word INTEGER NOT NULL,"
    " text NOT NULL," /* text, or an integer */
    " shown TEXT,"    /* where its case differs */
    " key BLOB,"
    " net BLOB);"
    "CREATE UNIQUE INDEX value_text ON value(word, text);"
    "CREATE INDEX value_key ON value(word, key) WHERE key IS NOT NULL;"
    "CREATE INDEX value_net ON value(word, net) WHERE net IS NOT NULL;"
    "CREATE TABLE fact(value INTEGER NOT NULL, report INTEGER NOT NULL,"
    " PRIMARY KEY(value, report)) WITHOUT ROWID;"
    "CREATE VIRTUAL TABLE fulltext USING fts5(subject, names, body, content='', columnsize=0,"
    " tokenize='trigram');"
    "CREATE VIRTUAL TABLE fulltext_terms USING fts5vocab(fulltext, row);"
    "CREATE TABLE finding("
    " id TEXT PRIMARY KEY, scan_id TEXT, kind TEXT, json BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX finding_scan ON finding(scan_id);";

/* add_packed - a document into the file of version 1 */
static void add_packed(sqlite3 *db, const char *sql, const char *id, const char *json)
{
	struct assay_buf packed;
	sqlite3_stmt *stmt;

	assay_buf_init(&packed, 1 << 16);
	assert_int_equal(assay_pack(assay_slice_str(json), &packed, NULL), ASSAY_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	(void)sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_blob(stmt, 2, packed.p, (int)packed.n, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
	(void)sqlite3_finalize(stmt);
	assay_buf_release(&packed);
}

/* older_file - 40 mails as version 1 kept them, a finding, and one mail that is damaged */
static void older_file(void)
{
	sqlite3 *db;

	start();
	finding("makes-the-directory", 1, "rescan", "");
	fake_host_close(&host);
	(void)unlink(keep_dir_path(&dir, STORE_FILE));
	(void)unlink(keep_dir_path(&dir, STORE_FILE "-wal"));
	(void)unlink(keep_dir_path(&dir, STORE_FILE "-shm"));
	assert_int_equal(sqlite3_open(keep_dir_path(&dir, STORE_FILE), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, schema_1, NULL, NULL, NULL), SQLITE_OK);
	for (size_t i = 0; i < 40; i++) {
		const char *id = id_of(i);

		assert_int_equal(
		    sqlite3_exec(db,
			assay_arena_printf(arena,
			    "INSERT INTO report(id, scan_id, time, fold, superseded) VALUES(%zu,"
			    " '%s', %zu, x'00', 0)",
			    i + 1, id, i),
			NULL, NULL, NULL),
		    SQLITE_OK);
		add_packed(db,
		    "INSERT INTO document(report, json) SELECT id, ?2 FROM report WHERE scan_id = "
		    "?1",
		    id, mail(i, (int64_t)i * DAY));
	}
	add_packed(db, "INSERT INTO finding(id, scan_id, kind, json) VALUES(?1, 'x', 'hunt', ?2)",
	    "f",
	    assay_arena_printf(arena,
		"{\"n\":\"f\",\"scan_id\":\"%s\",\"kind\":\"hunt\",\"time\":"
		"\"2026-01-01T00:00:00.000Z\"}",
		id_of(5)));
	assert_int_equal(sqlite3_exec(db,
			     "INSERT INTO report(id, scan_id, time, fold, superseded) VALUES(50,"
			     " 'bad', 0, x'00', 0); INSERT INTO document VALUES(50, x'0011')",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	(void)sqlite3_close(db);
	open_store(NULL);
}

/* is_up_to_date - all of it is there */
static void is_up_to_date(void)
{
	all_is_found();
	assert_string_equal(match(GLOB("finding", "hunt")), "5 ");
	assert_int_equal(number("SELECT value FROM about WHERE name = 'schema'"), 2);
	assert_int_equal(number("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%_1'"
				" AND name NOT LIKE 'text%' AND name NOT LIKE 'terms%'"
				" AND name NOT LIKE 'sqlite_autoindex%'"),
	    0);
	assert_int_equal(expire(2 * DAY, 0), 2);
	assert_int_equal(found(TEXT("of all")), 38);
}

static void an_older_file_is_brought_up_to_date(void **state)
{
	(void)state;
	older_file();
	is_up_to_date();
	stop();
	older_file();
	assert_int_equal(save_mails(39, 40, 0, NULL), ASSAY_OK);
	is_up_to_date();
	stop();
}

/* try_with_room - with files of so many bytes at most, in a process of its own */
static int try_with_room(rlim_t most)
{
	const struct rlimit limit = { most, most };
	const pid_t child = fork();
	int status;

	if (child == 0) {
		struct assay_err err;

		(void)signal(SIGXFSZ, SIG_IGN);
		(void)setrlimit(RLIMIT_FSIZE, &limit);
		open_store(NULL);
		_exit((int)save_mails(0, 200, 0, &err));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void an_interrupted_move_begins_anew(void **state)
{
	(void)state;
	older_file();
	fake_host_close(&host);
	assert_int_equal(try_with_room(40 * 1024), ASSAY_E_FULL);
	assert_int_equal(number("SELECT value FROM about WHERE name = 'schema'"), 1);
	assert_int_equal(number("SELECT count(*) FROM report"), 41);
	open_store(NULL);
	is_up_to_date();
	stop();
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static void a_full_disk_loses_nothing(void **state)
{
	(void)state;
	start();
	assert_int_equal(save_mails(0, 100, 0, NULL), ASSAY_OK);
	fake_host_close(&host);
	assert_int_equal(try_with_room(100 * 1024), ASSAY_E_FULL);
	open_store(NULL);
	assert_int_equal(found(TEXT("of all")), 100);
	assert_int_equal(save_mails(0, 200, 0, NULL), ASSAY_OK);
	assert_int_equal(found(TEXT("of all")), 200);
	stop();
}

static void a_full_file_system_loses_nothing(void **state)
{
	struct assay_err err;
	size_t n = 0;

	(void)state;
	keep_dir_make(&dir);
	if (mount("none", dir.path, "tmpfs", 0, "size=2m,mode=0700") != 0) {
		keep_dir_remove(&dir);
		skip();
	}
	dir.mounted = true;
	open_store(NULL);
	while (n < 100000 && save_mails(n, n + 100, 0, &err) == ASSAY_OK)
		n += 100;
	assert_int_equal(err.code, ASSAY_E_FULL);
	assert_int_equal(found(TEXT("of all")), n);
	assert_int_equal(mount("none", dir.path, "tmpfs", MS_REMOUNT, "size=16m,mode=0700"), 0);
	assert_int_equal(save_mails(0, n + 100, 0, &err), ASSAY_OK);
	assert_int_equal(assay_plugin.connector->flush(fake_host_state(host), &err), ASSAY_OK);
	assert_int_equal(found(TEXT("of all")), n + 100);
	stop();
}

static void a_locked_file_is_tried_again(void **state)
{
	struct assay_err err;
	sqlite3 *db;

	(void)state;
	start();
	assert_int_equal(save_mails(0, 1, 0, NULL), ASSAY_OK);
	assert_int_equal(sqlite3_open(keep_dir_path(&dir, STORE_FILE), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(save_mails(1, 3, 0, &err), ASSAY_E_TIMEOUT);
	assert_non_null(strstr(err.text, "locked"));
	assert_string_equal(ask("{}"), "0 ");
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	assert_int_equal(save_mails(1, 3, 0, &err), ASSAY_OK);
	assert_int_equal(assay_plugin.connector->flush(fake_host_state(host), &err), ASSAY_OK);
	assert_string_equal(ask("{}"), "2 1 0 ");
	stop();
}

static void a_damaged_file_is_told(void **state)
{
	struct assay_err err = { .text = "" };
	char noise[2048];
	int fd;

	(void)state;
	start();
	assert_int_equal(save_mails(0, 100, 0, NULL), ASSAY_OK);
	fake_host_close(&host);
	run("PRAGMA wal_checkpoint(TRUNCATE)");
	memset(noise, 0x5a, sizeof noise);
	fd = open(keep_dir_path(&dir, STORE_FILE), O_WRONLY | O_CLOEXEC);
	for (off_t at = 4096; at < 40 * 4096; at += 4096)
		assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
	(void)close(fd);
	open_store(NULL);
	assert_int_equal(save_mails(100, 101, 0, &err), ASSAY_E_IO);
	assert_non_null(strstr(err.text, "damaged"));
	assert_null(strchr(err.text, '\n'));
	assert_non_null(strstr(ask("{}"), "damaged"));
	stop();
}

static void a_question_has_its_time(void **state)
{
	(void)state;
	keep_dir_make(&dir);
	open_store("query_timeout=1ms");
	for (size_t i = 0; i < 3500; i += 500)
		assert_int_equal(save_mails(i, i + 500, 0, NULL), ASSAY_OK);
	assert_non_null(strstr(ask("{\"want\":\"counts\",\"word\":\"message_id\"}"), "too long"));
	again();
	assert_int_equal(found(TEXT("of all")), 3500);
	stop();
}

/* slow_row - while a row is looked at, the WAL can be emptied */
static bool slow_row(void *arg, const json_t *row)
{
	(void)row;
	++*(int *)arg;
	assert_int_equal(number("PRAGMA wal_checkpoint(TRUNCATE)"), 0);
	return *(int *)arg < 3;
}

static void slow_readers_hold_up_nobody(void **state)
{
	json_t *query = json_object();
	int rows = 0;

	(void)state;
	start();
	assert_int_equal(save_mails(0, 10, 0, NULL), ASSAY_OK);
	assert_int_equal(
	    assay_plugin.connector->query(fake_host_state(host), query, slow_row, &rows, NULL),
	    ASSAY_OK);
	assert_int_equal(rows, 3);
	json_decref(query);
	stop();
}

/* ---- who may read ---------------------------------------------------------------------------- */

#define MEMBERS 54321u
#define SOMEBODY 54322u

/* ask_as - what a user of a group finds, in a process of its own: 0 all, 1 nothing, 2 an error */
static int ask_as(gid_t group)
{
	const pid_t child = fork();
	int status;

	if (child == 0) {
		const char *out;

		if (setgroups(1, &group) != 0 || setgid(SOMEBODY) != 0 || setuid(SOMEBODY) != 0)
			_exit(3);
		open_store(NULL);
		out = ask("{}");
		_exit(strcmp(out, "2 1 0 ") == 0 ? 0 : strcmp(out, "") == 0 ? 1 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void members_of_the_group_may_read(void **state)
{
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	keep_dir_make(&dir);
	(void)chmod(dir.path, 0755);
	open_store("group=54321");
	assert_int_equal(save_mails(0, 3, 0, NULL), ASSAY_OK);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = { STORE_FILE, STORE_FILE "-wal",
			STORE_FILE "-shm" };

		assert_int_equal(stat(keep_dir_path(&dir, names[i]), &st), 0);
		assert_int_equal(st.st_gid, MEMBERS);
		assert_int_equal(st.st_mode & 0777, 0640);
	}
	/* While the writer has it open, and when nobody has. */
	assert_int_equal(ask_as(MEMBERS), 0);
	assert_int_equal(ask_as(SOMEBODY), 2);
	fake_host_close(&host);
	assert_int_equal(ask_as(MEMBERS), 0);
	keep_dir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parts_are_one_store, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    what_is_frequent_is_found_too, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(findings_are_found_by, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(what_is_erased_is_gone, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    what_is_erased_is_overwritten, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    what_was_erased_does_not_come_back, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(the_old_go_first, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(the_file_keeps_its_bound, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    an_older_file_is_brought_up_to_date, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    an_interrupted_move_begins_anew, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    a_full_file_system_loses_nothing, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    a_locked_file_is_tried_again, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_told, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(a_question_has_its_time, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    slow_readers_hold_up_nobody, make_arena, free_arena),
		cmocka_unit_test_setup_teardown(
		    members_of_the_group_may_read, make_arena, free_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
