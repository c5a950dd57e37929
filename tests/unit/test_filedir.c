/* rooms: plugin_filedir fakehost text base */
/*
 * tests of plugins/archiver/filedir: both halves, twice the same, damage, full disk, no permission
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/slice.h"
#include "fake_host.h"
#include "keep_dir.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC_FILE "/a/ba/78/" ABC
#define ID "01234567-89ab-4cde-8f01-23456789abcd"

static struct keep_dir dir;
static struct fake_host *host;

/* start - the plugin over a fresh directory */
static void start(const char *more, const char *still)
{
	const char *opts[] = { NULL, NULL, more, more != NULL ? still : NULL, NULL };

	keep_dir_make(&dir);
	opts[0] = keep_dir_opt(&dir, "archive_dir", "/a");
	opts[1] = keep_dir_opt(&dir, "results_dir", "/r");
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, NULL), ASSAY_OK);
}

static void stop(void)
{
	fake_host_close(&host);
	keep_dir_remove(&dir);
}

/* start_erasing - as start; the plugin's state */
static void *start_erasing(const char *more, const char *still)
{
	start(more, still);
	return fake_host_state(host);
}

static enum assay_status put(const char *sha256, struct assay_slice bytes, struct assay_err *err)
{
	return assay_plugin.archiver->put(fake_host_state(host), sha256, bytes, err);
}

/* got - what the archive gives for a reference, or the status it fails with */
static enum assay_status got(const char *ref, struct assay_buf *buf, struct assay_err *err)
{
	enum assay_status status;
	int fd;

	assay_buf_init(buf, 1 << 20);
	status = assay_plugin.archiver->get(fake_host_state(host), ref, &fd, err);
	if (status != ASSAY_OK) {
		assert_int_equal(fd, -1);
		return status;
	}
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(assay_io_read_all(fd, buf, NULL), ASSAY_OK);
	assay_io_close(&fd);
	return status;
}

/* assert_gives_abc - the reference leads to the three bytes */
static void assert_gives_abc(const char *ref)
{
	struct assay_buf buf;

	assert_int_equal(got(ref, &buf, NULL), ASSAY_OK);
	assert_string_equal(buf.p, "abc");
	assay_buf_release(&buf);
}

static enum assay_status save(const char *id, const char *json, struct assay_err *err)
{
	const struct assay_record record = { "report", id, assay_slice_str(json) };

	return assay_plugin.connector->save(fake_host_state(host), &record, 1, err);
}

static void keeps_a_payload_and_gives_it_back(void **state)
{
	struct stat st;
	char ref[100];

	(void)state;
	start(NULL, NULL);
	assert_int_equal(put(ABC, ASSAY_SLICE_LIT("abc"), NULL), ASSAY_OK);
	assert_int_equal(put(ABC, ASSAY_SLICE_LIT("abc"), NULL), ASSAY_OK);
	assert_string_equal(keep_dir_read(&dir, ABC_FILE), "abc");
	assert_int_equal(keep_dir_files(&dir), 1);
	assert_int_equal(stat(keep_dir_path(&dir, ABC_FILE), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assay_plugin.archiver->ref(fake_host_state(host), ABC, ref, sizeof ref);
	assert_string_equal(ref, "filedir:" ABC);
	assert_gives_abc(ref);
	assert_gives_abc(ABC);
	assert_gives_abc("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
	stop();
}

static void takes_nothing_but_digests(void **state)
{
	static const char *const bad[] = { "", "filedir:", "../../../../etc/passwd", ABC "0",
		"filedir:filedir:" ABC, "other:" ABC,
		"../816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" };
	struct assay_buf buf;
	struct assay_err err;

	(void)state;
	start(NULL, NULL);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(got(bad[i], &buf, &err), ASSAY_E_USAGE);
		assert_int_equal(put(bad[i], ASSAY_SLICE_LIT("abc"), &err), ASSAY_E_USAGE);
	}
	assert_int_equal(got(ABC, &buf, &err), ASSAY_E_NOENT);
	assert_non_null(strstr(err.text, "is not in the archive"));
	assert_int_equal(keep_dir_files(&dir), 0);
	stop();
}

static void notices_damage_and_mends_it(void **state)
{
	struct assay_buf buf;
	struct assay_err err;

	(void)state;
	start(NULL, NULL);
	assert_int_equal(put(ABC, ASSAY_SLICE_LIT("abc"), NULL), ASSAY_OK);
	keep_dir_write(&dir, ABC_FILE, "abd");
	assert_int_equal(got(ABC, &buf, &err), ASSAY_E_SYNTAX);
	assert_non_null(strstr(err.text, "damaged"));
	keep_dir_write(&dir, ABC_FILE, "ab");
	assert_int_equal(put(ABC, ASSAY_SLICE_LIT("abc"), NULL), ASSAY_OK);
	assert_gives_abc(ABC);
	assert_int_equal(unlink(keep_dir_path(&dir, ABC_FILE)), 0);
	assert_int_equal(symlink("/etc/passwd", keep_dir_path(&dir, ABC_FILE)), 0);
	assert_int_equal(got(ABC, &buf, &err), ASSAY_E_IO);
	stop();
}

/* Of 100,000 zero bytes. */
#define ZEROS "9192c25b734fcbadbe32dadc28089c60db0e39f90cc20ce2e5733f57261acc0c"

static void compresses_when_it_helps(void **state)
{
	static char zeros[100000];
	char cut[90];
	struct assay_buf buf;
	struct assay_err err;

	(void)state;
	start("compress=zstd", "max_size=200000B");
	assert_int_equal(put(ZEROS, assay_slice(zeros, sizeof zeros), NULL), ASSAY_OK);
	assert_int_equal(put(ZEROS, assay_slice(zeros, sizeof zeros), NULL), ASSAY_OK);
	assert_int_equal(put(ABC, ASSAY_SLICE_LIT("abc"), NULL), ASSAY_OK);
	assert_string_equal(keep_dir_read(&dir, ABC_FILE), "abc");
	assert_int_equal(keep_dir_files(&dir), 2);
	(void)snprintf(cut, sizeof cut, "/a/%.2s/%.2s/%s.zst", ZEROS, &ZEROS[2], ZEROS);
	assert_int_equal(access(keep_dir_path(&dir, cut), R_OK), 0);
	assert_int_equal(got(ZEROS, &buf, NULL), ASSAY_OK);
	assert_int_equal(buf.n, sizeof zeros);
	assert_memory_equal(buf.p, zeros, sizeof zeros);
	assay_buf_release(&buf);
	assert_int_equal(truncate(keep_dir_path(&dir, cut), 12), 0);
	assert_int_equal(got(ZEROS, &buf, &err), ASSAY_E_SYNTAX);
	stop();
}

static void gives_no_more_than_it_may(void **state)
{
	struct assay_buf buf;
	struct assay_err err;

	(void)state;
	start("max_size=2B", NULL);
	assert_int_equal(put(ABC, ASSAY_SLICE_LIT("abc"), NULL), ASSAY_OK);
	assert_int_equal(got(ABC, &buf, &err), ASSAY_E_LIMIT);
	assert_non_null(strstr(err.text, "max_size"));
	stop();
}

static void a_full_disk_leaves_nothing_half(void **state)
{
	static char much[1 << 17];
	struct assay_err err;

	(void)state;
	start(NULL, NULL);
	if (!keep_dir_small(&dir)) {
		stop();
		skip();
	}
	assert_int_equal(put(ABC, assay_slice(much, sizeof much), &err), ASSAY_E_FULL);
	assert_non_null(strstr(err.text, "No space left"));
	assert_int_equal(keep_dir_files(&dir), 0);
	assert_int_equal(put(ABC, ASSAY_SLICE_LIT("abc"), NULL), ASSAY_OK);
	assert_gives_abc(ABC);
	stop();
}

static void says_where_it_may_not_write(void **state)
{
	struct assay_err err;

	(void)state;
	start(NULL, NULL);
	keep_dir_write(&dir, "/a", "");
	keep_dir_write(&dir, "/r", "");
	assert_int_not_equal(put(ABC, ASSAY_SLICE_LIT("abc"), &err), ASSAY_OK);
	assert_non_null(strstr(err.text, dir.path));
	assert_int_not_equal(save(ID, "{}", &err), ASSAY_OK);
	assert_non_null(strstr(err.text, dir.path));
	stop();
}

static void writes_one_file_per_report(void **state)
{
	const struct assay_record finding = { "finding", ID, ASSAY_SLICE_LIT("{\"f\":1}") };
	struct assay_err err;

	(void)state;
	start(NULL, NULL);
	assert_int_equal(save(ID, "{\"a\":1}", NULL), ASSAY_OK);
	assert_int_equal(save(ID, "{\"a\":2}", NULL), ASSAY_OK);
	assert_string_equal(keep_dir_read(&dir, "/r/" ID ".json"), "{\"a\":1}\n");
	assert_int_equal(save("../../x", "{}", &err), ASSAY_E_SYNTAX);
	assert_int_equal(save("01234567-89ab-4cde-8f01-23456789abc/", "{}", &err), ASSAY_E_SYNTAX);
	assert_int_equal(keep_dir_files(&dir), 1);
	assert_int_equal(
	    assay_plugin.connector->save(fake_host_state(host), &finding, 1, NULL), ASSAY_OK);
	assert_string_equal(keep_dir_read(&dir, "/r/" ID ".finding.json"), "{\"f\":1}\n");
	stop();
}

static void sorts_by_day(void **state)
{
	struct assay_err err;

	(void)state;
	start("date_mode=yes", NULL);
	assert_int_equal(save(ID, "{\"time\":\"2026-11-21T10:00:00.000Z\"}", NULL), ASSAY_OK);
	assert_int_equal(access(keep_dir_path(&dir, "/r/2026/11/21/" ID ".json"), R_OK), 0);
	assert_int_equal(save(ID, "{\"time\":\"../../../..\"}", NULL), ASSAY_OK);
	assert_int_equal(access(keep_dir_path(&dir, "/r/undated/" ID ".json"), R_OK), 0);
	assert_int_equal(save(ID, "{\"time\":", &err), ASSAY_E_SYNTAX);
	stop();
}

static void parts_by_plugin(void **state)
{
	(void)state;
	start("by_plugin=yes", "date_mode=yes");
	assert_int_equal(save(ID,
			     "{\"scan_id\":\"" ID "\",\"time\":\"2026-11-21T1\",\"results\":["
			     "{\"payload_id\":\"0\",\"workers\":{\"hash\":{\"md5\":\"x\"},"
			     "\"../up\":{}}},"
			     "{\"payload_id\":\"0.0\",\"workers\":{\"hash\":null}}]}",
			     NULL),
	    ASSAY_OK);
	assert_string_equal(keep_dir_read(&dir, "/r/hash/2026/11/21/" ID ".json"),
	    "{\"plugin\":\"hash\",\"scan_id\":\"" ID "\",\"time\":\"2026-11-21T1\",\"results\":["
	    "{\"payload_id\":\"0\",\"result\":{\"md5\":\"x\"}},"
	    "{\"payload_id\":\"0.0\",\"result\":null}]}\n");
	assert_string_equal(keep_dir_read(&dir, "/r/report/2026/11/21/" ID ".json"),
	    "{\"scan_id\":\"" ID "\",\"time\":\"2026-11-21T1\",\"results\":["
	    "{\"payload_id\":\"0\"},{\"payload_id\":\"0.0\"}]}\n");
	assert_int_equal(keep_dir_files(&dir), 2);
	stop();
}

static void erases_a_payload(void **state)
{
	static char zeros[100000];
	void *const self = start_erasing("compress=zstd", NULL);
	struct assay_err err;

	(void)state;
	assert_int_equal(put(ABC, ASSAY_SLICE_LIT("abc"), NULL), ASSAY_OK);
	assert_int_equal(put(ZEROS, assay_slice(zeros, sizeof zeros), NULL), ASSAY_OK);
	assert_int_equal(assay_plugin.archiver->erase(self, ABC, NULL), ASSAY_OK);
	assert_int_equal(keep_dir_files(&dir), 1);
	assert_int_equal(assay_plugin.archiver->erase(self, "filedir:" ZEROS, NULL), ASSAY_OK);
	assert_int_equal(keep_dir_files(&dir), 0);
	assert_int_equal(assay_plugin.archiver->erase(self, ABC, &err), ASSAY_E_NOENT);
	assert_non_null(strstr(err.text, "is not in the archive"));
	assert_int_equal(assay_plugin.archiver->erase(self, "../x", &err), ASSAY_E_USAGE);
	stop();
}

/* Of these the first and the last are erased. */
static const char *const ids[] = { ID, "11111111-89ab-4cde-8f01-23456789abcd",
	"22222222-89ab-4cde-8f01-23456789abcd" };

/* save_all - three reports and a finding of each kind about each */
static void save_all(void)
{
	static const char *const kinds[] = { "label", "erased" };
	char json[200], finding[40];

	for (int i = 0; i < 3; i++) {
		(void)snprintf(json, sizeof json,
		    "{\"time\":\"2026-11-2%dT1\",\"results\":[{\"workers\":{\"hash\":{}}}]}", i);
		assert_int_equal(save(ids[i], json, NULL), ASSAY_OK);
		for (int k = 0; k < 2; k++) {
			struct assay_record record = { "finding", finding, { json, 0 } };

			(void)snprintf(finding, sizeof finding, "f%d%d00000%s", i, k, ID + 8);
			(void)snprintf(json, sizeof json,
			    "{\"scan_id\":\"%s\",\"kind\":\"%s\",\"time\":\"2026-11-29T1\"}",
			    ids[i], kinds[k]);
			record.json.n = strlen(json);
			assert_int_equal(
			    assay_plugin.connector->save(fake_host_state(host), &record, 1, NULL),
			    ASSAY_OK);
		}
	}
}

/* erases_reports_of - with what they are named in this layout */
static void erases_reports_of(const char *by_date, const char *by_plugin, size_t per_report)
{
	const char *const gone[] = { ids[2], "33333333-89ab-4cde-8f01-23456789abcd", ids[0],
		"../x" };
	void *const self = start_erasing(by_date, by_plugin);

	assert_int_equal(assay_plugin.connector->erase(self, gone, 4, NULL), ASSAY_OK);
	save_all();
	keep_dir_write(&dir, "/r/" ID "x.json", "another's");
	keep_dir_write(&dir, "/r/." ID ".json.12.tmp", "left by a crash");
	assert_int_equal(keep_dir_files(&dir), 3 * (per_report + 2) + 2);
	assert_int_equal(assay_plugin.connector->erase(self, gone, 0, NULL), ASSAY_OK);
	assert_int_equal(keep_dir_files(&dir), 3 * (per_report + 2) + 2);
	assert_int_equal(assay_plugin.connector->erase(self, gone, 4, NULL), ASSAY_OK);
	/* One whole, that two were erased, and what is not ours. */
	assert_int_equal(keep_dir_files(&dir), per_report + 2 + 2 + 1);
	assert_int_equal(assay_plugin.connector->erase(self, &ids[1], 1, NULL), ASSAY_OK);
	assert_int_equal(keep_dir_files(&dir), 3 + 1);
	stop();
}

static void erases_reports_wherever_they_are(void **state)
{
	(void)state;
	erases_reports_of("date_mode=no", "by_plugin=no", 1);
	erases_reports_of("date_mode=yes", "by_plugin=no", 1);
	erases_reports_of("date_mode=no", "by_plugin=yes", 2);
	erases_reports_of("date_mode=yes", "by_plugin=yes", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_a_payload_and_gives_it_back),
		cmocka_unit_test(takes_nothing_but_digests),
		cmocka_unit_test(notices_damage_and_mends_it),
		cmocka_unit_test(compresses_when_it_helps),
		cmocka_unit_test(gives_no_more_than_it_may),
		cmocka_unit_test(a_full_disk_leaves_nothing_half),
		cmocka_unit_test(says_where_it_may_not_write),
		cmocka_unit_test(writes_one_file_per_report),
		cmocka_unit_test(sorts_by_day),
		cmocka_unit_test(parts_by_plugin),
		cmocka_unit_test(erases_a_payload),
		cmocka_unit_test(erases_reports_wherever_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
