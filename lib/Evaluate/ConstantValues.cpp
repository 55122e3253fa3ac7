// SPDX-License-Identifier: Apache-2.0
#include "ConstantValues.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace tsc::ts {

static constexpr rt::Device kCpu{1 << 8}; // see Tag::Device

static FailureOr<rt::OwnedValue> tensorValue(rt::Context &cx, WeightStore &weights,
                                             TensorAttr tensor) {
  if (tensor.getQuantizer())
    return failure();
  ArrayRef<uint8_t> bytes = weights.get(tensor.getStorage());
  int64_t itemSize = findDType(tensor.getDtype())->bytes;
  rt::TensorRef base =
      rt::fromBlob(cx, const_cast<uint8_t *>(bytes.data()), rt::IntList(nullptr, 0),
                   rt::IntList(nullptr, 0), tensor.getDtype(), nullptr, nullptr);
  if (!base)
    return failure();
  base->storage->bytes = static_cast<int64_t>(bytes.size());
  base->data = static_cast<char *>(base->storage->data) + tensor.getOffset() * itemSize;
  rt::IntList sizes(tensor.getSizes().data(), tensor.getRank());
  rt::IntList strides(tensor.getStrides().data(), tensor.getRank());
  rt::TensorRef view = rt::asStrided(cx, *base, sizes, strides);
  if (!view)
    return failure();
  return rt::OwnedValue(std::move(view));
}

static FailureOr<rt::OwnedValue> listValue(rt::Context &cx, WeightStore &weights, ListAttr list) {
  auto type = dyn_cast<ListType>(list.getType());
  if (!type)
    return failure();
  Type element = type.getElement();
  auto optional = dyn_cast<OptionalType>(element);
  Type inner = optional ? optional.getElement() : element;
  const rt::TypeDescriptor *descriptor = nullptr;
  if (isa<IntType>(element))
    descriptor = &rt::kIntListType;
  else if (isa<FloatType>(element))
    descriptor = &rt::kFloatListType;
  else if (isa<BoolType>(element))
    descriptor = &rt::kBoolListType;
  else if (isa<StrType>(element))
    descriptor = &rt::kStringListType;
  else if (isa<TensorType>(inner))
    descriptor = optional ? &rt::kOptionalTensorListType : &rt::kTensorListType;
  if (!descriptor)
    return failure();
  rt::ListRef made = rt::newList(cx, descriptor, list.getElements().size());
  if (!made)
    return failure();
  for (Attribute item : list.getElements()) {
    FailureOr<rt::OwnedValue> value = toRuntimeValue(cx, weights, item, inner);
    if (failed(value) || !made->append(cx, value->get()))
      return failure();
  }
  return rt::OwnedValue(std::move(made));
}

FailureOr<rt::OwnedValue> toRuntimeValue(rt::Context &cx, WeightStore &weights, Attribute attribute,
                                         Type type) {
  if (isa<UnitAttr>(attribute))
    return rt::OwnedValue();
  if (auto boolean = dyn_cast<BoolAttr>(attribute))
    return rt::OwnedValue::adopt(rt::makeBool(boolean.getValue()));
  if (auto integer = dyn_cast<IntegerAttr>(attribute))
    return rt::OwnedValue::adopt(rt::makeInt(integer.getInt()));
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return rt::OwnedValue::adopt(rt::makeFloat(number.getValueAsDouble()));
  if (auto text = dyn_cast<StringAttr>(attribute))
    return rt::OwnedValue(rt::newString(
        cx, rt::StringRef(text.getValue().data(), static_cast<int64_t>(text.getValue().size()))));
  if (auto tensor = dyn_cast<TensorAttr>(attribute))
    return tensorValue(cx, weights, tensor);
  if (auto list = dyn_cast<ListAttr>(attribute))
    return listValue(cx, weights, list);
  if (auto device = dyn_cast<DeviceAttr>(attribute); device && device.getText().getValue() == "cpu")
    return rt::OwnedValue::adopt(rt::makeDevice(kCpu));
  return failure();
}

/// The storage whose bytes hold `data`, or -1.
static int64_t findStorage(const WeightStore &weights, const void *data) {
  const uint8_t *at = static_cast<const uint8_t *>(data);
  for (int64_t i = 0; i < weights.size(); ++i) {
    ArrayRef<uint8_t> bytes = weights.get(i);
    if (!bytes.empty() && at >= bytes.begin() && at < bytes.end())
      return i;
  }
  return -1;
}

/// The storage of these bytes among those made so far, or a new one.
static int64_t addOnce(WeightStore &weights, ArrayRef<uint8_t> bytes, MadeStorages &made) {
  for (int64_t storage : made.storages)
    if (weights.get(storage) == bytes)
      return storage;
  made.storages.push_back(weights.addCopy(bytes));
  made.bytes += static_cast<int64_t>(bytes.size());
  return made.storages.back();
}

static FailureOr<Attribute> tensorConstant(MLIRContext *context, WeightStore &weights,
                                           const rt::Tensor &tensor, MadeStorages &made) {
  if (!tensor.isDefined() || tensor.quantizer || tensor.flags)
    return failure();
  SmallVector<int64_t> sizes(tensor.sizes, tensor.sizes + tensor.rank);
  SmallVector<int64_t> strides(tensor.strides, tensor.strides + tensor.rank);
  int64_t storage = findStorage(weights, tensor.storage->data);
  int64_t offset = tensor.offset();
  if (storage < 0) {
    storage = addOnce(weights,
                      ArrayRef<uint8_t>(static_cast<const uint8_t *>(tensor.storage->data),
                                        static_cast<size_t>(tensor.storage->bytes)),
                      made);
  } else {
    offset = (static_cast<const uint8_t *>(tensor.data) - weights.get(storage).data()) /
             tensor.itemsize();
  }
  return Attribute(
      TensorAttr::get(context, storage, offset, tensor.dtype, sizes, strides, false, Attribute()));
}

FailureOr<Attribute> toConstant(WeightStore &weights, const rt::Value &value, Type type,
                                MadeStorages &made) {
  MLIRContext *context = type.getContext();
  Builder builder(context);
  switch (value.tag) {
  case rt::Tag::None:
    return Attribute(builder.getUnitAttr());
  case rt::Tag::Bool:
    return Attribute(builder.getBoolAttr(value.payload.i != 0));
  case rt::Tag::Int:
    return Attribute(builder.getI64IntegerAttr(value.payload.i));
  case rt::Tag::Float:
    return Attribute(builder.getF64FloatAttr(value.payload.d));
  case rt::Tag::String: {
    rt::StringRef text = reinterpret_cast<const rt::String *>(value.payload.p)->text();
    return Attribute(builder.getStringAttr(StringRef(text.data(), text.size())));
  }
  case rt::Tag::Device:
    if (value.payload.i != kCpu.code)
      return failure();
    return Attribute(DeviceAttr::get(context, builder.getStringAttr("cpu")));
  case rt::Tag::Tensor:
    return tensorConstant(context, weights, *reinterpret_cast<const rt::Tensor *>(value.payload.p),
                          made);
  case rt::Tag::List: {
    auto listType = dyn_cast<ListType>(type);
    if (!listType)
      return failure();
    const rt::List &list = *reinterpret_cast<const rt::List *>(value.payload.p);
    SmallVector<Attribute> items;
    for (int64_t i = 0; i < list.size; ++i) {
      FailureOr<Attribute> item = toConstant(weights, list.get(i), listType.getElement(), made);
      if (failed(item))
        return failure();
      items.push_back(*item);
    }
    return Attribute(ListAttr::get(context, builder.getArrayAttr(items), type));
  }
  default:
    return failure();
  }
}

} // namespace tsc::ts
