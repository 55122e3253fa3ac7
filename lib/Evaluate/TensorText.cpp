// SPDX-License-Identifier: Apache-2.0
#include "tsc/Evaluate/TensorText.h"

#include "ConstantValues.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tsc::ts {

static std::string elementText(const rt::Tensor &tensor) {
  rt::Scalar element = tensor.item();
  std::string text;
  llvm::raw_string_ostream os(text);
  if (element.isComplex())
    os << llvm::format("{(%g,%g)}", element.toComplex().real(), element.toComplex().imag());
  else if (isFloating(tensor.dtype))
    os << llvm::format("{%g}", element.toDouble());
  else
    os << '{' << element.toInt() << '}';
  return text;
}

std::string tensorText(TensorAttr tensor) {
  rt::Context cx;
  FailureOr<rt::OwnedValue> value = toRuntimeValue(cx, getWeightStore(tensor.getContext()), tensor,
                                                   ts::TensorType::get(tensor.getContext()));
  if (failed(value))
    return "<Tensor>";
  const auto &read = *reinterpret_cast<const rt::Tensor *>(value->get().payload.p);
  if (read.numel == 1)
    return elementText(read);
  rt::StringBuilder builder;
  rt::addTensorText(cx, builder, read);
  std::string text(builder.data(), builder.size());
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

} // namespace tsc::ts
