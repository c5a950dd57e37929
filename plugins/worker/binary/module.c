/*
 * module - what libyara's modules read of a program; see module.h
 *
 * yr_initialize is counted by libyara, so that this and the yara plugin do not know of each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yara.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "module.h"

#define SOURCE_MAX 4096
#define TIMEOUT_S 20 /* worker_timeout stands behind it: modules do not look at the clock */

struct assay_module {
	char *name;
	YR_RULES *rules;
	YR_SCANNER *scanner;
};

/* ---- the rule -------------------------------------------------------------------------------- */

/* compile - NULL: this libyara does not know something in it */
static YR_RULES *compile(const char *source)
{
	YR_COMPILER *compiler;
	YR_RULES *rules = NULL;

	if (yr_compiler_create(&compiler) != ERROR_SUCCESS)
		ASSAY_BUG("libyara: out of memory");
	if (yr_compiler_add_string(compiler, source, NULL) == 0 &&
	    yr_compiler_get_rules(compiler, &rules) != ERROR_SUCCESS)
		rules = NULL;
	yr_compiler_destroy(compiler);
	return rules;
}

/* add_asked - a rule of its own for each expression: one that is undefined ends its rule only */
static void add_asked(struct assay_buf *source, const char *const *asked)
{
	const size_t imports = source->n;
	struct assay_buf one;

	assay_buf_init(&one, SOURCE_MAX);
	for (; asked[0] != NULL; asked += 2) {
		const size_t before = source->n;
		YR_RULES *rules;

		assay_buf_printf(source, "rule %s { condition: console.log(\"%s=\", %s) }\n",
		    asked[0], asked[0], asked[1]);
		assay_buf_clear(&one);
		assay_buf_add(&one, source->p, imports);
		assay_buf_add(&one, source->p + before, source->n - before);
		rules = compile(one.p);
		if (rules != NULL)
			yr_rules_destroy(rules);
		else
			source->p[source->n = before] = 0;
	}
	assay_buf_release(&one);
}

/* assay_module_open - see module.h */
enum assay_status assay_module_open(
    const char *name, const char *const *asked, struct assay_module **m, struct assay_err *err)
{
	struct assay_buf source;
	YR_RULES *rules;

	if (yr_initialize() != ERROR_SUCCESS)
		ASSAY_BUG("libyara cannot be initialised");
	assay_buf_init(&source, SOURCE_MAX);
	assay_buf_printf(&source, "import \"%s\"\nimport \"console\"\n", name);
	add_asked(&source, asked);
	assay_buf_add_str(&source, "rule always { condition: true }\n");
	rules = compile(source.p);
	assay_buf_release(&source);
	if (rules == NULL) {
		(void)yr_finalize();
		return assay_err_set(err, ASSAY_E_UNSUP,
		    "libyara %s was built without its module %s; take %s out of [core] plugins",
		    YR_VERSION, name, name);
	}
	*m = assay_xcalloc(1, sizeof(**m));
	(*m)->rules = rules;
	if (yr_scanner_create(rules, &(*m)->scanner) != ERROR_SUCCESS)
		ASSAY_BUG("libyara: out of memory");
	(*m)->name = assay_xstrdup(name);
	return ASSAY_OK;
}

/* assay_module_close - see module.h */
void assay_module_close(struct assay_module **m)
{
	if (*m == NULL)
		return;
	yr_scanner_destroy((*m)->scanner);
	yr_rules_destroy((*m)->rules);
	free((*m)->name);
	free(*m);
	*m = NULL;
	(void)yr_finalize();
}

/* ---- scanning -------------------------------------------------------------------------------- */

struct scan {
	const struct assay_module *m;
	const struct assay_module_use *use;
};

/* on_imported - the tree of a module; console has one too */
static void on_imported(const struct scan *s, const YR_OBJECT *root)
{
	if (strcmp(root->identifier, s->m->name) == 0)
		s->use->read(s->use->user, (const struct assay_object *)root);
}

/* on_console - "name=value" */
static void on_console(const struct scan *s, const char *line)
{
	const struct assay_slice all = assay_slice_str(line);
	const size_t eq = assay_slice_find(all, '=');
	char name[32];

	if (eq == all.n || eq >= sizeof(name))
		return;
	memcpy(name, line, eq);
	name[eq] = 0;
	s->use->said(s->use->user, name, assay_slice_from(all, eq + 1));
}

/* on_message - libyara's callback */
static int on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
	(void)context;
	if (message == CALLBACK_MSG_MODULE_IMPORTED)
		on_imported(user, data);
	else if (message == CALLBACK_MSG_CONSOLE_LOG)
		on_console(user, data);
	return CALLBACK_CONTINUE;
}

/* assay_module_scan - see module.h */
enum assay_status assay_module_scan(struct assay_module *m, struct assay_slice bytes,
    const struct assay_module_use *use, struct assay_err *err)
{
	struct scan scan = { .m = m, .use = use };
	int code;

	yr_scanner_set_callback(m->scanner, on_message, &scan);
	yr_scanner_set_timeout(m->scanner, TIMEOUT_S);
	/* A fault shall be seen by who watches this process. */
	yr_scanner_set_flags(m->scanner, SCAN_FLAGS_NO_TRYCATCH);
	code = yr_scanner_scan_mem(m->scanner, (const uint8_t *)bytes.p, bytes.n);
	if (code == ERROR_SUCCESS)
		return ASSAY_OK;
	if (code == ERROR_SCAN_TIMEOUT)
		return assay_err_set(err, ASSAY_E_TIMEOUT,
		    "libyara's module %s took longer than %d s", m->name, TIMEOUT_S);
	return assay_err_set(
	    err, ASSAY_E_PLUGIN, "libyara's module %s failed with error %d", m->name, code);
}

/* ---- the tree -------------------------------------------------------------------------------- */

/* typed - the node when it is of that type, or NULL */
static const YR_OBJECT *typed(const struct assay_object *o, int type)
{
	const YR_OBJECT *object = (const YR_OBJECT *)o;

	return object != NULL && object->type == type ? object : NULL;
}

/* assay_object_member - see module.h */
const struct assay_object *assay_object_member(const struct assay_object *o, const char *name)
{
	const YR_OBJECT_STRUCTURE *s = (const YR_OBJECT_STRUCTURE *)typed(o, OBJECT_TYPE_STRUCTURE);
	const YR_STRUCTURE_MEMBER *m = s != NULL ? s->members : NULL;

	while (m != NULL && strcmp(m->object->identifier, name) != 0)
		m = m->next;
	return m != NULL ? (const struct assay_object *)m->object : NULL;
}

/* assay_object_int - see module.h */
bool assay_object_int(const struct assay_object *o, const char *name, int64_t *value)
{
	const YR_OBJECT *i = typed(assay_object_member(o, name), OBJECT_TYPE_INTEGER);
	const bool there = i != NULL && i->value.i != (int64_t)YR_UNDEFINED;

	*value = there ? i->value.i : 0;
	return there;
}

/* assay_object_number - see module.h */
int64_t assay_object_number(const struct assay_object *o, const char *name)
{
	int64_t value;

	(void)assay_object_int(o, name, &value);
	return value;
}

/* assay_object_text - see module.h */
struct assay_slice assay_object_text(const struct assay_object *o, const char *name)
{
	const YR_OBJECT *s = typed(assay_object_member(o, name), OBJECT_TYPE_STRING);

	if (s == NULL || s->value.ss == NULL)
		return ASSAY_SLICE_NONE;
	return assay_slice(s->value.ss->c_string, s->value.ss->length);
}

/* assay_object_count - see module.h */
size_t assay_object_count(const struct assay_object *array)
{
	const YR_OBJECT_ARRAY *a = (const YR_OBJECT_ARRAY *)typed(array, OBJECT_TYPE_ARRAY);

	return a != NULL && a->items != NULL ? (size_t)a->items->length : 0;
}

/* assay_object_at - see module.h */
const struct assay_object *assay_object_at(const struct assay_object *array, size_t i)
{
	const YR_OBJECT_ARRAY *a = (const YR_OBJECT_ARRAY *)typed(array, OBJECT_TYPE_ARRAY);

	if (i >= assay_object_count(array))
		return NULL;
	return (const struct assay_object *)a->items->objects[i];
}
