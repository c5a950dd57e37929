/*
 * smtp/entity.h - what the header fields of one entity say, in every reading
 *
 * Takes the raw field list and gives types, boundaries, transfer codings and file names as some
 * reader would see them, the best first. The best reading: of several Content-Type fields the first
 * that is a multipart, else the first; of several Content-Transfer-Encoding fields the first one
 * that is known; of several parameters the first. Where readers differ a defect says so; the other
 * readings are kept so that the walk and the leaf reader can try them. Fields hidden behind a bare
 * CR are read as well. Linear in the header block.
 */
#ifndef ASSAY_SMTP_ENTITY_H
#define ASSAY_SMTP_ENTITY_H

#include "part.h"

struct assay_arena;
struct assay_defects;

/* part->header must have been read. Fills part->entity. */
void assay_entity_read(
    struct assay_arena *arena, struct assay_part *part, struct assay_defects *defects);

#endif
