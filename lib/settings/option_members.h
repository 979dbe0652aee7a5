/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of one options struct. Included inside the braces, with OPTIONS
 * defined as the .def file's name; has no guard on purpose.
 */
#define OPT(type, name, ...) OPTION_C_##type name;
#define OPT_REQUIRED(type, name, ...) OPTION_C_##type name;
#define OPT_NOEFFECT(type, name, ...) OPTION_C_##type name;
#define OPT_ENUM(names, name, ...) int name;
#define OPT_ENUM_NOEFFECT(names, name, ...) int name;
#define OPT_ENUM_REQUIRED(names, name, ...) int name;
#define OPT_TABLE(tag, name, ...) struct tag name;
#define OPT_TABLES(tag, name, ...)                                             \
	struct {                                                               \
		struct tag *v;                                                 \
		size_t n;                                                      \
	} name;
#define OPT_TABLES_NOEFFECT(tag, name, ...)                                    \
	struct {                                                               \
		struct tag *v;                                                 \
		size_t n;                                                      \
	} name;
#define OPT_MAPPED(tag, name, ...)                                             \
	struct {                                                               \
		struct tag *v;                                                 \
		size_t n;                                                      \
	} name;
struct option_set set;
#include OPTIONS
#undef OPT
#undef OPT_REQUIRED
#undef OPT_NOEFFECT
#undef OPT_ENUM
#undef OPT_ENUM_NOEFFECT
#undef OPT_ENUM_REQUIRED
#undef OPT_TABLE
#undef OPT_TABLES
#undef OPT_TABLES_NOEFFECT
#undef OPT_MAPPED
#undef OPTIONS
