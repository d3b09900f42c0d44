/* SPDX-License-Identifier: MIT */
/* The shortest decimal by the C++ library, as a reference for ours. It cannot fail: 32 suffice. */
#include <charconv>
#include <cstddef>

extern "C" std::size_t reference_to_chars(char out[32], double value);

std::size_t
reference_to_chars(char out[32], double value)
{
	return static_cast<std::size_t>(std::to_chars(out, out + 32, value).ptr - out);
}
