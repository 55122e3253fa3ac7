// SPDX-License-Identifier: Apache-2.0
// Running sums, products and extremes along a constant dimension.
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/Reasons.h"

using namespace mlir;

namespace tsc::kernel {

std::optional<std::string> whyNotScan(ts::AtenOp op) {
  auto self = staticTensor(op.getArg("self")), result = staticTensor(op.getResult(0));
  std::optional<int64_t> dim = constantInt(op.getArg("dim"));
  if (!self || !result || !dim)
    return because(Reason::NotConstant, "dim");
  int64_t rank = std::max<int64_t>(self.getRank(), 1);
  if (*dim < -rank || *dim >= rank)
    return because(Reason::OutOfRange, "dim");
  StringRef name = op.getBaseName();
  bool isExtreme = name == "aten::cummax" || name == "aten::cummin";
  DType dtype = result.getDtype();
  if (dtype == DType::Bool)
    return because(Reason::DTypeNotCompiled);
  if (isExtreme && isFloating(dtype) && dtypeBytes(dtype) < 4)
    return because(Reason::DTypeNotCompiled);
  if (name.ends_with("logcumsumexp") && !isFloating(dtype))
    return because(Reason::DTypeNotCompiled);
  return std::nullopt;
}

} // namespace tsc::kernel
