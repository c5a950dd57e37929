/* rooms: core text base */
/*
 * tests/unit/test_keeper.c - the door of late rescans (core/rescan.c) as a process: what lies in
 * spool/rescan is asked of a stand-in for the service's scan processes, and goes only when its
 * report is kept
 *
 * Doors with a provider are tested with the whole service, tests/integration.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "core/json.h"
#include "core/keeper.h"
#include "core/queue.h"
#include "core/spool.h"
#include "core/wire.h"

#define OLD "11111111-1111-4111-8111-111111111111"
#define NEW "22222222-2222-4222-8222-222222222222"

static char home[64];
static int listener, life[2];
static pid_t keeper;

/* load - the configuration of the home: no plugin at all */
static struct assay_config *load(void)
{
	const char *const core[] = { "plugins=", "dispatchers=", "always_dispatch=", NULL };
	const struct assay_config_source source = { .home = home, .core_opts = core };
	struct assay_config *config = NULL;
	struct assay_err err;

	assert_int_equal(assay_config_load(&source, &config, &err), ASSAY_OK);
	return config;
}

/* listen_there - HOME/run/bulk.sock */
static void listen_there(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	(void)snprintf(to.sun_path, sizeof to.sun_path, "%s/run/" ASSAY_RUN_BULK, home);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&to, sizeof to), 0);
	assert_int_equal(listen(listener, 8), 0);
}

/* leave_one - an unfinished message in spool/rescan */
static void leave_one(void)
{
	const struct assay_spool_options options = { .var = home,
		.connectors = (const char *const[]){ NULL },
		.archivers = (const char *const[]){ NULL } };
	json_t *request =
	    json_pack("{s:s,s:s,s:s}", "scan_id", NEW, "supersedes", OLD, "source", "test");
	struct assay_spool *spool;
	struct assay_err err;

	assert_int_equal(assay_spool_open(&options, &spool, &err), ASSAY_OK);
	assert_int_equal(assay_spool_rescan(spool, request,
			     (struct assay_slice){ "Subject: x\n\nbody\n", 17 }, &err),
	    ASSAY_OK);
	assay_spool_close(&spool);
	json_decref(request);
}

/* left - files in spool/rescan */
static uint64_t left(void)
{
	struct assay_queue_size size;
	struct assay_queue *queue;
	struct assay_err err;

	assert_int_equal(assay_queue_open(home, "rescan", &queue, &err), ASSAY_OK);
	assert_int_equal(assay_queue_measure(queue, &size, &err), ASSAY_OK);
	assay_queue_close(&queue);
	return size.files;
}

/* start - the process */
static void start(void)
{
	struct assay_board board;
	struct assay_err err;
	char run[96];

	(void)snprintf(run, sizeof run, "%s/run", home);
	assert_int_equal(assay_board_create(run, &board, &err), ASSAY_OK);
	assert_int_equal(pipe2(life, O_CLOEXEC), 0);
	keeper = fork();
	if (keeper == 0) {
		struct assay_role role = { .kind = "rescan",
			.name = "",
			.slot = 9,
			.life = life[0],
			.board_fd = -1,
			.inline_sock = -1,
			.bulk_sock = -1,
			.out_fd = -1,
			.board = board,
			.page = assay_board_slot(&board, 9) };

		(void)close(life[1]);
		assay_log_set_level(ASSAY_LOG_ERROR);
		_exit(assay_keeper_rescan(&role, load()));
	}
	assay_board_close(&board);
	(void)close(life[0]);
}

/* stop - its exit code */
static int stop(void)
{
	int status;

	(void)close(life[1]);
	assert_int_equal(waitpid(keeper, &status, 0), keeper);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* converse - be the scan process for one mail; `die` before the answer */
static void converse(bool die)
{
	int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC), fd;
	struct assay_wire_verdict verdict = { .action = ASSAY_ACTION_ACCEPT };
	static const char report[] =
	    "{\"schema\":\"assay/1\",\"scan_id\":\"" NEW "\",\"verdict\":{}}";
	struct assay_wire_request asked;
	struct assay_wire_frame frame;
	struct assay_wire wire;
	struct assay_err err;
	json_t *request;

	assert_true(sock >= 0);
	assay_wire_init(&wire, sock);
	assert_int_equal(assay_wire_send_ready(sock, 0, &err), ASSAY_OK);
	assert_int_equal(assay_wire_read(&wire, &frame, &err), ASSAY_OK);
	assert_int_equal(assay_wire_get_request(&frame, &asked, &err), ASSAY_OK);
	assert_int_equal(assay_json_parse(asked.json, &request, &err), ASSAY_OK);
	assert_string_equal(assay_json_get_str(request, "scan_id"), NEW);
	assert_string_equal(assay_json_get_str(request, "supersedes"), OLD);
	assert_string_equal(assay_json_get_str(request, "source"), "test");
	/* It has the longer time, which runs from now where it was asked early. */
	assert_true((asked.deadline_ms < 0 ? -asked.deadline_ms
					   : asked.deadline_ms - assay_clock_mono_ms()) > 600000);
	if (!die) {
		verdict.report_size = sizeof report - 1;
		(void)snprintf(verdict.scan_id, sizeof verdict.scan_id, "%s", NEW);
		assert_int_equal(assay_io_memfd("report", &fd, &err), ASSAY_OK);
		assert_int_equal(
		    assay_io_write_full(fd, report, sizeof report - 1, &err), ASSAY_OK);
		assert_int_equal(assay_wire_send_verdict(sock, &verdict, fd, -1, &err), ASSAY_OK);
		assay_io_close(&fd);
	}
	json_decref(request);
	assay_wire_drop(&frame);
	assay_wire_release(&wire);
}

static int setup(void **state)
{
	char run[96];

	(void)state;
	(void)snprintf(home, sizeof home, "/tmp/assay-keeper-XXXXXX");
	if (mkdtemp(home) == NULL)
		return -1;
	(void)snprintf(run, sizeof run, "%s/run", home);
	if (mkdir(run, 0700) != 0)
		return -1;
	listen_there();
	leave_one();
	return 0;
}

static int teardown(void **state)
{
	char command[120];
	pid_t pid = fork();

	(void)state;
	(void)snprintf(command, sizeof command, "%s", home);
	if (pid == 0) {
		(void)execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
	assay_io_close(&listener);
	return 0;
}

static void a_late_scan_takes_the_message_away(void **state)
{
	(void)state;
	assert_int_equal(left(), 1);
	start();
	converse(true); /* dies: asked again */
	converse(false);
	for (int i = 0; left() > 0 && i < 300; i++)
		(void)usleep(50000);
	assert_int_equal(left(), 0);
	assert_int_equal(stop(), 0);
}

static void without_an_answer_it_stays(void **state)
{
	(void)state;
	start();
	(void)kill(keeper, SIGKILL);
	assert_int_equal(stop(), 128 + SIGKILL);
	assert_int_equal(left(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_late_scan_takes_the_message_away, setup, teardown),
		cmocka_unit_test_setup_teardown(without_an_answer_it_stays, setup, teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
