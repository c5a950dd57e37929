/* rooms: plugin_stdout fakehost text base */
/*
 * tests of plugins/connector/stdout: a line per report; nobody reads
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/slice.h"
#include "fake_host.h"
#include "keep_dir.h"

/* saved - what the plugin writes into `to` instead of standard output, and its status */
static enum assay_status saved(struct fake_host *host, int to)
{
	const struct assay_record records[] = {
		{ "report", "1", ASSAY_SLICE_LIT("{\"a\":1}") },
		{ "finding", "2", ASSAY_SLICE_LIT("{}") },
	};
	const int kept = dup(STDOUT_FILENO);
	enum assay_status status;

	(void)fflush(stdout);
	assert_true(dup2(to, STDOUT_FILENO) >= 0);
	status = assay_plugin.connector->save(fake_host_state(host), records, 2, NULL);
	assert_true(dup2(kept, STDOUT_FILENO) >= 0);
	(void)close(kept);
	return status;
}

static void a_line_per_report(void **state)
{
	struct fake_host *host;
	char text[100];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fake_host_open(&assay_plugin, NULL, NULL, &host, NULL), ASSAY_OK);
	assert_int_equal(saved(host, ends[1]), ASSAY_OK);
	assert_int_equal(read(ends[0], text, sizeof text), 11);
	assert_memory_equal(text, "{\"a\":1}\n{}\n", 11);
	(void)close(ends[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(saved(host, ends[1]), ASSAY_E_DEAD);
	(void)close(ends[1]);
	fake_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_line_per_report) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
