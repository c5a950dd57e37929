/*
 * sqlite/text.c - see text.h. Members that are missing or of another type give less text, never a
 * failure.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "member.h"
#include "text.h"

/* add_words - white space as one space; two spaces at the end, so that the last two characters
 * begin a trigram too */
static void add_words(struct assay_buf *out, struct assay_slice text)
{
	bool space = false;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\0' || assay_ascii_is_space(text.p[i])) {
			space = true;
			continue;
		}
		if (space)
			(void)assay_buf_add_char(out, ' ');
		space = false;
		(void)assay_buf_add_char(out, text.p[i]);
	}
	(void)assay_buf_add_str(out, "  ");
}

/* add_values - all texts of a word */
static void add_values(struct assay_buf *out, const json_t *report, const char *word)
{
	const json_t *values = json_object_get(json_object_get(report, "facts"), word);

	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *v = json_array_get(values, i);

		if (json_is_string(v))
			add_words(out, assay_slice(json_string_value(v), json_string_length(v)));
	}
}

/* add_bodies - of all payloads */
static void add_bodies(struct assay_buf *out, const json_t *report)
{
	const json_t *results = json_object_get(report, "results");

	for (size_t i = 0; i < json_array_size(results); i++) {
		json_t *workers = json_object_get(json_array_get(results, i), "workers");
		const char *name;
		json_t *result;

		json_object_foreach(workers, name, result)
		{
			struct assay_slice body = assay_member_text(result, "body");

			if (body.n == 0)
				body = assay_member_text(result, "body_html");
			if (body.n > 0)
				add_words(out, body);
		}
	}
}

/* assay_text_put - see text.h */
enum assay_status assay_text_put(
    const struct assay_text_of *of, const json_t *report, struct assay_err *err)
{
	static const char *const names[] = { "from", "from_name", "mailfrom", "rcpt", "attachment",
		"filename", "path" };
	struct assay_buf text[3];
	sqlite3_stmt *stmt;
	enum assay_status status = assay_part_text(of->store, of->part, of->drop, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < 3; i++)
		assay_buf_init(&text[i], ASSAY_TEXT_MOST);
	add_values(&text[0], report, "subject");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		add_values(&text[1], report, names[i]);
	add_bodies(&text[2], report);
	(void)sqlite3_bind_int64(stmt, 1, of->report);
	for (int i = 0; i < 3; i++)
		assay_store_bind_text(stmt, i + 2, assay_buf_slice(&text[i]));
	status = assay_store_run(of->store, stmt, err);
	for (size_t i = 0; i < 3; i++)
		assay_buf_release(&text[i]);
	return status;
}
