/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.serde: Lua values as JSON, TOML and YAML, and back. */
#include "lib/policy/modules/modules.h"

#include <errno.h>
#include <string.h>

#include "lib/data/json_read.h"
#include "lib/data/json_write.h"
#include "lib/data/toml.h"
#include "lib/policy/convert.h"
#include "lib/policy/state.h"
#include "lib/settings/yaml.h"
#include "lib/settings/yaml_write.h"

/* Push what the text says; -1 with the error. */
typedef int reader_fn(lua_State *L, struct span text,
    struct data_error *error);
/* Write the tree; -1 with a constant reason. */
typedef int writer_fn(struct buf *out, const struct value *v,
    const char **why_out);

/* ---- text to values ------------------------------------------------------ */

static int
read_json(lua_State *L, struct span text, struct data_error *error)
{
	return convert_parse_json(L, text, JSON_READ_COMMENTS, error);
}

/* What the tree in the holder on top says, in place of the holder. */
static int
push_held(lua_State *L, struct value **held)
{
	if (*held == NULL) {
		lua_pop(L, 1);
		return -1;
	}
	convert_push_value(L, *held);
	value_free(held);
	lua_remove(L, -2);
	return 0;
}

static int
read_toml(lua_State *L, struct span text, struct data_error *error)
{
	struct value **held = convert_push_holder(L);

	*held = toml_read(text, error);
	return push_held(L, held);
}

static int
read_yaml(lua_State *L, struct span text, struct data_error *error)
{
	struct value **held = convert_push_holder(L);
	struct problems problems = { .v = NULL };
	int column;

	*held = yaml_parse_data(text, &problems, &column);
	if (problems.n > 0)
		data_error_set(error, problems.v[0].line, column,
		    span_of(problems.v[0].text));
	problems_free(&problems);
	return push_held(L, held);
}

static int
parse(lua_State *L, const char *name, reader_fn *read)
{
	struct data_error error = { .line = 0 };
	size_t len;
	const char *p = luaL_checklstring(L, 1, &len);

	if (read(L, span_make(p, len), &error) == 0)
		return 1;
	if (error.line == 0)
		return where_error(L, "%s: %s", name, error.text);
	return where_error(L, "%s: line %d, column %d: %s", name, error.line,
	    error.column, error.text);
}

static int
load(lua_State *L, const char *name, reader_fn *read)
{
	const char *path = luaL_checkstring(L, 1);
	struct data_error error = { .line = 0 };
	const struct chunk *c = module_file(policy_of(L), path);

	if (c == NULL)
		return where_error(L, "%s: %s: %s", name, path, errno != 0 ?
		    strerror(errno) : "not read when the configuration was "
		    "loaded");
	if (read(L, span_make(c->p, c->len), &error) == 0)
		return 1;
	if (error.line == 0)
		return where_error(L, "%s: %s: %s", name, path, error.text);
	return where_error(L, "%s: %s:%d:%d: %s", name, path, error.line,
	    error.column, error.text);
}

/* ---- values to text ------------------------------------------------------ */

static int
write_json(struct buf *out, const struct value *v, const char **why_out)
{
	struct jout j;

	*why_out = NULL;
	jout_init(&j, out);
	value_to_json(&j, v);
	return 0;
}

static int
write_json_pretty(struct buf *out, const struct value *v,
    const char **why_out)
{
	struct buf compact = { .base = NULL };

	write_json(&compact, v, why_out);
	json_write_pretty(out, buf_span(&compact), 2);
	buf_free(&compact);
	return 0;
}

static int
write_toml(struct buf *out, const struct value *v, const char **why_out)
{
	return toml_write(out, v, TOML_PLAIN, why_out);
}

static int
write_toml_pretty(struct buf *out, const struct value *v,
    const char **why_out)
{
	return toml_write(out, v, TOML_PRETTY, why_out);
}

static int
write_toml_compact(struct buf *out, const struct value *v,
    const char **why_out)
{
	return toml_write(out, v, TOML_COMPACT, why_out);
}

static int
write_yaml(struct buf *out, const struct value *v, const char **why_out)
{
	*why_out = "YAML cannot hold text that is not UTF-8";
	return yaml_write(out, v);
}

/*
 * The options that kumo.make_... took, as a table in place of the object: it
 * offers its pairs.
 */
static void
unfold(lua_State *L)
{
	if (lua_type(L, 1) != LUA_TUSERDATA ||
	    luaL_getmetafield(L, 1, "__pairs") == LUA_TNIL)
		return;
	lua_newtable(L);
	lua_insert(L, 2);
	lua_pushvalue(L, 1);
	lua_call(L, 1, 3);
	/* object, copy, next, state, key */
	for (;;) {
		lua_pushvalue(L, 3);
		lua_pushvalue(L, 4);
		lua_pushvalue(L, 5);
		lua_call(L, 2, 2);
		if (lua_isnil(L, -2))
			break;
		lua_pushvalue(L, -2);
		lua_replace(L, 5);
		lua_rawset(L, 2);
	}
	lua_settop(L, 2);
	lua_remove(L, 1);
}

static int
encode(lua_State *L, const char *name, writer_fn *write)
{
	struct policy *p = policy_of(L);
	struct value *v;
	const char *why;
	int result;

	luaL_checkany(L, 1);
	lua_settop(L, 1);
	unfold(L);
	v = convert_data(L, 1, &why);
	if (v == NULL)
		return where_error(L, "%s: %s", name, why);
	buf_clear(&p->scratch, 65536);
	result = write(&p->scratch, v, &why);
	value_free(&v);
	if (result == -1)
		return where_error(L, "%s: %s", name, why);
	lua_pushlstring(L, (const char *)buf_data(&p->scratch),
	    buf_len(&p->scratch));
	return 1;
}

/* ---- the functions ------------------------------------------------------- */

#define FUNCTION(name, how, what)                                             \
	static int serde_##name(lua_State *L)                                 \
	{                                                                     \
		return how(L, #name, what);                                   \
	}

FUNCTION(json_encode, encode, write_json)
FUNCTION(json_encode_pretty, encode, write_json_pretty)
FUNCTION(json_load, load, read_json)
FUNCTION(json_parse, parse, read_json)
FUNCTION(toml_encode, encode, write_toml)
FUNCTION(toml_encode_pretty, encode, write_toml_pretty)
FUNCTION(toml_encode_pretty_compact, encode, write_toml_compact)
FUNCTION(toml_load, load, read_toml)
FUNCTION(toml_parse, parse, read_toml)
FUNCTION(yaml_encode, encode, write_yaml)
FUNCTION(yaml_load, load, read_yaml)
FUNCTION(yaml_parse, parse, read_yaml)

static const struct library_function functions[] = {
	{ "json_encode", serde_json_encode, "(value) -> text",
	    "The value as JSON on one line.\n"
	    "Floats keep their point; those that are no number become\n"
	    ".Li null .\n"
	    "Bytes that are not UTF-8 become U+FFFD." },
	{ "json_encode_pretty", serde_json_encode_pretty, "(value) -> text",
	    "The value as JSON for people: an item a line, two blanks a\n"
	    "level." },
	{ "json_load", serde_json_load, "(path) -> value",
	    "What the JSON file says, read as\n"
	    ".Fn json_parse\n"
	    "reads." },
	{ "json_parse", serde_json_parse, "(text) -> value",
	    "What the JSON text says.\n"
	    "C comments and those from\n"
	    ".Ql //\n"
	    "or\n"
	    ".Ql #\n"
	    "to the end of the line count as blanks.\n"
	    "Of a key that is there twice the last value counts." },
	{ "toml_encode", serde_toml_encode, "(value) -> text",
	    "The table as TOML: values before tables, lists on one line.\n"
	    "It is an error when the value is no table with names, or holds\n"
	    ".Li nil\n"
	    "in a list." },
	{ "toml_encode_pretty", serde_toml_encode_pretty, "(value) -> text",
	    "As\n"
	    ".Fn toml_encode ,\n"
	    "but lists of two and more items take a line for each." },
	{ "toml_encode_pretty_compact", serde_toml_encode_pretty_compact,
	    "(value) -> text",
	    "As\n"
	    ".Fn toml_encode ,\n"
	    "but an empty table is\n"
	    ".Ql key = {}\n"
	    "and has no header." },
	{ "toml_load", serde_toml_load, "(path) -> value",
	    "What the TOML file says." },
	{ "toml_parse", serde_toml_parse, "(text) -> value",
	    "What the TOML text says, version 1.0.\n"
	    "Dates and times become texts as RFC 3339 has them." },
	{ "yaml_encode", serde_yaml_encode, "(value) -> text",
	    "The value as YAML in block form.\n"
	    "Text that another reader could take for a number, a truth value\n"
	    "or nothing stands in quotes.\n"
	    "It is an error when a text is not UTF-8." },
	{ "yaml_load", serde_yaml_load, "(path) -> value",
	    "What the YAML file says." },
	{ "yaml_parse", serde_yaml_parse, "(text) -> value",
	    "What the YAML text says, one document by the core schema of\n"
	    "version 1.2: words such as\n"
	    ".Ql yes\n"
	    "are text.\n"
	    "Aliases become copies, keys must be plain, a key twice is an\n"
	    "error." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_serde = {
	.name = "kumo.serde",
	.title = "JSON, TOML and YAML",
	.about = "Values as text and back.\n"
	    "What is written has its keys in order, so that equal values give\n"
	    "equal texts.\n"
	    "A table whose keys are 1 to n is a list, any other one a map;\n"
	    "an empty one is a map, unless it was read from an empty list.\n"
	    "Null is\n"
	    ".Li nil ,\n"
	    "so a key with it is not there.\n"
	    "Functions and objects are no data, except for addresses, which\n"
	    "are their text, and what the\n"
	    ".Fn kumo.make_*\n"
	    "functions give.\n"
	    ".Pp\n"
	    "What is read has at most 64 levels; a TOML or YAML text at most\n"
	    "4 MiB.\n"
	    "Errors name line and column.\n"
	    "Files are read when the configuration is loaded: a handler can\n"
	    "load one that was loaded by the main script or by\n"
	    ".Ql init\n"
	    "before.\n"
	    ".Pp\n"
	    "All but the YAML functions and\n"
	    ".Fn toml_encode_pretty_compact\n"
	    "are also in the module\n"
	    ".Sy kumo\n"
	    "itself, their old place.",
	.functions = functions,
};

void
serde_alias(lua_State *L)
{
	static const char *const names[] = {
		"json_encode", "json_encode_pretty", "json_load",
		"json_parse", "toml_encode", "toml_encode_pretty",
		"toml_load", "toml_parse",
	};
	size_t i;

	lua_getfield(L, -1, "serde");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		lua_getfield(L, -1, names[i]);
		lua_setfield(L, -3, names[i]);
	}
	lua_pop(L, 1);
}
