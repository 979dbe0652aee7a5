/* SPDX-License-Identifier: Apache-2.0 */
/* The libraries there are; only for lib/policy. */
#ifndef LIB_POLICY_MODULES_MODULES_H
#define LIB_POLICY_MODULES_MODULES_H

#include "lib/policy/library.h"

extern const struct library library_cidr;
extern const struct library library_counter_series;
extern const struct library library_crypto;
extern const struct library library_digest;
extern const struct library library_dns;
extern const struct library library_domain_map;
extern const struct library library_encode;
extern const struct library library_file_type;
extern const struct library library_fs;
extern const struct library library_http;
extern const struct library library_kumo_message;
extern const struct library library_message;
extern const struct library library_mimepart;
extern const struct library library_mpsc;
extern const struct library library_redis;
extern const struct library library_regex;
extern const struct library library_regex_set_map;
extern const struct library library_secrets;
extern const struct library library_serde;
extern const struct library library_sqlite;
extern const struct library library_string;
extern const struct library library_time;
extern const struct library library_uuid;

/* Functions of `kumo` itself. */
int fs_glob(lua_State *L);
int fs_read_dir(lua_State *L);
int fs_uncached_glob(lua_State *L);
int kumo_memoize(lua_State *L);
int make_throttle(lua_State *L);
/* Of kumo.string, in a file of its own. */
int string_eval_template(lua_State *L);
/* The table on top is `kumo`: old names of kumo.serde's functions. */
void serde_alias(lua_State *L);

#endif
