/*
 * binary/module.h - what libyara's modules read of a program
 *
 * libyara's pe, elf and macho modules take a program apart before any rule is asked, and hand the
 * whole tree of what they found to a callback. This compiles the smallest rule that imports such a
 * module and gives access to the tree. What modules offer as functions only (imphash) is asked for
 * with the console module. Everything in the tree comes from strangers; strings are raw bytes.
 *
 * Fails as libyara does: E_TIMEOUT, E_PLUGIN. A crash in it costs the result on one payload.
 */
#ifndef ASSAY_BINARY_MODULE_H
#define ASSAY_BINARY_MODULE_H

#include <assay/types.h>

struct assay_module; /* a compiled rule, ready to scan */
struct assay_object; /* a node of the tree; lives during the callback only */

struct assay_module_use {
	/* The tree of one program. */
	void (*read)(void *user, const struct assay_object *root);
	/* What an expression gave, as text; those that are undefined are passed over. After read.
	 */
	void (*said)(void *user, const char *name, struct assay_slice value);
	void *user;
};

/* `asked`: name and expression in turn, "imphash", "pe.imphash()", ..., ends with NULL. What this
 * libyara does not know is left out. Needs files: call it in `warm`. */
ASSAY_MUST_CHECK enum assay_status assay_module_open(
    const char *name, const char *const *asked, struct assay_module **m, struct assay_err *err);
void assay_module_close(struct assay_module **m);
ASSAY_MUST_CHECK enum assay_status assay_module_scan(struct assay_module *m,
    struct assay_slice bytes, const struct assay_module_use *use, struct assay_err *err);

/* A member of a structure, or NULL; o may be NULL, here and below. */
const struct assay_object *assay_object_member(const struct assay_object *o, const char *name);
/* False when it is not there, undefined, or no integer; then *value is 0. */
bool assay_object_int(const struct assay_object *o, const char *name, int64_t *value);
/* The same; 0 when it is not there. */
int64_t assay_object_number(const struct assay_object *o, const char *name);
/* p is NULL when it is not there, undefined, or no string. */
struct assay_slice assay_object_text(const struct assay_object *o, const char *name);
/* Places of an array, and what is there: NULL where it has a hole. */
size_t assay_object_count(const struct assay_object *array);
const struct assay_object *assay_object_at(const struct assay_object *array, size_t i);

#endif
