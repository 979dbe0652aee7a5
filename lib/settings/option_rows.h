/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of one table. Included inside the braces of an array of struct
 * option, with OPTIONS defined as the .def file's name and OPTION_OF as the
 * struct; has no guard on purpose.
 */
#define OPTION_ROW(kind_, name_, def_, min_, max_, flags_, extra_, meaning_,   \
    why_)                                                                      \
	{ .name = #name_, .kind = &option_kind_##kind_,                        \
	  .offset = offsetof(OPTION_OF, name_),                                \
	  .size = sizeof(((OPTION_OF *)0)->name_), .default_text = def_,       \
	  .min = min_, .max = max_, .flags = flags_, .extra = extra_,          \
	  .meaning = meaning_, .why = why_ },
#define OPT(type, name_, def_, min_, max_, meaning_)                           \
	OPTION_ROW(type, name_, def_, min_, max_, 0, NULL, meaning_, NULL)
#define OPT_REQUIRED(type, name_, min_, max_, meaning_)                        \
	OPTION_ROW(type, name_, NULL, min_, max_, OPT_F_REQUIRED, NULL,        \
	    meaning_, NULL)
#define OPT_NOEFFECT(type, name_, def_, min_, max_, meaning_, why_)            \
	OPTION_ROW(type, name_, def_, min_, max_, OPT_F_NOEFFECT, NULL,        \
	    meaning_, why_)
#define OPT_ENUM(names_, name_, def_, meaning_)                                \
	OPTION_ROW(ENUM, name_, def_, 0, 0, 0, names_, meaning_, NULL)
#define OPT_ENUM_REQUIRED(names_, name_, meaning_)                             \
	OPTION_ROW(ENUM, name_, NULL, 0, 0, OPT_F_REQUIRED, names_, meaning_,  \
	    NULL)
#define OPT_ENUM_NOEFFECT(names_, name_, def_, meaning_, why_)                 \
	OPTION_ROW(ENUM, name_, def_, 0, 0, OPT_F_NOEFFECT, names_, meaning_,  \
	    why_)
#define OPT_TABLE(tag_, name_, meaning_)                                       \
	OPTION_ROW(TABLE, name_, NULL, 0, 0, 0, &tag_##_table, meaning_, NULL)
#define OPT_TABLES(tag_, name_, meaning_)                                      \
	OPTION_ROW(TABLES, name_, NULL, 0, 0, 0, &tag_##_table, meaning_, NULL)
#define OPT_TABLES_NOEFFECT(tag_, name_, meaning_, why_)                       \
	OPTION_ROW(TABLES, name_, NULL, 0, 0, OPT_F_NOEFFECT, &tag_##_table,   \
	    meaning_, why_)
#define OPT_MAPPED(tag_, name_, meaning_)                                      \
	OPTION_ROW(MAPPED, name_, NULL, 0, 0, 0, &tag_##_mapped, meaning_,     \
	    NULL)
#include OPTIONS
#undef OPTION_ROW
#undef OPT
#undef OPT_REQUIRED
#undef OPT_NOEFFECT
#undef OPT_ENUM
#undef OPT_ENUM_REQUIRED
#undef OPT_ENUM_NOEFFECT
#undef OPT_TABLE
#undef OPT_TABLES
#undef OPT_TABLES_NOEFFECT
#undef OPT_MAPPED
#undef OPTIONS
#undef OPTION_OF
