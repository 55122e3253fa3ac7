// SPDX-License-Identifier: Apache-2.0
// Writes the function of a region: its groups in order, each by the emitter of its kind. Memory is
// planned while groups are written: what a group allocates lives from there to the last group that
// reads it, and offsets into the workspace are settled at the end.
//
// An emitter asks for the buffers of what it reads and writes, chooses tiles, and launches one or
// more tasks over a range of independent pieces of work. Pieces do not depend on the number of
// threads, so neither do results.
#pragma once

#include "../TsToLLVM/Program.h"
#include "KernelBuilder.h"
#include "tsc/Kernel/KernelDialect.h"

namespace tsc::lowering {

/// How a value is laid out, as its consumers wish and its producer writes it.
struct Layout {
  /// Dimension 1 (channels) innermost, for values of rank 3 to 5: [N, spatial.., C].
  bool channelsLast = false;
  /// Zeros around the spatial dimensions, in elements; empty: none.
  llvm::SmallVector<int64_t, 3> halo;
};

/// What the code is made for.
struct VectorTarget {
  int64_t vectorBytes = 32;   ///< of a register: 64 with AVX-512
  int64_t registers = 16;     ///< vector registers
  int64_t fmaPerCycle = 2;
  int64_t l1Bytes = 32 << 10, l2Bytes = 1 << 20;
  int64_t lanes(DType dtype) const { return vectorBytes / dtypeBytes(dtype); }
};

class RegionWriter {
public:
  RegionWriter(Program &program, kernel::RegionOp region, const VectorTarget &target);
  /// The region's function, and its descriptor's symbol for tsc_rt_region.
  mlir::StringAttr write();

  Program &program;
  kernel::RegionOp region;
  VectorTarget target;

  // ---- Buffers
  /// Where a value of the region lies: a result of an earlier group, an input, a constant.
  const Buffer &buffer(Value value);
  /// Makes the buffer of a group's result, as its consumers want it laid out (or as a part of a
  /// buffer that was set aside for it, such as its place in a concatenation). Halos are zeroed.
  const Buffer &define(Value result);
  /// A buffer for this group alone, row-major.
  Buffer temporary(DType dtype, llvm::ArrayRef<int64_t> sizes);
  /// The value dense in row-major order, copied when it is not.
  Buffer dense(Value value);
  /// The value with channels innermost (stride 1) and at least `halo` zeros around it, copied when
  /// it does not lie so.
  Buffer channelsLast(Value value, llvm::ArrayRef<int64_t> halo);
  /// A buffer of bytes that are known when compiling, such as packed weights. Equal requests for
  /// one key share it.
  Buffer constantBuffer(DType dtype, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<uint8_t> bytes);
  /// The bytes of a constant tensor, dense in row-major order; nothing when it is no constant.
  std::optional<llvm::SmallVector<uint8_t, 0>> constantBytes(Value value);

  // ---- Code
  using TaskBody = llvm::function_ref<void(KernelBuilder &, Value begin, Value end)>;
  /// Writes `body` as a task and runs it for [0, count), in parts of at least `grain`. `grain`
  /// should be about 20 microseconds of work. operations and bytes are what the profile shows.
  void launch(int64_t count, int64_t grain, TaskBody body, double operations = 0,
              double bytes = 0);
};

/// The emitters, one a kind. Group kinds and their roots are as lib/Kernel/CompiledForms says.
void emitMap(RegionWriter &, kernel::GroupOp);
void emitContraction(RegionWriter &, kernel::GroupOp);
void emitRows(RegionWriter &, kernel::GroupOp);
void emitAttention(RegionWriter &, kernel::GroupOp);
void emitRecurrent(RegionWriter &, kernel::GroupOp);
void emitWindow(RegionWriter &, kernel::GroupOp);
void emitMove(RegionWriter &, kernel::GroupOp);

/// The elementwise operators of a group behind its root, at one point: `lanes` elements of the
/// group's result along the dimension `laneDim`.
class Epilogue {
public:
  /// `root`: the group's operator whose results emitters compute themselves (null: none, a map).
  Epilogue(kernel::GroupOp group, ts::AtenOp root);
  bool isEmpty() const;
  /// The group's results (in order of its yield) at `coordinates` of the group's result, given the
  /// root's value there. Operands from outside are loaded with broadcasting; lanes >= count (if
  /// given) are not read. Values have their dtypes' own types, vectors of `lanes`.
  llvm::SmallVector<Value> apply(KernelBuilder &k, Value rootValue,
                                 llvm::ArrayRef<Value> coordinates, int64_t laneDim, int64_t lanes,
                                 Value count = {}) const;
};

} // namespace tsc::lowering
