/* rooms: text base */
/*
 * tests of core/text/secret: what texts call a password, in many languages, and plain words
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "text/secret.h"

struct got {
	struct assay_buf named, near;
};

/* note - "word|" */
static bool note(void *user, struct assay_slice word, bool named, bool again)
{
	struct got *g = user;
	struct assay_buf *out = named ? &g->named : &g->near;

	(void)again;
	assert_in_range(word.n, 2, ASSAY_SECRET_MAX);
	(void)assay_buf_add_char(out, '|');
	(void)assay_buf_add_slice(out, word);
	(void)assay_buf_add_char(out, '|');
	return true;
}

/* scan - all of a text */
static void scan(const char *text, struct got *g)
{
	assay_buf_init(&g->named, 1 << 20);
	assay_buf_init(&g->near, 1 << 20);
	assay_secret_scan(assay_slice_str(text), note, g);
	(void)assay_buf_add_char(&g->named, '\0');
	(void)assay_buf_add_char(&g->near, '\0');
}

/* has - is the word among them? */
static bool has(const struct assay_buf *list, const char *word)
{
	char what[128];

	(void)snprintf(what, sizeof what, "|%s|", word);
	return strstr(list->p, what) != NULL;
}

/* names - the text calls the word a password */
static void names(const char *text, const char *word)
{
	struct got g;

	scan(text, &g);
	if (!has(&g.named, word))
		fail_msg("\"%s\" does not name %s: %s", text, word, g.named.p);
	assay_buf_release(&g.named);
	assay_buf_release(&g.near);
}

/* is_near - the text has the word near one for password, and does not call it one */
static void is_near(const char *text, const char *word)
{
	struct got g;

	scan(text, &g);
	if (!has(&g.near, word) || has(&g.named, word))
		fail_msg("\"%s\" has not %s near: %s", text, word, g.near.p);
	assay_buf_release(&g.named);
	assay_buf_release(&g.near);
}

/* speaks_many_languages - at least twelve */
static void speaks_many_languages(void **state)
{
	static const char *const texts[] = { "Password: x7Kq", "The PASSCODE : x7Kq please",
		"archive passphrase=x7Kq", "Das Passwort lautet: x7Kq", "Archivpasswort: x7Kq",
		"Kennwort: x7Kq", "Mot de passe : x7Kq", "Contrase\303\261a: x7Kq", "A senha: x7Kq",
		"Palavra-passe: x7Kq", "Parola d'ordine: x7Kq", "Wachtwoord: x7Kq",
		"Has\305\202o: x7Kq", "L\303\266senord: x7Kq", "Adgangskode: x7Kq", "Passord: x7Kq",
		"Salasana: x7Kq", "Jelsz\303\263: x7Kq", "Parol\304\203: x7Kq",
		"\305\236ifre: x7Kq", "Kata sandi: x7Kq", "M\341\272\255t kh\341\272\251u: x7Kq",
		"\320\237\320\260\321\200\320\276\320\273\321\214: x7Kq",
		"\320\277\320\260\321\200\320\276\320\273\321\214 = x7Kq",
		"\316\232\317\211\316\264\316\271\316\272\317\214\317\202: x7Kq",
		"\350\247\243\345\216\213\345\257\206\347\240\201\357\274\232x7Kq",
		"\343\203\221\343\202\271\343\203\257\343\203\274\343\203\211\357\274\232x7Kq",
		"\353\271\204\353\260\200\353\262\210\355\230\270: x7Kq",
		"\331\203\331\204\331\205\330\251 \330\247\331\204\330\263\330\261: x7Kq",
		"\327\241\327\231\327\241\327\236\327\224: x7Kq" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		names(texts[i], "x7Kq");
}

/* reads_the_value - quotes, punctuation, line ends, several words */
static void reads_the_value(void **state)
{
	(void)state;
	names("password: \"open sesame\".", "open sesame");
	names("password: \342\200\234open sesame\342\200\235", "open sesame");
	names("password: open sesame\r\nBye", "open sesame");
	names("password: 2244.\nBye", "2244");
	names("password: 2244.\nBye", "2244.");
	names("Password:\r\n\r\n   2244\r\n", "2244");
	names("Password:\302\2402244\302\240and", "2244");
	names("Password -> (2244)", "2244");
	names("passwords: 2244", "2244");
	names("the password is: 2244", "2244");
	names("password:\xff\xfe\x01", "\xff\xfe\x01");
	is_near("the password is 2244", "2244");
	is_near("the password for the file is 2244, as always", "2244");
	is_near("password (small letters): 2244", "2244");
	is_near("password 2244", "2244");
	is_near("Ihr Passwort ist 2244!", "2244");
	is_near("pw: 2244", "2244");
	is_near("PIN 2244", "2244");
}

/* knows_when_not - other words, other lines */
static void knows_when_not(void **state)
{
	static const char *const texts[] = { "", "pass", "password", "password:", "password: x",
		"spinning pinned", "compass barcode encoded", "password:\n\n\n\nfar away" };
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		scan(texts[i], &g);
		if (g.named.n > 1 || g.near.n > 1)
			fail_msg("\"%s\": %s %s", texts[i], g.named.p, g.near.p);
		assay_buf_release(&g.named);
		assay_buf_release(&g.near);
	}
}

/* takes_words - one after the other, bare */
static void takes_words(void **state)
{
	struct assay_slice rest =
	    ASSAY_SLICE_LIT("  (The) file's\302\240key, a, is \"2244\".\r\n---\n"
			    "\343\200\200end");
	struct assay_slice word;
	struct assay_buf all;

	(void)state;
	assay_buf_init(&all, 1000);
	while (assay_secret_token(&rest, &word)) {
		(void)assay_buf_add_slice(&all, word);
		(void)assay_buf_add_char(&all, '|');
	}
	(void)assay_buf_add_char(&all, '\0');
	assert_string_equal(all.p, "The|file's|key|is|2244|---|end|");
	assay_buf_release(&all);
}

/* is_linear - whatever the text is made of */
static void is_linear(void **state)
{
	static const char *const units[] = { "password ", "password:", "pass", "p", "\"",
		"password (", "\320\277\320\260\321\200\320\276\320\273\321", "\n", " ", "is " };
	const size_t size = 1 << 20;
	char *text = malloc(size);

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const size_t n = strlen(units[i]);
		struct assay_slice rest = assay_slice(text, size), word;
		const int64_t begin = assay_clock_mono_ms();
		struct got g;

		for (size_t k = 0; k < size; k++)
			text[k] = units[i][k % n];
		assay_buf_init(&g.named, 1 << 20);
		assay_buf_init(&g.near, 1 << 20);
		assay_secret_scan(rest, note, &g);
		while (assay_secret_token(&rest, &word))
			continue;
		assert_in_range(assay_clock_mono_ms() - begin, 0, 5000);
		assay_buf_release(&g.named);
		assay_buf_release(&g.near);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_many_languages),
		cmocka_unit_test(reads_the_value),
		cmocka_unit_test(knows_when_not),
		cmocka_unit_test(takes_words),
		cmocka_unit_test(is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
