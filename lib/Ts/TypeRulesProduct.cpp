// SPDX-License-Identifier: Apache-2.0
// Matrix products and contractions. Operands of different dtypes are an error, so that the result
// has the dtype of any of them.
#include "RuleCall.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tsc::ts {

static DType dtypeOf(const TensorFacts &a, const TensorFacts &b) {
  return a.dtype == DType::Undefined ? b.dtype : a.dtype;
}

/// The shape of a @ b; without a rank when it is not known.
static TensorFacts matmulShape(const TensorFacts &a, const TensorFacts &b) {
  if (!a.hasRank || !b.hasRank || a.rank() == 0 || b.rank() == 0)
    return {};
  ArrayRef<int64_t> left = a.sizes, right = b.sizes;
  TensorFacts batch = broadcast(
      {TensorFacts(left.drop_back(std::min<size_t>(2, left.size())), DType::Undefined),
       TensorFacts(right.drop_back(std::min<size_t>(2, right.size())), DType::Undefined)});
  if (left.size() > 1)
    batch.sizes.push_back(left[left.size() - 2]);
  if (right.size() > 1)
    batch.sizes.push_back(right.back());
  return batch;
}

static LogicalResult matmul(RuleCall &call) {
  std::optional<SmallVector<TensorFacts>> operands = call.allTensors();
  if (!operands || operands->size() != 2)
    return failure();
  const TensorFacts &a = (*operands)[0], &b = (*operands)[1];
  return call.result(matmulShape(a, b).withDType(dtypeOf(a, b)));
}

/// self + a @ b: of the product's shape, to which self broadcasts.
static LogicalResult addProduct(RuleCall &call) {
  std::optional<SmallVector<TensorFacts>> operands = call.allTensors();
  if (!operands || operands->size() != 3)
    return failure();
  const TensorFacts &a = (*operands)[1], &b = (*operands)[2];
  TensorFacts product = matmulShape(a, b);
  if (call.baseName() == "aten::addbmm" && product.hasRank)
    product.sizes.erase(product.sizes.begin());
  return call.result(product.withDType(dtypeOf(a, b)));
}

static LogicalResult linear(RuleCall &call) {
  std::optional<TensorFacts> input = call.tensor("input"), weight = call.tensor("weight");
  if (!input || !weight)
    return failure();
  DType dtype = dtypeOf(*input, *weight);
  if (!input->hasRank || !weight->hasRank || input->rank() == 0 || weight->rank() == 0)
    return call.result(TensorFacts(dtype));
  input->sizes.pop_back();
  if (weight->rank() > 1)
    input->sizes.push_back(weight->sizes[0]);
  return call.result(input->withDType(dtype));
}

static LogicalResult outer(RuleCall &call) {
  std::optional<SmallVector<TensorFacts>> operands = call.allTensors();
  if (!operands || operands->size() < 2)
    return failure();
  ArrayRef<TensorFacts> vectors = ArrayRef(*operands).take_back(2);
  DType dtype = resultType(*operands);
  if (!vectors[0].hasRank || !vectors[1].hasRank || vectors[0].rank() != 1 ||
      vectors[1].rank() != 1)
    return call.result(TensorFacts(dtype));
  return call.result(TensorFacts({vectors[0].sizes[0], vectors[1].sizes[0]}, dtype));
}

// ---- einsum
namespace {
/// An equation's dims by letter; an ellipsis stands for the dims in front of or between letters.
struct Equation {
  SmallVector<StringRef> operands;
  StringRef output;
  bool hasOutput = false;
};
} // namespace

static Equation parseEquation(std::string &text) {
  llvm::erase(text, ' ');
  Equation equation;
  auto [left, right] = StringRef(text).split("->");
  equation.hasOutput = StringRef(text).contains("->");
  equation.output = right;
  left.split(equation.operands, ',');
  return equation;
}

/// Notes the sizes of an operand's letters; false when they do not fit.
static bool noteLetters(StringRef letters, const TensorFacts &operand,
                        std::map<char, int64_t> &sizes, TensorFacts &ellipsis) {
  if (!operand.hasRank)
    return false;
  size_t dots = letters.find("...");
  std::string plain = letters.str();
  if (dots != StringRef::npos)
    plain.erase(dots, 3);
  int64_t hidden = operand.rank() - static_cast<int64_t>(plain.size());
  if (hidden < 0 || (hidden > 0 && dots == StringRef::npos) || !llvm::all_of(plain, llvm::isAlpha))
    return false;
  size_t at = 0;
  for (auto [i, letter] : llvm::enumerate(plain)) {
    if (i == dots)
      at += hidden;
    int64_t size = operand.sizes[at++];
    auto [it, isNew] = sizes.try_emplace(letter, size);
    if (!isNew)
      it->second = broadcastSize(it->second, size);
  }
  if (dots != StringRef::npos) {
    ArrayRef<int64_t> all = operand.sizes;
    ellipsis = broadcast({ellipsis, TensorFacts(all.slice(dots, hidden), DType::Undefined)});
  }
  return true;
}

static LogicalResult einsum(RuleCall &call) {
  std::optional<StringRef> given = call.text("equation");
  std::optional<SmallVector<TensorFacts>> tensors = call.tensors("tensors");
  if (!given || !tensors || tensors->empty())
    return failure();
  std::string text = given->str();
  Equation equation = parseEquation(text);
  TensorFacts unknown(tensors->front().dtype);
  for (const TensorFacts &tensor : *tensors)
    if (tensor.dtype != unknown.dtype)
      unknown.dtype = DType::Undefined;
  if (!equation.hasOutput || equation.operands.size() != tensors->size())
    return call.result(unknown);
  std::map<char, int64_t> sizes;
  TensorFacts ellipsis(Sizes(), DType::Undefined);
  for (auto [letters, tensor] : llvm::zip_equal(equation.operands, *tensors))
    if (!noteLetters(letters, tensor, sizes, ellipsis))
      return call.result(unknown);
  Sizes made;
  for (StringRef rest = equation.output; !rest.empty();) {
    if (rest.consume_front("...")) {
      llvm::append_range(made, ellipsis.sizes);
      continue;
    }
    auto found = sizes.find(rest.front());
    if (found == sizes.end())
      return call.result(unknown);
    made.push_back(found->second);
    rest = rest.drop_front();
  }
  return call.result(TensorFacts(made, unknown.dtype));
}

/// The distances of all pairs of rows.
static LogicalResult pairDistances(RuleCall &call) {
  std::optional<TensorFacts> a = call.tensor("x1"), b = call.tensor("x2");
  if (!a || !b)
    return failure();
  DType dtype = a->dtype == b->dtype ? a->dtype : DType::Undefined;
  if (!a->hasRank || !b->hasRank || a->rank() < 2 || b->rank() < 2)
    return call.result(TensorFacts(dtype));
  std::swap(b->sizes[b->rank() - 1], b->sizes[b->rank() - 2]);
  return call.result(matmulShape(*a, *b).withDType(dtype));
}

/// Those of each pair of rows of one matrix.
static LogicalResult rowPairs(RuleCall &call) {
  std::optional<TensorFacts> self = call.tensor("self");
  if (!self || !self->hasRank || self->rank() != 2)
    return failure();
  int64_t n = self->sizes[0];
  return call.result(TensorFacts({n < 0 ? kUnknown : n * (n - 1) / 2}, self->dtype));
}

ArrayRef<RuleRow> productRules() {
  static constexpr RuleRow kRows[] = {
      {"matmul __matmul__ linalg_matmul mm bmm mv dot vdot", matmul},
      {"addmm baddbmm addbmm addmv", addProduct},
      {"linear", linear},
      {"outer ger addr", outer},
      {"einsum", einsum},
      {"cdist", pairDistances},
      {"pdist", rowPairs},
  };
  return kRows;
}

} // namespace tsc::ts
