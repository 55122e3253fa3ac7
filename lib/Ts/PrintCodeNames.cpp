// SPDX-License-Identifier: Apache-2.0
// Names of values and numbers of constants in printed code.
#include "PrintCode.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tsc::ts {

static bool isReserved(StringRef name) {
  static const llvm::StringSet<> kReserved = {
      // What has a meaning in serialized code.
      "_", "as", "aten", "attribute", "CONSTANTS", "fork", "getattr", "inf", "nan", "infj", "nanj",
      "ops", "__torch__", "uninitialized", "unchecked_cast",
      // Python's keywords.
      "and", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
      "except", "False", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
      "None", "nonlocal", "not", "or", "pass", "raise", "return", "True", "try", "while", "with",
      "yield"};
  return kReserved.contains(name);
}

std::string NameTable::make(StringRef wanted) {
  std::string name = wanted.str();
  // The number counts by the name that was taken, not by the one wanted, as the original does.
  while (used.contains(name) || isReserved(name))
    name = (wanted + Twine(nextNumber[name]++)).str();
  used.insert(name);
  return name;
}

/// The name without a point and a number at its end.
static StringRef withoutSuffix(StringRef name) {
  auto [base, suffix] = name.rsplit('.');
  return !suffix.empty() && llvm::all_of(suffix, llvm::isDigit) ? base : name;
}

std::string NameTable::makeFor(Value value) {
  StringRef given = getDebugName(value);
  if (given.empty())
    return make("_");
  std::string name;
  for (char c : withoutSuffix(given))
    name += llvm::isAlnum(c) || c == '_' ? c : '_';
  if (name.empty() || llvm::isDigit(name.front()))
    name.insert(name.begin(), '_');
  return make(name);
}

namespace {

/// How elements of a dtype compare: floats of some bytes and exponent bits (complex: two of them),
/// else as bytes.
struct ElementFormat {
  unsigned bytes, exponentBits;
};

} // namespace

static ElementFormat formatOf(DType dtype) {
  switch (dtype) {
  case DType::Float16:
  case DType::Complex32:
    return {2, 5};
  case DType::BFloat16:
    return {2, 8};
  case DType::Float32:
  case DType::Complex64:
    return {4, 8};
  case DType::Float64:
  case DType::Complex128:
    return {8, 11};
  default:
    return {dtypeBytes(dtype), 0};
  }
}

/// Equality of numbers: NaN is unlike itself, the zeros are alike.
static bool isEqualElement(ArrayRef<uint8_t> a, ArrayRef<uint8_t> b, ElementFormat format) {
  if (!format.exponentBits)
    return a == b;
  uint64_t x = 0, y = 0;
  for (unsigned i = format.bytes; i-- > 0;) {
    x = x << 8 | a[i];
    y = y << 8 | b[i];
  }
  unsigned bits = 8 * format.bytes, mantissaBits = bits - 1 - format.exponentBits;
  uint64_t magnitude = ~uint64_t(0) >> (65 - bits),
           infinity = magnitude >> mantissaBits << mantissaBits;
  if ((x & magnitude) > infinity || (y & magnitude) > infinity)
    return false;
  return x == y || ((x | y) & magnitude) == 0;
}

/// The bytes of each element, in order; empty when the attribute lies outside its storage.
static std::vector<ArrayRef<uint8_t>> elementsOf(TensorAttr tensor, WeightStore &weights,
                                                 unsigned bytes) {
  ArrayRef<uint8_t> storage = weights.get(tensor.getStorage());
  std::vector<ArrayRef<uint8_t>> elements;
  SmallVector<int64_t> index(tensor.getRank());
  for (int64_t n = tensor.getNumElements(); n > 0; --n) {
    int64_t at = tensor.getOffset();
    for (auto [position, stride] : llvm::zip_equal(index, tensor.getStrides()))
      at += position * stride;
    if (at < 0 || (uint64_t(at) + 1) * bytes > storage.size())
      return {};
    elements.push_back(storage.slice(at * bytes, bytes));
    for (int64_t d = tensor.getRank() - 1; d >= 0 && ++index[d] == tensor.getSizes()[d]; --d)
      index[d] = 0;
  }
  return elements;
}

bool ConstantTable::areEqual(TensorAttr a, TensorAttr b) const {
  if (a.getDtype() != b.getDtype() || a.getSizes() != b.getSizes() ||
      a.getQuantizer() != b.getQuantizer())
    return false;
  ElementFormat format = formatOf(a.getDtype());
  unsigned bytes = dtypeBytes(a.getDtype());
  std::vector<ArrayRef<uint8_t>> left = elementsOf(a, weights, bytes),
                                 right = elementsOf(b, weights, bytes);
  if (left.size() != right.size())
    return false;
  for (auto [x, y] : llvm::zip_equal(left, right))
    for (unsigned part = 0; part < bytes; part += format.bytes)
      if (!isEqualElement(x.slice(part, format.bytes), y.slice(part, format.bytes), format))
        return false;
  return true;
}

size_t ConstantTable::getOrAdd(Attribute value) {
  if (auto tensor = dyn_cast<TensorAttr>(value))
    for (auto [index, known] : llvm::enumerate(constants))
      if (auto other = dyn_cast<TensorAttr>(known); other && areEqual(tensor, other))
        return index;
  constants.push_back(value);
  return constants.size() - 1;
}

} // namespace tsc::ts
