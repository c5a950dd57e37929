/*
 * decompress/password.c - see password.h
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/slice.h"
#include "text/secret.h"

#include "password.h"

#define WORD_MIN 3u

/* The list as it grows. */
struct list {
	struct assay_arena *arena;
	struct assay_map seen;
	const char **word;
	size_t n, max; /* max: of all that is added now */
	bool named;    /* which of them are wanted from a text */
};

/* add - once, while there is room; false: there is none */
static bool add(struct list *list, struct assay_slice word)
{
	const char *copy;

	if (list->n >= list->max)
		return false;
	if (word.n == 0 || word.n > ASSAY_SECRET_MAX || memchr(word.p, 0, word.n) != NULL ||
	    assay_map_has(&list->seen, word))
		return true;
	copy = assay_arena_memdup0(list->arena, word.p, word.n);
	(void)assay_map_add(&list->seen, assay_slice(copy, word.n), list);
	list->word[list->n++] = copy;
	return true;
}

/* add_pieces - what stands between marks inside of a word */
static void add_pieces(struct list *list, struct assay_slice word)
{
	size_t from = 0;

	for (size_t i = 0; i <= word.n; i++) {
		const bool part = i < word.n &&
		    (assay_ascii_is_alnum((unsigned char)word.p[i]) || (word.p[i] & 0x80) != 0);

		if (part)
			continue;
		if (i - from >= WORD_MIN && i - from < word.n)
			(void)add(list, assay_slice_head(assay_slice_from(word, from), i - from));
		from = i + 1;
	}
}

/* told - lines of extra "passwords" */
static void told(struct list *list, const struct assay_payload *payload)
{
	struct assay_slice rest = assay_slice_str(assay_payload_extra(payload, "passwords")), line;

	while (assay_slice_split(&rest, '\n', &line))
		(void)add(list, line);
}

/* found - a word that a text calls a password, or one that is near */
static bool found(void *user, struct assay_slice word, bool named, bool again)
{
	struct list *list = user;

	(void)again;
	return named != list->named || add(list, word);
}

/* called - all of one kind, of all texts */
static void called(struct list *list, const struct assay_payload *payload, bool named)
{
	struct assay_slice text;

	list->named = named;
	for (size_t i = 0; assay_payload_text(payload, i, &text); i++)
		assay_secret_scan(text, found, list);
}

/* own_name - "invoice_2244.pdf.zip": the name without each of its endings, and its pieces */
static void own_name(struct list *list, const struct assay_payload *payload)
{
	struct assay_slice name = assay_slice_str(assay_payload_filename(payload));

	for (size_t n = name.n; n > 0; n--)
		if (name.p[n - 1] == '.')
			(void)add(list, assay_slice_head(name, n - 1));
	(void)add(list, name);
	add_pieces(list, name);
}

/* all_words - of the texts, whole and then in pieces */
static void all_words(struct list *list, const struct assay_payload *payload, bool pieces)
{
	struct assay_slice text, word;

	for (size_t i = 0; assay_payload_text(payload, i, &text); i++)
		while (list->n < list->max && assay_secret_token(&text, &word)) {
			if (pieces)
				add_pieces(list, word);
			else if (word.n >= WORD_MIN)
				(void)add(list, word);
		}
}

/* assay_passwords_of - see password.h */
const char *const *assay_passwords_of(
    const struct assay_payload *payload, const char *const *configured, size_t max)
{
	struct assay_arena *arena = assay_payload_arena(payload);
	struct list list = { .arena = arena,
		.word = assay_arena_calloc(arena, max + 1, sizeof(*list.word)),
		.max = max / 4 };

	assay_map_init(&list.seen, arena);
	told(&list, payload);
	called(&list, payload, true);
	list.max = max;
	for (; *configured != NULL; configured++)
		(void)add(&list, assay_slice_str(*configured));
	list.max = list.n + (max - list.n) / 2;
	called(&list, payload, false);
	list.max = max;
	own_name(&list, payload);
	all_words(&list, payload, false);
	all_words(&list, payload, true);
	return list.word;
}
