// SPDX-License-Identifier: Apache-2.0
// Matrix products and convolutions that have a compiled form: operands of one float dtype, shapes
// that agree, and window parameters that are constants. Convolutions of unbatched images that are
// not transposed and products of two vectors stay generic.
#include "tsc/Kernel/CompiledForms.h"

#include "tsc/Kernel/Reasons.h"
#include "tsc/Kernel/TransposedForm.h"

#include "llvm/ADT/StringSwitch.h"

#include <algorithm>

using namespace mlir;

namespace tsc::kernel {

static ts::TensorType tensorType(Value value) { return dyn_cast<ts::TensorType>(value.getType()); }

static bool isFloat(DType dtype) { return dtype == DType::Float32 || dtype == DType::Float64; }

/// Every tensor operand and the result: static sizes and the one dtype.
static std::optional<std::string> whyNotOperands(ts::AtenOp op) {
  if (op.getNumResults() != 1 || !tensorType(op.getResult(0)))
    return because(Reason::NotOnTensors);
  ts::TensorType result = tensorType(op.getResult(0));
  if (!isFloat(result.getDtype()))
    return because(Reason::DTypeNotCompiled);
  if (!result.hasStaticShape())
    return because(Reason::NotPrecise);
  for (Value operand : op.getArgs()) {
    ts::TensorType type = tensorType(operand);
    if (!type)
      continue;
    if (!type.hasStaticShape())
      return because(Reason::NotPrecise);
    if (type.getDtype() != result.getDtype())
      return because(Reason::DTypesDiffer);
  }
  return std::nullopt;
}

static bool hasRank(ts::AtenOp op, StringRef argument, int64_t rank) {
  Value value = op.getArg(argument);
  return value && tensorType(value) && tensorType(value).getRank() == rank;
}

static std::optional<std::string> whyNotScaled(ts::AtenOp op, StringRef a, StringRef b,
                                               int64_t rank) {
  if (!hasRank(op, a, rank) || !hasRank(op, b, rank))
    return because(Reason::RankNotCompiled);
  for (StringRef name : {"alpha", "beta"})
    if (!constantNumber(op.getArg(name)))
      return because(Reason::NotConstant, name);
  if (!broadcastsTo(tensorType(op.getArg("self")).getSizes(),
                    tensorType(op.getResult(0)).getSizes()))
    return because(Reason::SizesDoNotFit);
  return std::nullopt;
}

static std::optional<std::string> whyNotMatmul(ts::AtenOp op) {
  ts::TensorType a = tensorType(op.getArg("self")), b = tensorType(op.getArg("other"));
  bool areVectors = a && b && a.getRank() == 1 && b.getRank() == 1;
  if (!a || !b || a.getRank() == 0 || b.getRank() == 0 || areVectors)
    return because(Reason::RankNotCompiled);
  return std::nullopt;
}

static std::optional<std::string> whyNotLinear(ts::AtenOp op) {
  ts::TensorType input = tensorType(op.getArg("input"));
  if (!input || input.getRank() == 0 || !hasRank(op, "weight", 2))
    return because(Reason::RankNotCompiled);
  Value bias = op.getArg("bias");
  if (!isNone(bias) && !hasRank(op, "bias", 1))
    return because(Reason::RankNotCompiled);
  return std::nullopt;
}

/// A window parameter: one number for every spatial dimension, or one number for all.
static bool isWindow(Value value, int64_t spatial, int64_t least) {
  std::optional<SmallVector<int64_t>> numbers = value ? constantInts(value) : std::nullopt;
  if (!numbers || (static_cast<int64_t>(numbers->size()) != spatial && numbers->size() != 1))
    return false;
  return llvm::all_of(*numbers, [&](int64_t number) { return number >= least; });
}

static std::optional<std::string> whyNotTransposed(ts::AtenOp op) {
  constexpr size_t kMostKernels = 64; // whose code is worth its size
  ts::TensorType input = tensorType(op.getArg("input")), weight = tensorType(op.getArg("weight"));
  if (!input || !weight || weight.getRank() < 3 || weight.getRank() > 5 ||
      input.getRank() < weight.getRank() - 1 || input.getRank() > weight.getRank() ||
      tensorType(op.getResult(0)).getRank() != input.getRank())
    return because(Reason::OperandsDoNotFit);
  int64_t spatial = weight.getRank() - 2;
  for (auto [name, least] : {std::pair<StringRef, int64_t>("stride", 1),
                             {"dilation", 1},
                             {"padding", 0},
                             {"output_padding", 0}})
    if (!isWindow(op.getArg(name), spatial, least))
      return because(Reason::NotConstant, name);
  if (!constantInt(op.getArg("groups")))
    return because(Reason::NotConstant, "groups");
  if (!isNone(op.getArg("bias")) && !hasRank(op, "bias", 1))
    return because(Reason::OperandsDoNotFit);
  size_t kernels = 1;
  for (const TransposedWindow &window : transposedWindows(op)) {
    if (std::max({window.taps, window.dilation, window.padding}) > INT32_MAX)
      return because(Reason::OperandsDoNotFit);
    std::optional<TransposedPhases> phases = findPhases(window);
    kernels *= phases ? phases->runs.size() : kMostKernels + 1;
    if (kernels > kMostKernels)
      return because(Reason::TooManyPhases);
  }
  return std::nullopt;
}

static std::optional<std::string> whyNotConvolution(ts::AtenOp op) {
  if (isTransposed(op))
    return whyNotTransposed(op);
  ts::TensorType input = tensorType(op.getArg("input")), weight = tensorType(op.getArg("weight"));
  if (!input || !weight || input.getRank() < 3 || input.getRank() > 5 ||
      weight.getRank() != input.getRank())
    return because(Reason::RankNotCompiled);
  int64_t spatial = input.getRank() - 2;
  if (Value transposed = op.getArg("transposed"))
    if (!constantBool(transposed))
      return because(Reason::NotConstant, "transposed");
  for (StringRef name : {"stride", "dilation"})
    if (!isWindow(op.getArg(name), spatial, 1))
      return because(Reason::NotConstant, name);
  if (isa<ts::StrType>(op.getArg("padding").getType())) {
    auto text = op.getArg("padding").getDefiningOp<ts::ConstantOp>();
    auto word = text ? dyn_cast<StringAttr>(text.getValue()) : StringAttr();
    if (!word || (word != "same" && word != "valid"))
      return because(Reason::NotConstant, "padding");
  } else if (!isWindow(op.getArg("padding"), spatial, 0)) {
    return because(Reason::NotConstant, "padding");
  }
  std::optional<int64_t> groups = constantInt(op.getArg("groups"));
  if (!groups || *groups < 1 || weight.getSizes()[0] % *groups != 0 ||
      input.getSizes()[1] != weight.getSizes()[1] * *groups)
    return because(Reason::ArgumentDoesNotFit, "groups");
  if (!isNone(op.getArg("bias")) && !hasRank(op, "bias", 1))
    return because(Reason::RankNotCompiled);
  return std::nullopt;
}

std::optional<std::string> whyNotContraction(ts::AtenOp op) {
  if (std::optional<std::string> why = whyNotOperands(op))
    return why;
  using Rule = std::optional<std::string> (*)(ts::AtenOp);
  Rule rule =
      llvm::StringSwitch<Rule>(op.getName())
          .Case("aten::linear", whyNotLinear)
          .Case("aten::matmul", whyNotMatmul)
          .Cases({"aten::conv1d", "aten::conv1d.padding", "aten::conv2d", "aten::conv2d.padding",
                  "aten::conv3d", "aten::conv3d.padding", "aten::convolution", "aten::_convolution",
                  "aten::_convolution.deprecated", "aten::_convolution_mode",
                  "aten::conv_transpose1d", "aten::conv_transpose2d.input",
                  "aten::conv_transpose3d.input"},
                 whyNotConvolution)
          .Default(nullptr);
  if (rule)
    return rule(op);
  if (op.getName() == "aten::mm" || op.getName() == "aten::bmm") {
    int64_t rank = op.getName() == "aten::mm" ? 2 : 3;
    if (!hasRank(op, "self", rank) || !hasRank(op, "mat2", rank))
      return because(Reason::RankNotCompiled);
    return std::nullopt;
  }
  if (op.getName() == "aten::mv")
    return hasRank(op, "self", 2) && hasRank(op, "vec", 1)
               ? std::nullopt
               : std::optional(because(Reason::RankNotCompiled));
  if (op.getName() == "aten::addmm")
    return whyNotScaled(op, "mat1", "mat2", 2);
  if (op.getName() == "aten::baddbmm")
    return whyNotScaled(op, "batch1", "batch2", 3);
  return because(Reason::NoForm);
}

} // namespace tsc::kernel
