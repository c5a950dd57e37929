/*
 * core/ini.c - see ini.h. Reads one file, knows no option. One pass: each line is a blank, a
 * comment, a continuation, a section or a key; the value of a key is collected in a buffer until
 * the next key, section or the end closes it. Fails with file:line, never half.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/map.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "core/ini.h"

#define NAME_MAX_BYTES ((size_t)64)

/* The reader's place in the file. */
struct reader {
	struct assay_arena *arena;
	struct assay_ini *ini;
	struct assay_err *err;
	struct assay_map sections; /* name -> the same name, in the arena */
	struct assay_map keys;     /* "section\nkey" -> line of it */
	size_t cap_values, cap_sections;
	const char *section;
	struct assay_buf value; /* of the key that is open */
	bool open;
	unsigned line;
};

/* fail - at the present line */
static enum assay_status fail(struct reader *r, const char *what, struct assay_slice part)
{
	return assay_err_set(r->err, ASSAY_E_CONF, "%s:%u: %s%s%.*s", r->ini->file, r->line, what,
	    part.n > 0 ? ": " : "", (int)(part.n < 80 ? part.n : 80), part.n > 0 ? part.p : "");
}

/* grow - room for one more member of an array in the arena (the old one stays until it dies) */
static void *grow(struct assay_arena *arena, void *old, size_t n, size_t *cap, size_t size)
{
	void *bigger;

	if (n < *cap)
		return old;
	*cap = *cap > 0 ? *cap * 2 : 16;
	bigger = assay_arena_calloc(arena, *cap, size);
	if (n > 0)
		memcpy(bigger, old, n * size);
	return bigger;
}

/* is_name - letters, digits, '_', '-', '.' */
static bool is_name(struct assay_slice s)
{
	return s.n <= NAME_MAX_BYTES && assay_slice_is_plain(s, "_-.");
}

/* is_section_name - one name, or two with one space between */
static bool is_section_name(struct assay_slice s)
{
	size_t space = assay_slice_find(s, ' ');

	if (space == s.n)
		return is_name(s);
	return is_name(assay_slice_head(s, space)) && is_name(assay_slice_from(s, space + 1));
}

/* close_value - the value of the open key is complete */
static void close_value(struct reader *r)
{
	struct assay_slice s = assay_slice_trim(assay_buf_slice(&r->value));

	if (!r->open)
		return;
	r->ini->value[r->ini->n_values - 1].value = assay_arena_memdup0(r->arena, s.p, s.n);
	assay_buf_clear(&r->value);
	r->open = false;
}

/* add_value_text - part of a value; tabs become spaces, other controls are refused before */
static void add_value_text(struct reader *r, struct assay_slice part)
{
	if (r->value.n > 0 && part.n > 0)
		(void)assay_buf_add_char(&r->value, ' ');
	for (size_t i = 0; i < part.n; i++)
		(void)assay_buf_add_char(&r->value, part.p[i] == '\t' ? ' ' : part.p[i]);
}

/* open_section - "[name]" */
static enum assay_status open_section(struct reader *r, struct assay_slice line)
{
	struct assay_slice name;
	char *known;

	if (line.n < 2 || line.p[line.n - 1] != ']')
		return fail(r, "a section line ends with ']'", line);
	name = assay_slice_trim(assay_slice(line.p + 1, line.n - 2));
	if (!is_section_name(name))
		return fail(r, "this is no section name", line);
	close_value(r);
	known = assay_map_get(&r->sections, name);
	if (known != NULL) {
		r->section = known;
		return ASSAY_OK;
	}
	known = assay_arena_memdup0(r->arena, name.p, name.n);
	(void)assay_map_add(&r->sections, assay_slice_str(known), known);
	r->section = known;
	r->ini->section = grow(r->arena, r->ini->section, r->ini->n_sections, &r->cap_sections,
	    sizeof *r->ini->section);
	r->ini->section[r->ini->n_sections++] =
	    (struct assay_ini_section){ .name = known, .line = r->line };
	return ASSAY_OK;
}

/* remember_key - each key once in a section */
static enum assay_status remember_key(struct reader *r, struct assay_slice key)
{
	const char *id = assay_arena_printf(r->arena, "%s\n%.*s", r->section, (int)key.n, key.p);
	unsigned *line = assay_map_get(&r->keys, assay_slice_str(id));

	if (line != NULL)
		return assay_err_set(r->err, ASSAY_E_CONF,
		    "%s:%u: %.*s is set twice, first in line %u; keep one of them", r->ini->file,
		    r->line, (int)key.n, key.p, *line);
	line = assay_arena_alloc(r->arena, sizeof *line);
	*line = r->line;
	(void)assay_map_add(&r->keys, assay_slice_str(id), line);
	return ASSAY_OK;
}

/* open_key - "key = value" */
static enum assay_status open_key(struct reader *r, struct assay_slice line)
{
	size_t equals = assay_slice_find(line, '=');
	struct assay_slice key = assay_slice_trim(assay_slice_head(line, equals));
	enum assay_status status;

	if (equals == line.n)
		return fail(r, "expected \"key = value\" or \"[section]\"", line);
	if (!is_name(key))
		return fail(r, "this is no option name", key);
	status = remember_key(r, key);
	if (status != ASSAY_OK)
		return status;
	close_value(r);
	r->ini->value =
	    grow(r->arena, r->ini->value, r->ini->n_values, &r->cap_values, sizeof *r->ini->value);
	r->ini->value[r->ini->n_values++] = (struct assay_ini_value){ .section = r->section,
		.key = assay_arena_memdup0(r->arena, key.p, key.n),
		.value = "",
		.line = r->line };
	r->open = true;
	add_value_text(r, assay_slice_trim(assay_slice_from(line, equals + 1)));
	return ASSAY_OK;
}

/* has_control - anything below space but a tab */
static bool has_control(struct assay_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

/* read_line - what kind of line is it */
static enum assay_status read_line(struct reader *r, struct assay_slice line)
{
	struct assay_slice body = assay_slice_trim(line);

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (has_control(line))
		return fail(r, "there is a control character in this line", ASSAY_SLICE_NONE);
	if (!assay_utf8_is_valid(line))
		return fail(r, "this line is not UTF-8", ASSAY_SLICE_NONE);
	if (body.n == 0 || body.p[0] == '#')
		return ASSAY_OK;
	if (line.p[0] == ' ' || line.p[0] == '\t') {
		if (!r->open)
			return fail(
			    r, "an indented line continues a value, but there is none", body);
		add_value_text(r, body);
		return ASSAY_OK;
	}
	return body.p[0] == '[' ? open_section(r, body) : open_key(r, body);
}

/* assay_ini_parse - all lines */
enum assay_status assay_ini_parse(struct assay_arena *arena, const char *file,
    struct assay_slice text, struct assay_ini *ini, struct assay_err *err)
{
	struct reader r = { .arena = arena, .ini = ini, .err = err, .section = "" };
	enum assay_status status = ASSAY_OK;
	struct assay_slice line;

	*ini = (struct assay_ini){ .file = file };
	if (text.n > ASSAY_INI_MAX)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: larger than %zu bytes; is it a "
		    "configuration file?",
		    file, ASSAY_INI_MAX);
	assay_map_init(&r.sections, arena);
	assay_map_init(&r.keys, arena);
	assay_buf_init(&r.value, ASSAY_INI_MAX);
	if (assay_slice_starts(text, "\xef\xbb\xbf"))
		text = assay_slice_from(text, 3);
	while (status == ASSAY_OK && assay_slice_split(&text, '\n', &line)) {
		r.line++;
		status = read_line(&r, line);
	}
	close_value(&r);
	assay_buf_release(&r.value);
	return status;
}

/* assay_ini_read - one file */
enum assay_status assay_ini_read(
    struct assay_arena *arena, const char *file, struct assay_ini *ini, struct assay_err *err)
{
	struct assay_buf buf;
	enum assay_status status;

	*ini = (struct assay_ini){ .file = file };
	assay_buf_init(&buf, ASSAY_INI_MAX);
	status = assay_io_read_file(file, &buf, err);
	if (status == ASSAY_OK) {
		status = assay_ini_parse(arena, file, assay_buf_slice(&buf), ini, err);
	} else if (status != ASSAY_E_NOENT) {
		status = ASSAY_E_CONF;
		if (err != NULL)
			err->code = status;
	}
	assay_buf_release(&buf);
	return status;
}
