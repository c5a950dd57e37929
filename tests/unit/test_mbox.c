/* rooms: mail text base */
/*
 * tests of smtp/mail: mbox
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"

#include "mail/mbox.h"
#include "mail/mbox_reader.h"

#define FROM "From joe@example.com Fri Sep 26 17:18:40 2025\n"

/* A file in memory that gives at most `piece` bytes at once. */
struct memory {
	struct assay_slice bytes;
	size_t at, piece;
	enum assay_status last; /* what comes at the end */
};

/* read_memory - for the reader */
static enum assay_status read_memory(
    void *arg, char *p, size_t room, size_t *n, struct assay_err *err)
{
	struct memory *m = arg;
	struct assay_slice next = assay_slice_from(m->bytes, m->at);

	if (m->at == m->bytes.n && m->last != ASSAY_OK)
		return assay_err_set(err, m->last, "the disk is broken");
	next = assay_slice_head(next, room < m->piece ? room : m->piece);
	memcpy(p, next.p, next.n);
	m->at += next.n;
	*n = next.n;
	return ASSAY_OK;
}

/* opened - a reader of text */
static void opened(struct assay_mbox_reader *reader, struct memory *memory, size_t most)
{
	const struct assay_mbox_source source = { read_memory, memory };

	assay_mbox_reader_init(reader, &source, most);
}

/* splits_by - the messages of text are exactly these, read in pieces; NULL ends the list */
static void splits_by(const char *text, const char *const *want, size_t piece)
{
	struct memory memory = { assay_slice_str(text), 0, piece, ASSAY_OK };
	struct assay_mbox_message m;
	struct assay_mbox_reader reader;

	opened(&reader, &memory, 100000);
	while (assay_mbox_reader_next(&reader, &m, NULL) == ASSAY_OK) {
		assert_memory_equal(text + m.from_offset, "From ", 5);
		assert_memory_equal(text + m.from_offset, m.from.p, m.from.n);
		assert_memory_equal(text + m.offset, m.bytes.p, m.bytes.n);
		if (*want == NULL || !assay_slice_is(m.bytes, *want))
			fail_msg("'%.*s' is not '%s'", (int)m.bytes.n, m.bytes.p, *want);
		want++;
	}
	assert_null(*want);
	assay_mbox_reader_release(&reader);
}

/* splits - whatever the pieces */
static void splits(const char *text, const char *const *want)
{
	splits_by(text, want, SIZE_MAX);
	splits_by(text, want, 1);
	splits_by(text, want, 7);
}

#define SPLITS(text, ...) splits(text, (const char *const[]){ __VA_ARGS__ })

static void messages(void **state)
{
	(void)state;
	SPLITS(FROM "A: b\n\nx\n\n" FROM "C: d\n\ny\n", "A: b\n\nx\n", "C: d\n\ny\n", NULL);
	SPLITS("\n\n" FROM "A: b\n", "A: b\n", NULL);
	SPLITS("From joe\r\nA: b\r\n\r\nx\r\n\r\nFrom - \r\nC: d\r\n", "A: b\r\n\r\nx\r\n",
	    "C: d\r\n", NULL);
	/* The empty line that ends the last one is no part of it: the file may grow. */
	SPLITS(FROM "A: b\n\nx\n\n", "A: b\n\nx\n", NULL);
	SPLITS(FROM "A: b\r\n\r\nx\r\n\r\n", "A: b\r\n\r\nx\r\n", NULL);
	SPLITS("no mbox", NULL);
	SPLITS("", NULL);
	SPLITS(FROM, "", NULL);
	SPLITS(FROM "A: b\n\n" FROM, "A: b\n", "", NULL);
}

static void from_in_a_body(void **state)
{
	(void)state;
	/* no date and no field below; no empty line before */
	SPLITS(FROM "A: b\n\nx\n\nFrom here on, all is well\nas said\n",
	    "A: b\n\nx\n\nFrom here on, all is well\nas said\n", NULL);
	SPLITS(FROM "A: b\n\nx\nFrom joe\nC: d\n", "A: b\n\nx\nFrom joe\nC: d\n", NULL);
	SPLITS(FROM "A: b\n\nx\n" FROM "text\n", "A: b\n\nx\n" FROM "text\n", NULL);
	/* a writer that leaves out the empty line */
	SPLITS(FROM "A: b\n\nx\n" FROM "From: d\n\n", "A: b\n\nx\n", "From: d\n", NULL);
	SPLITS(FROM "A: b\n\nx\n>From y\n", "A: b\n\nx\n>From y\n", NULL);
}

static void content_length(void **state)
{
	static const char one[] = FROM "Content-Length: 55\n\n"
				       "a\n\n" FROM "X: y\n\n\n" FROM "C: d\n\nz\n";

	(void)state;
	SPLITS(one, "Content-Length: 55\n\na\n\n" FROM "X: y\n\n", "C: d\n\nz\n", NULL);
	/* a length that lands nowhere says nothing */
	SPLITS(FROM "Content-Length: 3\n\naaaa\n\n" FROM "C: d\n", "Content-Length: 3\n\naaaa\n",
	    "C: d\n", NULL);
	SPLITS(FROM "Content-Length: 99999999999\n\na\n\n" FROM "C: d\n",
	    "Content-Length: 99999999999\n\na\n", "C: d\n", NULL);
}

static void from_lines(void **state)
{
	struct assay_slice sender;
	int64_t ms;

	(void)state;
	assert_true(assay_mbox_from(ASSAY_SLICE_LIT(FROM), &sender, &ms));
	assert_true(assay_slice_is(sender, "joe@example.com"));
	assert_true(ms == 1758907120000);
	assert_false(assay_mbox_from(ASSAY_SLICE_LIT("From x"), &sender, &ms));
	assert_false(assay_mbox_from(ASSAY_SLICE_LIT("Form"), &sender, &ms));
	assert_true(assay_mbox_looks(ASSAY_SLICE_LIT(FROM "A: b\n")));
	assert_false(assay_mbox_looks(ASSAY_SLICE_LIT("From: a\n")));
	assert_false(assay_mbox_looks(ASSAY_SLICE_LIT("")));
}

static void quoting(void **state)
{
	struct assay_slice m = ASSAY_SLICE_LIT("A: b\n\n>From x\n>>From y\n> From z\n>From");
	struct assay_buf out;

	(void)state;
	assert_int_equal(assay_mbox_quoted(m), 2);
	assay_buf_init(&out, 1000);
	assert_true(assay_mbox_unquote(m, &out));
	assert_string_equal(out.p, "A: b\n\nFrom x\n>From y\n> From z\n>From");
	assay_buf_release(&out);
	assay_buf_init(&out, 10);
	assert_false(assay_mbox_unquote(m, &out));
	assay_buf_release(&out);
}

static void hostile_files_are_linear(void **state)
{
	static const char *const unit[] = { "\nFrom ", "\n\nFrom a\nb:", FROM, FROM "\n", "\n",
		"From a\nContent-Length: 5\n\n", "\r\n\r\nFrom x Mon\r\n", "From ",
		"From - \nFrom: x\n", "From a\nContent-Length: 900000\n\n\n" };
	int64_t before = assay_clock_cpu_us();

	(void)state;
	for (size_t i = 0; i < sizeof(unit) / sizeof(unit[0]); i++) {
		size_t n = strlen(unit[i]), times = 1000000 / n;
		char *text = malloc(n * times);
		struct memory memory = { assay_slice(text, n * times), 0, SIZE_MAX, ASSAY_OK };
		struct assay_mbox_reader reader;
		struct assay_mbox_message m;

		assert_non_null(text);
		for (size_t k = 0; k < times; k++)
			memcpy(text + k * n, unit[i], n);
		opened(&reader, &memory, i % 2 == 0 ? 50000000 : 10000);
		while (assay_mbox_reader_next(&reader, &m, NULL) == ASSAY_OK)
			assert_true(m.offset + m.length <= n * times);
		assay_mbox_reader_release(&reader);
		free(text);
	}
	assert_true(assay_clock_cpu_us() - before < 5000000);
}

/* Offsets that other readers of the corpus file give: From_ line, message, its end. */
static const size_t unix_offsets[][3] = { { 0, 29, 558 }, { 559, 588, 6445 }, { 6446, 6475, 7004 },
	{ 7005, 7034, 7563 } };
static const size_t dos_offsets[][3] = { { 0, 30, 578 }, { 580, 610, 6496 }, { 6498, 6528, 7076 },
	{ 7078, 7108, 7656 } };

static void check_offsets(struct assay_slice bytes, const size_t (*want)[3], size_t n)
{
	struct memory memory = { bytes, 0, 1000, ASSAY_OK };
	struct assay_mbox_reader reader;
	struct assay_mbox_message m;
	size_t i = 0;

	opened(&reader, &memory, 100000);
	for (; assay_mbox_reader_next(&reader, &m, NULL) == ASSAY_OK; i++) {
		assert_true(i < n);
		assert_int_equal(m.from_offset, want[i][0]);
		assert_int_equal(m.offset, want[i][1]);
		assert_int_equal(m.offset + m.length, want[i][2]);
	}
	assert_int_equal(i, n);
	assay_mbox_reader_release(&reader);
}

/* A message that is larger than may be held has its place and its length, and is not held. */
static void larger_than_the_window(void **state)
{
	struct assay_buf text;
	struct memory memory = { .piece = 5000 };
	struct assay_mbox_reader reader;
	struct assay_mbox_message m;

	(void)state;
	assay_buf_init(&text, 2000000);
	(void)assay_buf_add_str(&text, FROM "A: b\n\n");
	while (text.n < 1000000)
		(void)assay_buf_add_str(&text, "a line of the body, >From not\n");
	(void)assay_buf_add_str(&text, "\n" FROM "C: d\n\nz\n");
	memory.bytes = assay_buf_slice(&text);
	opened(&reader, &memory, 100000);
	assert_int_equal(assay_mbox_reader_next(&reader, &m, NULL), ASSAY_OK);
	assert_null(m.bytes.p);
	assert_true(assay_slice_is(m.from, FROM));
	assert_int_equal(m.offset, strlen(FROM));
	assert_int_equal(m.offset + m.length + 1 + strlen(FROM) + 8, text.n);
	assert_true(reader.room < 200000);
	assert_int_equal(assay_mbox_reader_next(&reader, &m, NULL), ASSAY_OK);
	assert_true(assay_slice_is(m.bytes, "C: d\n\nz\n"));
	assert_int_equal(assay_mbox_reader_next(&reader, &m, NULL), ASSAY_END);
	assay_mbox_reader_release(&reader);
	assay_buf_release(&text);
}

/* What came before an error of the source is given; when it says that this is the end, nothing. */
static void the_source_fails(void **state)
{
	struct memory memory = { ASSAY_SLICE_LIT(FROM "A: b\n\nx\n\n" FROM "C: d\n\ny"), 0, 5,
		ASSAY_E_IO };
	struct assay_mbox_reader reader;
	struct assay_mbox_message m;
	struct assay_err err;

	(void)state;
	opened(&reader, &memory, 100000);
	assert_int_equal(assay_mbox_reader_next(&reader, &m, &err), ASSAY_OK);
	assert_int_equal(assay_mbox_reader_next(&reader, &m, &err), ASSAY_OK);
	assert_true(assay_slice_is(m.bytes, "C: d\n\ny"));
	assert_int_equal(assay_mbox_reader_next(&reader, &m, &err), ASSAY_E_IO);
	assert_string_equal(err.text, "the disk is broken");
	assay_mbox_reader_release(&reader);
	memory.at = 0;
	memory.last = ASSAY_END;
	opened(&reader, &memory, 100000);
	assert_int_equal(assay_mbox_reader_next(&reader, &m, &err), ASSAY_END);
	assay_mbox_reader_release(&reader);
}

/* Small messages that claim to reach far ahead: the window must not be moved for each. */
static void lengths_that_lead_far_ahead(void **state)
{
	static const char unit[] = "From a\nContent-Length: 19000000\n\n\n";
	const size_t n = sizeof unit - 1, times = 40000000 / n;
	char *text = malloc(n * times);
	struct memory memory = { assay_slice(text, n * times), 0, SIZE_MAX, ASSAY_OK };
	int64_t before = assay_clock_cpu_us();
	struct assay_mbox_reader reader;
	struct assay_mbox_message m;
	size_t found = 0;

	(void)state;
	assert_non_null(text);
	for (size_t k = 0; k < times; k++)
		memcpy(text + k * n, unit, n);
	opened(&reader, &memory, 20000000);
	while (assay_mbox_reader_next(&reader, &m, NULL) == ASSAY_OK)
		found++;
	assert_true(found > 0);
	assay_mbox_reader_release(&reader);
	free(text);
	assert_true(assay_clock_cpu_us() - before < 20000000);
}

/* corpus_file - false: there is no corpus here */
static bool corpus_file(const char *name, struct assay_buf *buf)
{
	const char *corpus = getenv("ASSAY_CORPUS");
	char path[1000];

	(void)snprintf(path, sizeof(path), "%s/mbox/%s",
	    corpus != NULL ? corpus : ASSAY_SOURCE_DIR "/../shared/corpus", name);
	assay_buf_clear(buf);
	return assay_io_read_file(path, buf, NULL) == ASSAY_OK;
}

static void a_real_file(void **state)
{
	struct assay_buf lf, crlf;

	(void)state;
	assay_buf_init(&lf, 1000000);
	assay_buf_init(&crlf, 1000000);
	if (!corpus_file("MimeKit/issue1189.mbox.txt", &lf)) {
		print_message("no corpus: skipped\n");
		assay_buf_release(&lf);
		skip();
	}
	for (size_t i = 0; i < lf.n; i++) {
		if (lf.p[i] == '\n')
			(void)assay_buf_add_char(&crlf, '\r');
		(void)assay_buf_add_char(&crlf, lf.p[i]);
	}
	check_offsets(assay_buf_slice(&lf), unix_offsets, 4);
	check_offsets(assay_buf_slice(&crlf), dos_offsets, 4);
	assay_buf_release(&lf);
	assay_buf_release(&crlf);
}

/* count - messages of a mailbox */
static size_t count(struct assay_slice bytes)
{
	struct memory memory = { bytes, 0, 700, ASSAY_OK };
	struct assay_mbox_reader reader;
	struct assay_mbox_message m;
	size_t n = 0;

	opened(&reader, &memory, 100000);
	while (assay_mbox_reader_next(&reader, &m, NULL) == ASSAY_OK)
		n++;
	assay_mbox_reader_release(&reader);
	return n;
}

/* What looks like a message's begin in mbox_unquoted is no more than text: nothing says so but that
 * no field stands below it. */
static void other_real_files(void **state)
{
	static const struct {
		const char *name;
		size_t n;
	} file[] = { { "MimeKit/simple.mbox.txt", 3 }, { "james-mime4j/mbox.rlug", 5 },
		{ "thunderbird-comm-central/mailnews/mbox_modern", 2 },
		{ "thunderbird-comm-central/mailnews/mbox_unquoted", 2 },
		{ "tika/headers.mbox", 1 }, { "tika/multiline2.mbox", 1 },
		{ "tika/single_mail.mbox", 1 } };
	struct assay_buf buf;
	size_t seen = 0;

	(void)state;
	assay_buf_init(&buf, 1000000);
	for (size_t i = 0; i < sizeof(file) / sizeof(file[0]); i++) {
		if (!corpus_file(file[i].name, &buf))
			continue;
		seen++;
		if (count(assay_buf_slice(&buf)) != file[i].n)
			fail_msg("%s: %zu messages", file[i].name, count(assay_buf_slice(&buf)));
	}
	assay_buf_release(&buf);
	if (seen == 0)
		skip();
}

/* Each message of this mailbox stands in a file of its own beside it. */
static void a_real_file_and_its_messages(void **state)
{
	struct assay_buf all, one;
	struct memory memory = { .piece = 1000 };
	struct assay_mbox_reader reader;
	struct assay_mbox_message m;
	char name[40];

	(void)state;
	assay_buf_init(&all, 1000000);
	assay_buf_init(&one, 1000000);
	if (!corpus_file("james-mime4j/mbox.rlug", &all)) {
		assay_buf_release(&all);
		skip();
	}
	memory.bytes = assay_buf_slice(&all);
	opened(&reader, &memory, 100000);
	for (int i = 0; assay_mbox_reader_next(&reader, &m, NULL) == ASSAY_OK; i++) {
		(void)snprintf(name, sizeof(name), "james-mime4j/mbox.rlug-%d", i);
		assert_true(corpus_file(name, &one));
		assert_true(assay_slice_eq(
		    assay_slice_trim(m.bytes), assay_slice_trim(assay_buf_slice(&one))));
	}
	assay_mbox_reader_release(&reader);
	assay_buf_release(&all);
	assay_buf_release(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(messages),
		cmocka_unit_test(from_in_a_body), cmocka_unit_test(content_length),
		cmocka_unit_test(from_lines), cmocka_unit_test(quoting),
		cmocka_unit_test(hostile_files_are_linear),
		cmocka_unit_test(larger_than_the_window), cmocka_unit_test(the_source_fails),
		cmocka_unit_test(lengths_that_lead_far_ahead), cmocka_unit_test(a_real_file),
		cmocka_unit_test(other_real_files),
		cmocka_unit_test(a_real_file_and_its_messages) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
