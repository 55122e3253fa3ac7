// SPDX-License-Identifier: Apache-2.0
// A batch's symbol is the outermost size of some operands and of all results, and no other size.
// That alone tells of reductions, views and poolings that they leave the batch alone: what they do
// along a dimension shows in its size. For the others it is asked which dimension they work on.
#include "tsc/Kernel/Batchwise.h"

#include "llvm/ADT/ScopeExit.h"

using namespace mlir;

namespace tsc::kernel {

using mlir::Value; // not tsc::Value

int64_t batchSymbol(Type type) {
  auto tensor = dyn_cast<ts::TensorType>(type);
  if (!tensor || !tensor.hasDType() || !tensor.getHasRank() || tensor.getRank() == 0)
    return 0;
  ArrayRef<int64_t> sizes = tensor.getSizes();
  bool isKnown = llvm::all_of(sizes.drop_front(), [](int64_t size) { return size >= 0; });
  return isKnown && ts::TensorType::isSymbol(sizes.front()) ? sizes.front() : 0;
}

ts::TensorType withBatch(Type type, int64_t count) {
  auto tensor = cast<ts::TensorType>(type);
  SmallVector<int64_t> sizes(tensor.getSizes());
  sizes.front() = count;
  return ts::TensorType::get(type.getContext(), sizes, tensor.getDtype());
}

static bool isBatched(Value value) { return batchSymbol(value.getType()) != 0; }
static int64_t rankOf(Value value) { return cast<ts::TensorType>(value.getType()).getRank(); }

/// The tensors that an operator reads, those in lists included.
static SmallVector<Value> tensorOperands(ts::AtenOp op) {
  SmallVector<Value> tensors;
  for (Value operand : op.getArgs()) {
    auto list = operand.getDefiningOp<ts::ListConstructOp>();
    for (Value each : list ? ValueRange(list.getElements()) : ValueRange(operand))
      if (isa<ts::TensorType>(each.getType()))
        tensors.push_back(each);
  }
  return tensors;
}

/// True when a tensor that is the same for all of the batch broadcasts to tensors of `rank`.
static bool isShared(Value value, int64_t rank) {
  auto type = dyn_cast<ts::TensorType>(value.getType());
  return !type || type.getRank() < rank || type.getSizes().front() == 1;
}

/// True when the operator works along a dimension that is not the batch.
static bool isInner(ts::AtenOp op, StringRef argument, int64_t rank) {
  Value value = op.getArg(argument);
  std::optional<int64_t> dim = value ? constantInt(value) : std::nullopt;
  return dim && *dim != 0 && *dim != -rank;
}

static bool areInner(ts::AtenOp op, int64_t rank) {
  std::optional<SmallVector<int64_t>> dims = constantInts(op.getArg("dims"));
  return dims && !dims->empty() &&
         llvm::none_of(*dims, [&](int64_t dim) { return dim == 0 || dim == -rank; });
}

static bool onlyFirstIsBatched(ts::AtenOp op) {
  SmallVector<Value> tensors = tensorOperands(op);
  return isBatched(tensors.front()) && llvm::none_of(ArrayRef(tensors).drop_front(), isBatched);
}

/// Elementwise operators: the batch is the outermost dimension of what they broadcast to.
static bool isBatchwiseMap(ts::AtenOp op) {
  int64_t rank = rankOf(op.getResult(0));
  return llvm::all_of(tensorOperands(op), [&](Value operand) {
    return isBatched(operand) ? rankOf(operand) == rank : isShared(operand, rank);
  });
}

static bool isBatchwiseProduct(Value a, Value b) {
  if (isBatched(a) && isBatched(b))
    return rankOf(a) == rankOf(b) && rankOf(a) >= 3;
  if (isBatched(a))
    return rankOf(a) >= 2 && rankOf(a) >= rankOf(b) && (rankOf(b) <= 2 || isShared(b, rankOf(a)));
  return rankOf(b) >= 3 && rankOf(b) >= rankOf(a) && (rankOf(a) <= 2 || isShared(a, rankOf(b)));
}

static bool isBatchwiseContraction(ts::AtenOp op) {
  StringRef name = op.getBaseName();
  Value first = op.getArgs()[0], second = op.getArgs()[1];
  if (name.starts_with("aten::conv") || name == "aten::_convolution")
    return onlyFirstIsBatched(op) && rankOf(first) == rankOf(second);
  if (name == "aten::linear")
    return onlyFirstIsBatched(op) && rankOf(first) >= 2;
  if (name == "aten::matmul" || name == "aten::mm" || name == "aten::bmm")
    return isBatchwiseProduct(first, second);
  if (name != "aten::addmm" && name != "aten::baddbmm")
    return false;
  int64_t rank = rankOf(op.getResult(0));
  bool addendFits = isBatched(first) ? rankOf(first) == rank : isShared(first, rank);
  return addendFits && isBatchwiseProduct(second, op.getArgs()[2]);
}

static bool isBatchwiseRows(ts::AtenOp op) {
  StringRef name = op.getBaseName();
  if (!onlyFirstIsBatched(op))
    return false;
  int64_t rank = rankOf(op.getArgs()[0]);
  if (name.ends_with("softmax"))
    return isInner(op, "dim", rank);
  if (name == "aten::layer_norm" || name == "aten::rms_norm") {
    std::optional<SmallVector<int64_t>> normalized = constantInts(op.getArg("normalized_shape"));
    return normalized && static_cast<int64_t>(normalized->size()) < rank;
  }
  if (name == "aten::batch_norm")
    return constantBool(op.getArg("training")) == false;
  return llvm::is_contained({"aten::group_norm", "aten::instance_norm",
                             "aten::mean",       "aten::sum",
                             "aten::prod",       "aten::amax",
                             "aten::amin",       "aten::max",
                             "aten::min",        "aten::argmax",
                             "aten::argmin",     "aten::any",
                             "aten::all",        "aten::count_nonzero",
                             "aten::norm",       "aten::linalg_vector_norm",
                             "aten::var",        "aten::std",
                             "aten::var_mean",   "aten::std_mean",
                             "aten::logsumexp",  "aten::adaptive_avg_pool1d"},
                            name);
}

static bool isBatchwiseAttention(ts::AtenOp op) {
  if (op.getBaseName() != "aten::scaled_dot_product_attention")
    return false;
  int64_t rank = rankOf(op.getResult(0));
  Value mask = op.getArg("attn_mask");
  bool maskFits = isBatched(mask) ? rankOf(mask) == rank : isShared(mask, rank);
  return rank >= 3 && maskFits && llvm::all_of(op.getArgs().take_front(3), [&](Value each) {
           return isBatched(each) && rankOf(each) == rank;
         });
}

static bool isBatchwiseMove(ts::AtenOp op) {
  StringRef name = op.getBaseName();
  int64_t rank = rankOf(op.getResult(0));
  if (name == "aten::cat" || name == "aten::stack")
    return isInner(op, "dim", rank) && llvm::all_of(tensorOperands(op), isBatched);
  if (name == "aten::embedding")
    return !isBatched(op.getArgs()[0]) && isBatched(op.getArgs()[1]);
  if (name == "aten::flip")
    return onlyFirstIsBatched(op) && areInner(op, rank);
  if (name == "aten::index_select")
    return onlyFirstIsBatched(op) && isInner(op, "dim", rank);
  if (name == "aten::tril" || name == "aten::triu")
    return rank >= 3;
  return onlyFirstIsBatched(op) &&
         llvm::is_contained({"aten::pad", "aten::constant_pad_nd", "aten::clone",
                             "aten::contiguous", "aten::reflection_pad1d", "aten::reflection_pad2d",
                             "aten::reflection_pad3d", "aten::replication_pad1d",
                             "aten::replication_pad2d", "aten::replication_pad3d"},
                            name);
}

/// Elements of a batch follow each other, and so they do in a view whose outermost size is the
/// batch, too.
static bool isBatchwiseView(ts::AtenOp op) {
  Value from = op.getArgs()[0];
  return op.getBaseName() != "aten::as_strided" &&
         (isBatched(from) ||
          (op.getBaseName() == "aten::expand" && isShared(from, rankOf(op.getResult(0)))));
}

static bool isBatchwise(ts::AtenOp op, Kind kind) {
  switch (kind) {
  case Kind::Map:
    return isBatchwiseMap(op);
  case Kind::Contraction:
    return isBatchwiseContraction(op);
  case Kind::Rows:
    return isBatchwiseRows(op);
  case Kind::Attention:
    return isBatchwiseAttention(op);
  case Kind::Window:
    return onlyFirstIsBatched(op);
  case Kind::Move:
    return isBatchwiseMove(op);
  case Kind::View:
    return isBatchwiseView(op);
  case Kind::Scan:
    return onlyFirstIsBatched(op) && isInner(op, "dim", rankOf(op.getArgs()[0]));
  case Kind::Recurrent: // whose batch is not outermost in all results
  case Kind::Scatter:
  case Kind::Routine:
    return false;
  }
  llvm_unreachable("a kind");
}

/// The kind with all batched types as they are for some elements.
static std::optional<Kind> kindOfElements(ts::AtenOp op, int64_t count) {
  SmallVector<std::pair<Value, Type>> changed;
  auto restore = llvm::make_scope_exit([&] {
    for (auto [value, type] : llvm::reverse(changed))
      value.setType(type);
  });
  SmallVector<Value> values = tensorOperands(op);
  llvm::append_range(values, op.getResults());
  for (Value value : values)
    if (isBatched(value)) {
      changed.push_back({value, value.getType()});
      value.setType(withBatch(value.getType(), count));
    }
  std::string why;
  return compiledKind(op, why);
}

std::optional<Kind> batchwiseKind(ts::AtenOp op, int64_t symbol) {
  if (!op.getRow() || op.getNumResults() == 0)
    return std::nullopt;
  auto isBatch = [&](Value value) { return batchSymbol(value.getType()) == symbol; };
  if (!llvm::all_of(op.getResults(), isBatch) ||
      !llvm::all_of(tensorOperands(op), [&](Value operand) {
        return isBatch(operand) || isPrecise(operand.getType());
      }))
    return std::nullopt;
  // More than one element, so that none is taken for a dimension that broadcasts.
  std::optional<Kind> kind = kindOfElements(op, 2);
  return kind && isBatchwise(op, *kind) ? kind : std::nullopt;
}

} // namespace tsc::kernel
