/*
 * core/cmd/explain.c - see explain.h. Words only; reads option tables, writes a buffer.
 */
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"

#include "core/cmd/explain.h"

/* with_unit - a bound as one would write it */
static void with_unit(const struct assay_opt *row, int64_t number, struct assay_buf *out)
{
	static const struct {
		const char *name;
		int64_t size, time;
	} unit[] = { { "T", (int64_t)1 << 40, 0 }, { "G", 1 << 30, 0 }, { "M", 1 << 20, 0 },
		{ "K", 1 << 10, 0 }, { "B", 1, 0 }, { "d", 0, 86400000 }, { "h", 0, 3600000 },
		{ "m", 0, 60000 }, { "s", 0, 1000 }, { "ms", 0, 1 } };

	for (size_t i = 0; i < sizeof unit / sizeof unit[0]; i++) {
		int64_t factor = row->type == ASSAY_OPT_SIZE ? unit[i].size
		    : row->type == ASSAY_OPT_TIME            ? unit[i].time
							     : 0;

		if (factor > 0 && number != 0 && number % factor == 0) {
			(void)assay_buf_printf(
			    out, "%lld%s", (long long)(number / factor), unit[i].name);
			return;
		}
	}
	(void)assay_buf_printf(out, "%lld", (long long)number);
}

/* assay_explain_type - and its bounds */
void assay_explain_type(const struct assay_opt *row, struct assay_buf *out)
{
	struct assay_slice words = assay_slice_str(row->words), word;

	if (row->type != ASSAY_OPT_ENUM)
		(void)assay_buf_add_str(
		    out, row->type == ASSAY_OPT_BOOL ? "yes or no" : assay_opts_type_name(row));
	for (size_t i = 0; row->type == ASSAY_OPT_ENUM && assay_slice_split(&words, '|', &word);
	     i++) {
		(void)assay_buf_add_str(out, i == 0 ? "" : words.p == NULL ? " or " : ", ");
		(void)assay_buf_add_slice(out, word);
	}
	if (row->max <= row->min)
		return;
	(void)assay_buf_add_str(out, row->max == INT64_MAX ? ", at least " : ", ");
	with_unit(row, row->min, out);
	if (row->max == INT64_MAX)
		return;
	(void)assay_buf_add_str(out, " to ");
	with_unit(row, row->max, out);
}

/* assay_explain_origin - where a value was set */
void assay_explain_origin(const struct assay_opt_value *value, struct assay_buf *out)
{
	if (value->origin == ASSAY_ORIGIN_FILE)
		(void)assay_buf_printf(out, "%s:%u", value->file, value->line);
	else
		(void)assay_buf_add_str(
		    out, value->origin == ASSAY_ORIGIN_COMMAND ? "command line" : "default");
}

/* add_help - the help line as a sentence */
static void add_help(struct assay_buf *out, const struct assay_opt *row)
{
	const char *help = row->help != NULL ? row->help : "";
	char first = help[0] >= 'a' && help[0] <= 'z' ? (char)(help[0] - 'a' + 'A') : help[0];

	if (first != '\0')
		(void)assay_buf_printf(out, "%c%s.", first, help + 1);
}

/* or_empty - a text, or a word for none */
static const char *or_empty(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : "(empty)";
}

/* assay_explain_option - for --explain */
void assay_explain_option(
    const struct assay_opts *opts, const struct assay_opt_value *value, struct assay_buf *out)
{
	(void)assay_buf_printf(
	    out, "[%s] %s\n  %s.\n  type     ", opts->section, value->row->name, value->row->help);
	assay_explain_type(value->row, out);
	(void)assay_buf_printf(out, "\n  default  %s\n  now      %s, ", or_empty(value->row->def),
	    or_empty(value->text));
	(void)assay_buf_add_str(out, value->origin == ASSAY_ORIGIN_DEFAULT ? "the " : "from ");
	assay_explain_origin(value, out);
	(void)assay_buf_add_str(out, "\n");
}

/* assay_explain_sample - for the shipped assay.conf */
void assay_explain_sample(const struct assay_opts *opts, struct assay_buf *out)
{
	(void)assay_buf_printf(out, "\n[%s]\n", opts->section);
	for (size_t i = 0; i < opts->n; i++) {
		const struct assay_opt *row = opts->value[i].row;
		bool empty = row->def == NULL || row->def[0] == '\0';

		(void)assay_buf_add_str(out, "\n# ");
		add_help(out, row);
		(void)assay_buf_add_str(out, "\n# (");
		assay_explain_type(row, out);
		(void)assay_buf_printf(
		    out, ")\n#%s =%s%s\n", row->name, empty ? "" : " ", empty ? "" : row->def);
	}
}

/* add_scdoc - text with what scdoc would take for markup escaped */
static void add_scdoc(struct assay_buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("*_\\[]|#<>~`", *text) != NULL)
			(void)assay_buf_add_char(out, '\\');
		(void)assay_buf_add_char(out, *text);
	}
}

/* assay_explain_manual - for assay.conf(5) */
void assay_explain_manual(const struct assay_opts *opts, struct assay_buf *out)
{
	struct assay_buf text;

	assay_buf_init(&text, 4096);
	(void)assay_buf_printf(out, "\n## section %s\n", opts->section);
	for (size_t i = 0; i < opts->n; i++) {
		const struct assay_opt *row = opts->value[i].row;

		assay_buf_clear(&text);
		add_help(&text, row);
		(void)assay_buf_add_str(&text, " (");
		assay_explain_type(row, &text);
		(void)assay_buf_add_str(out, "\n*");
		add_scdoc(out, row->name);
		(void)assay_buf_add_str(out, "* = ");
		add_scdoc(out, row->def != NULL ? row->def : "");
		(void)assay_buf_add_str(out, "\n\t");
		add_scdoc(out, text.p);
		(void)assay_buf_add_str(out, ")\n");
	}
	assay_buf_release(&text);
}
