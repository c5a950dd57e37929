/*
 * smtp/traits.h - comparisons inside one mail: facts, not scores
 *
 * Codes (value): reply-to-domain-differs (domain), from-envelope-domain-differs (domain),
 * sender-domain-differs, name-contains-address (address), from-multiple, from-missing,
 * own-domain-from-outside (domain), bidi-in-filename, bidi-in-name, hidden-characters-in-filename,
 * double-extension (name), executable-extension (extension), long-spaces-in-filename,
 * type-mismatch (name: type), password-in-mail (word), link-text-differs (shown -> real),
 * script-link, data-link, html-form, html-password-field, html-script, file-in-text,
 * encrypted-smime, encrypted-pgp, signed-smime, signed-pgp, to-missing, date-future, date-missing,
 * message-id-missing, fake-reply, empty-message.
 */
#ifndef ASSAY_SMTP_TRAITS_H
#define ASSAY_SMTP_TRAITS_H

struct assay_scan;

void assay_traits_find(struct assay_scan *scan);
/* traits[] and encrypted of the result. */
void assay_traits_report(struct assay_scan *scan);

#endif
