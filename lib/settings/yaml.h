/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text to a value tree, with line numbers. A plain subset: one document,
 * no anchors, aliases, tags or merge keys, no key twice, keys are scalars.
 * Scalars are typed by the YAML 1.2 core schema; quoted ones are text.
 */
#ifndef LIB_SETTINGS_YAML_H
#define LIB_SETTINGS_YAML_H

#include "lib/base/span.h"
#include "lib/settings/problem.h"
#include "lib/settings/value.h"

enum {
	YAML_DEPTH_MAX = 64,
	YAML_SIZE_MAX = 1024 * 1024,
	YAML_DATA_SIZE_MAX = 4 * 1024 * 1024,
	YAML_DATA_NODES_MAX = 256 * 1024,
};

/*
 * Give the tree, or NULL with at least one problem added. An empty document
 * is an empty map. The caller frees the tree.
 */
struct value *yaml_parse(struct span text, struct problems *problems);
struct value *yaml_load(const char *file, struct problems *problems);
/*
 * Any YAML of one document, for data that is no configuration of ours: an
 * empty one is null, aliases are copies (which count), the tags of the core
 * schema are taken, "<<" is a key like others. At the first problem NULL;
 * *column_out is then its column, 0 if unknown.
 */
struct value *yaml_parse_data(struct span text, struct problems *problems,
    int *column_out);

#endif
