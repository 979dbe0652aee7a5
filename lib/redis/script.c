/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/redis/script.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

void
redis_script_sha1(struct span script, char out[REDIS_SHA1_SIZE])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned i, len = 0;

	if (EVP_Digest(script.p, script.len, sum, &len, EVP_sha1(), NULL) != 1)
		abort();
	for (i = 0; i < 20; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
}
