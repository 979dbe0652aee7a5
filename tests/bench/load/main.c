/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp-load: the near end of measurements and tests. One process, one thread,
 * as the caller.
 */
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "tests/bench/common/process.h"
#include "tests/bench/load/load.h"
#include "tests/bench/load/report.h"

int
main(int argc, char **argv)
{
	struct load_options opt;
	struct load *l = xcalloc(1, sizeof(*l));
	bool all;

	log_init("smtp-load", NULL, LOG_LEVEL_INFO);
	load_options_read(&opt, argc, argv);
	process_raise_fd_limit();
	load_init(l, &opt);
	load_run(l);
	report_summary(l);
	all = l->refused == 0 &&
	    (opt.messages == 0 || l->acknowledged == opt.messages);
	load_free(l);
	free(l);
	return all ? 0 : 1;
}
