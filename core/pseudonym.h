/*
 * core/pseudonym.h - other names for the values of some facts, the same ones every time
 *
 * The values of the chosen words (rcpt, from_name ...) are gathered from the whole report and
 * replaced in every string of it, ASCII case ignored, where they stand alone (no letter or digit
 * beside them): "p-" and 64 bits of HMAC-SHA256 in hex; an address stays one, below
 * "pseudonym.invalid". Values of one or two bytes are replaced only where they are the whole
 * string. Members called raw or ..._raw are taken out: an encoded form would give the value away.
 */
#ifndef ASSAY_PSEUDONYM_H
#define ASSAY_PSEUDONYM_H

#include <assay/plugin.h>

#include "core/privacy.h"

struct assay_arena;
struct assay_host;
struct assay_pseudonym;

#define ASSAY_PSEUDONYM_KEY_MIN 16u
#define ASSAY_PSEUDONYM_VALUES 1000u /* of one word in one report */

/* Words and key file of the options, borrowed. E_CONF: a word nobody declares, a key file that is
 * missing or too short. */
ASSAY_MUST_CHECK enum assay_status assay_pseudonym_new(struct assay_arena *arena,
    const struct assay_host *host, const struct assay_privacy_options *options,
    struct assay_pseudonym **pseudonym, struct assay_err *err);
/* In place. False: there were more values than can be replaced, some may still stand there. */
bool assay_pseudonym_apply(const struct assay_pseudonym *pseudonym, json_t *report);

#endif
