/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and certificates on their way from a configuration to the one role that
 * needs them. The loader lists the names of a role's files, with what each must
 * hold and where the configuration says so; text that stands in the
 * configuration itself (key_data) moves into the list and leaves a name of the
 * form key_data:HASH behind. A process of its own (keys(8)) reads the files and
 * checks them, and the role gets the names and their bytes, nothing more.
 *
 * Bytes are wiped when they are freed.
 */
#ifndef LIB_SETTINGS_KEY_LIST_H
#define LIB_SETTINGS_KEY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/span.h"
#include "lib/base/wire.h"
#include "lib/io/tls_pem.h"

enum {
	KEY_LIST_MAX = 4096,
	KEY_FILE_MAX = 1024 * 1024,
	KEY_BYTES_MAX = 64 * 1024 * 1024, /* of all together */
};

struct key_item {
	char *name;   /* a file's, or key_data:HASH */
	char *where;  /* "FILE:LINE: option 'x' of y"; "" once it is checked */
	uint8_t uses; /* enum tls_pem_use, or'ed */
	bool guess;   /* a script has this name in it: it may be absent */
	bool known;   /* the bytes are there */
	uint8_t *p;
	size_t len;
};

/* A certificate and a key that are shown together, by place in the list. */
struct key_pair {
	uint32_t chain, key;
	char *where;
};

/* Zero-initialised is empty. */
struct key_list {
	struct key_item *v;
	size_t n;
	struct key_pair *pairs;
	size_t n_pairs;
};

/*
 * The place of that name, which is made on its first mention; more uses add up,
 * and a name that is sure once is no guess any more. where is copied.
 */
uint32_t key_list_add(struct key_list *l, struct span name,
    enum tls_pem_use use, bool guess, const char *where);
void key_list_pair(struct key_list *l, uint32_t chain, uint32_t key,
    const char *where);
/* The bytes of an item are these; copied. */
void key_item_fill(struct key_item *item, struct span bytes);
/* NULL when there is none of that name. */
const struct key_item *key_list_find(const struct key_list *l,
    struct span name);
/* All of it. */
void key_list_put(struct buf *b, const struct key_list *l);
/* Names and bytes of what is known, without uses, pairs and places. */
void key_list_put_known(struct buf *b, const struct key_list *l);
/* Free it in either case. */
void key_list_get(struct reader *r, struct key_list *l);
void key_list_free(struct key_list *l);

#endif
