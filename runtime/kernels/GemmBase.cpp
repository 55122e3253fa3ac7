// SPDX-License-Identifier: Apache-2.0
// Tiles of matrix products for the level that the archive is compiled for: 6 rows of two vectors
// fill the 16 registers of AVX2, or of SSE.
#define TSC_TARGET
#ifdef __AVX__
#define TSC_VECTOR_BYTES 32
#else
#define TSC_VECTOR_BYTES 16
#endif
#include "GemmTiles.h"

namespace tsc::rt::detail {
const TileTable<float> &baseTilesFloat() { return tileTable<float, 6>(); }
const TileTable<double> &baseTilesDouble() { return tileTable<double, 6>(); }
const TileTable<int64_t> &baseTilesInt() { return tileTable<int64_t, 6>(); }
} // namespace tsc::rt::detail
