// SPDX-License-Identifier: Apache-2.0
// Values of a file to values of a model. Containers are made with the type that the parameter
// declares: the border of a model lets those in as they are, so that the caller sees what the
// program does to them.
#include "tsc/Driver/LoadedModel.h"
#include "tsc/Support/TypeTextParser.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

using namespace llvm;
using tsc::archive::NodeId;
using tsc::archive::NodeKind;

namespace tsc {

static constexpr unsigned kDepthLimit = archive::kMaxNesting + 1;

/// A writable copy of a storage, kept by the tensors that view it.
struct ValueImporter::StorageCopy {
  void *data;
  size_t users;
};

ValueImporter::ValueImporter(const tsc_model_api &api, tsc_instance *instance,
                             const archive::ValueGraph &graph, std::string file,
                             DiagnosticEngine &engine)
    : api(api), instance(instance), graph(graph), file(std::move(file)), engine(engine) {}

template <class T> static void dropUser(T *copy) {
  if (--copy->users)
    return;
  std::free(copy->data);
  delete copy;
}

ValueImporter::~ValueImporter() {
  for (auto &entry : made)
    api.release(entry.second);
  for (auto &entry : storages)
    dropUser(entry.second);
}

std::optional<tsc_value> ValueImporter::fail(const Twine &text) {
  engine.report({file}, Diag::BadArgument, text.str());
  return std::nullopt;
}

static tsc_value scalar(uint32_t tag, int64_t i) {
  tsc_value value = {};
  value.tag = tag;
  value.as.i = i;
  return value;
}

/// The type that PyTorch gives a plain Python value for an Any: containers are of what they hold,
/// if it is of one type.
static std::string inferType(const archive::ValueGraph &graph, NodeId node, unsigned depth) {
  if (depth > kDepthLimit)
    return "Any";
  auto common = [&](size_t count, auto item) {
    std::string type = count ? inferType(graph, item(0), depth + 1) : "Any";
    for (size_t i = 1; i < count; ++i)
      if (inferType(graph, item(i), depth + 1) != type)
        return std::string("Any");
    return type;
  };
  ArrayRef<NodeId> items;
  switch (graph.kind(node)) {
  case NodeKind::None:
    return "NoneType";
  case NodeKind::Bool:
    return "bool";
  case NodeKind::Int:
    return "int";
  case NodeKind::Float:
    return "float";
  case NodeKind::Complex:
    return "complex";
  case NodeKind::String:
    return "str";
  case NodeKind::Device:
    return "Device";
  case NodeKind::Tensor:
    return "Tensor";
  case NodeKind::List:
    items = graph.items(node);
    return "List[" + common(items.size(), [&](size_t i) { return items[i]; }) + "]";
  case NodeKind::Dict:
    return "Dict[" +
           common(graph.dictSize(node), [&](size_t i) { return graph.dictKey(node, i); }) + ", " +
           common(graph.dictSize(node), [&](size_t i) { return graph.dictValue(node, i); }) + "]";
  case NodeKind::Tuple: {
    SmallVector<std::string> parts;
    for (NodeId item : graph.items(node))
      parts.push_back(inferType(graph, item, depth + 1));
    return parts.empty() ? "Tuple[()]" : "Tuple[" + join(parts, ", ") + "]";
  }
  default:
    return "Any";
  }
}

std::optional<tsc_value> ValueImporter::make(NodeId node, StringRef type, unsigned depth) {
  if (depth > kDepthLimit)
    return fail("a value is nested too deeply");
  auto at = made.find(node);
  if (at != made.end()) {
    api.retain(at->second);
    return at->second;
  }
  std::string inferred;
  if (type.empty() || type == "Any")
    type = inferred = inferType(graph, node, depth);
  std::optional<tsc_value> value = makeNew(node, type, depth);
  if (!value)
    return value;
  if (value->tag == TSC_MISSING)
    return fail("a value cannot be made a '" +
                (type.empty() ? archive::kindName(graph.kind(node)) : type) + "'");
  if (value->tag >= TSC_TENSOR && value->tag != TSC_STRING) {
    api.retain(*value);
    made[node] = *value;
  }
  return value;
}

/// "cuda:1" to the payload of a device value.
static int64_t deviceNumber(StringRef text) {
  auto [name, index] = text.split(':');
  int64_t code = name == "cpu" ? 1 : name == "cuda" ? 2 : name == "meta" ? 100 : 1, number = -1;
  if (index.getAsInteger(10, number))
    number = -1;
  return code << 8 | (number + 1);
}

std::optional<tsc_value> ValueImporter::makeNew(NodeId node, StringRef type, unsigned depth) {
  switch (graph.kind(node)) {
  case NodeKind::None:
    return scalar(TSC_NONE, 0);
  case NodeKind::Bool:
    return scalar(TSC_BOOL, graph.boolean(node));
  case NodeKind::Int:
  case NodeKind::DType:
  case NodeKind::Layout:
  case NodeKind::MemoryFormat:
  case NodeKind::QScheme:
    return scalar(TSC_INT, graph.integer(node));
  case NodeKind::Float: {
    tsc_value value = scalar(TSC_FLOAT, 0);
    value.as.d = graph.real(node);
    return value;
  }
  case NodeKind::Complex:
    return api.complex_new(graph.complex(node).real(), graph.complex(node).imag());
  case NodeKind::String:
    return api.string_new(graph.text(node).data(), static_cast<int64_t>(graph.text(node).size()));
  case NodeKind::Device:
    return scalar(TSC_DEVICE, deviceNumber(graph.text(node)));
  case NodeKind::List:
    return makeList(node, type, depth);
  case NodeKind::Tuple:
    return makeTuple(node, type, depth);
  case NodeKind::Dict:
    return makeDict(node, type, depth);
  case NodeKind::Tensor:
    return makeTensor(node);
  default:
    return fail("a value of kind " + archive::kindName(graph.kind(node)) +
                " cannot be passed, expected plain values");
  }
}

/// The parameters of the first of a type's members (itself, or of an Optional or Union) whose head
/// is one of `heads`.
static TypeText memberWithHead(StringRef type, ArrayRef<StringRef> heads, unsigned depth = 0) {
  TypeText parsed = parseTypeText(type);
  if (is_contained(heads, parsed.head))
    return parsed;
  if ((parsed.head == "Optional" || parsed.head == "Union") && depth < 16)
    for (StringRef member : parsed.parameters)
      if (TypeText found = memberWithHead(member, heads, depth + 1); !found.head.empty())
        return found;
  return {};
}

std::optional<tsc_value> ValueImporter::makeList(NodeId node, StringRef type, unsigned depth) {
  if (TypeText tuple = memberWithHead(type, {"Tuple"}); !tuple.head.empty())
    return makeTuple(node, type, depth);
  TypeText list = memberWithHead(type, {"List"});
  StringRef element = list.parameters.size() == 1 ? list.parameters[0] : StringRef();
  tsc_value value = api.list_new(instance, list.head.empty() ? nullptr : list.text.str().c_str());
  if (value.tag == TSC_MISSING)
    return value;
  for (NodeId item : graph.items(node)) {
    std::optional<tsc_value> made = make(item, element, depth + 1);
    tsc_status status = made ? api.list_append(value, *made) : TSC_OK;
    if (made)
      api.release(*made);
    if (!made || status != TSC_OK) {
      api.release(value);
      if (made && !type.empty()) // what only the border converts, such as an int for a float
        return makeList(node, "", depth);
      return made ? fail("an element does not fit in a list") : std::nullopt;
    }
  }
  return value;
}

/// A class, by its qualified name: a named tuple when a tuple is given for it.
static StringRef namedType(StringRef type, unsigned depth = 0) {
  TypeText parsed = parseTypeText(type);
  if (parsed.parameters.empty() && parsed.head.contains('.'))
    return type;
  if ((parsed.head == "Optional" || parsed.head == "Union") && depth < 16)
    for (StringRef member : parsed.parameters)
      if (StringRef found = namedType(member, depth + 1); !found.empty())
        return found;
  return {};
}

std::optional<tsc_value> ValueImporter::makeTuple(NodeId node, StringRef type, unsigned depth) {
  TypeText tuple = memberWithHead(type, {"Tuple"});
  if (tuple.head.empty() && !memberWithHead(type, {"List"}).head.empty())
    return makeList(node, type, depth);
  ArrayRef<NodeId> items = graph.items(node);
  ModelValues values(api);
  for (size_t i = 0; i < items.size(); ++i) {
    bool typed = tuple.parameters.size() == items.size();
    std::optional<tsc_value> item =
        make(items[i], typed ? tuple.parameters[i] : StringRef(), depth + 1);
    if (!item)
      return std::nullopt;
    values.add(*item);
  }
  // An element that only the border can convert makes the tuple one of any values.
  std::string text = tuple.head.empty() ? namedType(type).str() : tuple.text.str();
  tsc_value value = {};
  value.tag = TSC_MISSING;
  if (!text.empty())
    value =
        api.tuple_new(instance, text.c_str(), values.data(), static_cast<int64_t>(values.size()));
  if (value.tag == TSC_MISSING)
    value = api.tuple_new(instance, nullptr, values.data(), static_cast<int64_t>(values.size()));
  return value;
}

std::optional<tsc_value> ValueImporter::makeDict(NodeId node, StringRef type, unsigned depth) {
  TypeText dict = memberWithHead(type, {"Dict"});
  bool typed = dict.parameters.size() == 2;
  tsc_value value = api.dict_new(instance, typed ? dict.text.str().c_str() : nullptr);
  if (value.tag == TSC_MISSING)
    return value;
  for (size_t i = 0; i < graph.dictSize(node); ++i) {
    std::optional<tsc_value> key =
        make(graph.dictKey(node, i), typed ? dict.parameters[0] : StringRef(), depth + 1);
    std::optional<tsc_value> item =
        key ? make(graph.dictValue(node, i), typed ? dict.parameters[1] : StringRef(), depth + 1)
            : std::nullopt;
    tsc_status status = item ? api.dict_set(value, *key, *item) : TSC_OK;
    if (key)
      api.release(*key);
    if (item)
      api.release(*item);
    if (!item || status != TSC_OK) {
      api.release(value);
      if (item && !type.empty())
        return makeDict(node, "", depth);
      return item ? fail("an entry does not fit in a dict") : std::nullopt;
    }
  }
  return value;
}

uint8_t *ValueImporter::storageCopy(uint32_t storage) {
  auto at = storages.find(storage);
  if (at != storages.end())
    return static_cast<uint8_t *>(at->second->data);
  ArrayRef<uint8_t> bytes = graph.storage(storage).bytes;
  // Large ones on huge pages, as the runtime's own tensors lie.
  constexpr size_t kHugePage = 2 << 20;
  bool isHuge = bytes.size() >= 2 * kHugePage;
  void *data = nullptr;
  if (posix_memalign(&data, isHuge ? kHugePage : 64, std::max<size_t>(bytes.size(), 1)) != 0)
    return nullptr;
  if (isHuge)
    (void)madvise(data, bytes.size() & ~(kHugePage - 1), MADV_HUGEPAGE);
  if (!bytes.empty())
    std::memcpy(data, bytes.data(), bytes.size());
  storages[storage] = new StorageCopy{data, 1};
  return static_cast<uint8_t *>(data);
}

std::optional<tsc_value> ValueImporter::makeTensor(NodeId node) {
  const archive::TensorRecord &record = graph.tensor(node);
  if (record.layout != archive::Layout::Strided)
    return fail("a sparse tensor cannot be passed, expected a strided one");
  if (record.conjugate || record.negative)
    return fail("a tensor whose bytes are its conjugate or negative cannot be passed, expected a "
                "resolved one");
  if (record.storage == UINT32_MAX)
    return fail("a tensor without data cannot be passed");
  uint8_t *data = storageCopy(record.storage);
  if (!data)
    return fail("out of memory");
  StorageCopy *copy = storages[record.storage];
  ++copy->users;
  tsc_value value = api.tensor_strided(
      data + record.offset * dtypeBytes(record.dtype), static_cast<int32_t>(record.dtype),
      static_cast<int32_t>(record.sizes.size()), record.sizes.data(), record.strides.data(),
      [](void *owner) { dropUser(static_cast<StorageCopy *>(owner)); }, copy);
  if (value.tag == TSC_MISSING) {
    --copy->users;
    return fail("out of memory");
  }
  if (record.quantization && !setQuantizer(value, *record.quantization)) {
    api.release(value);
    return std::nullopt;
  }
  return value;
}

bool ValueImporter::setQuantizer(tsc_value tensor, const archive::Quantization &q) {
  tsc_value none = scalar(TSC_NONE, 0);
  if (q.axis < 0)
    return api.tensor_set_quantizer(tensor, q.scale, q.zeroPoint, none, none, -1) == TSC_OK ||
           fail("a tensor's quantization is not supported").has_value();
  int64_t size = static_cast<int64_t>(q.scales.size());
  tsc_value scales = api.tensor_new(TSC_F64, 1, &size),
            zeroPoints = api.tensor_new(TSC_I64, 1, &size);
  scope_exit release([&] {
    api.release(scales);
    api.release(zeroPoints);
  });
  if (scales.tag == TSC_MISSING || zeroPoints.tag == TSC_MISSING)
    return fail("out of memory").has_value();
  for (size_t i = 0; i < q.scales.size(); ++i) {
    static_cast<double *>(api.tensor_data(scales))[i] = q.scales[i];
    static_cast<int64_t *>(api.tensor_data(zeroPoints))[i] = static_cast<int64_t>(q.zeroPoints[i]);
  }
  return api.tensor_set_quantizer(tensor, 0, 0, scales, zeroPoints, q.axis) == TSC_OK ||
         fail("a tensor's quantization is not supported").has_value();
}

} // namespace tsc
