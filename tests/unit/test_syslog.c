/* rooms: plugin_syslog fakehost text base */
/*
 * tests of plugins/connector/syslog: the line, three kinds of socket, reconnecting, addresses
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/slice.h"
#include "fake_host.h"
#include "keep_dir.h"

static const char report[] =
    "{\"scan_id\":\"S\",\"status\":\"scanned\",\"status_reason\":null,\"duration_ms\":7,"
    "\"request_meta\":{\"queue_id\":\"Q1\"},\"facts\":{\"from\":[\"a@b.example\"],"
    "\"subject\":[\"two \\\"words\\\"\\n<34>1 x\\u202e\"],"
    "\"filename\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]},"
    "\"results\":[{},{}],\"errors\":[],\"verdict\":{\"action\":\"quarantine\",\"rule\":\"r\"}}";
static const char words[] =
    " report - scan_id=S status=scanned verdict=quarantine rule=r queue_id=Q1 duration_ms=7 "
    "from=a@b.example subject=\"two \\\"words\\\"\\x0a<34>1 x\\u202e\" filename=1,2,3,4,5 "
    "filename_count=6 payloads=2";

static struct keep_dir dir;

static enum assay_status save(struct fake_host *host, const char *json, struct assay_err *err)
{
	const struct assay_record record = { "report", "S", assay_slice_str(json) };

	return assay_plugin.connector->save(fake_host_state(host), &record, 1, err);
}

/* listen_unix - a socket in the directory */
static int listen_unix(int type)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	(void)snprintf(name.sun_path, sizeof name.sun_path, "%.90s/log", dir.path);
	(void)unlink(name.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/* listen_net - on any port of the loopback; "address=KIND:127.0.0.1:PORT" */
static int listen_net(int type, const char *kind, char address[64])
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t n = sizeof name;
	const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &n), 0);
	(void)snprintf(
	    address, 64, "address=%s:127.0.0.1:%u", kind, (unsigned)ntohs(name.sin_port));
	return fd;
}

/* unix_address - of listen_unix */
static const char *unix_address(void)
{
	static char text[300];

	(void)snprintf(text, sizeof text, "address=unix:%s/log", dir.path);
	return text;
}

/* opened - the plugin with two options */
static struct fake_host *opened(const char *one, const char *two)
{
	const char *const opts[] = { one, two, NULL };
	struct fake_host *host;

	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, NULL), ASSAY_OK);
	return host;
}

/* text_of - the next thing that comes */
static char *text_of(int fd)
{
	static char text[1 << 17];
	const ssize_t n = recv(fd, text, sizeof text - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

static void a_line_by_datagram(void **state)
{
	struct fake_host *host;
	struct assay_err err;
	const char *text;
	int fd;

	(void)state;
	keep_dir_make(&dir);
	fd = listen_unix(SOCK_DGRAM);
	host = opened(unix_address(), NULL);
	assert_int_equal(save(host, report, NULL), ASSAY_OK);
	text = text_of(fd);
	assert_memory_equal(text, "<21>1 2", 7);
	assert_non_null(strstr(text, " assay "));
	assert_string_equal(strstr(text, " report - "), words);
	(void)close(fd);
	fd = listen_unix(SOCK_DGRAM);
	assert_int_equal(save(host, "{\"status\":\"partial\"}", NULL), ASSAY_OK);
	assert_memory_equal(text_of(fd), "<20>1 ", 6);
	(void)close(fd);
	assert_int_not_equal(save(host, report, &err), ASSAY_OK);
	assert_non_null(strstr(err.text, "/log"));
	assert_int_equal(save(host, "{", &err), ASSAY_E_SYNTAX);
	fake_host_close(&host);
	keep_dir_remove(&dir);
}

static void a_line_on_a_unix_stream(void **state)
{
	struct fake_host *host;
	char *text;
	int fd, taken;

	(void)state;
	keep_dir_make(&dir);
	fd = listen_unix(SOCK_STREAM);
	host = opened(unix_address(), NULL);
	assert_int_equal(save(host, "{}", NULL), ASSAY_OK);
	taken = accept(fd, NULL, NULL);
	text = text_of(taken);
	assert_string_equal(strstr(text, "report"), "report - \n");
	(void)close(taken);
	fake_host_close(&host);
	(void)close(fd);
	keep_dir_remove(&dir);
}

static void counted_lines_over_tcp_and_again(void **state)
{
	struct fake_host *host;
	char address[64], *end;
	int fd, taken;
	long n;

	(void)state;
	fd = listen_net(SOCK_STREAM, "tcp", address);
	host = opened(address, "facility=local7");
	assert_int_equal(save(host, "{}", NULL), ASSAY_OK);
	taken = accept(fd, NULL, NULL);
	n = strtol(text_of(taken), &end, 10);
	assert_int_equal(n, strlen(end + 1));
	assert_memory_equal(end, " <190>1 ", 8);
	(void)close(taken);
	/* The first line after the far side went may be lost; the next goes to a new connection. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(save(host, "{}", NULL), ASSAY_OK);
	taken = accept(fd, NULL, NULL);
	assert_true(strlen(text_of(taken)) > 0);
	(void)close(taken);
	fake_host_close(&host);
	(void)close(fd);
}

static void the_report_where_it_fits(void **state)
{
	static char much[100000];
	struct fake_host *host;
	char address[64];
	int fd;

	(void)state;
	fd = listen_net(SOCK_DGRAM, "udp", address);
	host = opened(address, "report=yes");
	assert_int_equal(save(host, report, NULL), ASSAY_OK);
	assert_string_equal(strstr(text_of(fd), " - {") + 3, report);
	(void)snprintf(
	    much, sizeof much, "{\"scan_id\":\"S\",\"x\":\"%0*d\"}", (int)sizeof much - 50, 0);
	assert_int_equal(save(host, much, NULL), ASSAY_OK);
	assert_string_equal(strstr(text_of(fd), " - ") + 3, "scan_id=S");
	fake_host_close(&host);
	(void)close(fd);
}

static void addresses_are_checked(void **state)
{
	static const char *const bad[] = { "address=", "address=unix:", "address=unix:rel",
		"address=file:/x", "address=udp:h:port", "address=udp:[::1]x" };
	static const char *const good[] = { "address=udp:", "address=tcp:[::1]:601", "address=tcp",
		"address=udp:localhost", "address=unix:/dev/log" };
	struct fake_host *host;
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *const opts[] = { bad[i], NULL };

		assert_int_equal(
		    fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_E_CONF);
		assert_non_null(strstr(err.text, "unix:/path"));
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		host = opened(good[i], NULL);
		fake_host_close(&host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_by_datagram),
		cmocka_unit_test(a_line_on_a_unix_stream),
		cmocka_unit_test(counted_lines_over_tcp_and_again),
		cmocka_unit_test(the_report_where_it_fits),
		cmocka_unit_test(addresses_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
