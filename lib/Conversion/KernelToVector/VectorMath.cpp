// SPDX-License-Identifier: Apache-2.0
// A walk instead of patterns: modules have many functions of this kind, and each is replaced once.
#include "VectorMath.h"

#include "LaneMath.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

using Function = Real (*)(Real);

static Function findSingle(Operation *op) {
  return llvm::TypeSwitch<Operation *, Function>(op)
      .Case([](math::ExpOp) { return singleExp; })
      .Case([](math::Exp2Op) { return singleExp2; })
      .Case([](math::ExpM1Op) { return singleExpM1; })
      .Case([](math::LogOp) { return singleLog; })
      .Case([](math::Log1pOp) { return singleLog1p; })
      .Case([](math::TanhOp) { return singleTanh; })
      .Case([](math::ErfOp) { return singleErf; })
      .Default([](Operation *) -> Function { return nullptr; });
}
static Function findWide(Operation *op) {
  return llvm::TypeSwitch<Operation *, Function>(op)
      .Case([](math::Log2Op) { return wideLog2; })
      .Case([](math::Log10Op) { return wideLog10; })
      .Case([](math::SinOp) { return wideSin; })
      .Case([](math::CosOp) { return wideCos; })
      .Case([](math::TanOp) { return wideTan; })
      .Case([](math::AsinOp) { return wideAsin; })
      .Case([](math::AcosOp) { return wideAcos; })
      .Case([](math::AtanOp) { return wideAtan; })
      .Case([](math::SinhOp) { return wideSinh; })
      .Case([](math::CoshOp) { return wideCosh; })
      .Case([](math::AsinhOp) { return wideAsinh; })
      .Case([](math::AcoshOp) { return wideAcosh; })
      .Case([](math::AtanhOp) { return wideAtanh; })
      .Case([](math::ErfcOp) { return wideErfc; })
      .Default([](Operation *) -> Function { return nullptr; });
}
/// The C library's name of a function of float64 for which LLVM has no intrinsic, or whose
/// conversion by MLIR loses digits.
static StringRef libraryName(Operation *op) {
  return llvm::TypeSwitch<Operation *, StringRef>(op)
      .Case([](math::ExpM1Op) { return "expm1"; })
      .Case([](math::Log1pOp) { return "log1p"; })
      .Case([](math::TanhOp) { return "tanh"; })
      .Case([](math::ErfOp) { return "erf"; })
      .Case([](math::ErfcOp) { return "erfc"; })
      .Case([](math::TanOp) { return "tan"; })
      .Case([](math::AsinOp) { return "asin"; })
      .Case([](math::AcosOp) { return "acos"; })
      .Case([](math::AtanOp) { return "atan"; })
      .Case([](math::Atan2Op) { return "atan2"; })
      .Case([](math::SinhOp) { return "sinh"; })
      .Case([](math::CoshOp) { return "cosh"; })
      .Case([](math::AsinhOp) { return "asinh"; })
      .Case([](math::AcoshOp) { return "acosh"; })
      .Case([](math::AtanhOp) { return "atanh"; })
      .Default([](Operation *) { return ""; });
}

static Value expandSingle(Operation *op) {
  OpBuilder builder(op);
  Type type = op->getResult(0).getType();
  LaneMath single(builder, op->getLoc(), type, builder.getF32Type());
  Real x = single.real(op->getOperand(0));
  if (Function function = findSingle(op))
    return function(x).value;
  bool isPair = isa<math::PowFOp, math::Atan2Op>(op);
  if (!isPair && !findWide(op))
    return nullptr;
  LaneMath wide(builder, op->getLoc(), type, builder.getF64Type());
  Real inner = single.widen(x, wide);
  if (Function function = findWide(op))
    return wide.narrow(function(inner), single).value;
  Real second = single.widen(single.real(op->getOperand(1)), wide);
  Real result = isa<math::PowFOp>(op) ? widePower(inner, second) : wideAtan2(inner, second);
  return wide.narrow(result, single).value;
}

static LLVM::LLVMFuncOp declare(ModuleOp root, StringRef name, unsigned operands) {
  if (auto known = root.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return known;
  OpBuilder builder = OpBuilder::atBlockBegin(root.getBody());
  Type number = builder.getF64Type();
  auto type = LLVM::LLVMFunctionType::get(number, SmallVector<Type, 2>(operands, number));
  return LLVM::LLVMFuncOp::create(builder, root.getLoc(), name, type);
}

static Value callLibrary(ModuleOp root, Operation *op, StringRef name) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  LLVM::LLVMFuncOp function = declare(root, name, op->getNumOperands());
  auto call = [&](ValueRange operands) {
    return LLVM::CallOp::create(builder, loc, function, operands).getResult();
  };
  auto lanes = dyn_cast<VectorType>(op->getResult(0).getType());
  if (!lanes)
    return call(op->getOperands());
  Value result =
      arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(lanes)));
  for (int64_t lane = 0; lane < lanes.getNumElements(); ++lane) {
    SmallVector<Value, 2> operands;
    for (Value operand : op->getOperands())
      operands.push_back(vector::ExtractOp::create(builder, loc, operand, ArrayRef<int64_t>{lane}));
    result =
        vector::InsertOp::create(builder, loc, call(operands), result, ArrayRef<int64_t>{lane});
  }
  return result;
}

/// The special functions that formulas call (tsc/Common/MathFunctions.def).
static void declareRuntimeFunctions(ModuleOp root) {
  llvm::MapVector<StringRef, LLVM::CallOp> calls;
  root.walk([&](LLVM::CallOp call) {
    if (std::optional<StringRef> name = call.getCallee(); name && name->starts_with("tsc_rt_math_"))
      calls.insert({*name, call});
  });
  OpBuilder builder = OpBuilder::atBlockBegin(root.getBody());
  for (auto [name, call] : calls)
    if (!root.lookupSymbol(name))
      LLVM::LLVMFuncOp::create(builder, root.getLoc(), name, call.getCalleeFunctionType());
}

void expandVectorMath(ModuleOp root) {
  declareRuntimeFunctions(root);
  SmallVector<Operation *> found;
  root.walk([&](Operation *op) {
    if (isa_and_nonnull<math::MathDialect>(op->getDialect()))
      found.push_back(op);
  });
  if (!found.empty())
    root.getContext()->loadDialect<scf::SCFDialect, cf::ControlFlowDialect>();
  for (Operation *op : found) {
    Type element = getElementTypeOrSelf(op->getResult(0).getType());
    Value value;
    if (element.isF32())
      value = expandSingle(op);
    else if (StringRef name = libraryName(op); element.isF64() && !name.empty())
      value = callLibrary(root, op, name);
    if (!value)
      continue;
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
  }
}

} // namespace tsc::lowering
