// SPDX-License-Identifier: Apache-2.0
#include "tsc/Kernel/ConstantOperands.h"

#include <cstring>

using namespace mlir;

namespace tsc::kernel {

Attribute constantOf(Value value) {
  auto constant = value ? value.getDefiningOp<ts::ConstantOp>() : ts::ConstantOp();
  return constant ? constant.getValue() : Attribute();
}

static std::optional<double> numberOf(Attribute attribute) {
  if (auto truth = dyn_cast_or_null<BoolAttr>(attribute))
    return truth.getValue() ? 1.0 : 0.0;
  if (auto whole = dyn_cast_or_null<IntegerAttr>(attribute))
    return static_cast<double>(whole.getInt());
  if (auto number = dyn_cast_or_null<FloatAttr>(attribute))
    return number.getValueAsDouble();
  return std::nullopt;
}

std::optional<StringRef> constantString(Value value) {
  if (auto text = dyn_cast_or_null<StringAttr>(constantOf(value)))
    return text.getValue();
  return std::nullopt;
}

/// The constant elements of a list, each converted; nothing when one is not constant.
template <typename T>
static std::optional<SmallVector<T>> constantList(Value value,
                                                  std::optional<T> (*convert)(Attribute)) {
  if (!value)
    return std::nullopt;
  SmallVector<Attribute> elements;
  if (auto list = dyn_cast_or_null<ts::ListAttr>(constantOf(value)))
    llvm::append_range(elements, list.getElements());
  else if (auto made = value.getDefiningOp<ts::ListConstructOp>())
    for (Value element : made.getElements())
      elements.push_back(constantOf(element));
  else
    return std::nullopt;
  SmallVector<T> converted;
  for (Attribute element : elements) {
    std::optional<T> one = convert(element);
    if (!one)
      return std::nullopt;
    converted.push_back(*one);
  }
  return converted;
}

std::optional<SmallVector<double>> constantNumbers(Value value) {
  return constantList<double>(value, numberOf);
}

std::optional<SmallVector<Value>> listElements(Value list) {
  auto made = list ? list.getDefiningOp<ts::ListConstructOp>() : ts::ListConstructOp();
  if (!made)
    return std::nullopt;
  return SmallVector<Value>(made.getElements());
}

ts::TensorType staticTensor(Value value) {
  auto type = value ? dyn_cast<ts::TensorType>(value.getType()) : ts::TensorType();
  return type && type.hasDType() && type.hasStaticShape() ? type : ts::TensorType();
}

std::optional<SmallVector<uint8_t, 0>> denseBytes(ts::TensorAttr tensor) {
  ArrayRef<uint8_t> stored = ts::getWeightStore(tensor.getContext()).get(tensor.getStorage());
  int64_t each = dtypeBytes(tensor.getDtype()), count = tensor.getNumElements();
  ArrayRef<int64_t> sizes = tensor.getSizes(), strides = tensor.getStrides();
  int64_t last = tensor.getOffset();
  for (auto [size, stride] : llvm::zip(sizes, strides))
    last += count ? (size - 1) * stride : 0;
  if (each == 0 || (count && (last + 1) * each > static_cast<int64_t>(stored.size())))
    return std::nullopt;
  SmallVector<uint8_t, 0> bytes(count * each);
  SmallVector<int64_t> at(sizes.size(), 0);
  int64_t offset = tensor.getOffset();
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(bytes.data() + i * each, stored.data() + offset * each, each);
    for (int64_t d = static_cast<int64_t>(sizes.size()) - 1; d >= 0; --d) {
      offset += strides[d];
      if (++at[d] < sizes[d])
        break;
      offset -= sizes[d] * strides[d];
      at[d] = 0;
    }
  }
  return bytes;
}

std::optional<SmallVector<ts::TensorAttr>> constantTensors(Value list) {
  return constantList<ts::TensorAttr>(
      list, +[](Attribute attribute) {
        auto tensor = dyn_cast_or_null<ts::TensorAttr>(attribute);
        return tensor ? std::optional<ts::TensorAttr>(tensor) : std::nullopt;
      });
}

} // namespace tsc::kernel
