/*
 * core/cmd/cmd_milter_check.c - `assay milter-check`: does the milter answer, and what?
 *
 * Speaks to its socket as a mail server would: a clean mail, then one with the EICAR test file,
 * and says in words what came back. Exit 0: as it should be; 1: the clean mail is not let through,
 * or the other one is although answers are enforced; 75: nobody answers; 65: it is no milter.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "mta/mta.h"
#include "text/printable.h"

#include "core/cmd/cmd.h"
#include "core/host.h"
#include "core/listen.h"
#include "core/policy.h"

#define PATIENCE_S 90 /* between two signs of life */
#define OUT_MAX ((size_t)64 * 1024)
#define MAIL_MAX ((size_t)256 << 20)

enum { MAIL };

static const struct assay_arg check_args[] = {
	{ 'm', "mail", "FILE", "Show it this mail instead; repeatable" },
	{ 0, NULL, NULL, NULL },
};

/* What goes on. */
struct check {
	const char *spec; /* NULL: the first one of [milter] listen */
	struct assay_words mails;
	struct assay_config *config;
	struct assay_host *host;
	bool enforces;
	struct assay_buf out;
	unsigned shown;
	bool no_input; /* a file that cannot be read */
	struct assay_err err;
};

/* In two pieces, so that this program is no finding itself. */
static const char eicar[2][40] = { "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-",
	"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*" };

/* add_mail - a message, with the test file if asked for */
static void add_mail(struct assay_buf *mail, const char *subject, bool infected)
{
	(void)assay_buf_printf(mail,
	    "From: assay milter-check <milter-check@assay.invalid>\r\n"
	    "To: nobody@assay.invalid\r\nSubject: %s\r\n"
	    "Message-ID: <%s.milter-check@assay.invalid>\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
	    "--b\r\nContent-Type: text/plain\r\n\r\nThis is a test of assay.\r\n",
	    subject, infected ? "test-file" : "clean");
	if (infected)
		(void)assay_buf_printf(mail,
		    "--b\r\nContent-Type: application/octet-stream\r\n"
		    "Content-Disposition: attachment; filename=eicar.com\r\n\r\n%s%s\r\n",
		    eicar[0], eicar[1]);
	(void)assay_buf_add_str(mail, "--b--\r\n");
}

/* is_let_through - somebody would get it */
static bool is_let_through(const struct assay_mta_answer *answer)
{
	return !answer->held &&
	    (answer->letter == ASSAY_PROTO_ACCEPT || answer->letter == ASSAY_PROTO_CONTINUE);
}

/* in_words - what a mail server would do */
static const char *in_words(const struct assay_mta_answer *answer)
{
	switch (answer->letter) {
	case ASSAY_PROTO_DISCARD:
		return "discarded";
	case ASSAY_PROTO_REJECT:
		return "rejected";
	case ASSAY_PROTO_TEMPFAIL:
		return "put off";
	case ASSAY_PROTO_REPLY:
		return answer->text[0] == '5' ? "rejected" : "put off";
	default:
		return answer->held ? "held" : "accepted";
	}
}

/* add_foreign - what the filter says; a percent sign stands for two in a reply */
static void add_foreign(struct assay_buf *out, const char *text)
{
	char plain[ASSAY_MTA_TEXT];
	size_t n = 0;

	for (; *text != '\0'; text += text[0] == '%' && text[1] == '%' ? 2 : 1)
		plain[n++] = *text;
	if (n == 0)
		return;
	(void)assay_buf_add_str(out, ", ");
	(void)assay_printable_add(out, assay_slice(plain, n), 300);
}

/* add_answer - a line, and one for each header */
static void add_answer(
    struct assay_buf *out, const char *what, const struct assay_mta_answer *answer, int64_t ms)
{
	struct assay_slice headers = assay_slice_str(answer->headers), line;

	(void)assay_buf_printf(out, "%s: %s after %" PRId64 " ms", what, in_words(answer), ms);
	add_foreign(out, answer->text);
	add_foreign(out, answer->hold);
	(void)assay_buf_add_char(out, '\n');
	while (headers.n > 0 && assay_slice_split(&headers, '\n', &line)) {
		(void)assay_buf_add_str(out, "  header ");
		(void)assay_printable_add(out, line, 300);
		(void)assay_buf_add_char(out, '\n');
	}
}

/* show - one mail, and what came of it */
static enum assay_status show(struct check *check, struct assay_mta *mta, const char *what,
    struct assay_slice bytes, struct assay_mta_answer *answer)
{
	struct assay_mta_mail mail = { .client_name = "localhost",
		.client_addr = "127.0.0.1",
		.helo = "localhost",
		.sender = "<milter-check@assay.invalid>",
		.rcpt = "<nobody@assay.invalid>",
		.bytes = bytes };
	int64_t begun_ms = assay_clock_mono_ms();
	enum assay_status st;
	char queue_id[40];

	(void)snprintf(queue_id, sizeof queue_id, "milter-check-%u", ++check->shown);
	mail.queue_id = queue_id;
	st = assay_mta_ask(mta, &mail, answer, &check->err);
	if (st == ASSAY_OK)
		add_answer(&check->out, what, answer, assay_clock_mono_ms() - begun_ms);
	return st;
}

/* ask - one of our two mails */
static enum assay_status ask(
    struct check *check, struct assay_mta *mta, bool infected, struct assay_mta_answer *answer)
{
	const char *what = infected ? "mail with the EICAR test file" : "clean mail";
	enum assay_status st;
	struct assay_buf text;

	assay_buf_init(&text, OUT_MAX);
	add_mail(&text, what, infected);
	st = show(check, mta, what, assay_buf_slice(&text), answer);
	assay_buf_release(&text);
	return st;
}

/* ask_file - one of those that were named */
static enum assay_status ask_file(struct check *check, struct assay_mta *mta, const char *name)
{
	struct assay_mta_answer answer;
	struct assay_buf text, what;
	enum assay_status st;

	assay_buf_init(&text, MAIL_MAX);
	assay_buf_init(&what, 400);
	(void)assay_printable_add(&what, assay_slice_str(name), 200);
	st = assay_io_read_file(name, &text, &check->err);
	check->no_input = st != ASSAY_OK;
	if (st == ASSAY_OK)
		st = show(check, mta, what.p, assay_buf_slice(&text), &answer);
	assay_buf_release(&what);
	assay_buf_release(&text);
	return st;
}

/* judge - is it as it should be? */
static bool judge(struct check *check, const struct assay_mta_answer *clean,
    const struct assay_mta_answer *infected)
{
	struct assay_buf *out = &check->out;

	if (!is_let_through(clean)) {
		(void)assay_buf_add_str(out, "The clean mail should have been accepted.\n");
		return false;
	}
	if (!check->enforces) {
		(void)assay_buf_add_str(
		    out, "OBSERVING: every mail is accepted ([policy] enforce = no).\n");
		return is_let_through(infected);
	}
	if (is_let_through(infected) && infected->added <= clean->added) {
		(void)assay_buf_add_str(
		    out, "The test file was let through: no rule of the policy stops it.\n");
		return false;
	}
	(void)assay_buf_add_str(out, "All is as it should be.\n");
	return true;
}

/* configure - the socket and the policy, as the service would have them */
static enum assay_status configure(
    struct check *check, const struct assay_cmd_globals *globals, struct assay_err *err)
{
	const struct assay_loaded *milter;
	struct assay_policy *policy = NULL;
	enum assay_status st = assay_cmd_config_load(globals, NULL, &check->config, err);

	if (st == ASSAY_OK)
		st = assay_host_open(check->config, &check->host, err);
	if (st == ASSAY_OK)
		st = assay_host_load(check->host, check->config, "milter", err);
	if (st == ASSAY_OK)
		st = assay_config_finish(check->config, err);
	if (st == ASSAY_OK)
		st = assay_policy_new(check->config, check->host, &policy, err);
	if (st != ASSAY_OK)
		return st;
	check->enforces = assay_policy_enforces(policy);
	assay_policy_free(&policy);
	milter = assay_host_find(check->host, "milter");
	if (check->spec == NULL)
		check->spec = milter->plugin->provider->sockets(milter->state)[0];
	return ASSAY_OK;
}

/* converse - the mails, and whether all is well */
static enum assay_status converse(struct check *check, struct assay_mta *mta, bool *good)
{
	struct assay_mta_answer clean, infected;
	enum assay_status st = ASSAY_OK;

	if (check->mails.n == 0) {
		st = ask(check, mta, false, &clean);
		if (st == ASSAY_OK)
			st = ask(check, mta, true, &infected);
		*good = st == ASSAY_OK && judge(check, &clean, &infected);
		return st;
	}
	for (size_t i = 0; i < check->mails.n && st == ASSAY_OK; i++)
		st = ask_file(check, mta, check->mails.word[i]);
	*good = st == ASSAY_OK;
	return st;
}

/* check_all - connect, two mails, a verdict about them */
static int check_all(struct check *check)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct assay_err *err = &check->err;
	struct assay_mta mta;
	enum assay_status st;
	bool good = false, dialled;
	int fd = -1;

	st = assay_listen_dial(check->spec, &fd, err);
	dialled = st == ASSAY_OK;
	if (dialled) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
		st = assay_mta_open(&mta, fd, err);
	}
	if (st == ASSAY_OK) {
		(void)assay_buf_printf(&check->out, "%.*s: a milter, protocol version %u\n",
		    (int)strcspn(check->spec, " "), check->spec, mta.options.version);
		st = converse(check, &mta, &good);
		assay_mta_close(&mta);
	}
	assay_cmd_print(assay_buf_slice(&check->out));
	if (st == ASSAY_OK)
		return good ? 0 : 1;
	if (dialled)
		assay_err_prefix(err, "%s", check->spec);
	(void)assay_cmd_fail(err);
	if (check->no_input)
		return 66;
	return st == ASSAY_E_CONF ? 64 : st == ASSAY_E_SYNTAX ? 65 : 75;
}

/* run - the subcommand */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct check check = { .spec = NULL };
	struct assay_args args;
	const char *value;
	int which, code;

	assay_args_init(&args, &assay_cmd_milter_check, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		if (which == MAIL)
			assay_words_add(&check.mails, value);
		else if (check.spec != NULL)
			return assay_args_unwanted(&args, value);
		else
			check.spec = value;
	}
	assay_buf_init(&check.out, OUT_MAX);
	if (configure(&check, globals, &check.err) == ASSAY_OK)
		code = check_all(&check);
	else
		code = assay_cmd_fail(&check.err);
	assay_buf_release(&check.out);
	assay_host_close(&check.host);
	assay_config_free(&check.config);
	assay_words_free(&check.mails);
	return assay_cmd_close_stdout(code);
}

const struct assay_cmd assay_cmd_milter_check = {
	.name = "milter-check",
	.synopsis = "[SOCKET]",
	.summary = "Speak to the milter as a mail server, and say what it answers",
	.more =
	    "SOCKET is unix:/path, a path alone, inet:port@address or inet6:port@address; without\n"
	    "one the first of [milter] listen. Two mails are shown to it: a clean one, and one\n"
	    "with the EICAR test file. The service reports both as any other mail.",
	.args = check_args,
	.run = run,
};
