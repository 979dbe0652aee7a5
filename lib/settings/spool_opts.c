/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/settings/spool_opts.h"

#include <stddef.h>

#include "lib/settings/option_kind.h"

static const char *const spool_names[] = { "data", "meta", NULL };

static const char *const spool_kind_names[] = {
	"LocalDisk", "RocksDB", NULL,
};

static const char *const rocks_compression_names[] = {
	"None", "Snappy", "Zlib", "Bz2", "Lz4", "Lz4hc", "Zstd", NULL,
};

static const char *const rocks_log_level_names[] = {
	"Debug", "Info", "Warn", "Error", "Fatal", "Header", NULL,
};

static const struct option_row rocks_params_rows[] = {
#define OPTIONS "lib/settings/rocks_params.def"
#define OPTION_OF struct rocks_params
#include "lib/settings/option_rows.h"
};

const struct option_table rocks_params_table =
    OPTION_TABLE("kumo.define_spool rocks_params", struct rocks_params,
	rocks_params_rows);

static const struct option_row spool_opts_rows[] = {
#define OPTIONS "lib/settings/spool_opts.def"
#define OPTION_OF struct spool_opts
#include "lib/settings/option_rows.h"
};

const struct option_table spool_opts_table =
    OPTION_TABLE("kumo.define_spool", struct spool_opts, spool_opts_rows);

void
spool_opts_defaults(struct spool_opts *s)
{
	option_defaults(&spool_opts_table, s);
}

int
spool_opts_read(struct spool_opts *s, const struct value *map,
    struct problems *problems)
{
	return option_read(&spool_opts_table, s, map, problems);
}

void
spool_opts_put(struct buf *b, const struct spool_opts *s)
{
	option_put(&spool_opts_table, b, s);
}

void
spool_opts_get(struct reader *r, struct spool_opts *s)
{
	option_get(&spool_opts_table, r, s);
}

void
spool_opts_free(struct spool_opts *s)
{
	option_free(&spool_opts_table, s);
}
