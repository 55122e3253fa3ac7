// SPDX-License-Identifier: Apache-2.0
// batch_norm(conv(x, w, b)) = conv(x, w * s, (b - mean) * s + beta) with s = gamma / sqrt(var +
// eps), per output channel. The new parameters are written as operators on constants.
#include "tsc/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tsc::ts {
#define GEN_PASS_DEF_FOLDCONVBATCHNORM
#include "tsc/Ts/TsPasses.h.inc"

static TensorAttr constantTensor(Value value) {
  TensorAttr tensor;
  if (!value || !matchPattern(value, m_Constant(&tensor)))
    return {};
  const DTypeInfo *dtype = findDType(tensor.getDtype());
  return dtype && dtype->category == DTypeClass::Float ? tensor : TensorAttr();
}
static bool isConstantNone(Value value) {
  Attribute constant;
  return value && (isa<NoneType>(value.getType()) ||
                   (matchPattern(value, m_Constant(&constant)) && isa<UnitAttr>(constant)));
}
static bool isFalse(Value value) {
  BoolAttr constant;
  return value && matchPattern(value, m_Constant(&constant)) && !constant.getValue();
}

/// Do all uses of the value but `norm` ask for its shape alone? That is the same before and after
/// the norm.
static bool feedsOnly(Value value, Operation *norm) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    auto op = dyn_cast<AtenOp>(user);
    return user == norm ||
           (op && (op.getBaseName() == "aten::dim" || op.getBaseName() == "aten::size"));
  });
}

/// A convolution whose output channels are dim 0 of a constant weight.
static bool isFoldableConv(AtenOp conv) {
  StringRef name = conv.getBaseName();
  if (name != "aten::conv1d" && name != "aten::conv2d" && name != "aten::conv3d" &&
      !(name == "aten::_convolution" && isFalse(conv.getArg("transposed"))) &&
      !(name == "aten::convolution" && isFalse(conv.getArg("transposed"))))
    return false;
  Value bias = conv.getArgs()[2];
  return constantTensor(conv.getArgs()[1]) && (isConstantNone(bias) || constantTensor(bias));
}

namespace {
/// Writes operators in front of a convolution.
class ParameterBuilder {
public:
  explicit ParameterBuilder(AtenOp conv) : builder(conv), loc(withDebugNames(conv.getLoc(), {})) {}
  Value aten(StringRef name, ValueRange args) {
    Type type = TensorType::get(builder.getContext());
    return AtenOp::create(builder, loc, TypeRange(type), builder.getStringAttr(name), args)
        .getResult(0);
  }
  Value integer(int64_t value) {
    return ConstantOp::create(builder, loc, IntType::get(builder.getContext()),
                              builder.getI64IntegerAttr(value));
  }
  Value sizes(ArrayRef<int64_t> values) {
    SmallVector<Value> elements;
    for (int64_t value : values)
      elements.push_back(integer(value));
    return ListConstructOp::create(
        builder, loc, ListType::get(builder.getContext(), IntType::get(builder.getContext())),
        elements);
  }

private:
  OpBuilder builder;
  Location loc;
};

struct FoldConvBatchNorm : impl::FoldConvBatchNormBase<FoldConvBatchNorm> {
  using FoldConvBatchNormBase::FoldConvBatchNormBase;
  void runOnOperation() override {
    SmallVector<AtenOp> norms;
    getOperation().walk([&](AtenOp op) {
      if (op.getName() == "aten::batch_norm")
        norms.push_back(op);
    });
    for (AtenOp norm : norms)
      fold(norm);
  }

private:
  void fold(AtenOp norm);
};
} // namespace

void FoldConvBatchNorm::fold(AtenOp norm) {
  auto conv = norm.getArgs()[0].getDefiningOp<AtenOp>();
  if (!conv || !isFoldableConv(conv) || !feedsOnly(conv.getResult(0), norm) ||
      !isFalse(norm.getArg("training")))
    return;
  Value gamma = norm.getArg("weight"), beta = norm.getArg("bias");
  Value mean = norm.getArg("running_mean"), variance = norm.getArg("running_var");
  TensorAttr weight = constantTensor(conv.getArgs()[1]);
  if (!constantTensor(mean) || !constantTensor(variance) ||
      (!isConstantNone(gamma) && !constantTensor(gamma)) ||
      (!isConstantNone(beta) && !constantTensor(beta)) ||
      constantTensor(mean).getDtype() != weight.getDtype())
    return;
  FloatAttr epsilon;
  if (!matchPattern(norm.getArg("eps"), m_Constant(&epsilon)))
    return;
  ParameterBuilder make(conv);
  // The parameters may be defined after the convolution: constants can move up.
  for (Value value : {gamma, beta, mean, variance, norm.getArg("eps")})
    value.getDefiningOp()->moveBefore(conv);
  Value one = make.integer(1);
  Value scale = make.aten("aten::rsqrt",
                          {make.aten("aten::add.Scalar", {variance, norm.getArg("eps"), one})});
  if (!isConstantNone(gamma))
    scale = make.aten("aten::mul.Tensor", {scale, gamma});
  SmallVector<int64_t> channels(weight.getRank(), 1);
  channels[0] = -1;
  Value newWeight =
      make.aten("aten::mul.Tensor",
                {conv.getArgs()[1], make.aten("aten::reshape", {scale, make.sizes(channels)})});
  Value shift = isConstantNone(conv.getArgs()[2])
                    ? make.aten("aten::neg", {mean})
                    : make.aten("aten::sub.Tensor", {conv.getArgs()[2], mean, one});
  Value newBias = make.aten("aten::mul.Tensor", {shift, scale});
  if (!isConstantNone(beta))
    newBias = make.aten("aten::add.Tensor", {newBias, beta, one});
  conv->setOperand(1, newWeight);
  conv->setOperand(2, newBias);
  norm.getResult(0).replaceAllUsesWith(conv.getResult(0));
  conv->setLoc(withDebugNames(FusedLoc::get(&getContext(), {conv.getLoc(), norm.getLoc()}),
                              {getDebugName(norm.getResult(0))}));
  norm.erase();
  ++numFolded;
}

} // namespace tsc::ts
