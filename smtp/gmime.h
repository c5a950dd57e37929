/*
 * smtp/gmime.h - GMime as the second reader
 *
 * GMime's bounds of every leaf are compared with the walk's; a leaf that only GMime sees is added
 * to the walk with the defect `readers-differ`. GMime never sees the mail itself but a private copy
 * in which every field but Content-* and MIME-Version is renamed and attached messages are hidden,
 * so that its address, encoded word and nesting code is not reached (3.2.13 crashes, loops or takes
 * a hundred times the memory there). It is not asked at all when a prescan says that the mail is
 * not tame: too large, too many fields, delimiters or levels; that is a limits[] entry
 * "second_reader".
 */
#ifndef ASSAY_SMTP_GMIME_H
#define ASSAY_SMTP_GMIME_H

struct assay_scan;

void assay_gmime_warm(void);
void assay_gmime_compare(struct assay_scan *scan);

#endif
