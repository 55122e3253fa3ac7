// SPDX-License-Identifier: Apache-2.0
// Attention: as one operator, and as the chain of operators that models are traced to.
#include "tsc/Kernel/AttentionForm.h"
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/GroupForms.h"
#include "tsc/Kernel/Pointwise.h"
#include "tsc/Kernel/Reasons.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

/// A row of scores has to fit into a task's scratch memory.
static constexpr int64_t kMostScoreBytes = 64 << 10;
/// Elementwise operators between the product and the softmax.
static constexpr unsigned kMostScoreOps = 8;

static bool isProduct(ts::AtenOp op) {
  return op && (op.getName() == "aten::matmul" || op.getName() == "aten::bmm");
}

static bool isAbsent(Value value) { return !value || isNone(value); }

/// Sizes of the operands, which must have one dtype and agree.
static bool readShapes(AttentionForm &form, bool isGrouped, std::string &why) {
  ts::TensorType q = staticTensor(form.query), k = staticTensor(form.key);
  ts::TensorType v = staticTensor(form.value);
  auto no = [&](Reason reason) {
    why = because(reason);
    return false;
  };
  if (!q || !k || !v)
    return no(Reason::NotPrecise);
  form.dtype = q.getDtype();
  if ((form.dtype != DType::Float32 && form.dtype != DType::Float64) ||
      k.getDtype() != form.dtype || v.getDtype() != form.dtype)
    return no(Reason::DTypeNotCompiled);
  int64_t rank = q.getRank();
  if (rank < 2 || k.getRank() != rank || v.getRank() != rank)
    return no(Reason::RankNotCompiled);
  form.batch.assign(q.getSizes().begin(), q.getSizes().end() - 2);
  form.queries = q.getSizes()[rank - 2];
  form.depth = q.getSizes()[rank - 1];
  form.keys = k.getSizes()[rank - (form.isKeyTransposed ? 1 : 2)];
  form.valueDepth = v.getSizes()[rank - 1];
  if (k.getSizes()[rank - (form.isKeyTransposed ? 2 : 1)] != form.depth ||
      v.getSizes()[rank - 2] != form.keys)
    return no(Reason::SizesDoNotFit);
  for (int64_t d = 0; d < rank - 2; ++d) {
    int64_t heads = form.batch[d], own = k.getSizes()[d];
    bool grouped = isGrouped && d == rank - 3 && own > 0 && heads % own == 0;
    if (v.getSizes()[d] != own || (own != heads && own != 1 && !grouped))
      return no(Reason::SizesDoNotFit);
    if (grouped)
      form.headRatio = heads / own;
  }
  if (form.queries == 0 || form.keys == 0 || form.depth == 0 || form.valueDepth == 0)
    return no(Reason::NoElements);
  if (form.keys * dtypeBytes(form.dtype) > kMostScoreBytes)
    return no(Reason::TooManyKeys);
  return true;
}

static bool fitsScores(const AttentionForm &form, ts::TensorType type) {
  SmallVector<int64_t> sizes(form.batch);
  sizes.push_back(form.queries);
  sizes.push_back(form.keys);
  if (!type || type.getRank() > static_cast<int64_t>(sizes.size()))
    return false;
  ArrayRef<int64_t> last = ArrayRef<int64_t>(sizes).take_back(type.getRank());
  return llvm::all_of(llvm::zip(type.getSizes(), last), [](auto pair) {
    return std::get<0>(pair) == 1 || std::get<0>(pair) == std::get<1>(pair);
  });
}

static std::optional<AttentionForm> readOperator(ts::AtenOp op, std::string &why) {
  AttentionForm form;
  form.query = op.getArg("query");
  form.key = op.getArg("key");
  form.value = op.getArg("value");
  form.result = op.getResult(0);
  form.isSafe = true;
  auto no = [&](Reason reason, StringRef argument = "") -> std::optional<AttentionForm> {
    why = because(reason, argument);
    return std::nullopt;
  };
  std::optional<double> dropout = constantNumber(op.getArg("dropout_p"));
  std::optional<bool> causal = constantBool(op.getArg("is_causal"));
  Value grouped = op.getArg("enable_gqa"), scale = op.getArg("scale");
  std::optional<bool> isGrouped = isAbsent(grouped) ? false : constantBool(grouped);
  if (!dropout || !causal || !isGrouped)
    return no(Reason::OptionNotConstant);
  if (*dropout != 0)
    return no(Reason::DropsValues);
  form.isCausal = *causal;
  if (!readShapes(form, *isGrouped, why))
    return std::nullopt;
  form.scale = 1 / std::sqrt(static_cast<double>(form.depth));
  if (!isAbsent(scale)) {
    std::optional<double> number = constantNumber(scale);
    if (!number)
      return no(Reason::NotConstant, "scale");
    form.scale = *number;
  }
  if (Value mask = op.getArg("attn_mask"); !isAbsent(mask)) {
    ts::TensorType type = staticTensor(mask);
    if (!fitsScores(form, type) || form.isCausal ||
        (type.getDtype() != DType::Bool && type.getDtype() != form.dtype))
      return no(Reason::ArgumentDoesNotFit, "attn_mask");
    form.mask = mask;
  }
  return form;
}

static std::optional<AttentionForm> readChain(ArrayRef<ts::AtenOp> ops, std::string &why) {
  AttentionForm form;
  ts::AtenOp first = ops.front(), last = ops.back(), softmax = ops[ops.size() - 2];
  form.isKeyTransposed = true;
  form.query = first.getArgs()[0];
  form.key = first.getArgs()[1];
  form.value = last.getArgs()[1];
  form.product = first.getResult(0);
  form.result = last.getResult(0);
  form.scoreOps.assign(ops.begin() + 1, ops.end() - 2);
  if (!readShapes(form, /*isGrouped=*/false, why))
    return std::nullopt;
  ts::TensorType scores = staticTensor(form.product);
  std::optional<int64_t> dim = constantInt(softmax.getArg("dim"));
  auto isScores = [&](Value value) {
    ts::TensorType type = staticTensor(value);
    return type && type.getSizes() == scores.getSizes() && type.getDtype() == form.dtype;
  };
  bool fits = scores && dim && (*dim == -1 || *dim == scores.getRank() - 1) &&
              scores.getRank() == static_cast<int64_t>(form.batch.size()) + 2 &&
              isScores(form.product) && isScores(softmax.getResult(0));
  for (ts::AtenOp op : form.scoreOps) {
    fits = fits && op.getNumResults() == 1 && isScores(op.getResult(0));
    for (Value operand : op.getArgs())
      if (isa<ts::TensorType>(operand.getType()))
        fits = fits && fitsScores(form, staticTensor(operand));
  }
  if (fits)
    return form;
  why = because(Reason::SizesDoNotFit);
  return std::nullopt;
}

std::optional<AttentionForm> findAttentionForm(ArrayRef<ts::AtenOp> ops, std::string &why) {
  if (ops.size() == 1 && ts::AtenOp(ops[0]).getName() == "aten::scaled_dot_product_attention")
    return readOperator(ops[0], why);
  if (ops.size() >= 3 && isProduct(ops.front()) && isProduct(ops.back()))
    return readChain(ops, why);
  why = because(Reason::NoForm);
  return std::nullopt;
}

std::optional<std::string> whyNotAttention(ts::AtenOp op) {
  std::string why;
  if (findAttentionForm(op, why))
    return std::nullopt;
  return why;
}

/// The operators from a product to `value`, each the only reader of the one before.
static bool findScores(Value value, SmallVector<ts::AtenOp> &chain) {
  auto op = value.getDefiningOp<ts::AtenOp>();
  if (!op || !value.hasOneUse() || chain.size() > kMostScoreOps)
    return false;
  if (isProduct(op)) {
    chain.push_back(op);
    return true;
  }
  ts::TensorType type = staticTensor(value);
  if (!type || !isPointwise(op))
    return false;
  for (Value operand : op.getArgs()) {
    ts::TensorType own = staticTensor(operand);
    if (!own || own.getSizes() != type.getSizes() || !findScores(operand, chain))
      continue;
    chain.push_back(op);
    return true;
  }
  return false;
}

SmallVector<ts::AtenOp> matchAttention(ts::AtenOp last) {
  if (!isProduct(last))
    return {};
  Value weights = last.getArgs()[0];
  auto softmax = weights.getDefiningOp<ts::AtenOp>();
  if (!softmax || softmax.getName() != "aten::softmax.int" || !weights.hasOneUse() ||
      softmax->getBlock() != last->getBlock())
    return {};
  SmallVector<ts::AtenOp> chain;
  if (!findScores(softmax.getArgs()[0], chain))
    return {};
  chain.push_back(softmax);
  chain.push_back(last);
  std::string why;
  if (!findAttentionForm(chain, why))
    return {};
  return chain;
}

} // namespace tsc::kernel
