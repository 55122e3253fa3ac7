// SPDX-License-Identifier: Apache-2.0
// Values of a model to a value graph. Tensors are copied row-major; what was one object stays one
// node.
#include "tsc/Driver/LoadedModel.h"

#include "llvm/ADT/ScopeExit.h"

#include <cstring>

using namespace llvm;
using tsc::archive::kNoNode;
using tsc::archive::NodeId;
using tsc::archive::NodeKind;

namespace tsc {

NodeId ValueExporter::fail(const Twine &text) {
  engine.report({}, Diag::BadResult, text.str());
  return kNoNode;
}

NodeId ValueExporter::make(tsc_value value, unsigned depth) {
  if (depth > archive::kMaxNesting)
    return fail("a value is nested too deeply, or holds itself");
  bool shared = value.tag >= TSC_TENSOR && value.tag != TSC_MISSING;
  if (shared)
    if (auto at = made.find(value.as.p); at != made.end())
      return at->second;
  NodeId node = makeNew(value, depth);
  if (shared)
    made[value.as.p] = node;
  return node;
}

static std::string deviceText(int64_t payload) {
  int64_t code = payload >> 8, index = (payload & 0xff) - 1;
  std::string text = code == 1     ? "cpu"
                     : code == 2   ? "cuda"
                     : code == 100 ? "meta"
                                   : "device" + std::to_string(code);
  return index < 0 ? text : text + ":" + std::to_string(index);
}

NodeId ValueExporter::makeNew(tsc_value value, unsigned depth) {
  switch (value.tag) {
  case TSC_NONE:
    return graph.none();
  case TSC_BOOL:
    return graph.makeBool(value.as.i != 0);
  case TSC_INT:
    return graph.makeInt(value.as.i);
  case TSC_FLOAT:
    return graph.makeFloat(value.as.d);
  case TSC_DEVICE:
    return graph.makeDevice(deviceText(value.as.i));
  case TSC_COMPLEX: {
    double re = 0, im = 0;
    (void)api.complex_get(value, &re, &im);
    return graph.makeComplex({re, im});
  }
  case TSC_STRING: {
    int64_t length = 0;
    const char *bytes = api.string_get(value, &length);
    return graph.makeString(StringRef(bytes, static_cast<size_t>(length)));
  }
  case TSC_TENSOR:
    return makeTensor(value);
  case TSC_LIST:
    return makeList(value, depth);
  case TSC_TUPLE:
    return makeTuple(value, depth);
  case TSC_DICT:
    return makeDict(value, depth);
  case TSC_OBJECT:
    return makeObject(value, depth);
  case TSC_ENUM: {
    tsc_value inner = api.enum_value(value);
    NodeId node = make(inner, depth + 1);
    api.release(inner);
    return node == kNoNode ? node : graph.makeEnum(api.type_of(value), node);
  }
  case TSC_FUTURE: {
    tsc_value result;
    tsc_error error = {};
    if (api.future_wait(instance, value, &result, &error) != TSC_OK)
      return reportModelError(api, error, engine), kNoNode;
    NodeId node = make(result, depth + 1);
    api.release(result);
    return node;
  }
  default:
    return fail("a value of type '" +
                Twine(value.tag == TSC_MISSING ? "missing" : api.type_of(value)) +
                "' cannot be shown outside the program");
  }
}

NodeId ValueExporter::makeList(tsc_value value, unsigned depth) {
  SmallVector<NodeId> items;
  for (int64_t i = 0, n = api.list_size(value); i < n; ++i) {
    tsc_value item = api.list_get(value, i);
    items.push_back(make(item, depth + 1));
    api.release(item);
    if (items.back() == kNoNode)
      return kNoNode;
  }
  return graph.makeContainer(NodeKind::List, items, api.type_of(value));
}

NodeId ValueExporter::makeTuple(tsc_value value, unsigned depth) {
  SmallVector<NodeId> items;
  for (int64_t i = 0, n = api.tuple_size(value); i < n; ++i) {
    tsc_value item = api.tuple_get(value, i);
    items.push_back(make(item, depth + 1));
    api.release(item);
    if (items.back() == kNoNode)
      return kNoNode;
  }
  return graph.makeContainer(NodeKind::Tuple, items);
}

NodeId ValueExporter::makeDict(tsc_value value, unsigned depth) {
  SmallVector<NodeId> items;
  for (int64_t i = 0, n = api.dict_size(value); i < n; ++i) {
    tsc_value key, item;
    if (api.dict_item(value, i, &key, &item) != TSC_OK)
      return fail("a dict changed while it was read");
    items.push_back(make(key, depth + 1));
    items.push_back(make(item, depth + 1));
    api.release(key);
    api.release(item);
    if (is_contained(items, kNoNode))
      return kNoNode;
  }
  return graph.makeContainer(NodeKind::Dict, items, api.type_of(value));
}

NodeId ValueExporter::makeObject(tsc_value value, unsigned depth) {
  SmallVector<NodeId> items;
  for (int64_t i = 0;; ++i) {
    const char *name = api.field_name(value, i);
    if (!name)
      break;
    tsc_value field = api.object_get(value, name);
    if (field.tag == TSC_MISSING)
      continue;
    NodeId node = make(field, depth + 1);
    api.release(field);
    if (node == kNoNode)
      return kNoNode;
    items.push_back(graph.makeString(name));
    items.push_back(node);
  }
  return graph.makeObject(api.type_of(value), graph.makeContainer(NodeKind::Dict, items));
}

NodeId ValueExporter::makeTensor(tsc_value value) {
  int32_t dtype = api.tensor_dtype(value);
  if (dtype < 0)
    return graph.none(); // the undefined tensor is None to Python
  tsc_value dense = api.tensor_contiguous(value);
  scope_exit release([&] { api.release(dense); });
  if (dense.tag == TSC_MISSING)
    return fail("out of memory");
  archive::TensorRecord record;
  record.dtype = static_cast<DType>(dtype);
  int32_t rank = api.tensor_rank(dense);
  record.sizes.assign(api.tensor_sizes(dense), api.tensor_sizes(dense) + rank);
  record.strides.resize(rank);
  int64_t stride = 1;
  for (int32_t i = rank; i-- > 0; stride *= std::max<int64_t>(record.sizes[i], 1))
    record.strides[i] = stride;
  size_t bytes = static_cast<size_t>(record.elementCount()) * dtypeBytes(record.dtype);
  MutableArrayRef<uint8_t> copy = graph.ownBytes(bytes);
  if (bytes)
    std::memcpy(copy.data(), api.tensor_data(dense), bytes);
  archive::Storage storage;
  storage.dtype = record.dtype;
  storage.device = "cpu";
  storage.bytes = copy;
  record.storage = graph.addStorage(std::move(storage));
  if (!exportQuantizer(value, record))
    return kNoNode;
  return graph.makeTensor(std::move(record));
}

/// Numbers of a one-dimensional tensor of float64, float32 or int64.
static std::vector<double> numbersOf(const tsc_model_api &api, tsc_value tensor) {
  std::vector<double> numbers;
  if (tensor.tag != TSC_TENSOR || api.tensor_rank(tensor) != 1)
    return numbers;
  tsc_value dense = api.tensor_contiguous(tensor);
  const void *data = api.tensor_data(dense);
  for (int64_t i = 0; i < api.tensor_sizes(dense)[0]; ++i)
    switch (api.tensor_dtype(dense)) {
    case TSC_F64:
      numbers.push_back(static_cast<const double *>(data)[i]);
      break;
    case TSC_F32:
      numbers.push_back(static_cast<const float *>(data)[i]);
      break;
    case TSC_I64:
      numbers.push_back(static_cast<double>(static_cast<const int64_t *>(data)[i]));
      break;
    case TSC_I32:
      numbers.push_back(static_cast<const int32_t *>(data)[i]);
      break;
    default:
      break;
    }
  api.release(dense);
  return numbers;
}

bool ValueExporter::exportQuantizer(tsc_value value, archive::TensorRecord &record) {
  if (dtypeClass(record.dtype) != DTypeClass::Quantized)
    return true;
  auto q = std::make_unique<archive::Quantization>();
  tsc_value scales = {}, zeroPoints = {};
  int32_t kind =
      api.tensor_quantizer(value, &q->scale, &q->zeroPoint, &scales, &zeroPoints, &q->axis);
  if (kind == 2) {
    q->scheme = archive::QScheme::PerChannelAffine;
    q->scales = numbersOf(api, scales);
    q->zeroPoints = numbersOf(api, zeroPoints);
    api.release(scales);
    api.release(zeroPoints);
  } else {
    q->axis = -1;
  }
  if (kind == 0)
    return fail("a tensor of a quantized dtype has no quantization") != kNoNode;
  record.quantization = std::move(q);
  return true;
}

} // namespace tsc
