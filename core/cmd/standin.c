/*
 * core/cmd/standin.c - processes of the service that are not written yet: they are there, do
 * nothing, and go when they are told. Each is replaced by the file that defines the function.
 */
#include <poll.h>

#include "base/log.h"
#include "core/drain.h"
#include "core/janitor.h"
#include "core/keeper.h"
#include "core/master.h"

/* stand_in - until the parent lets go; takes config */
static int stand_in(struct assay_role *role, struct assay_config *config)
{
	struct pollfd life = { .fd = role->life, .events = POLLIN };

	assay_log(ASSAY_LOG_WARNING, "%s is not built in yet", role->kind);
	assay_board_set_state(role->page, ASSAY_BOARD_IDLE);
	while (poll(&life, 1, -1) < 0)
		continue;
	assay_config_free(&config);
	return 0;
}

/* assay_master_run - see above */
__attribute__((weak)) int assay_master_run(
    struct assay_role *role, struct assay_config *config, bool no_sandbox)
{
	(void)no_sandbox;
	return stand_in(role, config);
}

/* assay_keeper_run - see above */
__attribute__((weak)) int assay_keeper_run(struct assay_role *role, struct assay_config *config)
{
	return stand_in(role, config);
}

/* assay_keeper_rescan - see above */
__attribute__((weak)) int assay_keeper_rescan(struct assay_role *role, struct assay_config *config)
{
	return stand_in(role, config);
}

/* assay_drain_run - see above */
__attribute__((weak)) int assay_drain_run(struct assay_role *role, struct assay_config *config)
{
	return stand_in(role, config);
}

/* assay_janitor_run - see above */
__attribute__((weak)) int assay_janitor_run(struct assay_role *role, struct assay_config *config)
{
	return stand_in(role, config);
}
