/*
 * mail/msgid.c - see msgid.h. Touches memory only; cannot fail.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

#include "mail/header.h"
#include "mail/lex.h"
#include "mail/msgid.h"

#define IDS_MAX 1000

struct ids {
	struct assay_arena *arena;
	struct assay_msgid_list *list;
	size_t cap, max;
};

/* add - keep one id, white space inside removed */
static void add(struct ids *ids, struct assay_slice text)
{
	struct assay_msgid_list *list = ids->list;
	char *p;
	size_t n = 0;

	if (assay_slice_trim(text).n == 0)
		return;
	if (list->total++ >= ids->max)
		return;
	if (list->n == ids->cap) {
		struct assay_slice *old = list->id;

		ids->cap = ids->cap > 0 ? ids->cap * 2 : 4;
		list->id = assay_arena_calloc(ids->arena, ids->cap, sizeof(*list->id));
		if (list->n > 0)
			memcpy(list->id, old, list->n * sizeof(*old));
	}
	p = assay_arena_alloc(ids->arena, text.n + 1);
	for (size_t i = 0; i < text.n; i++)
		if (!assay_ascii_is_space((unsigned char)text.p[i]))
			p[n++] = text.p[i];
	p[n] = '\0';
	list->id[list->n++] = assay_slice(p, n);
}

/* bracketed - every <...>; a missing `>` ends at the next `<`. False when there was no `<` */
static bool bracketed(struct ids *ids, struct assay_slice s)
{
	size_t at = assay_slice_find(s, '<');

	if (at >= s.n)
		return false;
	while (at < s.n) {
		size_t end = at + 1;

		while (end < s.n && s.p[end] != '>' && s.p[end] != '<')
			end++;
		add(ids, assay_slice(s.p + at + 1, end - at - 1));
		at = end + assay_slice_find(assay_slice_from(s, end), '<');
	}
	return true;
}

/* assay_msgid_parse - the ids of one field's value */
void assay_msgid_parse(
    struct assay_arena *arena, struct assay_slice raw, size_t max, struct assay_msgid_list *list)
{
	struct assay_slice s = assay_header_unfold(arena, raw);
	struct ids ids = { arena, list, 0, max > 0 ? max : IDS_MAX };

	*list = (struct assay_msgid_list){ 0 };
	if (bracketed(&ids, s))
		return;
	for (size_t pos = assay_lex_space(s, 0); pos < s.n; pos = assay_lex_space(s, pos)) {
		size_t end = pos;

		while (end < s.n && !assay_ascii_is_space((unsigned char)s.p[end]))
			end++;
		add(&ids, assay_slice(s.p + pos, end - pos));
		pos = end;
	}
}
