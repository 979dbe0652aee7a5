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
 * What listeners show, peer and via included, and what delivery shows, of
 * `paths`; and what scripts name for either (suite.script_keys). A name that is
 * a guess is left out where the other one surely has it: nobody gets another's
 * key by a guess. Text that stands in the configuration moves into the list:
 * the suite keeps its name alone.
 */
void suite_keys(struct suite *s, struct key_list *listeners,
    struct key_list *delivery);
/* "FILE:LINE: option 'NAME' of TABLE" on the heap. */
char *suite_key_where(const struct key_source *source, const char *option,
    const char *table);

#endif
