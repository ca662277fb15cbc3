/* seedbox.hashing._lanes: SHA-1 and SHA-256 of many messages at once.
 *
 * BitTorrent hashes independent messages: pieces with SHA-1 (BEP 3), 16 KiB
 * blocks and the tree above them with SHA-256 (BEP 52). One message is a chain
 * that no core can hurry; many of them fit side by side into a vector register,
 * one in each 32-bit lane, or take turns in the SHA unit to hide its latency.
 *
 *   1  Kernels, written once for vectors of any width (this file includes itself)
 *   2  Kernels on the SHA instructions of x86 and ARMv8
 *   3  Paths: which kernels there are, which this CPU can run, which is fastest
 *   4  Lanes: a queue of messages through a kernel
 *   5  Opening files below a folder without following a link
 *   6  Spans: files, memory and pads, read once, cut into pieces and blocks
 *   7  Files: parts of many of them, read into one buffer
 *   8  The Python module
 *
 * Needs GCC >= 9 or Clang >= 11 and POSIX. Nothing here is needed for a right
 * answer: without this module seedbox.hashing uses hashlib.
 */
#ifdef LANES /* ------------------------------- 1. Kernels for LANES lanes ----

FIPS 180-4 with a vector of LANES words wherever the standard says "word".
LANES, PATH and TARGET are set by whoever includes this part. */

#define FN(name) PASTE(name, PATH)
#define VEC FN(vec)
typedef uint32_t VEC __attribute__((vector_size(4 * LANES)));

#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (VEC){__VA_ARGS__})
#endif

#if LANES == 16
#define TERNARY(x, y, z, table) \
    (VEC) _mm512_ternarylogic_epi32((__m512i)(x), (__m512i)(y), (__m512i)(z), table)
#define XOR3(x, y, z) TERNARY(x, y, z, 0x96)
#define CHOOSE(x, y, z) TERNARY(x, y, z, 0xca)
#define MAJORITY(x, y, z) TERNARY(x, y, z, 0xe8)
#define ROTL(x, n) (VEC) _mm512_rol_epi32((__m512i)(x), n)
#else
#define XOR3(x, y, z) ((x) ^ (y) ^ (z))
#define CHOOSE(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define MAJORITY(x, y, z) ((y) ^ (((x) ^ (y)) & ((y) ^ (z)))) /* y^z: the last round's x^y */
#define ROTL(x, n) ((x) << (n) | (x) >> (32 - (n)))
#endif

/* Shuffles of two vectors within each 128 bits, as x86 and NEON have them. */
#if LANES == 4
#define EACH(half) half(0)
#elif LANES == 8
#define EACH(half) half(0), half(4)
#else
#define EACH(half) half(0), half(4), half(8), half(12)
#endif
#define LOW_32(i) (i), (i) + LANES, (i) + 1, (i) + 1 + LANES
#define HIGH_32(i) (i) + 2, (i) + 2 + LANES, (i) + 3, (i) + 3 + LANES
#define LOW_64(i) (i), (i) + 1, (i) + LANES, (i) + 1 + LANES
#define HIGH_64(i) (i) + 2, (i) + 3, (i) + 2 + LANES, (i) + 3 + LANES

INLINE TARGET VEC FN(big_endian)(VEC x)
{
#if LANES == 16
    return (VEC)_mm512_shuffle_epi8((__m512i)x, _mm512_broadcast_i32x4(BIG_ENDIAN_WORDS));
#elif LANES == 8
    return (VEC)_mm256_shuffle_epi8((__m256i)x, _mm256_broadcastsi128_si256(BIG_ENDIAN_WORDS));
#elif __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return x;
#elif defined(__aarch64__)
    return (VEC)vrev32q_u8((uint8x16_t)x);
#else
    return (ROTL(x, 8) & 0x00ff00ff) | (ROTL(x, 24) & 0xff00ff00);
#endif
}

/* Word i of every lane's block into w[i]: LANES rows of LANES words, transposed. */
INLINE TARGET void FN(load)(VEC w[16], const uint8_t *const *data, size_t at)
{
    UNROLL(4)
    for (int part = 0; part < 16; part += LANES) {
        VEC r[LANES];
        UNROLL(16)
        for (int i = 0; i < LANES; i++) {
            memcpy(&r[i], data[i] + at + 4 * part, sizeof r[i]);
            r[i] = FN(big_endian)(r[i]);
        }
        UNROLL(4)
        for (int i = 0; i < LANES; i += 4) {
            VEC a = SHUFFLE(r[i], r[i + 1], EACH(LOW_32));
            VEC b = SHUFFLE(r[i], r[i + 1], EACH(HIGH_32));
            VEC c = SHUFFLE(r[i + 2], r[i + 3], EACH(LOW_32));
            VEC d = SHUFFLE(r[i + 2], r[i + 3], EACH(HIGH_32));
            r[i] = SHUFFLE(a, c, EACH(LOW_64));
            r[i + 1] = SHUFFLE(a, c, EACH(HIGH_64));
            r[i + 2] = SHUFFLE(b, d, EACH(LOW_64));
            r[i + 3] = SHUFFLE(b, d, EACH(HIGH_64));
        }
        VEC *out = w + part;
        UNROLL(4)
        for (int j = 0; j < 4; j++) {
#if LANES == 4
            out[j] = r[j];
#elif LANES == 8
            out[j] = SHUFFLE(r[j], r[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
            out[j + 4] = SHUFFLE(r[j], r[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
#else
#define LOW_256 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define HIGH_256 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define EVEN_128 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27
#define ODD_128 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31
            VEC a = SHUFFLE(r[j], r[j + 4], LOW_256);
            VEC b = SHUFFLE(r[j], r[j + 4], HIGH_256);
            VEC c = SHUFFLE(r[j + 8], r[j + 12], LOW_256);
            VEC d = SHUFFLE(r[j + 8], r[j + 12], HIGH_256);
            out[j] = SHUFFLE(a, c, EVEN_128);
            out[j + 4] = SHUFFLE(a, c, ODD_128);
            out[j + 8] = SHUFFLE(b, d, EVEN_128);
            out[j + 12] = SHUFFLE(b, d, ODD_128);
#endif
        }
    }
}

/* Sums are written so that the newest value joins last: its chain is the limit. */
static TARGET void FN(sha1)(uint32_t *state, const uint8_t *const *data, size_t blocks)
{
    VEC h[5], w[16];
    memcpy(h, state, sizeof h);
    for (size_t at = 0; at < 64 * blocks; at += 64) {
        VEC a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        FN(load)(w, data, at);
#define ROUND(i, f, k)                                                               \
    {                                                                                \
        if (i >= 16) {                                                               \
            VEC x = XOR3(w[(i + 13) & 15], w[(i + 8) & 15], w[(i + 2) & 15]);        \
            w[i & 15] = ROTL(x ^ w[i & 15], 1);                                      \
        }                                                                            \
        VEC t = (w[i & 15] + k + e) + f(b, c, d);                                    \
        t += ROTL(a, 5);                                                             \
        e = d, d = c, c = ROTL(b, 30), b = a, a = t;                                 \
    }
        UNROLL(20)
        for (int i = 0; i < 20; i++)
            ROUND(i, CHOOSE, 0x5a827999u)
        UNROLL(20)
        for (int i = 20; i < 40; i++)
            ROUND(i, XOR3, 0x6ed9eba1u)
        UNROLL(20)
        for (int i = 40; i < 60; i++)
            ROUND(i, MAJORITY, 0x8f1bbcdcu)
        UNROLL(20)
        for (int i = 60; i < 80; i++)
            ROUND(i, XOR3, 0xca62c1d6u)
#undef ROUND
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    memcpy(state, h, sizeof h);
}

static TARGET void FN(sha256)(uint32_t *state, const uint8_t *const *data, size_t blocks)
{
    VEC s[8], w[16];
    memcpy(s, state, sizeof s);
    for (size_t at = 0; at < 64 * blocks; at += 64) {
        VEC a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
        FN(load)(w, data, at);
        UNROLL(64)
        for (int i = 0; i < 64; i++) {
            if (i >= 16) {
                VEC x = w[(i + 1) & 15], y = w[(i + 14) & 15];
                w[i & 15] += XOR3(ROTL(x, 25), ROTL(x, 14), x >> 3) + w[(i + 9) & 15] +
                             XOR3(ROTL(y, 15), ROTL(y, 13), y >> 10);
            }
            VEC t = (w[i & 15] + K256[i] + h) + CHOOSE(e, f, g);
            t += XOR3(ROTL(e, 26), ROTL(e, 21), ROTL(e, 7));
            VEC u = MAJORITY(a, b, c) + XOR3(ROTL(a, 30), ROTL(a, 19), ROTL(a, 10));
            h = g, g = f, f = e, e = d + t, d = c, c = b, b = a, a = t + u;
        }
        s[0] += a, s[1] += b, s[2] += c, s[3] += d;
        s[4] += e, s[5] += f, s[6] += g, s[7] += h;
    }
    memcpy(state, s, sizeof s);
}

#undef FN
#undef VEC
#undef SHUFFLE
#undef TERNARY
#undef XOR3
#undef CHOOSE
#undef MAJORITY
#undef ROTL
#undef EACH
#undef LOW_32
#undef HIGH_32
#undef LOW_64
#undef HIGH_64
#undef LANES
#undef PATH
#undef TARGET
#else /* ------------------------------------------------- the file itself ---- */

#if !defined(__GNUC__)
#error "_lanes.c needs GCC or Clang; without it seedbox hashes with hashlib"
#endif
#if defined(__GNUC__) && !defined(__clang__)
/* GCC would reorder the sums of a round and lengthen its chain: SHA-1 in 16
 * lanes loses 40 %. */
#pragma GCC optimize("no-tree-reassoc")
#endif

#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000 /* CPython 3.11: the first with buffers in it */
#endif
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#endif

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define PRAGMA(text) _Pragma(#text)
#define UNROLL(n) PRAGMA(GCC unroll n)
#define INLINE static inline __attribute__((always_inline))
#define BIG_ENDIAN_WORDS _mm_set_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203)

enum { MAX_LANES = 16 };

static const uint32_t K256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define PATH portable /* SSE2 on x86-64, NEON on ARMv8, plain words elsewhere */
#define LANES 4
#define TARGET
#include "_lanes.c"

#if defined(__x86_64__)
#define PATH avx2
#define LANES 8
#define TARGET __attribute__((target("avx2")))
#include "_lanes.c"

#define PATH avx512
#define LANES 16
#define TARGET __attribute__((target("avx512f,avx512bw")))
#include "_lanes.c"
#endif

/* ----------------------------------------------- 2. SHA instructions --------

They work on one message, but a second can start long before the first is
through: four messages take turns. (x86: 2.5 and 1.7 times one message alone.) */

enum { TURNS = 4 };
#define EACH_TURN UNROLL(4) for (int m = 0; m < TURNS; m++)
#define STATE(word) state[TURNS * (word) + m]

#if defined(__x86_64__)
#define TARGET __attribute__((target("sha,sse4.1")))

/* The words of one 64-byte block of each message, 4 to a vector. */
INLINE TARGET void load_sha_ni(__m128i w[4][4], const uint8_t *const *data, size_t at, __m128i order)
{
    EACH_TURN
    {
        UNROLL(4)
        for (int i = 0; i < 4; i++) {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(data[m] + at + 16 * i));
            w[m][i] = _mm_shuffle_epi8(bytes, order);
        }
    }
}

static TARGET void sha1_sha_ni(uint32_t *state, const uint8_t *const *data, size_t blocks)
{
    const __m128i order = _mm_set_epi32(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f);
    __m128i abcd[4], e[4], abcd_in[4], e_in[4], w[4][4];
    EACH_TURN
    {
        abcd[m] = _mm_set_epi32((int)STATE(0), (int)STATE(1), (int)STATE(2), (int)STATE(3));
        e[m] = _mm_set_epi32((int)STATE(4), 0, 0, 0);
    }
    for (size_t at = 0; at < 64 * blocks; at += 64) {
        load_sha_ni(w, data, at, order);
        EACH_TURN abcd_in[m] = abcd[m], e_in[m] = e[m];
        /* Four rounds; from the second time on, e holds the a of four rounds ago. */
#define FOUR_ROUNDS(i, f)                                                                      \
    EACH_TURN                                                                                  \
    {                                                                                          \
        __m128i *v = w[m], x = v[(i) & 3];                                                     \
        __m128i sum = (i) ? _mm_sha1nexte_epu32(e[m], x) : _mm_add_epi32(e[m], x);             \
        e[m] = abcd[m];                                                                        \
        abcd[m] = _mm_sha1rnds4_epu32(abcd[m], sum, f);                                        \
        if ((i) < 16) {                                                                        \
            x = _mm_xor_si128(_mm_sha1msg1_epu32(x, v[((i) + 1) & 3]), v[((i) + 2) & 3]);      \
            v[(i) & 3] = _mm_sha1msg2_epu32(x, v[((i) + 3) & 3]);                              \
        }                                                                                      \
    }
        UNROLL(5)
        for (int i = 0; i < 5; i++)
            FOUR_ROUNDS(i, 0)
        UNROLL(5)
        for (int i = 5; i < 10; i++)
            FOUR_ROUNDS(i, 1)
        UNROLL(5)
        for (int i = 10; i < 15; i++)
            FOUR_ROUNDS(i, 2)
        UNROLL(5)
        for (int i = 15; i < 20; i++)
            FOUR_ROUNDS(i, 3)
#undef FOUR_ROUNDS
        EACH_TURN
        {
            abcd[m] = _mm_add_epi32(abcd[m], abcd_in[m]);
            e[m] = _mm_sha1nexte_epu32(e[m], e_in[m]);
        }
    }
    EACH_TURN
    {
        STATE(0) = (uint32_t)_mm_extract_epi32(abcd[m], 3);
        STATE(1) = (uint32_t)_mm_extract_epi32(abcd[m], 2);
        STATE(2) = (uint32_t)_mm_extract_epi32(abcd[m], 1);
        STATE(3) = (uint32_t)_mm_extract_epi32(abcd[m], 0);
        STATE(4) = (uint32_t)_mm_extract_epi32(e[m], 3);
    }
}

static TARGET void sha256_sha_ni(uint32_t *state, const uint8_t *const *data, size_t blocks)
{
    __m128i abef[4], cdgh[4], abef_in[4], cdgh_in[4], w[4][4];
    EACH_TURN
    {
        abef[m] = _mm_set_epi32((int)STATE(0), (int)STATE(1), (int)STATE(4), (int)STATE(5));
        cdgh[m] = _mm_set_epi32((int)STATE(2), (int)STATE(3), (int)STATE(6), (int)STATE(7));
    }
    for (size_t at = 0; at < 64 * blocks; at += 64) {
        load_sha_ni(w, data, at, BIG_ENDIAN_WORDS);
        EACH_TURN abef_in[m] = abef[m], cdgh_in[m] = cdgh[m];
        UNROLL(16)
        for (int i = 0; i < 16; i++) {
            const __m128i k = _mm_loadu_si128((const __m128i *)(const void *)(K256 + 4 * i));
            EACH_TURN
            {
                __m128i *v = w[m], x = v[i & 3], y = v[(i + 3) & 3], sum = _mm_add_epi32(x, k);
                cdgh[m] = _mm_sha256rnds2_epu32(cdgh[m], abef[m], sum);
                sum = _mm_shuffle_epi32(sum, 0x0e);
                abef[m] = _mm_sha256rnds2_epu32(abef[m], cdgh[m], sum);
                if (i < 12) {
                    x = _mm_sha256msg1_epu32(x, v[(i + 1) & 3]);
                    x = _mm_add_epi32(x, _mm_alignr_epi8(y, v[(i + 2) & 3], 4));
                    v[i & 3] = _mm_sha256msg2_epu32(x, y);
                }
            }
        }
        EACH_TURN
        {
            abef[m] = _mm_add_epi32(abef[m], abef_in[m]);
            cdgh[m] = _mm_add_epi32(cdgh[m], cdgh_in[m]);
        }
    }
    EACH_TURN
    {
        STATE(0) = (uint32_t)_mm_extract_epi32(abef[m], 3);
        STATE(1) = (uint32_t)_mm_extract_epi32(abef[m], 2);
        STATE(2) = (uint32_t)_mm_extract_epi32(cdgh[m], 3);
        STATE(3) = (uint32_t)_mm_extract_epi32(cdgh[m], 2);
        STATE(4) = (uint32_t)_mm_extract_epi32(abef[m], 1);
        STATE(5) = (uint32_t)_mm_extract_epi32(abef[m], 0);
        STATE(6) = (uint32_t)_mm_extract_epi32(cdgh[m], 1);
        STATE(7) = (uint32_t)_mm_extract_epi32(cdgh[m], 0);
    }
}
#undef TARGET
#endif

/* Clang's arm_neon.h before 16 has these intrinsics only where the whole file may use them. */
#if defined(__aarch64__) && (defined(__ARM_FEATURE_SHA2) || defined(__ARM_FEATURE_CRYPTO) || \
                             !defined(__clang__) || __clang_major__ >= 16)
#define HAVE_ARMV8_SHA
#ifdef __clang__
#define TARGET __attribute__((target("sha2")))
#else
#define TARGET __attribute__((target("+crypto")))
#endif

INLINE TARGET void load_armv8(uint32x4_t w[4][4], const uint8_t *const *data, size_t at)
{
    EACH_TURN
    {
        UNROLL(4)
        for (int i = 0; i < 4; i++)
            w[m][i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data[m] + at + 16 * i)));
    }
}

static TARGET void sha1_armv8(uint32_t *state, const uint8_t *const *data, size_t blocks)
{
    uint32x4_t abcd[4], abcd_in[4], w[4][4];
    uint32_t e[4], e_in[4];
    EACH_TURN
    {
        const uint32_t words[4] = {STATE(0), STATE(1), STATE(2), STATE(3)};
        abcd[m] = vld1q_u32(words);
        e[m] = STATE(4);
    }
    for (size_t at = 0; at < 64 * blocks; at += 64) {
        load_armv8(w, data, at);
        EACH_TURN abcd_in[m] = abcd[m], e_in[m] = e[m];
#define FOUR_ROUNDS(i, rounds, k)                                                              \
    EACH_TURN                                                                                  \
    {                                                                                          \
        uint32x4_t *v = w[m], x = v[(i) & 3], sum = vaddq_u32(x, vdupq_n_u32(k));              \
        uint32_t next = vsha1h_u32(vgetq_lane_u32(abcd[m], 0));                                \
        abcd[m] = rounds(abcd[m], e[m], sum);                                                  \
        e[m] = next;                                                                           \
        if ((i) < 16) {                                                                        \
            x = vsha1su0q_u32(x, v[((i) + 1) & 3], v[((i) + 2) & 3]);                          \
            v[(i) & 3] = vsha1su1q_u32(x, v[((i) + 3) & 3]);                                   \
        }                                                                                      \
    }
        UNROLL(5)
        for (int i = 0; i < 5; i++)
            FOUR_ROUNDS(i, vsha1cq_u32, 0x5a827999u)
        UNROLL(5)
        for (int i = 5; i < 10; i++)
            FOUR_ROUNDS(i, vsha1pq_u32, 0x6ed9eba1u)
        UNROLL(5)
        for (int i = 10; i < 15; i++)
            FOUR_ROUNDS(i, vsha1mq_u32, 0x8f1bbcdcu)
        UNROLL(5)
        for (int i = 15; i < 20; i++)
            FOUR_ROUNDS(i, vsha1pq_u32, 0xca62c1d6u)
#undef FOUR_ROUNDS
        EACH_TURN abcd[m] = vaddq_u32(abcd[m], abcd_in[m]), e[m] += e_in[m];
    }
    EACH_TURN
    {
        uint32_t words[4];
        vst1q_u32(words, abcd[m]);
        for (int i = 0; i < 4; i++)
            STATE(i) = words[i];
        STATE(4) = e[m];
    }
}

static TARGET void sha256_armv8(uint32_t *state, const uint8_t *const *data, size_t blocks)
{
    uint32x4_t abcd[4], efgh[4], abcd_in[4], efgh_in[4], w[4][4];
    EACH_TURN
    {
        const uint32_t words[8] = {STATE(0), STATE(1), STATE(2), STATE(3),
                                   STATE(4), STATE(5), STATE(6), STATE(7)};
        abcd[m] = vld1q_u32(words);
        efgh[m] = vld1q_u32(words + 4);
    }
    for (size_t at = 0; at < 64 * blocks; at += 64) {
        load_armv8(w, data, at);
        EACH_TURN abcd_in[m] = abcd[m], efgh_in[m] = efgh[m];
        UNROLL(16)
        for (int i = 0; i < 16; i++) {
            const uint32x4_t k = vld1q_u32(K256 + 4 * i);
            EACH_TURN
            {
                uint32x4_t *v = w[m], x = v[i & 3], sum = vaddq_u32(x, k), before = abcd[m];
                abcd[m] = vsha256hq_u32(abcd[m], efgh[m], sum);
                efgh[m] = vsha256h2q_u32(efgh[m], before, sum);
                if (i < 12) {
                    x = vsha256su0q_u32(x, v[(i + 1) & 3]);
                    v[i & 3] = vsha256su1q_u32(x, v[(i + 2) & 3], v[(i + 3) & 3]);
                }
            }
        }
        EACH_TURN
        {
            abcd[m] = vaddq_u32(abcd[m], abcd_in[m]);
            efgh[m] = vaddq_u32(efgh[m], efgh_in[m]);
        }
    }
    EACH_TURN
    {
        uint32_t words[8];
        vst1q_u32(words, abcd[m]);
        vst1q_u32(words + 4, efgh[m]);
        for (int i = 0; i < 8; i++)
            STATE(i) = words[i];
    }
}
#undef TARGET
#endif

/* --------------------------------------------------------- 3. Paths --------- */

struct algorithm {
    size_t words; /* of state, and of the digest */
    uint32_t start[8];
};

static const struct algorithm SHA1 = {
    5, {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0, 0, 0, 0}};
static const struct algorithm SHA256 = {
    8, {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};

/* Advances every lane by `blocks` blocks of 64 bytes; word i of lane j is state[i * lanes + j]. */
typedef void compress(uint32_t *state, const uint8_t *const *data, size_t blocks);

struct kernel {
    const struct algorithm *algorithm;
    size_t lanes;
    compress *compress;
};

enum { V1, V2 }; /* BitTorrent's two hashes: SHA-1 and SHA-256 */

struct path {
    const char *name;
    struct kernel kernel[2]; /* V1, V2; no kernels: not built for this kind of CPU */
};

#define KERNELS(path, lanes) {{&SHA1, lanes, sha1_##path}, {&SHA256, lanes, sha256_##path}}
enum { AVX512, AVX2, SHA_NI, ARMV8, PORTABLE, PATHS };
static const struct path PATH_TABLE[PATHS] = {
    [AVX512] = {.name = "avx512",
#if defined(__x86_64__)
                .kernel = KERNELS(avx512, 16),
#endif
    },
    [AVX2] = {.name = "avx2",
#if defined(__x86_64__)
              .kernel = KERNELS(avx2, 8),
#endif
    },
    [SHA_NI] = {.name = "sha-ni",
#if defined(__x86_64__)
                .kernel = KERNELS(sha_ni, TURNS),
#endif
    },
    [ARMV8] = {.name = "armv8",
#if defined(HAVE_ARMV8_SHA)
               .kernel = KERNELS(armv8, TURNS),
#endif
    },
    [PORTABLE] = {.name = "portable", .kernel = KERNELS(portable, 4)},
};

static bool usable(int path)
{
    switch (path) {
#if defined(__x86_64__)
    case AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    case AVX2:
        return __builtin_cpu_supports("avx2");
    case SHA_NI: {
        unsigned a, b, c, d; /* CPUID leaf 7, EBX bit 29; GCC knows the name "sha" from 14 on */
        return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
    }
#elif defined(HAVE_ARMV8_SHA)
    case ARMV8:
#if defined(__linux__)
        return (getauxval(AT_HWCAP) & (HWCAP_SHA1 | HWCAP_SHA2)) == (HWCAP_SHA1 | HWCAP_SHA2);
#else
        return __APPLE__ + 0; /* every ARM Mac has them */
#endif
#endif
    case PORTABLE:
        return true;
    }
    return false;
}

/* ------------------------------------------------------- 4. Lanes ----------- */

struct task { /* a message, or a stretch of one */
    const uint8_t *data;
    size_t size;     /* bytes at data; a multiple of 64 unless the message ends here */
    uint64_t total;  /* bytes of the message up to the end of this stretch */
    uint32_t *state; /* 8 words to go on from and leave behind; NULL: a message of one stretch */
    uint8_t *digest; /* where its digest goes; NULL: the message does not end here */
};

struct lane {
    struct task *task; /* NULL: idle */
    size_t blocks;     /* left at the lane's pointer */
    bool in_tail;
    uint8_t tail[128]; /* the last bytes, padded (FIPS 180-4, 5.1) */
};

static void put_big_endian(uint8_t *out, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; value >>= 8)
        out[i] = (uint8_t)value;
}

/* Point the lane at what its task has next; false when the task is through. */
static bool next_stretch(struct lane *lane, const uint8_t **at)
{
    const struct task *task = lane->task;
    if (lane->in_tail || !task->digest)
        return false;
    size_t rest = task->size % 64;
    lane->in_tail = true;
    lane->blocks = rest < 56 ? 1 : 2;
    memset(lane->tail, 0, sizeof lane->tail);
    memcpy(lane->tail, task->data + (task->size - rest), rest);
    lane->tail[rest] = 0x80;
    put_big_endian(lane->tail + 64 * lane->blocks - 8, 8 * task->total, 8);
    *at = lane->tail;
    return true;
}

static void enter(const struct kernel *kernel, struct task *task, struct lane *lane, const uint8_t **at,
                  uint32_t *column)
{
    const uint32_t *from = task->state ? task->state : kernel->algorithm->start;
    for (size_t i = 0; i < kernel->algorithm->words; i++)
        column[i * kernel->lanes] = from[i];
    lane->task = task;
    lane->blocks = task->size / 64;
    lane->in_tail = false;
    *at = task->data;
}

static void leave(const struct kernel *kernel, struct lane *lane, const uint32_t *column)
{
    struct task *task = lane->task;
    for (size_t i = 0; i < kernel->algorithm->words; i++) {
        if (task->digest)
            put_big_endian(task->digest + 4 * i, column[i * kernel->lanes], 4);
        else
            task->state[i] = column[i * kernel->lanes];
    }
    lane->task = NULL;
}

static int longest_first(const void *a, const void *b)
{
    size_t x = ((const struct task *)a)->size, y = ((const struct task *)b)->size;
    return (x < y) - (x > y);
}

/* Take every task through the lanes. A lane that is through takes the next task;
 * the longest go first, so that the lanes run dry together. */
static void run(const struct kernel *kernel, struct task *tasks, size_t count)
{
    uint32_t state[8 * MAX_LANES] __attribute__((aligned(64))) = {0};
    struct lane lanes[MAX_LANES];
    const uint8_t *at[MAX_LANES];
    size_t entered = 0;

    for (size_t i = 1; i < count; i++)
        if (tasks[i].size != tasks[0].size) {
            qsort(tasks, count, sizeof *tasks, longest_first);
            break;
        }
    for (size_t i = 0; i < kernel->lanes; i++)
        lanes[i].task = NULL;
    for (;;) {
        size_t blocks = SIZE_MAX, busy = MAX_LANES;
        for (size_t i = 0; i < kernel->lanes; i++) {
            struct lane *lane = &lanes[i];
            while (lane->task ? lane->blocks == 0 : entered < count) {
                if (!lane->task)
                    enter(kernel, &tasks[entered++], lane, &at[i], state + i);
                else if (!next_stretch(lane, &at[i]))
                    leave(kernel, lane, state + i);
            }
            if (lane->task) {
                busy = i;
                blocks = lane->blocks < blocks ? lane->blocks : blocks;
            }
        }
        if (busy == MAX_LANES)
            return;
        for (size_t i = 0; i < kernel->lanes; i++)
            if (!lanes[i].task)
                at[i] = at[busy]; /* something readable; the result is thrown away */
        kernel->compress(state, at, blocks);
        for (size_t i = 0; i < kernel->lanes; i++) {
            at[i] += 64 * blocks;
            lanes[i].blocks -= lanes[i].task ? blocks : 0;
        }
    }
}

enum { QUEUE = 256 };

struct queue { /* of messages of one stretch, whose data stays put until the queue is drained */
    const struct kernel *kernel;
    size_t count;
    struct task tasks[QUEUE];
};

static void drain(struct queue *queue)
{
    run(queue->kernel, queue->tasks, queue->count);
    queue->count = 0;
}

static void put(struct queue *queue, const uint8_t *data, size_t size, uint8_t *digest)
{
    if (queue->count == QUEUE)
        drain(queue);
    queue->tasks[queue->count++] = (struct task){data, size, size, NULL, digest};
}

/* Messages of `step` bytes each, the last maybe shorter. */
static void put_all(struct queue *queue, const uint8_t *data, size_t size, size_t step, uint8_t *digests)
{
    for (size_t at = 0; at < size; at += step, digests += 4 * queue->kernel->algorithm->words)
        put(queue, data + at, size - at < step ? size - at : step, digests);
}

struct tree { /* a subtree of BEP 52, its leaves at nodes + 32 * first */
    size_t first, width;
};

/* Reduce every tree to its root, at its first node; level by level, so that the lanes are full. */
static void reduce(struct queue *queue, uint8_t *nodes, struct tree *trees, size_t count)
{
    for (bool more = true; more;) {
        more = false;
        for (struct tree *tree = trees; tree < trees + count; tree++) {
            uint8_t *leaves = nodes + 32 * tree->first;
            if (tree->width == 1)
                continue;
            for (size_t i = 0; i < tree->width; i += 2) /* in place: node i/2 is behind what is unread */
                put(queue, leaves + 32 * i, 64, leaves + 16 * i);
            tree->width /= 2;
            more = more || tree->width > 1;
        }
        drain(queue);
    }
}

/* -------------------------------------------------------- 5. Opening -------- */

/* O_NONBLOCK: a FIFO must not hang us. */
enum { READ_FLAGS = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK };

static int close_and_keep_errno(int fd)
{
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

/* Open a file below a folder, segment by segment: on every system, though slow. */
static int open_by_steps(int folder, const char *name)
{
    int at = folder;
    for (;;) {
        char step[256];
        size_t length = strcspn(name, "/");
        bool last = name[length] == 0;
        int next = -1;
        if (length >= sizeof step)
            errno = ENAMETOOLONG;
        else {
            memcpy(step, name, length);
            step[length] = 0;
            if (!strcmp(step, ".."))
                errno = EXDEV; /* as openat2 has it */
            else
                next = openat(at, step, last ? READ_FLAGS : O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
        }
        if (at != folder)
            close_and_keep_errno(at);
        if (next < 0 || last)
            return next;
        at = next;
        name += length + 1;
    }
}

/* The same in one call, where the system has it (Linux 5.6; sandboxes may refuse it). */
static int open_below(int folder, const char *name)
{
#if defined(SYS_openat2)
    static bool refused = false;
    struct { /* linux/openat2.h, which may be older than the kernel */
        uint64_t flags, mode, resolve;
    } how = {READ_FLAGS, 0, 0x04 | 0x08}; /* RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH */
    if (!__atomic_load_n(&refused, __ATOMIC_RELAXED)) {
        long fd = syscall(SYS_openat2, folder, name, &how, sizeof how);
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
            return (int)fd;
        if (errno == ENOSYS)
            __atomic_store_n(&refused, true, __ATOMIC_RELAXED);
    }
#endif
    return open_by_steps(folder, name);
}

/* Whether an open file is the one that somebody looked at before: its size, and its time in ns. */
static bool same_file(const struct stat *now, uint64_t size, long long mtime)
{
#if defined(__APPLE__)
    struct timespec changed = now->st_mtimespec;
#else
    struct timespec changed = now->st_mtim;
#endif
    return S_ISREG(now->st_mode) && (uint64_t)now->st_size == size &&
           changed.tv_sec * 1000000000LL + changed.tv_nsec == mtime;
}

/* -------------------------------------------------------- 6. Spans ---------- */

enum {
    BLOCK = 16 * 1024,   /* bytes; BEP 52 */
    WINDOW = 512 * 1024, /* bytes read at a time: a core keeps them in its L2 */
};

enum source { OPEN_FILE, NAMED_FILE, LOCATED_FILE, MEMORY, ZEROS };

struct span { /* a stretch of the torrent's data */
    enum source source;
    int fd;                /* OPEN_FILE; the folder of a LOCATED_FILE */
    const char *name;      /* NAMED_FILE, LOCATED_FILE */
    uint64_t file_size;    /* LOCATED_FILE: bytes of all of it, as it was when somebody looked */
    long long mtime;       /* LOCATED_FILE: nanoseconds since 1970, as it was then */
    const uint8_t *memory; /* MEMORY: at the start of the span */
    uint64_t offset, size; /* bytes */
    bool whole;            /* a whole file, from its first byte to its last */
};

struct cursor {
    size_t span;
    uint64_t at; /* bytes into the span */
    int fd;      /* of a NAMED_FILE or LOCATED_FILE that is open; -1: none */
};

struct progress { /* shared with other threads: atomic */
    uint64_t done;
    bool cancelled;
};

enum end { FINISHED, CANCELLED, NO_MEMORY, UNREADABLE };

struct job {
    const struct kernel *kernel[2]; /* V1, V2; NULL: not wanted */
    const struct span *spans;
    size_t span_count, tree_count;
    uint64_t piece_length, total;   /* bytes */
    uint64_t fresh;                 /* bytes of files and memory taken and not yet reported */
    uint8_t *sha1s, *nodes, *window, *zeros;
    struct tree *trees;
    struct queue *queue;       /* of V2 */
    struct progress *progress; /* or NULL */
    struct {
        size_t span;
        uint64_t at; /* offset in the file */
        int code;    /* errno; 0: nothing there, the file has ended */
    } fault;
};

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t ceil_div(uint64_t a, uint64_t b) { return a / b + (a % b != 0); }

static bool is_cancelled(const struct job *job)
{
    return job->progress && __atomic_load_n(&job->progress->cancelled, __ATOMIC_RELAXED);
}

static void report(struct job *job)
{
    if (job->progress)
        __atomic_fetch_add(&job->progress->done, job->fresh, __ATOMIC_RELAXED);
    job->fresh = 0;
}

static enum end unreadable(struct job *job, const struct cursor *cursor, uint64_t at, int code)
{
    job->fault.span = cursor->span, job->fault.at = at, job->fault.code = code;
    return UNREADABLE;
}

static enum end read_file(struct job *job, struct cursor *cursor, uint8_t *out, size_t size)
{
    const struct span *span = &job->spans[cursor->span];
    uint64_t at = span->offset + cursor->at;
    if (span->source != OPEN_FILE && cursor->fd < 0) {
        cursor->fd = span->source == LOCATED_FILE ? open_below(span->fd, span->name)
                                                  : open(span->name, READ_FLAGS & ~O_NOFOLLOW);
        if (cursor->fd < 0)
            return unreadable(job, cursor, at, errno);
    }
    while (size) {
        ssize_t n = pread(span->source == OPEN_FILE ? span->fd : cursor->fd, out, size, (off_t)at);
        if (n < 0 && errno == EINTR) {
            if (is_cancelled(job))
                return CANCELLED;
            continue;
        }
        if (n <= 0)
            return unreadable(job, cursor, at, n ? errno : 0);
        out += n, at += (uint64_t)n, size -= (size_t)n;
    }
    return FINISHED;
}

static void shut(struct cursor *cursor)
{
    if (cursor->fd >= 0)
        close(cursor->fd);
    cursor->fd = -1;
}

/* Be through with the cursor's file. What was read of a located one counts only if it is what it was. */
static enum end finish(struct job *job, struct cursor *cursor)
{
    enum end end = FINISHED;
    if (cursor->fd >= 0 && job->spans[cursor->span].source == LOCATED_FILE) {
        const struct span *span = &job->spans[cursor->span];
        struct stat now;
        int code = fstat(cursor->fd, &now) < 0 ? errno : 0;
        if (code || !same_file(&now, span->file_size, span->mtime))
            end = unreadable(job, cursor, span->offset + cursor->at, code);
    }
    shut(cursor);
    return end;
}

/* Move over `bytes` of the data, and over empty spans after them. */
static enum end skip(struct job *job, struct cursor *cursor, uint64_t bytes)
{
    while (cursor->span < job->span_count) {
        uint64_t step = smaller(bytes, job->spans[cursor->span].size - cursor->at);
        cursor->at += step, bytes -= step;
        if (cursor->at < job->spans[cursor->span].size)
            return FINISHED;
        enum end end = finish(job, cursor);
        if (end != FINISHED)
            return end;
        cursor->span++, cursor->at = 0;
    }
    return FINISHED;
}

/* The next `size` bytes of the data: in place where they lie in memory, else copied into `room`. */
static enum end take(struct job *job, struct cursor *cursor, size_t size, uint8_t *room, const uint8_t **bytes)
{
    const struct span *span = &job->spans[cursor->span];
    bool in_place = span->source >= MEMORY && span->size - cursor->at >= size;
    *bytes = room;
    if (in_place)
        *bytes = span->source == ZEROS ? job->zeros : span->memory + cursor->at;
    while (size) {
        span = &job->spans[cursor->span];
        size_t n = (size_t)smaller(size, span->size - cursor->at);
        if (is_cancelled(job)) /* before every file: they can be many and slow to open */
            return CANCELLED;
        if (span->source < MEMORY) {
            enum end end = read_file(job, cursor, room, n);
            if (end != FINISHED)
                return end;
        }
        else if (!in_place && span->source == MEMORY)
            memcpy(room, span->memory + cursor->at, n);
        else if (!in_place)
            memset(room, 0, n);
        job->fresh += span->source == ZEROS ? 0 : n;
        room += n, size -= n;
        enum end end = skip(job, cursor, n);
        if (end != FINISHED)
            return end;
    }
    return FINISHED;
}

/* V2 alone, one file: block after block, a window full at a time. Its last bytes may wait in
 * the window (used) and the queue for those of the next file. */
static enum end hash_file_blocks(struct job *job, struct cursor *cursor, uint8_t *leaf, size_t *used)
{
    for (uint64_t left = job->spans[cursor->span].size; left;) {
        size_t n = (size_t)smaller(left, (WINDOW - *used) / BLOCK * BLOCK);
        const uint8_t *bytes;
        if (job->queue->count + n / BLOCK + 1 > QUEUE)
            drain(job->queue);
        enum end end = take(job, cursor, n, job->window + *used, &bytes);
        if (end != FINISHED)
            return end;
        put_all(job->queue, bytes, n, BLOCK, leaf);
        leaf += 32 * ceil_div(n, BLOCK), left -= n;
        *used += (n + 63) / 64 * 64;
        if (WINDOW - *used < BLOCK) {
            drain(job->queue);
            report(job);
            *used = 0;
        }
    }
    return FINISHED;
}

static enum end hash_blocks(struct job *job)
{
    size_t used = 0, tree = 0;
    for (size_t i = 0; i < job->span_count; i++) {
        struct cursor cursor = {i, 0, -1};
        if (job->spans[i].source == ZEROS || job->spans[i].size == 0)
            continue;
        enum end end = hash_file_blocks(job, &cursor, job->nodes + 32 * job->trees[tree].first, &used);
        shut(&cursor);
        if (end != FINISHED)
            return end;
        tree += (size_t)ceil_div(job->spans[i].size, job->piece_length);
    }
    drain(job->queue);
    report(job);
    return FINISHED;
}

struct column { /* a piece in its lane */
    uint32_t state[8];
    struct cursor cursor;
    uint64_t size;   /* of the piece, bytes */
    uint8_t *leaf;   /* where the digest of its next block goes; NULL: no V2 */
    uint8_t *digest; /* where its own goes */
};

/* The next `height` bytes of each column: into the lanes, and their blocks into the queue. */
static enum end hash_row(struct job *job, struct column *columns, size_t count, uint64_t row, size_t height)
{
    struct task tasks[MAX_LANES];
    size_t busy = 0;
    for (size_t i = 0; i < count; i++) {
        struct column *column = &columns[i];
        if (column->size <= row)
            continue; /* the last piece, when it is shorter */
        const struct span *span = &job->spans[column->cursor.span];
        size_t n = (size_t)smaller(height, column->size - row), in_file = 0;
        if (column->leaf && span->source != ZEROS)
            in_file = (size_t)smaller(n, span->size - column->cursor.at);
        const uint8_t *bytes;
        enum end end = take(job, &column->cursor, n, job->window + i * height, &bytes);
        if (end != FINISHED)
            return end;
        uint8_t *digest = row + n == column->size ? column->digest : NULL;
        tasks[busy++] = (struct task){bytes, n, row + n, column->state, digest};
        if (in_file) {
            put_all(job->queue, bytes, in_file, BLOCK, column->leaf);
            column->leaf += 32 * ceil_div(in_file, BLOCK);
        }
    }
    run(job->kernel[V1], tasks, busy);
    if (job->kernel[V2])
        drain(job->queue);
    report(job);
    return FINISHED;
}

/* V1, and V2 of the same bytes while they are in cache. A lane holds a piece, and the lanes
 * advance together: a column of the window is the next bytes of one piece. */
static enum end hash_pieces_and_blocks(struct job *job)
{
    size_t lanes = job->kernel[V1]->lanes, height = WINDOW / lanes, tree = 0;
    uint64_t piece = 0, pieces = ceil_div(job->total, job->piece_length);
    struct cursor ahead = {0, 0, -1};
    enum end end = FINISHED;
    skip(job, &ahead, 0);
    while (piece < pieces && end == FINISHED) {
        struct column columns[MAX_LANES] = {0};
        size_t count = 0;
        for (; count < lanes && piece < pieces; count++, piece++) {
            struct column *column = &columns[count];
            bool has_tree = job->kernel[V2] && job->spans[ahead.span].source != ZEROS;
            memcpy(column->state, SHA1.start, sizeof column->state);
            column->cursor = ahead;
            column->size = smaller(job->piece_length, job->total - piece * job->piece_length);
            column->leaf = has_tree ? job->nodes + 32 * job->trees[tree++].first : NULL;
            column->digest = job->sha1s + 20 * piece;
            skip(job, &ahead, job->piece_length);
        }
        for (uint64_t row = 0; row < columns[0].size && end == FINISHED; row += height)
            end = hash_row(job, columns, count, row, height);
        for (size_t i = 0; i < count; i++)
            if (end == FINISHED)
                end = finish(job, &columns[i].cursor);
            else
                shut(&columns[i].cursor);
    }
    return end;
}

static enum end hash_job(struct job *job)
{
    enum end end = job->kernel[V1] ? hash_pieces_and_blocks(job) : hash_blocks(job);
    if (end == FINISHED && job->kernel[V2])
        reduce(job->queue, job->nodes, job->trees, job->tree_count);
    return end;
}

/* Leaves under the root of a piece: a file smaller than a piece has a smaller tree (BEP 52). */
static uint64_t tree_width(uint64_t size, uint64_t piece_length, bool whole)
{
    uint64_t width = piece_length / BLOCK;
    while (whole && size < piece_length && width / 2 >= ceil_div(size, BLOCK) && width > 1)
        width /= 2;
    return width;
}

/* Lay out one tree per piece of each file; false: more than memory can hold. */
static bool plant(struct job *job)
{
    uint64_t count = 0, leaves = 0;
    for (size_t i = 0; i < job->span_count; i++)
        if (job->spans[i].source != ZEROS)
            count += ceil_div(job->spans[i].size, job->piece_length);
    if (count > SIZE_MAX / sizeof *job->trees || !(job->trees = calloc(count + 1, sizeof *job->trees)))
        return false;
    for (size_t i = 0; i < job->span_count; i++) {
        const struct span *span = &job->spans[i];
        for (uint64_t at = 0; span->source != ZEROS && at < span->size; at += job->piece_length) {
            uint64_t width = tree_width(span->size - at, job->piece_length, span->whole && at == 0);
            job->trees[job->tree_count++] = (struct tree){(size_t)leaves, (size_t)width};
            if (__builtin_add_overflow(leaves, width, &leaves) || leaves > SIZE_MAX / 32)
                return false;
        }
    }
    return (job->nodes = calloc((size_t)leaves + 1, 32)) != NULL;
}

static bool prepare(struct job *job)
{
    job->window = aligned_alloc(4096, WINDOW);
    job->zeros = calloc(1, WINDOW / TURNS); /* the highest column there is */
    job->queue = calloc(1, sizeof *job->queue);
    if (!job->window || !job->zeros || !job->queue)
        return false;
    job->queue->kernel = job->kernel[V2];
    return !job->kernel[V2] || plant(job);
}

static void discard(struct job *job)
{
    free(job->window);
    free(job->zeros);
    free(job->queue);
    free(job->trees);
    free(job->nodes);
}

/* -------------------------------------------------------- 7. Files ---------- */

struct file { /* a part of one, and where it goes */
    int folder;            /* descriptor that the name starts from */
    const char *name;      /* segments with slashes between them */
    uint64_t size;         /* bytes of the whole file, as it was when somebody looked */
    long long mtime;       /* nanoseconds since 1970, as it was then */
    uint64_t start;        /* bytes into the file */
    uint8_t *into;
    size_t length;         /* bytes */
};

/* Read one part. It counts only if the file is what it was. */
static enum end read_part(const struct file *file, int fd, uint64_t *at, int *code)
{
    size_t have = 0;
    while (have < file->length) {
        ssize_t n = pread(fd, file->into + have, file->length - have, (off_t)(file->start + have));
        if (n < 0 && errno == EINTR)
            continue;
        *at = file->start + have;
        *code = n < 0 ? errno : 0;
        if (n <= 0)
            return UNREADABLE;
        have += (size_t)n;
    }
    struct stat now;
    *at = file->start + have;
    *code = 0;
    if (fstat(fd, &now) < 0) {
        *code = errno;
        return UNREADABLE;
    }
    return same_file(&now, file->size, file->mtime) ? FINISHED : UNREADABLE;
}

struct reading {
    struct file *files;
    size_t count;
    const struct progress *progress; /* or NULL */
    bool by_steps;
    size_t failed; /* which file */
    uint64_t at;   /* offset in it */
    int code;      /* errno; 0: it is not what it was */
};

static enum end read_parts(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        const struct file *file = &reading->files[i];
        if (reading->progress && __atomic_load_n(&reading->progress->cancelled, __ATOMIC_RELAXED))
            return CANCELLED;
        int fd = reading->by_steps ? open_by_steps(file->folder, file->name)
                                   : open_below(file->folder, file->name);
        enum end end = UNREADABLE;
        reading->failed = i, reading->at = file->start, reading->code = errno;
        if (fd >= 0) {
            end = read_part(file, fd, &reading->at, &reading->code);
            close(fd);
        }
        if (end != FINISHED)
            return end;
    }
    return FINISHED;
}

/* -------------------------------------------------- 8. The Python module ---- */

struct module {
    bool usable[PATHS];
    int best[2]; /* V1, V2: an index of PATH_TABLE; PATHS: not measured yet */
    double took[2][PATHS]; /* seconds for 16 messages side by side */
    PyTypeObject *progress_type;
    PyObject *read_error;
};

typedef struct {
    PyObject_HEAD
    struct progress progress;
} ProgressObject;

static double seconds_for(const struct kernel *kernel, const uint8_t *data, uint8_t *digests)
{
    enum { MESSAGES = 16, SIZE = 4096, TIMES = 5 };
    double best = 1e9;
    for (int i = 0; i < TIMES; i++) {
        struct task tasks[MESSAGES];
        struct timespec begin, end;
        for (size_t j = 0; j < MESSAGES; j++)
            tasks[j] = (struct task){data + SIZE * j, SIZE, SIZE, NULL, digests + 32 * j};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
        run(kernel, tasks, MESSAGES);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
        double took = (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
        best = took < best ? took : best;
    }
    return best;
}

/* The path that takes 64 KiB through in the least time. Measured, because it depends on the
 * model: where there are both, AVX-512 beats the SHA unit on some and loses on others. */
static bool measure(struct module *module)
{
    uint8_t *data = calloc(16, 4096 + 32);
    if (!data) {
        PyErr_NoMemory();
        return false;
    }
    for (int version = V1; version <= V2; version++) {
        double least = 1e9;
        for (int i = 0; i < PATHS; i++) {
            double took = module->usable[i]
                              ? seconds_for(&PATH_TABLE[i].kernel[version], data, data + 16 * 4096) : 1e9;
            module->took[version][i] = took;
            if (took < least)
                least = took, module->best[version] = i;
        }
    }
    free(data);
    return true;
}

static const struct kernel *find_kernel(PyObject *self, const char *name, int version)
{
    struct module *module = PyModule_GetState(self);
    if (!strcmp(name, "auto")) {
        if (module->best[version] == PATHS && !measure(module))
            return NULL;
        return &PATH_TABLE[module->best[version]].kernel[version];
    }
    for (int i = 0; i < PATHS; i++)
        if (module->usable[i] && !strcmp(name, PATH_TABLE[i].name))
            return &PATH_TABLE[i].kernel[version];
    PyErr_Format(PyExc_ValueError, "path '%s' is not one of paths() nor 'auto'", name);
    return NULL;
}

/* The kernel for so many messages side by side: few of them leave most of the widest lanes idle. */
static const struct kernel *kernel_for(PyObject *self, const char *name, int version, uint64_t messages)
{
    const struct module *module = PyModule_GetState(self);
    const struct kernel *found = find_kernel(self, name, version);
    double least = 1e9;
    if (!found || strcmp(name, "auto") || !messages)
        return found;
    for (int i = 0; i < PATHS; i++) {
        const struct kernel *kernel = &PATH_TABLE[i].kernel[version];
        if (!module->usable[i])
            continue;
        double turns = (double)ceil_div(messages, kernel->lanes);
        double took = turns * module->took[version][i] * (double)kernel->lanes / MAX_LANES;
        if (took < least)
            least = took, found = kernel;
    }
    return found;
}

static PyObject *path_names(const bool *wanted)
{
    PyObject *list = PyList_New(0), *tuple = NULL;
    for (int i = 0; list && i < PATHS; i++) {
        PyObject *name = wanted && !wanted[i] ? NULL : PyUnicode_FromString(PATH_TABLE[i].name);
        if (name ? PyList_Append(list, name) < 0 : PyErr_Occurred() != NULL)
            Py_CLEAR(list);
        Py_XDECREF(name);
    }
    if (list)
        tuple = PyList_AsTuple(list);
    Py_XDECREF(list);
    return tuple;
}

PyDoc_STRVAR(paths_doc, "paths($module, /)\n--\n\nThe paths that this CPU can run, of ALL_PATHS.");

static PyObject *py_paths(PyObject *self, PyObject *Py_UNUSED(none))
{
    return path_names(((struct module *)PyModule_GetState(self))->usable);
}

PyDoc_STRVAR(best_doc, "best($module, /)\n--\n\n"
                       "The fastest path for SHA-1 and the fastest for SHA-256, measured once (a few ms).\n\n"
                       "These two are what the path 'auto' means.");

static PyObject *py_best(PyObject *self, PyObject *Py_UNUSED(none))
{
    struct module *module = PyModule_GetState(self);
    if (!find_kernel(self, "auto", V1))
        return NULL;
    return Py_BuildValue("ss", PATH_TABLE[module->best[V1]].name, PATH_TABLE[module->best[V2]].name);
}

/* Messages of `step` bytes through one kernel: what sha1_pieces and sha256_blocks share. */
static PyObject *hash_equal(PyObject *self, PyObject *args, PyObject *keywords, char **names, int version)
{
    Py_buffer data;
    Py_ssize_t step;
    const char *path;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "y*ns", names, &data, &step, &path))
        return NULL;
    PyObject *digests = NULL;
    struct queue *queue = NULL;
    const struct kernel *kernel = find_kernel(self, path, version);
    if (!kernel)
        goto done;
    if (step <= 0) {
        PyErr_Format(PyExc_ValueError, "%s is %zd bytes, must be at least 1", names[1], step);
        goto done;
    }
    uint64_t count = ceil_div((uint64_t)data.len, (uint64_t)step), width = 4 * kernel->algorithm->words;
    queue = calloc(1, sizeof *queue);
    if (!queue || count > PY_SSIZE_T_MAX / width) {
        PyErr_NoMemory();
        goto done;
    }
    digests = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * width));
    if (!digests)
        goto done;
    uint8_t *out = (uint8_t *)PyBytes_AsString(digests);
    queue->kernel = kernel;
    Py_BEGIN_ALLOW_THREADS
    put_all(queue, data.buf, (size_t)data.len, (size_t)step, out);
    drain(queue);
    Py_END_ALLOW_THREADS
done:
    free(queue);
    PyBuffer_Release(&data);
    return digests;
}

PyDoc_STRVAR(sha256_blocks_doc, "sha256_blocks($module, /, data, block, path)\n--\n\n"
                                "SHA-256 of each `block` bytes of data, concatenated; the last may be shorter.");

static PyObject *py_sha256_blocks(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"data", "block", "path", NULL};
    return hash_equal(self, args, keywords, names, V2);
}

PyDoc_STRVAR(sha1_pieces_doc, "sha1_pieces($module, /, data, piece, path)\n--\n\n"
                              "SHA-1 of each `piece` bytes of data, concatenated; the last may be shorter.");

static PyObject *py_sha1_pieces(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"data", "piece", "path", NULL};
    return hash_equal(self, args, keywords, names, V1);
}

PyDoc_STRVAR(hash_many_doc, "hash_many($module, /, messages, algorithm, path)\n--\n\n"
                            "Digests of bytes-like messages of any lengths, concatenated in their order.\n\n"
                            "algorithm is 'sha1' or 'sha256'. A lane that is through takes the next message.");

static PyObject *py_hash_many(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"messages", "algorithm", "path", NULL};
    PyObject *sequence, *messages, *digests = NULL;
    const char *algorithm, *path;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "Oss", names, &sequence, &algorithm, &path))
        return NULL;
    if (strcmp(algorithm, "sha1") && strcmp(algorithm, "sha256"))
        return PyErr_Format(PyExc_ValueError, "algorithm '%s' is neither 'sha1' nor 'sha256'", algorithm);
    const struct kernel *kernel = find_kernel(self, path, strcmp(algorithm, "sha1") ? V2 : V1);
    if (!kernel || !(messages = PySequence_Tuple(sequence)))
        return NULL;
    Py_ssize_t count = PyTuple_Size(messages), held = 0, width = 4 * (Py_ssize_t)kernel->algorithm->words;
    Py_buffer *views = calloc((size_t)count + 1, sizeof *views);
    struct task *tasks = calloc((size_t)count + 1, sizeof *tasks);
    if (!views || !tasks) {
        PyErr_NoMemory();
        goto done;
    }
    for (; held < count; held++)
        if (PyObject_GetBuffer(PyTuple_GetItem(messages, held), &views[held], PyBUF_SIMPLE) < 0)
            goto done;
    digests = PyBytes_FromStringAndSize(NULL, count * width); /* a tuple of that size was possible */
    if (!digests)
        goto done;
    uint8_t *out = (uint8_t *)PyBytes_AsString(digests);
    for (Py_ssize_t i = 0; i < count; i++) {
        size_t size = (size_t)views[i].len;
        tasks[i] = (struct task){views[i].buf, size, size, NULL, out + i * width};
    }
    Py_BEGIN_ALLOW_THREADS
    run(kernel, tasks, (size_t)count);
    Py_END_ALLOW_THREADS
done:
    while (held-- > 0)
        PyBuffer_Release(&views[held]);
    free(tasks);
    free(views);
    Py_DECREF(messages);
    return digests;
}

PyDoc_STRVAR(merkle_layer_doc, "merkle_layer($module, /, digests, leaves, path)\n--\n\n"
                               "Roots of the subtrees over each `leaves` of the 32-byte digests, concatenated.\n\n"
                               "leaves is a power of two. Missing leaves of the last subtree are zeros (BEP 52).");

static PyObject *py_merkle_layer(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"digests", "leaves", "path", NULL};
    Py_buffer digests;
    Py_ssize_t leaves;
    const char *path;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "y*ns", names, &digests, &leaves, &path))
        return NULL;
    PyObject *roots = NULL;
    struct queue *queue = NULL;
    struct tree *trees = NULL;
    uint8_t *nodes = NULL;
    const struct kernel *kernel = find_kernel(self, path, V2);
    if (!kernel)
        goto done;
    if (leaves <= 0 || (leaves & (leaves - 1)) || digests.len % 32) {
        PyErr_Format(PyExc_ValueError, "leaves (%zd) must be a power of two, and the %zd bytes of digests 32 each",
                     leaves, digests.len);
        goto done;
    }
    size_t count = (size_t)ceil_div((uint64_t)digests.len / 32, (uint64_t)leaves), total;
    queue = calloc(1, sizeof *queue);
    trees = calloc(count + 1, sizeof *trees);
    if (!queue || !trees || __builtin_mul_overflow(count, (size_t)leaves, &total) ||
        !(nodes = calloc(total + 1, 32))) {
        PyErr_NoMemory();
        goto done;
    }
    roots = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(32 * count));
    if (!roots)
        goto done;
    uint8_t *out = (uint8_t *)PyBytes_AsString(roots);
    queue->kernel = kernel;
    Py_BEGIN_ALLOW_THREADS
    if (digests.len)
        memcpy(nodes, digests.buf, (size_t)digests.len);
    for (size_t i = 0; i < count; i++)
        trees[i] = (struct tree){i * (size_t)leaves, (size_t)leaves};
    reduce(queue, nodes, trees, count);
    for (size_t i = 0; i < count; i++)
        memcpy(out + 32 * i, nodes + 32 * trees[i].first, 32);
    Py_END_ALLOW_THREADS
done:
    free(nodes);
    free(trees);
    free(queue);
    PyBuffer_Release(&digests);
    return roots;
}

static bool refuse(const char *why)
{
    PyErr_SetString(PyExc_ValueError, why);
    return false;
}

/* Settle what a job's numbers have to obey, and which kernels it takes. */
static bool settle(PyObject *self, struct job *job, long long piece_length, bool v1, bool v2, const char *path)
{
    if (piece_length <= 0 || (v2 && (piece_length < BLOCK || (piece_length & (piece_length - 1)))))
        return refuse("piece_length must be positive, and with v2 a power of two of at least 16 KiB");
    if (!v1 && !v2)
        return refuse("one of v1 and v2 must be wanted");
    job->piece_length = (uint64_t)piece_length;
    for (size_t i = 0; i < job->span_count; i++) {
        const struct span *span = &job->spans[i];
        if (v1 && v2 && span->source != ZEROS && span->size && job->total % job->piece_length)
            return refuse("with v1 and v2 every file must begin at a piece: pad the one before it");
        if (span->size > INT64_MAX - job->total || span->offset > INT64_MAX - span->size)
            return refuse("the spans reach beyond 2**63 bytes");
        job->total += span->size;
    }
    job->kernel[V1] = v1 ? kernel_for(self, path, V1, ceil_div(job->total, job->piece_length)) : NULL;
    job->kernel[V2] = v2 ? find_kernel(self, path, V2) : NULL;
    return !PyErr_Occurred();
}

static void raise_read_error(const struct module *module, size_t index, uint64_t at, int code)
{
    PyObject *known = code ? PyLong_FromLong(code) : Py_NewRef(Py_None);
    PyObject *why = known ? Py_BuildValue("nLN", (Py_ssize_t)index, (long long)at, known) : NULL;
    if (why)
        PyErr_SetObject(module->read_error, why);
    Py_XDECREF(why);
}

/* Run a settled job without the GIL: (sha1s, roots), or None when cancelled. */
static PyObject *perform(PyObject *self, struct job *job)
{
    struct module *module = PyModule_GetState(self);
    uint64_t pieces = job->kernel[V1] ? ceil_div(job->total, job->piece_length) : 0;
    PyObject *sha1s = NULL, *roots = NULL, *result = NULL;
    enum end end = NO_MEMORY;
    if (pieces <= PY_SSIZE_T_MAX / 20 && prepare(job)) {
        sha1s = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(20 * pieces));
        roots = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(32 * job->tree_count));
    }
    if (sha1s && roots) {
        job->sha1s = (uint8_t *)PyBytes_AsString(sha1s);
        uint8_t *out = (uint8_t *)PyBytes_AsString(roots);
        Py_BEGIN_ALLOW_THREADS
        end = hash_job(job);
        for (size_t i = 0; end == FINISHED && i < job->tree_count; i++)
            memcpy(out + 32 * i, job->nodes + 32 * job->trees[i].first, 32);
        Py_END_ALLOW_THREADS
    }
    discard(job);
    if (end == FINISHED)
        result = Py_BuildValue("OO", sha1s, roots);
    else if (end == CANCELLED)
        result = Py_NewRef(Py_None);
    else if (end == UNREADABLE)
        raise_read_error(module, job->fault.span, job->fault.at, job->fault.code);
    else if (!PyErr_Occurred())
        PyErr_NoMemory();
    Py_XDECREF(sha1s);
    Py_XDECREF(roots);
    return result;
}

PyDoc_STRVAR(hash_pieces_doc,
             "hash_pieces($module, /, data, *, piece_length, v1, v2, pad, path)\n--\n\n"
             "Both hashes of data in one pass: (SHA-1 of each piece, root of each piece).\n\n"
             "pad zero bytes follow the data for SHA-1 only (a pad file, BEP 47). A short last\n"
             "piece has a root of full height: the data is taken for a part of a larger file.");

static PyObject *py_hash_pieces(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"data", "piece_length", "v1", "v2", "pad", "path", NULL};
    Py_buffer data;
    long long piece_length, pad;
    int v1, v2;
    const char *path;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "y*$LppLs", names, &data, &piece_length, &v1, &v2, &pad, &path))
        return NULL;
    PyObject *result = NULL;
    struct span spans[2] = {
        {.source = MEMORY, .memory = data.buf, .size = (uint64_t)data.len},
        {.source = ZEROS, .size = (uint64_t)pad},
    };
    struct job job = {.spans = spans, .span_count = 2};
    if (pad < 0)
        refuse("pad must not be negative");
    else if (settle(self, &job, piece_length, v1, v2, path))
        result = perform(self, &job);
    PyBuffer_Release(&data);
    return result;
}

static bool parse_span(PyObject *item, struct span *span, Py_buffer *view)
{
    PyObject *source;
    long long offset, size;
    int whole;
    if (!PyTuple_Check(item)) {
        PyErr_SetString(PyExc_TypeError, "a span must be a tuple (source, offset, size, whole)");
        return false;
    }
    if (!PyArg_ParseTuple(item, "OLLp;a span is (source, offset, size, whole)", &source, &offset, &size, &whole))
        return false;
    if (offset < 0 || size < 0)
        return refuse("a span's offset and size must not be negative");
    *span = (struct span){.source = ZEROS, .offset = (uint64_t)offset, .size = (uint64_t)size, .whole = whole};
    if (source == Py_None)
        return true;
    if (PyTuple_Check(source)) {
        long long whole_size;
        if (!PyArg_ParseTuple(source, "iyLL;a located file is (folder, name, size, mtime)", &span->fd, &span->name,
                              &whole_size, &span->mtime))
            return false;
        span->source = LOCATED_FILE;
        span->file_size = (uint64_t)whole_size;
        return true;
    }
    if (PyLong_Check(source)) {
        long fd = PyLong_AsLong(source);
        if (fd < 0 || fd > INT_MAX)
            return PyErr_Occurred() ? false : refuse("a span's source is not a file descriptor");
        span->source = OPEN_FILE;
        span->fd = (int)fd;
        return true;
    }
    if (!PyObject_CheckBuffer(source)) {
        PyObject *name; /* kept by its view */
        if (!PyUnicode_FSConverter(source, &name))
            return false;
        int status = PyObject_GetBuffer(name, view, PyBUF_SIMPLE);
        Py_DECREF(name);
        span->source = NAMED_FILE;
        span->name = view->buf;
        return status == 0;
    }
    if (PyObject_GetBuffer(source, view, PyBUF_SIMPLE) < 0)
        return false;
    if (offset > view->len || size > view->len - offset)
        return refuse("a span reaches beyond its buffer");
    span->source = MEMORY;
    span->memory = (const uint8_t *)view->buf + offset;
    return true;
}

PyDoc_STRVAR(hash_spans_doc,
             "hash_spans($module, /, spans, *, piece_length, v1=False, v2=False, path='auto', progress=None)\n--\n\n"
             "Read spans once and hash them: (SHA-1 of each piece, root of each piece of each file).\n\n"
             "A span is (source, offset, size, whole): source is a path, a file descriptor, a located file,\n"
             "a bytes-like object, or None for zeros (a pad file); whole is true for all of a file. SHA-1\n"
             "runs through the spans as one stream that begins at a piece. A tree never spans two spans; a\n"
             "whole file smaller than a piece has a tree no higher than it needs (BEP 52).\n"
             "A located file is (folder, name, size, mtime): an open folder, the path below it as bytes, and\n"
             "the size and time of change (ns) that it must have. No symbolic link is followed to it.\n"
             "Returns None when progress.cancel() was called meanwhile.\n"
             "Raises ReadError(span index, offset in the file, errno), errno None where a file ended early or\n"
             "a located one is not what it was; it ends at that offset or before it, since lanes read a file\n"
             "in several places.");

static PyObject *py_hash_spans(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"spans", "piece_length", "v1", "v2", "path", "progress", NULL};
    struct module *module = PyModule_GetState(self);
    PyObject *sequence, *progress = Py_None, *items, *result = NULL;
    long long piece_length = 0;
    int v1 = 0, v2 = 0;
    const char *path = "auto";
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|$LppsO", names, &sequence, &piece_length, &v1, &v2, &path,
                                     &progress))
        return NULL;
    if (progress != Py_None && !PyObject_TypeCheck(progress, module->progress_type)) {
        PyErr_SetString(PyExc_TypeError, "progress must be a Progress or None");
        return NULL;
    }
    if (!(items = PySequence_Tuple(sequence)))
        return NULL;
    size_t count = (size_t)PyTuple_Size(items);
    struct span *spans = calloc(count + 1, sizeof *spans);
    Py_buffer *views = calloc(count + 1, sizeof *views);
    if (!spans || !views) {
        PyErr_NoMemory();
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        if (!parse_span(PyTuple_GetItem(items, (Py_ssize_t)i), &spans[i], &views[i]))
            goto done;
    struct job job = {
        .spans = spans,
        .span_count = count,
        .progress = progress == Py_None ? NULL : &((ProgressObject *)progress)->progress,
    };
    if (settle(self, &job, piece_length, v1, v2, path))
        result = perform(self, &job);
done:
    for (size_t i = 0; views && i < count; i++)
        if (views[i].obj)
            PyBuffer_Release(&views[i]);
    free(views);
    free(spans);
    Py_DECREF(items);
    return result;
}

static bool parse_file(PyObject *item, struct file *file, const Py_buffer *buffer)
{
    long long size, start, at, length;
    if (!PyTuple_Check(item)) {
        PyErr_SetString(PyExc_TypeError, "a file must be a tuple (folder, name, size, mtime, start, at, length)");
        return false;
    }
    if (!PyArg_ParseTuple(item, "iyLLLLL;a file is (folder, name, size, mtime, start, at, length)", &file->folder,
                          &file->name, &size, &file->mtime, &start, &at, &length))
        return false;
    if (size < 0 || start < 0 || length < 0 || start > size || length > size - start)
        return refuse("a part lies outside of its file");
    if (at < 0 || at > buffer->len || length > buffer->len - at)
        return refuse("a part reaches beyond the buffer");
    file->size = (uint64_t)size, file->start = (uint64_t)start, file->length = (size_t)length;
    file->into = (uint8_t *)buffer->buf + at;
    return true;
}

PyDoc_STRVAR(read_files_doc,
             "read_files($module, /, files, buffer, *, progress=None, by_steps=False)\n--\n\n"
             "Read parts of many files into a buffer; False when progress.cancel() was called meanwhile.\n\n"
             "A file is (folder, name, size, mtime, start, at, length): an open folder, the path below it as\n"
             "bytes, the size and time of change (ns) that it must have, and where its part begins in it and\n"
             "in the buffer. No symbolic link is followed, and nothing outside the folder is reached.\n"
             "by_steps opens folder after folder, as is done where the system has no openat2.\n"
             "Raises ReadError(index, offset in the file, errno), errno None where a file is not what it was.");

static PyObject *py_read_files(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"files", "buffer", "progress", "by_steps", NULL};
    struct module *module = PyModule_GetState(self);
    PyObject *sequence, *progress = Py_None, *items, *result = NULL;
    Py_buffer buffer;
    int by_steps = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "Ow*|$Op", names, &sequence, &buffer, &progress, &by_steps))
        return NULL;
    struct reading reading = {.by_steps = by_steps};
    if (!(items = PySequence_Tuple(sequence)))
        goto done;
    if (progress != Py_None && !PyObject_TypeCheck(progress, module->progress_type)) {
        PyErr_SetString(PyExc_TypeError, "progress must be a Progress or None");
        goto done;
    }
    reading.progress = progress == Py_None ? NULL : &((ProgressObject *)progress)->progress;
    reading.count = (size_t)PyTuple_Size(items);
    if (!(reading.files = calloc(reading.count + 1, sizeof *reading.files))) {
        PyErr_NoMemory();
        goto done;
    }
    for (size_t i = 0; i < reading.count; i++)
        if (!parse_file(PyTuple_GetItem(items, (Py_ssize_t)i), &reading.files[i], &buffer))
            goto done;
    enum end end;
    Py_BEGIN_ALLOW_THREADS
    end = read_parts(&reading);
    Py_END_ALLOW_THREADS
    if (end == UNREADABLE)
        raise_read_error(module, reading.failed, reading.at, reading.code);
    else
        result = PyBool_FromLong(end == FINISHED);
done:
    free(reading.files);
    Py_XDECREF(items);
    PyBuffer_Release(&buffer);
    return result;
}

PyDoc_STRVAR(progress_doc, "Progress()\n--\n\n"
                           "Shared by the threads of a job: what is done, and whether to go on.");

static PyObject *progress_cancel(ProgressObject *self, PyObject *Py_UNUSED(none))
{
    __atomic_store_n(&self->progress.cancelled, true, __ATOMIC_RELAXED);
    Py_RETURN_NONE;
}

static PyObject *progress_done(ProgressObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromUnsignedLongLong(__atomic_load_n(&self->progress.done, __ATOMIC_RELAXED));
}

static PyObject *progress_cancelled(ProgressObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(__atomic_load_n(&self->progress.cancelled, __ATOMIC_RELAXED));
}

static PyMethodDef progress_methods[] = {
    {"cancel", (PyCFunction)(void (*)(void))progress_cancel, METH_NOARGS,
     "cancel($self, /)\n--\n\nMake every call that has this Progress return soon."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef progress_properties[] = {
    {"done", (getter)(void (*)(void))progress_done, NULL, "Bytes of files hashed so far, pads not counted.", NULL},
    {"cancelled", (getter)(void (*)(void))progress_cancelled, NULL, "Whether cancel() was called.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot progress_slots[] = {
    {Py_tp_doc, (void *)progress_doc},
    {Py_tp_methods, progress_methods},
    {Py_tp_getset, progress_properties},
    {0, NULL},
};

static PyType_Spec progress_spec = {
    .name = "seedbox.hashing._lanes.Progress",
    .basicsize = sizeof(ProgressObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = progress_slots,
};

static int add(PyObject *self, const char *name, PyObject *value)
{
    int status = value ? PyModule_AddObjectRef(self, name, value) : -1;
    Py_XDECREF(value);
    return status;
}

static int module_exec(PyObject *self)
{
    struct module *module = PyModule_GetState(self);
    for (int i = 0; i < PATHS; i++)
        module->usable[i] = usable(i);
    module->best[V1] = module->best[V2] = PATHS;
    module->progress_type = (PyTypeObject *)PyType_FromModuleAndSpec(self, &progress_spec, NULL);
    module->read_error = PyErr_NewExceptionWithDoc(
        "seedbox.hashing._lanes.ReadError",
        "(span index, offset in the file, errno, or None where the file ended early)", NULL, NULL);
    if (!module->progress_type || !module->read_error || PyModule_AddType(self, module->progress_type) < 0 ||
        PyModule_AddObjectRef(self, "ReadError", module->read_error) < 0)
        return -1;
    return add(self, "ALL_PATHS", path_names(NULL));
}

static int module_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct module *module = PyModule_GetState(self);
    Py_VISIT(module->progress_type);
    Py_VISIT(module->read_error);
    return 0;
}

static int module_clear(PyObject *self)
{
    struct module *module = PyModule_GetState(self);
    Py_CLEAR(module->progress_type);
    Py_CLEAR(module->read_error);
    return 0;
}

#define KEYWORDS(name) {#name, (PyCFunction)(void (*)(void))py_##name, METH_VARARGS | METH_KEYWORDS, name##_doc}
static PyMethodDef module_methods[] = {
    {"paths", py_paths, METH_NOARGS, paths_doc},
    {"best", py_best, METH_NOARGS, best_doc},
    KEYWORDS(sha1_pieces),
    KEYWORDS(sha256_blocks),
    KEYWORDS(hash_many),
    KEYWORDS(merkle_layer),
    KEYWORDS(hash_pieces),
    KEYWORDS(hash_spans),
    KEYWORDS(read_files),
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_lanes",
    .m_doc = "SHA-1 and SHA-256 of many messages at once: vector lanes and SHA instructions.",
    .m_size = sizeof(struct module),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
};

PyMODINIT_FUNC PyInit__lanes(void) { return PyModuleDef_Init(&module_def); }
#endif
