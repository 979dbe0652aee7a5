/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.secrets: keys and passwords from where they are kept. */
#include "lib/policy/modules/modules.h"

#include "lib/policy/key_source.h"

static int
load_now(lua_State *L)
{
	key_source_push(L, 1, "kumo.secrets.load");
	return 1;
}

static int
load(lua_State *L)
{
	return key_source_call(L, load_now);
}

static const struct library_function functions[] = {
	{ "load", load, "(key_source) -> bytes",
	    "The bytes behind a key source: a string is a file's name,\n"
	    ".Ql {key_data=bytes}\nis the bytes themselves,\n"
	    ".Ql {vault_mount=, vault_path=, vault_key='key', "
	    "vault_address=, vault_token=}\n"
	    "a field of a secret in a HashiCorp Vault, and\n"
	    ".Ql {event_name=, event_args={}}\n"
	    "what the handler of that event returns.  Raises an error when it "
	    "cannot be had.  Files are read when the configuration is loaded: "
	    "one that a handler will need must be named at the top of the "
	    "policy first." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_secrets = {
	.name = "kumo.secrets",
	.title = "keys and passwords",
	.about = "Keys and passwords from where they are kept.",
	.functions = functions,
};
