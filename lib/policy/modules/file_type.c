/* SPDX-License-Identifier: Apache-2.0 */
/* kumo.file_type: what a file is. */
#include "lib/policy/modules/modules.h"

#include "lib/data/file_type.h"

static void
push_words(lua_State *L, const char *list)
{
	struct span word;
	lua_Integer n = 0;

	lua_newtable(L);
	while (file_type_word(&list, &word)) {
		lua_pushlstring(L, word.p, word.len);
		lua_rawseti(L, -2, ++n);
	}
}

static void
push_type(lua_State *L, const struct file_type *type)
{
	lua_createtable(L, 0, 3);
	lua_pushstring(L, type->name);
	lua_setfield(L, -2, "name");
	push_words(L, type->extensions);
	lua_setfield(L, -2, "extensions");
	push_words(L, type->media);
	lua_setfield(L, -2, "media_types");
}

static struct span
text_arg(lua_State *L)
{
	size_t len;
	const char *p = luaL_checklstring(L, 1, &len);

	return span_make(p, len);
}

static int
from_bytes(lua_State *L)
{
	push_type(L, file_type_of_bytes(text_arg(L)));
	return 1;
}

static int
push_all(lua_State *L, const struct file_type *(*next)(struct span word,
    size_t *at))
{
	struct span word = text_arg(L);
	const struct file_type *type;
	lua_Integer n = 0;
	size_t at = 0;

	lua_newtable(L);
	while ((type = next(word, &at)) != NULL) {
		push_type(L, type);
		lua_rawseti(L, -2, ++n);
	}
	return 1;
}

static int
from_extension(lua_State *L)
{
	return push_all(L, file_type_by_extension);
}

static int
from_media_type(lua_State *L)
{
	return push_all(L, file_type_by_media);
}

static const struct library_function functions[] = {
	{ "from_bytes", from_bytes, "(bytes) -> type",
	    "What the bytes of a file seem to be.\n"
	    "There is always an answer, which may be wrong: the first 64 KiB\n"
	    "are looked at, for a mark at their start or, in archives, for\n"
	    "the names in them; bytes without one are plain text or a binary\n"
	    "file." },
	{ "from_extension", from_extension, "(extension) -> types",
	    "A list of all types with that extension, which is given without\n"
	    "its dot; the case of letters does not matter.\n"
	    "It is empty when there is none." },
	{ "from_media_type", from_media_type, "(media_type) -> types",
	    "A list of all types with that media type, such as\n"
	    ".Ql image/png ." },
	{ NULL, NULL, NULL, NULL },
};

const struct library library_file_type = {
	.name = "kumo.file_type",
	.title = "kinds of files",
	.about = "Guesses what a file is, by its bytes, extension or media\n"
	    "type.\n"
	    "A type is a table of\n"
	    ".Va name ,\n"
	    "a text for people,\n"
	    ".Va extensions\n"
	    "and\n"
	    ".Va media_types ,\n"
	    "lists of texts.",
	.functions = functions,
};
