// SPDX-License-Identifier: Apache-2.0
#include "Npy.h"

#include "TensorTable.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace tsc::archive {

namespace {
struct NpyName {
  const char *name; ///< without the byte order
  DType dtype;
};
struct NpyHeader {
  std::string descr;
  bool columnMajor = false;
  SmallVector<int64_t, 4> shape;
};
} // namespace

static const NpyName kNames[] = {
    {"f4", DType::Float32},   {"f8", DType::Float64},    {"f2", DType::Float16},
    {"i8", DType::Int64},     {"i4", DType::Int32},      {"i2", DType::Int16},
    {"i1", DType::Int8},      {"u1", DType::UInt8},      {"u2", DType::UInt16},
    {"u4", DType::UInt32},    {"u8", DType::UInt64},     {"b1", DType::Bool},
    {"c8", DType::Complex64}, {"c16", DType::Complex128}};

bool isNpy(ArrayRef<uint8_t> bytes) { return asText(bytes).starts_with("\x93NUMPY"); }

/// What follows 'key': in the header, without leading blanks; none when the key is not there.
static std::optional<StringRef> valueOf(StringRef header, StringRef key) {
  size_t at = header.find(("'" + key + "'").str());
  if (at == StringRef::npos)
    return std::nullopt;
  StringRef rest = header.drop_front(at + key.size() + 2).ltrim();
  if (!rest.consume_front(":"))
    return std::nullopt;
  return rest.ltrim();
}

static bool parseHeader(StringRef text, NpyHeader &out) {
  auto descr = valueOf(text, "descr"), order = valueOf(text, "fortran_order"),
       shape = valueOf(text, "shape");
  if (!descr || !order || !shape || !descr->consume_front("'") || !shape->consume_front("("))
    return false;
  out.descr = descr->take_until([](char c) { return c == '\''; }).str();
  out.columnMajor = order->starts_with("True");
  if (!out.columnMajor && !order->starts_with("False"))
    return false;
  StringRef rest = shape->ltrim();
  while (!rest.consume_front(")")) {
    int64_t size;
    if (rest.consumeInteger(10, size) || size < 0 || out.shape.size() == 64)
      return false;
    out.shape.push_back(size);
    rest.consume_front("L"); // Python 2 wrote long integers so
    rest = rest.ltrim();
    if (!rest.starts_with(")") && !rest.consume_front(","))
      return false;
    rest = rest.ltrim();
  }
  return true;
}

static bool findNpyDType(StringRef descr, DType &dtype) {
  if (descr.empty() || !StringRef("<|=").contains(descr[0]))
    return false;
  for (const NpyName &row : kNames)
    if (descr.drop_front() == row.name) {
      dtype = row.dtype;
      return true;
    }
  return false;
}

NodeId readNpy(ArrayRef<uint8_t> bytes, ValueGraph &graph, Buffers &buffers,
               const SourceLocation &where, DiagnosticEngine &engine) {
  auto fail = [&](const Twine &why, Diag code = Diag::NpyInvalid) {
    engine.report(where, code, why.str());
    return kNoNode;
  };
  unsigned lengthBytes = bytes.size() > 6 && bytes[6] >= 2 ? 4 : 2;
  if (bytes.size() < 8 + lengthBytes || bytes[6] < 1 || bytes[6] > 3)
    return fail("the header is cut or of an unknown version");
  uint64_t length = lengthBytes == 2 ? support::endian::read16le(bytes.data() + 8)
                                     : support::endian::read32le(bytes.data() + 8);
  uint64_t start = 8 + lengthBytes + length;
  if (start > bytes.size())
    return fail("the header is cut");
  NpyHeader header;
  if (!parseHeader(asText(bytes.slice(8 + lengthBytes, length)), header))
    return fail("the header is not a dict of descr, fortran_order and shape");
  if (StringRef(header.descr).starts_with(">"))
    return fail("big-endian elements, expected little-endian", Diag::NpyUnsupported);
  TensorRecord record;
  if (!findNpyDType(header.descr, record.dtype))
    return fail("element type '" + Twine(printable(header.descr)) + "' has no PyTorch dtype",
                Diag::NpyUnsupported);
  int64_t need = dtypeBytes(record.dtype);
  for (int64_t size : header.shape)
    if (size == 0)
      need = 0;
  for (int64_t size : header.shape)
    if (MulOverflow(need, size, need))
      return fail("the shape overflows");
  if (bytes.size() - start != static_cast<uint64_t>(need))
    return fail(Twine(bytes.size() - start) + " bytes of data, needs " + Twine(need));
  record.sizes.assign(header.shape.begin(), header.shape.end());
  record.strides.resize(record.sizes.size());
  int64_t stride = 1;
  for (size_t i = 0, rank = record.sizes.size(); i < rank; ++i) {
    size_t d = header.columnMajor ? i : rank - 1 - i;
    record.strides[d] = stride;
    stride *= need != 0 && record.sizes[d] > 1 ? record.sizes[d] : 1;
  }
  ArrayRef<uint8_t> data = bytes.slice(start, need);
  if (need != 0 && reinterpret_cast<uintptr_t>(data.data()) % 16 != 0) {
    uint8_t *copy = buffers.allocate(need);
    if (!copy)
      return fail("out of memory");
    std::copy(data.begin(), data.end(), copy);
    data = ArrayRef<uint8_t>(copy, need);
  }
  Storage storage;
  storage.dtype = record.dtype;
  storage.device = "cpu";
  storage.bytes = data;
  record.storage = graph.addStorage(std::move(storage));
  return graph.makeTensor(std::move(record));
}

std::optional<std::string> npyHeader(DType dtype, ArrayRef<int64_t> sizes) {
  const char *name = nullptr;
  for (const NpyName &row : kNames)
    if (row.dtype == dtype)
      name = row.name;
  if (!name)
    return std::nullopt;
  std::string dict = std::string("{'descr': '") + (dtypeBytes(dtype) == 1 ? "|" : "<") + name +
                     "', 'fortran_order': False, 'shape': (" + joinNumbers(sizes) +
                     (sizes.size() == 1 ? ",)" : ")") + ", }";
  dict.append(63 - (10 + dict.size()) % 64, ' ');
  dict += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(dict.size() & 0xff);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict;
}

} // namespace tsc::archive
