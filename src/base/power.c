/* SPDX-License-Identifier: MIT */
/*
 * Every 28th power of ten is stored to 192 bits, cut off; those between are a stored one times a
 * power of five. The product's error is below the 192nd bit of 256, and no power in the range has
 * only ones from there up to the 128th, so the upper 128 bits are exact: the test compares each
 * with its definition. Nothing here can fail.
 */
#include "base/power.h"

enum { stride = pt_power_fives };

const uint64_t pt_power_of_five[pt_power_fives] = {
	0x0000000000000001,
	0x0000000000000005,
	0x0000000000000019,
	0x000000000000007d,
	0x0000000000000271,
	0x0000000000000c35,
	0x0000000000003d09,
	0x000000000001312d,
	0x000000000005f5e1,
	0x00000000001dcd65,
	0x00000000009502f9,
	0x0000000002e90edd,
	0x000000000e8d4a51,
	0x0000000048c27395,
	0x000000016bcc41e9,
	0x000000071afd498d,
	0x0000002386f26fc1,
	0x000000b1a2bc2ec5,
	0x000003782dace9d9,
	0x00001158e460913d,
	0x000056bc75e2d631,
	0x0001b1ae4d6e2ef5,
	0x000878678326eac9,
	0x002a5a058fc295ed,
	0x00d3c21bcecceda1,
	0x0422ca8b0a00a425,
	0x14adf4b7320334b9,
	0x6765c793fa10079d,
};

const struct pt_tenth pt_power_of_tenth[pt_power_tenths] = {
	{0x8000000000000000, -63},
	{0xcccccccccccccccc, -67},
	{0xa3d70a3d70a3d70a, -70},
	{0x83126e978d4fdf3b, -73},
	{0xd1b71758e219652b, -77},
	{0xa7c5ac471b478423, -80},
	{0x8637bd05af6c69b5, -83},
	{0xd6bf94d5e57a42bc, -87},
	{0xabcc77118461cefc, -90},
	{0x89705f4136b4a597, -93},
	{0xdbe6fecebdedd5be, -97},
	{0xafebff0bcb24aafe, -100},
	{0x8cbccc096f5088cb, -103},
	{0xe12e13424bb40e13, -107},
	{0xb424dc35095cd80f, -110},
	{0x901d7cf73ab0acd9, -113},
	{0xe69594bec44de15b, -117},
	{0xb877aa3236a4b449, -120},
	{0x9392ee8e921d5d07, -123},
	{0xec1e4a7db69561a5, -127},
};

/* 10^(PT_POWER_MIN + 28 i), its leading 192 bits from high to low. */
static const uint64_t coarse[][3] = {
	{0xe1afa13afbd14d6d, 0x82189c09a3a1ec21, 0x7a43516213c7e04c},
	{0xe3e27a444d8d98b7, 0xfd1b1b2308169b25, 0x363b1f2c568dc3e2},
	{0xe61acf033d1a45df, 0x6fb92487298e33bd, 0xadd7728c20b99bd1},
	{0xe858ad248f5c22c9, 0xd1b3400f8f9cff68, 0xf910f9f648232f14},
	{0xea9c227723ee8bcb, 0x465e15a979c1cadc, 0x0a0ce827eac11f2d},
	{0xece53cec4a314ebd, 0xa4f8bf5635246428, 0x4609ac5c7899ca36},
	{0xef340a98172aace4, 0x86fb897116c87c34, 0x9c39c1da4c49278d},
	{0xf18899b1bc3f8ca1, 0xdc44e6c3cb279ac1, 0xf80f36174730ca34},
	{0xf3e2f893dec3f126, 0x5a89dba3c3efccfa, 0xd8ecb58659be9c90},
	{0xf64335bcf065d37d, 0x4d4617b5ff4a16d5, 0xaa09501d5954a559},
	{0xf8a95fcf88747d94, 0x75a44c6397ce912a, 0x33cca6c06b07b74d},
	{0xfb158592be068d2e, 0xeed6e2f0f0d56712, 0xac2e4f162cfad40a},
	{0xfd87b5f28300ca0d, 0x8bca9d6e188853fc, 0x76dcb60081ce0fa5},
	{0x8000000000000000, 0x0000000000000000, 0x0000000000000000},
	{0x813f3978f8940984, 0x4000000000000000, 0x0000000000000000},
	{0x82818f1281ed449f, 0xbff8f10e7a8921a4, 0x2000000000000000},
	{0x83c7088e1aab65db, 0x792667c6da79e0fa, 0x0861d3ee22d1cc53},
	{0x850fadc09923329e, 0x03e2cf6bc604ddb0, 0x74a7ef0198791097},
	{0x865b86925b9bc5c2, 0x0b8a2392ba45a9b2, 0x5c6658d409fb8bf7},
	{0x87aa9aff79042286, 0x90fb44d2f05d0842, 0xfb118fc9c217a1d2},
	{0x88fcf317f22241e2, 0x441fece3bdf81f03, 0x12f274928400100d},
	{0x8a5296ffe33cc92f, 0x82bd6b70d99aaa6f, 0xbc10c5c5cda97c8d},
	{0x8bab8eefb6409c1a, 0x1ad089b6c2f7548e, 0x25c7b885ba466e37},
	{0x8d07e33455637eb2, 0xdb0b487b6423e1e8, 0x7ec63730f500b406},
	{0x8e679c2f5e44ff8f, 0x570f09eaa7ea7648, 0x5961db50c6d2b886},
};

/* floor(log2(10^k)), for |k| up to 1650. */
static int
binary_exponent(int k)
{
	return (k * 1741647) >> 19;
}

struct pt_power
pt_power_of_ten(int k)
{
	unsigned index = (unsigned)(k - PT_POWER_MIN);
	const uint64_t *base = coarse[index / stride];
	uint64_t five = pt_power_of_five[index % stride];
	pt_wide low = ((pt_wide)base[2] * five) >> 64;
	pt_wide middle = (pt_wide)base[1] * five + low;
	pt_wide high = (pt_wide)base[0] * five + (middle >> 64);
	int zeros = __builtin_clzll((uint64_t)(high >> 64) | 1);
	/* One shift by 64 would be undefined, hence two. */
	if (high >> 64 != 0)
		high = high << zeros | (uint64_t)middle >> 1 >> (63 - zeros);
	else
		high = high << 64 | (uint64_t)middle;
	/* 5^55 is the last power of five below 2^128. */
	return (struct pt_power){high, binary_exponent(k) - 127, k >= 0 && k <= 55};
}
