/*
 * core/keeper.h - a door of the service: a provider whose mails are scanned and kept
 *
 * Runs one provider plugin (or the internal provider of late rescans) over core/door.h with lines
 * to the service's bulk socket, and puts each answer into the spool in groups. Only after the
 * commit is the provider told that its mail is done. One line in the log per mail. When the spool
 * cannot be written or the janitor says hold, answers wait here and no more mail is taken; nothing
 * is lost and it goes on by itself.
 */
#ifndef ASSAY_KEEPER_H
#define ASSAY_KEEPER_H

#include "core/role.h"

/* The process of `door:NAME`, after assay_role_enter. Takes config. Returns the exit code. */
int assay_keeper_run(struct assay_role *role, struct assay_config *config);
/* Likewise of `rescan`: spool/rescan, with rescan_timeout. */
int assay_keeper_rescan(struct assay_role *role, struct assay_config *config);

#endif
