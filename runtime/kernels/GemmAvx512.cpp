// SPDX-License-Identifier: Apache-2.0
// Tiles of matrix products for AVX-512, whatever level the archive is compiled for: 12 rows of two
// vectors leave room for B and one row of A in 32 registers.
#define TSC_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define TSC_VECTOR_BYTES 64
#include "GemmTiles.h"

namespace tsc::rt::detail {
const TileTable<float> &avx512TilesFloat() { return tileTable<float, 12>(); }
const TileTable<double> &avx512TilesDouble() { return tileTable<double, 12>(); }
} // namespace tsc::rt::detail
