// SPDX-License-Identifier: Apache-2.0
#include "QuantizedParameters.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace tsc::importer {

/// The name without the parts that tell clashing types apart: "__torch__.a.___torch_mangle_3.M".
static std::string withoutMangling(StringRef name) {
  SmallVector<StringRef> parts;
  name.split(parts, '.');
  erase_if(parts, [](StringRef part) { return part.starts_with("___torch_mangle_"); });
  return join(parts, ".");
}

StringRef packedParametersClass(StringRef moduleClass) {
  std::string plain = withoutMangling(moduleClass);
  StringRef name = plain;
  bool isQuantized = name.consume_front("__torch__.torch.nn.quantized.") ||
                     name.consume_front("__torch__.torch.ao.nn.quantized.");
  if (isQuantized)
    name.consume_front("dynamic.");
  if (isQuantized &&
      (name == "modules.linear.Linear" || name == "modules.linear.LinearPackedParams"))
    return "__torch__.torch.classes.quantized.LinearPackedParamsBase";
  if ((isQuantized && name == "modules.conv.Conv2d") ||
      name == "__torch__.torch.nn.intrinsic.quantized.modules.conv_relu.ConvReLU2d")
    return "__torch__.torch.classes.quantized.Conv2dPackedParamsBase";
  if ((isQuantized && name == "modules.conv.Conv3d") ||
      name == "__torch__.torch.nn.intrinsic.quantized.modules.conv_relu.ConvReLU3d")
    return "__torch__.torch.classes.quantized.Conv3dPackedParamsBase";
  return "";
}

} // namespace tsc::importer
