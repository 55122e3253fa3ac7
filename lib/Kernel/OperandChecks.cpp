// SPDX-License-Identifier: Apache-2.0
// Operands that an operator refuses. Its type says what the result is like if there is one; whether
// the operands fit each other is checked by the generic kernel when the program runs, and compiled
// code, which checks nothing, must not take its place where it raises.
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/TransposedForm.h"

#include "llvm/ADT/STLExtras.h"

#include <numeric>

using namespace mlir;

namespace tsc::kernel {

using Sizes = ArrayRef<int64_t>;
using mlir::Value; // not tsc::Value

static Sizes sizesOf(Value value) { return cast<ts::TensorType>(value.getType()).getSizes(); }

static int64_t elements(Sizes sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t(1), std::multiplies<>());
}

bool broadcastsTo(Sizes from, Sizes to) {
  return from.size() <= to.size() &&
         llvm::all_of(llvm::zip(llvm::reverse(from), llvm::reverse(to)), [](auto pair) {
           return std::get<0>(pair) == 1 || std::get<0>(pair) == std::get<1>(pair);
         });
}

// ---- Elementwise operators

static bool fitsMap(ts::AtenOp op) {
  for (auto [argument, value] : llvm::zip(op.getRow()->schema().arguments, op.getArgs())) {
    auto type = dyn_cast<ts::TensorType>(value.getType());
    if (!type)
      continue;
    if (!broadcastsTo(type.getSizes(), sizesOf(op.getResult(0))))
      return false;
    bool chooses = argument.name == "condition" || argument.name == "mask";
    if (chooses && type.getDtype() != DType::Bool && type.getDtype() != DType::UInt8)
      return false;
  }
  return true;
}

// ---- Views

static int64_t wrap(int64_t at, int64_t size) { return at < 0 ? at + size : at; }

static bool fitsPart(ts::AtenOp op, Sizes from) {
  std::optional<int64_t> dim = constantInt(op.getArg("dim"));
  if (!dim || from.empty())
    return false;
  int64_t size = from[wrap(*dim, static_cast<int64_t>(from.size()))];
  if (op.getBaseName() == "aten::select") {
    std::optional<int64_t> index = constantInt(op.getArg("index"));
    return index && *index >= -size && *index < size;
  }
  std::optional<int64_t> start = constantInt(op.getArg("start")),
                         length = constantInt(op.getArg("length"));
  return start && length && *start >= -size && *length >= 0 && wrap(*start, size) <= size - *length;
}

static bool fitsPermutation(ts::AtenOp op, Sizes from) {
  std::optional<SmallVector<int64_t>> dims = constantInts(op.getArg("dims"));
  auto rank = static_cast<int64_t>(from.size());
  llvm::SmallDenseSet<int64_t> taken;
  return dims && llvm::all_of(*dims, [&](int64_t d) { return taken.insert(wrap(d, rank)).second; });
}

static bool fitsUnflatten(ts::AtenOp op, Sizes from, Sizes to) {
  std::optional<int64_t> dim = constantInt(op.getArg("dim"));
  if (!dim || from.empty())
    return false;
  int64_t rank = static_cast<int64_t>(from.size()), at = wrap(*dim, rank);
  return elements(to.slice(at, to.size() - rank + 1)) == from[at];
}

static bool fitsView(ts::AtenOp op) {
  StringRef name = op.getBaseName();
  Sizes from = sizesOf(op.getArgs()[0]), to = sizesOf(op.getResult(0));
  if (name == "aten::select" || name == "aten::narrow")
    return fitsPart(op, from);
  if (name == "aten::permute")
    return fitsPermutation(op, from);
  if (name == "aten::t")
    return from.size() <= 2;
  if (name == "aten::expand" || name == "aten::expand_as" || name == "aten::broadcast_to")
    return broadcastsTo(from, to);
  if (name == "aten::slice" || name == "aten::diagonal")
    return true; // of any bounds
  if (name == "aten::unflatten")
    return fitsUnflatten(op, from, to);
  return elements(from) == elements(to);
}

// ---- Matrix products and convolutions

/// Whole batches of rows times columns; vectors are matrices of one row or column.
static bool fitsProduct(Sizes a, Sizes b, bool broadcasts) {
  if (a.empty() || b.empty() || a.back() != b[b.size() < 2 ? 0 : b.size() - 2])
    return false;
  Sizes left = a.drop_back(std::min<size_t>(a.size(), 2)),
        right = b.drop_back(std::min<size_t>(b.size(), 2));
  if (!broadcasts)
    return left == right;
  return llvm::all_of(llvm::zip(llvm::reverse(left), llvm::reverse(right)), [](auto pair) {
    auto [x, y] = pair;
    return x == y || x == 1 || y == 1;
  });
}

static bool hasFittingBias(ts::AtenOp op) {
  Value bias = op.getArg("bias");
  return !bias || isNone(bias) || sizesOf(bias) == sizesOf(op.getArg("weight")).take_front(1);
}

static bool fitsTransposed(ts::AtenOp op) {
  Sizes weight = sizesOf(op.getArg("weight"));
  Sizes input = sizesOf(op.getArg("input")).take_back(weight.size() - 1); // from the channels on
  Value bias = op.getArg("bias");
  std::optional<int64_t> groups = constantInt(op.getArg("groups"));
  if (!groups || *groups < 1 || weight[0] < *groups || weight[0] % *groups != 0 ||
      input[0] != weight[0] || (!isNone(bias) && sizesOf(bias)[0] != weight[1] * *groups))
    return false;
  SmallVector<int64_t> extra = *constantInts(op.getArg("output_padding"));
  return llvm::all_of(llvm::enumerate(transposedWindows(op)), [&](auto at) {
    const TransposedWindow &w = at.value();
    int64_t behind = extra[extra.size() == 1 ? 0 : at.index()];
    return w.input > 0 && w.output > 0 && w.taps > 0 && behind < std::max(w.stride, w.dilation);
  });
}

static bool fitsContraction(ts::AtenOp op) {
  StringRef name = op.getBaseName();
  auto sizes = [&](StringRef argument) { return sizesOf(op.getArg(argument)); };
  if (name == "aten::linear")
    return sizes("input").back() == sizes("weight").back() && hasFittingBias(op);
  if (name == "aten::matmul")
    return fitsProduct(sizes("self"), sizes("other"), true);
  if (name == "aten::mm" || name == "aten::bmm")
    return fitsProduct(sizes("self"), sizes("mat2"), false);
  if (name == "aten::mv")
    return fitsProduct(sizes("self"), sizes("vec"), true);
  if (name == "aten::addmm")
    return fitsProduct(sizes("mat1"), sizes("mat2"), false);
  if (name == "aten::baddbmm")
    return fitsProduct(sizes("batch1"), sizes("batch2"), false);
  return isTransposed(op) ? fitsTransposed(op) : hasFittingBias(op);
}

/// Pooling may have no outputs, interpolation may not.
static bool fitsWindow(ts::AtenOp op) {
  return !op.getBaseName().contains("upsample") ||
         !llvm::is_contained(sizesOf(op.getResult(0)).drop_front(2), 0);
}

bool operandsFit(ts::AtenOp op, Kind kind) {
  switch (kind) {
  case Kind::Map:
    return fitsMap(op);
  case Kind::View:
    return fitsView(op);
  case Kind::Contraction:
    return fitsContraction(op);
  case Kind::Window:
    return fitsWindow(op);
  default: // what reads their forms asks for it
    return true;
  }
}

} // namespace tsc::kernel
