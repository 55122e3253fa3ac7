// SPDX-License-Identifier: Apache-2.0
#include "TensorTable.h"

#include "tsc/Common/Tensor.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <cstring>

using namespace llvm;

namespace tsc::archive {

std::string joinNumbers(ArrayRef<int64_t> numbers) {
  std::string out;
  for (size_t i = 0; i < numbers.size() && i < 70; ++i)
    out += (i ? ", " : "") + std::to_string(numbers[i]);
  return out;
}

/// Elements that one byte-sized unit of a packed dtype holds.
static int64_t elementsPerUnit(DType dtype) {
  return dtype == DType::QUInt4x2 ? 2 : dtype == DType::QUInt2x4 ? 4 : 1;
}

bool TensorTable::checkDevice(StringRef device, StringRef tensor, const SourceLocation &where) {
  auto [type, index] = device.split(':');
  unsigned number;
  bool indexed = device.contains(':');
  static const char *const kTypes[] = {"cpu", "cuda", "mps", "xpu", "xla", "hip", "hpu", "meta"};
  bool known = false;
  for (const char *name : kTypes)
    known |= type == name;
  if (!known || (indexed && (index.size() > 3 || index.getAsInteger(10, number))))
    return engine.report(where, Diag::UnknownDevice, printable(device)), false;
  if (type == "meta")
    return engine.report(where, Diag::MetaTensor, tensor), false;
  if (type != "cpu" && devicesSaid.try_emplace(device, true).second)
    engine.report(where, Diag::StorageDevice, device);
  return true;
}

std::optional<uint32_t> TensorTable::storage(StringRef key, DType dtype, StringRef device,
                                             int64_t count, StringRef tensor,
                                             const SourceLocation &where) {
  auto fail = [](DiagnosticHandle) { return std::nullopt; };
  if (key.empty() || key.size() > 255 || key == "." || key == ".." ||
      key.find_first_of(StringRef("/\\\0", 3)) != StringRef::npos)
    return fail(engine.report(where, Diag::StorageKey, printable(key)));
  std::string record = prefix + key.str(), shown = printable(record);
  int64_t bytes = 0, unit = dtype == DType::Undefined ? 1 : dtypeBytes(dtype);
  if (count < 0 || MulOverflow(count, unit, bytes))
    return fail(engine.report(where, Diag::StorageCount, tensor, shown, count));
  auto found = known.find(key);
  if (found != known.end()) {
    const Storage &old = graph.storage(found->second.first);
    if (old.dtype != dtype || found->second.second != count || old.device != device)
      return fail(engine.report(where, Diag::StorageTwice, tensor, shown));
    return found->second.first;
  }
  if (!checkDevice(device, tensor, where))
    return std::nullopt;
  Storage storage;
  storage.record = record;
  storage.dtype = dtype;
  storage.device = device.str();
  if (count != 0) {
    if (!zip || !zip->has(record))
      return fail(engine.report(where, Diag::StorageMissing, tensor, shown));
    std::optional<ArrayRef<uint8_t>> data = zip->read(record);
    if (!data)
      return std::nullopt;
    if (data->size() != static_cast<uint64_t>(bytes))
      return fail(engine.report(where, Diag::StorageSize, tensor, shown, data->size(), bytes));
    storage.bytes = *data;
  }
  uint32_t index = graph.addStorage(std::move(storage));
  known[key] = {index, count};
  return index;
}

bool TensorTable::check(const TensorRecord &record, StringRef name, const SourceLocation &where) {
  ArrayRef<int64_t> sizes = record.sizes, strides = record.strides;
  if (sizes.size() > static_cast<size_t>(kMaxRank))
    return engine.report(where, Diag::TensorRank, name, sizes.size(), kMaxRank), false;
  if (sizes.size() != strides.size())
    return engine.report(where, Diag::TensorRankMismatch, name, sizes.size(), strides.size()),
           false;
  if (record.offset < 0)
    return engine.report(where, Diag::TensorNegative, name, "offset", record.offset), false;
  bool empty = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 0)
      return engine.report(where, Diag::TensorNegative, name, "size", sizes[i]), false;
    if (strides[i] < 0)
      return engine.report(where, Diag::TensorNegative, name, "stride", strides[i]), false;
    empty |= sizes[i] == 0;
  }
  if (empty)
    return true;
  int64_t count = 1, last = record.offset, bytes;
  for (size_t i = 0; i < sizes.size(); ++i) {
    int64_t span;
    if (MulOverflow(count, sizes[i], count) || MulOverflow(sizes[i] - 1, strides[i], span) ||
        AddOverflow(last, span, last))
      return engine.report(where, Diag::TensorOverflow, name, joinNumbers(sizes),
                           joinNumbers(strides)),
             false;
  }
  if (MulOverflow<int64_t>(count, 16, bytes))
    return engine.report(where, Diag::TensorOverflow, name, joinNumbers(sizes),
                         joinNumbers(strides)),
           false;
  const Storage &storage = graph.storage(record.storage);
  int64_t capacity =
      storage.bytes.size() / dtypeBytes(record.dtype) * elementsPerUnit(record.dtype);
  if (last >= capacity)
    return engine.report(where, Diag::TensorBounds, name, record.offset, joinNumbers(sizes),
                         joinNumbers(strides), printable(storage.record), capacity),
           false;
  return true;
}

bool TensorTable::checkQuantization(const TensorRecord &record, StringRef name,
                                    const SourceLocation &where) {
  auto fail = [&](StringRef why) {
    return engine.report(where, Diag::QuantizationInvalid, name, why), false;
  };
  if (!record.quantization || !isQuantized(record.dtype))
    return fail("the dtype is not a quantized one");
  const Quantization &q = *record.quantization;
  double low = 0, high = 255;
  if (record.dtype == DType::QInt8)
    low = -128, high = 127;
  else if (record.dtype == DType::QInt32)
    low = INT32_MIN, high = INT32_MAX;
  else if (record.dtype == DType::QUInt4x2)
    high = 15;
  else if (record.dtype == DType::QUInt2x4)
    high = 3;
  bool floats = q.scheme == QScheme::PerChannelAffineFloatQParams;
  auto checkPair = [&](double scale, double zero) {
    if (!std::isfinite(scale) || !std::isfinite(zero))
      return fail("a scale or zero point is not finite");
    if (scale < 0 || (scale == 0 && !floats))
      return fail("a scale is not above 0");
    if (!floats && (zero < low || zero > high))
      return fail("a zero point is out of the dtype's range");
    return true;
  };
  if (q.axis < 0)
    return checkPair(q.scale, static_cast<double>(q.zeroPoint));
  if (static_cast<size_t>(q.axis) >= record.sizes.size())
    return fail("the axis is out of range");
  size_t channels = record.sizes[q.axis];
  if (q.scales.size() != channels || q.zeroPoints.size() != channels)
    return fail("there are not as many scales and zero points as channels");
  for (size_t i = 0; i < channels; ++i)
    if (!checkPair(q.scales[i], q.zeroPoints[i]))
      return false;
  return true;
}

/// Calls `visit(i, bytes of element i)` for each element of a checked strided tensor, in row-major
/// order.
template <typename Visit> static void eachElement(const ValueGraph &graph, NodeId id, Visit visit) {
  const TensorRecord &t = graph.tensor(id);
  int64_t count = t.elementCount();
  if (count == 0)
    return;
  const uint8_t *base = graph.storage(t.storage).bytes.data();
  SmallVector<int64_t, 4> position(t.sizes.size(), 0);
  int64_t at = t.offset, width = dtypeBytes(t.dtype);
  for (int64_t i = 0; i < count; ++i) {
    visit(i, base + at * width);
    for (size_t d = position.size(); d-- > 0;) {
      at += t.strides[d];
      if (++position[d] < t.sizes[d])
        break;
      at -= t.strides[d] * t.sizes[d];
      position[d] = 0;
    }
  }
}

template <typename T> static T load(const uint8_t *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// An expanded tensor (stride 0) can have far more elements than bytes; the lists made here may
/// not.
static bool isDense(const ValueGraph &graph, NodeId id) {
  const TensorRecord &t = graph.tensor(id);
  return t.layout == Layout::Strided && t.storage != UINT32_MAX &&
         static_cast<uint64_t>(t.elementCount()) <= graph.storage(t.storage).bytes.size();
}

bool TensorTable::numbers(NodeId tensor, std::vector<double> &out) const {
  if (graph.kind(tensor) != NodeKind::Tensor || graph.tensor(tensor).sizes.size() != 1 ||
      !isDense(graph, tensor))
    return false;
  DType dtype = graph.tensor(tensor).dtype;
  if (dtype != DType::Float64 && dtype != DType::Float32 && dtype != DType::Int64 &&
      dtype != DType::Int32)
    return false;
  eachElement(graph, tensor, [&](int64_t, const uint8_t *p) {
    out.push_back(dtype == DType::Float64   ? load<double>(p)
                  : dtype == DType::Float32 ? load<float>(p)
                  : dtype == DType::Int64   ? static_cast<double>(load<int64_t>(p))
                                            : load<int32_t>(p));
  });
  return true;
}

bool TensorTable::indices(NodeId tensor, std::vector<int64_t> &out) const {
  if (!isDense(graph, tensor))
    return false;
  uint64_t count = graph.tensor(tensor).elementCount();
  if (count > indexBudget)
    return false;
  indexBudget -= count;
  DType dtype = graph.tensor(tensor).dtype;
  if (dtype != DType::Int64 && dtype != DType::Int32)
    return false;
  eachElement(graph, tensor, [&](int64_t, const uint8_t *p) {
    out.push_back(dtype == DType::Int64 ? load<int64_t>(p) : load<int32_t>(p));
  });
  return true;
}

bool TensorTable::checkSparse(const TensorRecord &record, StringRef name,
                              const SourceLocation &where) {
  auto fail = [&](StringRef why) {
    return engine.report(where, Diag::SparseInvalid, name, why), false;
  };
  if (record.sizes.size() > static_cast<size_t>(kMaxRank))
    return engine.report(where, Diag::TensorRank, name, record.sizes.size(), kMaxRank), false;
  int64_t count = 1, bytes;
  for (int64_t size : record.sizes)
    if (size < 0)
      return engine.report(where, Diag::TensorNegative, name, "size", size), false;
  for (int64_t size : record.sizes)
    if (size != 0 && (MulOverflow(count, size, count) || MulOverflow<int64_t>(count, 16, bytes)))
      return engine.report(where, Diag::TensorOverflow, name, joinNumbers(record.sizes), ""), false;
  for (NodeId part : record.parts)
    if (graph.kind(part) != NodeKind::Tensor || graph.tensor(part).layout != Layout::Strided)
      return fail("a part is not a dense tensor");
  if (record.layout != Layout::SparseCOO)
    return checkCompressed(record, name, where);
  const TensorRecord &index = graph.tensor(record.parts[0]),
                     &values = graph.tensor(record.parts[1]);
  if (index.sizes.size() != 2 || values.sizes.empty() || index.sizes[1] != values.sizes[0])
    return fail("indices and values do not have as many elements");
  size_t sparse = index.sizes[0];
  if (sparse > record.sizes.size() || sparse + values.sizes.size() - 1 != record.sizes.size() ||
      !ArrayRef<int64_t>(values.sizes)
           .drop_front()
           .equals(ArrayRef<int64_t>(record.sizes).drop_front(sparse)))
    return fail("indices, values and size do not fit each other");
  std::vector<int64_t> all;
  if (index.elementCount() != 0 && !indices(record.parts[0], all))
    return fail("the indices are not integers");
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i] < 0 || all[i] >= record.sizes[i / index.sizes[1]])
      return fail("an index is out of range");
  return true;
}

bool TensorTable::checkCompressed(const TensorRecord &record, StringRef name,
                                  const SourceLocation &where) {
  auto fail = [&](StringRef why) {
    return engine.report(where, Diag::SparseInvalid, name, why), false;
  };
  bool blocks = record.layout == Layout::SparseBSR || record.layout == Layout::SparseBSC;
  const TensorRecord &outer = graph.tensor(record.parts[0]), &inner = graph.tensor(record.parts[1]),
                     &values = graph.tensor(record.parts[2]);
  if (record.sizes.size() != 2 || outer.sizes.size() != 1)
    return engine.report(where, Diag::SparseUnsupported, name,
                         "compressed layouts with batch or dense dimensions"),
           false;
  if (inner.sizes.size() != 1 || values.sizes.size() != (blocks ? 3u : 1u) ||
      values.sizes[0] != inner.sizes[0])
    return fail("its parts do not fit each other");
  int64_t rows = record.sizes[0], columns = record.sizes[1];
  if (blocks) {
    if (values.sizes[1] <= 0 || values.sizes[2] <= 0 || rows % values.sizes[1] ||
        columns % values.sizes[2])
      return fail("its blocks do not divide its size");
    rows /= values.sizes[1];
    columns /= values.sizes[2];
  }
  if (record.layout == Layout::SparseCSC || record.layout == Layout::SparseBSC)
    std::swap(rows, columns);
  std::vector<int64_t> starts, places;
  if (!indices(record.parts[0], starts) ||
      (inner.elementCount() != 0 && !indices(record.parts[1], places)))
    return fail("the indices are not integers");
  if (static_cast<int64_t>(starts.size()) - 1 != rows || starts.front() != 0 ||
      starts.back() != inner.sizes[0])
    return fail("the compressed indices do not span the values");
  for (size_t i = 1; i < starts.size(); ++i)
    if (starts[i] < starts[i - 1])
      return fail("the compressed indices are not ascending");
  for (int64_t place : places)
    if (place < 0 || place >= columns)
      return fail("an index is out of range");
  return true;
}

} // namespace tsc::archive
