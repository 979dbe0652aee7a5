/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/redis/command.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

enum where {
	FIRST,       /* words[1]; what is not in the table too */
	SECOND,      /* words[2] */
	NONE,
	COUNTED_1,   /* a number of keys at 1, then the keys */
	COUNTED_2,   /* a number of keys at 2, then the keys */
	STREAMS,     /* behind the word STREAMS */
};

#define READS REDIS_READS
#define WAITS REDIS_WAITS
#define REFUSED REDIS_REFUSED

/* In the order of strcmp. */
static const struct {
	const char *name;
	enum where where;
	unsigned flags;
} commands[] = {
	{ "ACL", NONE, 0 },
	{ "ASKING", NONE, REFUSED },
	{ "AUTH", NONE, REFUSED },
	{ "BGREWRITEAOF", NONE, 0 },
	{ "BGSAVE", NONE, 0 },
	{ "BITCOUNT", FIRST, READS },
	{ "BITFIELD_RO", FIRST, READS },
	{ "BITOP", SECOND, 0 },
	{ "BITPOS", FIRST, READS },
	{ "BLMOVE", FIRST, WAITS },
	{ "BLMPOP", COUNTED_2, WAITS },
	{ "BLPOP", FIRST, WAITS },
	{ "BRPOP", FIRST, WAITS },
	{ "BRPOPLPUSH", FIRST, WAITS },
	{ "BZMPOP", COUNTED_2, WAITS },
	{ "BZPOPMAX", FIRST, WAITS },
	{ "BZPOPMIN", FIRST, WAITS },
	{ "CLIENT", NONE, REFUSED },
	{ "CLUSTER", NONE, 0 },
	{ "COMMAND", NONE, 0 },
	{ "CONFIG", NONE, 0 },
	{ "DBSIZE", NONE, 0 },
	{ "DEBUG", NONE, WAITS },
	{ "DISCARD", NONE, REFUSED },
	{ "DUMP", FIRST, READS },
	{ "ECHO", NONE, 0 },
	{ "EVAL", COUNTED_2, 0 },
	{ "EVALSHA", COUNTED_2, 0 },
	{ "EVALSHA_RO", COUNTED_2, READS },
	{ "EVAL_RO", COUNTED_2, READS },
	{ "EXEC", NONE, REFUSED },
	{ "EXISTS", FIRST, READS },
	{ "FAILOVER", NONE, 0 },
	{ "FCALL", COUNTED_2, 0 },
	{ "FCALL_RO", COUNTED_2, READS },
	{ "FLUSHALL", NONE, 0 },
	{ "FLUSHDB", NONE, 0 },
	{ "FUNCTION", NONE, 0 },
	{ "GEODIST", FIRST, READS },
	{ "GEOHASH", FIRST, READS },
	{ "GEOPOS", FIRST, READS },
	{ "GEOSEARCH", FIRST, READS },
	{ "GET", FIRST, READS },
	{ "GETBIT", FIRST, READS },
	{ "GETRANGE", FIRST, READS },
	{ "HELLO", NONE, REFUSED },
	{ "HEXISTS", FIRST, READS },
	{ "HGET", FIRST, READS },
	{ "HGETALL", FIRST, READS },
	{ "HKEYS", FIRST, READS },
	{ "HLEN", FIRST, READS },
	{ "HMGET", FIRST, READS },
	{ "HRANDFIELD", FIRST, READS },
	{ "HSCAN", FIRST, READS },
	{ "HSTRLEN", FIRST, READS },
	{ "HVALS", FIRST, READS },
	{ "INFO", NONE, 0 },
	{ "KEYS", NONE, READS },
	{ "LASTSAVE", NONE, 0 },
	{ "LATENCY", NONE, 0 },
	{ "LCS", FIRST, READS },
	{ "LINDEX", FIRST, READS },
	{ "LLEN", FIRST, READS },
	{ "LMPOP", COUNTED_1, 0 },
	{ "LOLWUT", NONE, 0 },
	{ "LPOS", FIRST, READS },
	{ "LRANGE", FIRST, READS },
	{ "MEMORY", SECOND, 0 },
	{ "MGET", FIRST, READS },
	{ "MODULE", NONE, 0 },
	{ "MONITOR", NONE, REFUSED },
	{ "MULTI", NONE, REFUSED },
	{ "OBJECT", SECOND, READS },
	{ "PEXPIRETIME", FIRST, READS },
	{ "PING", NONE, 0 },
	{ "PSUBSCRIBE", NONE, REFUSED },
	{ "PSYNC", NONE, REFUSED },
	{ "PTTL", FIRST, READS },
	{ "PUBLISH", NONE, 0 },
	{ "PUBSUB", NONE, 0 },
	{ "PUNSUBSCRIBE", NONE, REFUSED },
	{ "QUIT", NONE, REFUSED },
	{ "RANDOMKEY", NONE, READS },
	{ "READONLY", NONE, REFUSED },
	{ "READWRITE", NONE, REFUSED },
	{ "REPLCONF", NONE, REFUSED },
	{ "REPLICAOF", NONE, 0 },
	{ "RESET", NONE, REFUSED },
	{ "ROLE", NONE, 0 },
	{ "SAVE", NONE, 0 },
	{ "SCAN", NONE, READS },
	{ "SCARD", FIRST, READS },
	{ "SCRIPT", NONE, 0 },
	{ "SDIFF", FIRST, READS },
	{ "SELECT", NONE, REFUSED },
	{ "SHUTDOWN", NONE, 0 },
	{ "SINTER", FIRST, READS },
	{ "SINTERCARD", COUNTED_1, READS },
	{ "SISMEMBER", FIRST, READS },
	{ "SLAVEOF", NONE, 0 },
	{ "SLOWLOG", NONE, 0 },
	{ "SMEMBERS", FIRST, READS },
	{ "SMISMEMBER", FIRST, READS },
	{ "SORT_RO", FIRST, READS },
	{ "SRANDMEMBER", FIRST, READS },
	{ "SSCAN", FIRST, READS },
	{ "SSUBSCRIBE", NONE, REFUSED },
	{ "STRLEN", FIRST, READS },
	{ "SUBSCRIBE", NONE, REFUSED },
	{ "SUBSTR", FIRST, READS },
	{ "SUNION", FIRST, READS },
	{ "SUNSUBSCRIBE", NONE, REFUSED },
	{ "SWAPDB", NONE, 0 },
	{ "SYNC", NONE, REFUSED },
	{ "TIME", NONE, 0 },
	{ "TTL", FIRST, READS },
	{ "TYPE", FIRST, READS },
	{ "UNSUBSCRIBE", NONE, REFUSED },
	{ "UNWATCH", NONE, REFUSED },
	{ "WAIT", NONE, WAITS },
	{ "WAITAOF", NONE, WAITS },
	{ "WATCH", NONE, REFUSED },
	{ "XGROUP", SECOND, 0 },
	{ "XINFO", SECOND, READS },
	{ "XLEN", FIRST, READS },
	{ "XPENDING", FIRST, READS },
	{ "XRANGE", FIRST, READS },
	{ "XREAD", STREAMS, READS | WAITS },
	{ "XREADGROUP", STREAMS, WAITS },
	{ "XREVRANGE", FIRST, READS },
	{ "ZCARD", FIRST, READS },
	{ "ZCOUNT", FIRST, READS },
	{ "ZDIFF", COUNTED_1, READS },
	{ "ZINTER", COUNTED_1, READS },
	{ "ZINTERCARD", COUNTED_1, READS },
	{ "ZLEXCOUNT", FIRST, READS },
	{ "ZMPOP", COUNTED_1, 0 },
	{ "ZMSCORE", FIRST, READS },
	{ "ZRANDMEMBER", FIRST, READS },
	{ "ZRANGE", FIRST, READS },
	{ "ZRANGEBYLEX", FIRST, READS },
	{ "ZRANGEBYSCORE", FIRST, READS },
	{ "ZRANK", FIRST, READS },
	{ "ZREVRANGE", FIRST, READS },
	{ "ZREVRANGEBYLEX", FIRST, READS },
	{ "ZREVRANGEBYSCORE", FIRST, READS },
	{ "ZREVRANK", FIRST, READS },
	{ "ZSCAN", FIRST, READS },
	{ "ZSCORE", FIRST, READS },
	{ "ZUNION", COUNTED_1, READS },
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands), NAME_MAX_ = 24 };

static int
command_find(struct span name)
{
	char upper[NAME_MAX_];
	size_t low = 0, high = COMMANDS, i, mid;
	int order;

	if (name.len >= sizeof(upper))
		return -1;
	for (i = 0; i < name.len; i++)
		upper[i] = name.p[i] >= 'a' && name.p[i] <= 'z' ?
		    (char)(name.p[i] - 32) : name.p[i];
	upper[name.len] = '\0';
	while (low < high) {
		mid = (low + high) / 2;
		order = strcmp(upper, commands[mid].name);
		if (order == 0)
			return (int)mid;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return -1;
}

static enum where
where_of(struct span name)
{
	int i = command_find(name);

	return i == -1 ? FIRST : commands[i].where;
}

unsigned
redis_command_flags(const struct span *words, size_t n)
{
	int i = command_find(words[0]);
	unsigned flags = i == -1 ? 0 : commands[i].flags;

	if (redis_command_key(words, n) == 0)
		flags |= REDIS_KEYLESS;
	return flags;
}

static size_t
key_counted(const struct span *words, size_t n, size_t at)
{
	uint64_t keys;

	if (at + 1 >= n ||
	    text_u64(words[at], 1, REDIS_WORDS_MAX, &keys) == -1)
		return 0;
	return at + 1;
}

size_t
redis_command_key(const struct span *words, size_t n)
{
	size_t i;

	switch (where_of(words[0])) {
	case FIRST:
		return n > 1 ? 1 : 0;
	case SECOND:
		return n > 2 ? 2 : 0;
	case NONE:
		return 0;
	case COUNTED_1:
		return key_counted(words, n, 1);
	case COUNTED_2:
		return key_counted(words, n, 2);
	case STREAMS:
		for (i = 1; i + 1 < n; i++) {
			if (span_ieq_str(words[i], "STREAMS"))
				return i + 1;
		}
		return 0;
	}
	return 0;
}

void
redis_command_put(struct buf *out, const struct span *words, size_t n)
{
	const char **argv = xcalloc(n, sizeof(*argv));
	size_t *lens = xcalloc(n, sizeof(*lens)), i;
	char *text = NULL;
	int len;

	for (i = 0; i < n; i++) {
		argv[i] = words[i].len == 0 ? "" : words[i].p;
		lens[i] = words[i].len;
	}
	len = redisFormatCommandArgv(&text, (int)n, argv, lens);
	if (len < 0)
		abort();
	buf_add(out, text, (size_t)len);
	redisFreeCommand(text);
	free(argv);
	free(lens);
}

/* ---- clusters ----------------------------------------------------------- */

/* CRC-16/XMODEM, of what is between the first { and the next }. */
unsigned
redis_slot(struct span key)
{
	ptrdiff_t open = span_find(key, '{'), end;
	unsigned crc = 0, bit;
	struct span tag;
	size_t i;

	if (open != -1) {
		tag = span_from(key, (size_t)open + 1);
		end = span_find(tag, '}');
		if (end > 0)
			key = span_make(tag.p, (size_t)end);
	}
	for (i = 0; i < key.len; i++) {
		crc ^= (unsigned)(unsigned char)key.p[i] << 8;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
		crc &= 0xffff;
	}
	return crc % REDIS_SLOTS;
}

static struct span
word_take(struct span *s)
{
	ptrdiff_t at = span_find(*s, ' ');
	struct span word = *s;

	if (at == -1) {
		*s = span_of(NULL);
		return word;
	}
	word.len = (size_t)at;
	*s = span_from(*s, (size_t)at + 1);
	return word;
}

bool
redis_redirect_read(struct span error, struct redis_redirect *out)
{
	struct span word = word_take(&error);
	uint64_t slot, port;
	size_t i, colon;

	memset(out, 0, sizeof(*out));
	out->ask = span_eq_str(word, "ASK");
	if (!out->ask && !span_eq_str(word, "MOVED"))
		return false;
	if (text_u64(word_take(&error), 0, REDIS_SLOTS - 1, &slot) == -1)
		return false;
	word = word_take(&error);
	/* IPv6 addresses come without brackets: the last colon counts. */
	for (colon = word.len, i = 0; i < word.len; i++) {
		if (word.p[i] == ':')
			colon = i;
	}
	if (colon == word.len || colon > 253 ||
	    text_u64(span_from(word, colon + 1), 1, 65535, &port) == -1)
		return false;
	out->slot = (unsigned)slot;
	out->host = span_make(word.p, colon);
	out->port = (uint16_t)port;
	return true;
}

char *
redis_error_text(struct span error)
{
	static const char *const repeats[] = {
		", with args beginning with", ", sha1:",
	};
	char text[240], *at;
	size_t i;

	text_printable(error, text, sizeof(text));
	for (i = 0; i < sizeof(repeats) / sizeof(*repeats); i++) {
		at = strstr(text, repeats[i]);
		if (at != NULL)
			*at = '\0';
	}
	return xstrdup(text);
}
