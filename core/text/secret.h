/*
 * text/secret.h - words of a text that may be the password of something beside it
 *
 * "Password: infected", "Das Passwort lautet 2244", "mot de passe : x", in more than twelve
 * languages (*_scan), and any word at all (*_token). Linear, allocates nothing; takes UTF-8, and
 * any bytes. What comes out are slices of the text, of 2 to ASSAY_SECRET_MAX bytes.
 */
#ifndef ASSAY_TEXT_SECRET_H
#define ASSAY_TEXT_SECRET_H

#include <assay/types.h>

#define ASSAY_SECRET_MAX 64u

/* `named`: a word for password and a colon or the like stand right before it; else it is only near
 * one. `again`: another reading of the same place, without quotes or with what follows. False: no
 * more is wanted. */
typedef bool assay_secret_fn(void *user, struct assay_slice word, bool named, bool again);

/* Those that are called a password, in their order; of the first 200 places. */
void assay_secret_scan(struct assay_slice text, assay_secret_fn *fn, void *user);

/* Takes words off the front, one after the other, without the punctuation around them; false at the
 * end. */
bool assay_secret_token(struct assay_slice *rest, struct assay_slice *word);

#endif
