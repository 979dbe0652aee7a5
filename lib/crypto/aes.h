/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES with keys of 128 or 256 bits and PKCS#7 padding, by OpenSSL. The text
 * of CBC begins with its random initialisation vector.
 */
#ifndef LIB_CRYPTO_AES_H
#define LIB_CRYPTO_AES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/span.h"

enum aes_mode { AES_MODE_CBC, AES_MODE_ECB };
enum { AES_BLOCK = 16 };

/* Once, before a jail. */
void aes_prepare(void);
/* 16 or 32 bytes. */
bool aes_key_fits(struct span key);
size_t aes_encrypted_len(enum aes_mode mode, size_t len);
/* Exactly aes_encrypted_len() bytes. The key must fit. */
void aes_encrypt(enum aes_mode mode, struct span key, struct span in,
    uint8_t *out);
/*
 * At most in.len bytes, their number in *len_out; -1 for what was not
 * encrypted so, as far as that shows. The key must fit.
 */
int aes_decrypt(enum aes_mode mode, struct span key, struct span in,
    uint8_t *out, size_t *len_out);

#endif
