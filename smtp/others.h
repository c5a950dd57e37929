/*
 * smtp/others.h - what readers less or more strict than the primary reading would see
 *
 * Runs behind the primary walk and appends parts with their `reading`. Everything here is bounded
 * by the walk's budgets (max_others, reread); what goes beyond is `cut_others`.
 */
#ifndef ASSAY_SMTP_OTHERS_H
#define ASSAY_SMTP_OTHERS_H

struct assay_walk;

void assay_others_read(struct assay_walk *walk);

#endif
