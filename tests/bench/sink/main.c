/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp-sink: the far end of measurements and tests. One process, one thread,
 * as the caller; it keeps nothing but the files it was asked for.
 */
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/log.h"
#include "tests/bench/common/process.h"
#include "tests/bench/sink/sink.h"

int
main(int argc, char **argv)
{
	struct sink_options opt;
	struct sink *k = xcalloc(1, sizeof(*k));

	log_init("smtp-sink", NULL, LOG_LEVEL_INFO);
	sink_options_read(&opt, argc, argv);
	process_raise_fd_limit();
	sink_init(k, &opt);
	sink_run(k);
	sink_free(k);
	free(k);
	return 0;
}
