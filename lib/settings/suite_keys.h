/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys a suite names, and who needs them. Whoever adds an option that
 * names a key adds its place here: a process gets what is listed for it and can
 * open no file.
 */
#ifndef LIB_SETTINGS_SUITE_KEYS_H
#define LIB_SETTINGS_SUITE_KEYS_H

struct key_list;
struct key_source;
struct suite;

/*
 * What the listeners show, peer and via included. Text that stands in the
 * configuration moves into the list: the suite keeps its name alone.
 */
void suite_keys_listeners(struct suite *s, struct key_list *out);
/*
 * What delivery shows: of `paths`, and what scripts name (suite.script_keys). A
 * name that only looks like one of delivery's is left out when a listener has
 * it: nobody gets the key of a listener by a guess.
 */
void suite_keys_delivery(struct suite *s, struct key_list *out);
/* "FILE:LINE: option 'NAME' of TABLE" on the heap. */
char *suite_key_where(const struct key_source *source, const char *option,
    const char *table);

#endif
