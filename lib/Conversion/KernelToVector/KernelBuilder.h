// SPDX-License-Identifier: Apache-2.0
// Short names for the code that kernels are made of: integers (i64) with folding, loops (scf),
// vectors and memory (raw pointers, offsets in elements). One KernelBuilder writes one task, the
// function that a thread runs for its part of a kernel's iterations.
#pragma once

#include "tsc/Common/DType.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Where the elements of a tensor lie while a region runs. Sizes, strides and the offset of element
/// 0 are in elements. Strides are those of the logical dimensions, in any physical order.
struct Buffer {
  enum class Kind : uint8_t { Output, Input, Workspace, Weight };
  Kind kind = Kind::Workspace;
  int64_t index = 0; ///< number of the output, input or allocation; of Weight: the storage
  int64_t offset = 0;
  DType dtype = DType::Undefined;
  llvm::SmallVector<int64_t, 6> sizes, strides;

  int64_t rank() const { return static_cast<int64_t>(sizes.size()); }
  int64_t numel() const;
  /// Elements side by side in row-major order.
  bool isDense() const;
};

class RegionWriter;

class KernelBuilder {
public:
  KernelBuilder(RegionWriter &region, mlir::Location loc, Value frame);

  mlir::OpBuilder builder;
  mlir::Location loc;
  RegionWriter &region;

  // ---- Integers (i64). Operations on constants fold.
  Value constant(int64_t number);
  Value add(Value a, Value b);
  Value add(Value a, int64_t b) { return add(a, constant(b)); }
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value mul(Value a, int64_t b) { return mul(a, constant(b)); }
  /// Of numbers that are not negative.
  Value div(Value a, int64_t b);
  Value rem(Value a, int64_t b);
  Value min(Value a, Value b);
  Value max(Value a, Value b);
  Value less(Value a, Value b); ///< signed, i1
  /// The coordinates of a linear index in row-major order over `sizes`.
  llvm::SmallVector<Value> delinearize(Value index, llvm::ArrayRef<int64_t> sizes);

  // ---- Control
  void loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body);
  void loop(int64_t from, int64_t to, int64_t step, llvm::function_ref<void(Value)> body) {
    loop(constant(from), constant(to), step, body);
  }
  using CarryingBody =
      llvm::function_ref<llvm::SmallVector<Value>(Value index, mlir::ValueRange carried)>;
  llvm::SmallVector<Value> loop(Value from, Value to, int64_t step, mlir::ValueRange inits,
                                CarryingBody body);
  void ifThen(Value condition, llvm::function_ref<void()> yes,
              llvm::function_ref<void()> no = nullptr);

  // ---- Types
  mlir::Type elementType(DType dtype); ///< of memory: bool is i8
  mlir::VectorType vector(mlir::Type element, int64_t lanes);
  /// `number` in a float or integer type or a vector of one.
  Value number(mlir::Type type, double number);
  Value splat(Value scalar, int64_t lanes);

  // ---- Memory. `offset` counts elements of `type`'s scalar from `base`.
  Value pointer(const Buffer &buffer); ///< of element 0; computed once where the task begins
  Value at(Value base, mlir::Type element, Value offset);
  /// A scalar, or a vector of elements side by side (any alignment).
  Value load(mlir::Type type, Value base, Value offset);
  void store(Value value, Value base, Value offset);
  /// The first `count` lanes; the others are 0 (load) or stay as they are (store).
  Value loadMasked(mlir::VectorType type, Value base, Value offset, Value count);
  void storeMasked(Value value, Value base, Value offset, Value count);
  /// Past the caches, 64-byte aligned: for results that are larger than they are.
  void storeStreaming(Value value, Value base, Value offset);
  /// Begins to fetch the line at an address, which need not exist, to the L2 cache.
  void prefetch(Value address);
  /// A vector whose lanes lie `stride` elements apart: a broadcast for 0, a plain load for 1. Lanes
  /// from `count` on (if given, at least 1) hold anything.
  Value loadStrided(mlir::VectorType type, Value base, Value offset, int64_t stride,
                    Value count = {});
  void storeStrided(Value value, Value base, Value offset, int64_t stride, Value count = {});
  /// The offset of an element: sum of coordinate * stride.
  Value offsetOf(const Buffer &buffer, llvm::ArrayRef<Value> coordinates);
  /// Memory of this call of the task, on its stack, 64-byte aligned; at most 256 KiB in all.
  Value scratch(int64_t bytes);
  /// The runtime's context of the call.
  Value context();
  /// Has the region end with an exception after this task (RegionWriter::raiseIfFailed).
  void fail();

private:
  friend class RegionWriter;
  Value laneMask(int64_t lanes, Value count);
  Value frame; ///< the task's argument: RegionWriter::FrameWord
  llvm::SmallVector<Buffer> buffers; ///< whose places the frame holds, in the order of its words
  mlir::Block *entry;
  llvm::DenseMap<std::tuple<int, int64_t, int64_t>, Value> pointers;
};

} // namespace tsc::lowering
