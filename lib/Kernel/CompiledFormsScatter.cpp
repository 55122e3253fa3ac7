// SPDX-License-Identifier: Apache-2.0
// Operators that write to indexed places: reads their operands and checks what would raise, so that
// only an index out of range is left to the compiled form.
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/Reasons.h"
#include "tsc/Kernel/ScatterForm.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

using Combine = ScatterForm::Combine;

namespace {
class ScatterReader {
public:
  ScatterReader(ts::AtenOp op, std::string &why) : op(op), why(why) {}
  bool read();
  ScatterForm form;

private:
  template <typename... Args> bool fail(Reason reason, Args &&...args) {
    why = because(reason, std::forward<Args>(args)...);
    return false;
  }
  bool readKind();
  bool readIndex();
  bool readIndexList();
  bool readSource();
  bool readReduction();
  bool readUnpool();
  bool checkElements();
  bool checkSlices();
  bool checkTensors();
  bool checkNumber(double number);
  bool checkCombine();

  ts::AtenOp op;
  std::string &why;
  ts::TensorType self, source; ///< no source: a number
  int64_t dim = 0;
};
} // namespace

bool ScatterReader::readKind() {
  StringRef base = op.getBaseName();
  form.kind = llvm::StringSwitch<ScatterForm::Kind>(base)
                  .Cases({"aten::index_put", "aten::_unsafe_index_put"}, ScatterForm::Kind::Tensors)
                  .Case("aten::put", ScatterForm::Kind::Flat)
                  .StartsWith("aten::index_", ScatterForm::Kind::Slices)
                  .Default(ScatterForm::Kind::Elements);
  if (Value given = op.getArg("dim")) {
    std::optional<int64_t> number = constantInt(given);
    if (!number)
      return fail(Reason::NotConstant, "dim");
    int64_t rank = std::max<int64_t>(self.getRank(), 1);
    dim = *number < 0 ? *number + rank : *number;
    if (dim < 0 || dim >= rank)
      return fail(Reason::OutOfRange, "dim");
  }
  if (base == "aten::scatter_add" || base == "aten::index_add")
    form.combine = Combine::Add;
  form.wraps = form.kind == ScatterForm::Kind::Tensors || form.kind == ScatterForm::Kind::Flat ||
               base == "aten::index_fill";
  form.className = form.wraps ? "IndexError" : "RuntimeError";
  return readReduction();
}

bool ScatterReader::readReduction() {
  if (Value given = op.getArg("accumulate")) {
    std::optional<bool> accumulate = constantBool(given);
    if (!accumulate)
      return fail(Reason::NotConstant, "accumulate");
    form.combine = *accumulate ? Combine::Add : Combine::Assign;
  }
  if (Value given = op.getArg("alpha")) {
    std::optional<double> alpha = constantNumber(given);
    if (!alpha)
      return fail(Reason::NotConstant, "alpha");
    if (!checkNumber(*alpha))
      return fail(Reason::ValueNotHeld);
    form.alpha = *alpha;
  }
  Value reduce = op.getArg("reduce");
  if (!reduce)
    return true;
  std::optional<StringRef> name = constantString(reduce);
  bool named = op.getBaseName() != "aten::scatter"; // which says "add" and "multiply"
  std::optional<Combine> combine;
  if (name && named)
    combine = llvm::StringSwitch<std::optional<Combine>>(*name)
                  .Cases({"sum", "mean"}, Combine::Add)
                  .Case("prod", Combine::Multiply)
                  .Case("amax", Combine::Maximum)
                  .Case("amin", Combine::Minimum)
                  .Default(std::nullopt);
  else if (name)
    combine = llvm::StringSwitch<std::optional<Combine>>(*name)
                  .Case("add", Combine::Add)
                  .Case("multiply", Combine::Multiply)
                  .Default(std::nullopt);
  if (!combine || (op.getBaseName() == "aten::index_reduce" && *name == "sum"))
    return fail(Reason::UnknownOption, "reduce");
  form.combine = *combine;
  form.isMean = *name == "mean";
  if (Value given = op.getArg("include_self")) {
    std::optional<bool> include = constantBool(given);
    if (!include)
      return fail(Reason::NotConstant, "include_self");
    form.includeSelf = *include;
  }
  return true;
}

/// May the number be an element of self without losing anything but a fraction?
bool ScatterReader::checkNumber(double number) {
  if (isFloating(self.getDtype()))
    return true;
  bool isUnsigned = self.getDtype() == DType::UInt8;
  return std::fabs(number) < 127 && !(isUnsigned && number < 0);
}

static bool isIndexType(ts::TensorType type) {
  return type && (type.getDtype() == DType::Int64 || type.getDtype() == DType::Int32);
}

bool ScatterReader::readIndex() {
  if (form.kind == ScatterForm::Kind::Tensors)
    return readIndexList();
  Value index = op.getArg("index");
  if (!isIndexType(staticTensor(index)))
    return fail(Reason::IndexDType);
  form.indices.assign(std::max<int64_t>(self.getRank(), 1), Value());
  form.indices[form.kind == ScatterForm::Kind::Flat ? 0 : dim] = index;
  return true;
}

bool ScatterReader::readIndexList() {
  auto list = listElements(op.getArg("indices"));
  if (!list || list->empty() || static_cast<int64_t>(list->size()) > self.getRank())
    return fail(Reason::ListNotKnown, "indices");
  for (Value index : *list) {
    if (isNone(index)) {
      form.indices.push_back({});
      continue;
    }
    if (!isIndexType(staticTensor(index)))
      return fail(Reason::IndexDType);
    form.indices.push_back(index);
  }
  form.indices.resize(self.getRank());
  return llvm::any_of(form.indices, [](Value index) { return static_cast<bool>(index); }) ||
         fail(Reason::ArgumentDoesNotFit, "indices");
}

bool ScatterReader::readSource() {
  Value number = op.getArg("value");
  for (StringRef name : {"src", "source", "values"})
    if (Value given = op.getArg(name))
      form.source = given;
  if (number && isa<ts::TensorType>(number.getType()))
    form.source = number;
  if (form.source) {
    source = staticTensor(form.source);
    if (!source || source.getDtype() != self.getDtype())
      return fail(Reason::DTypesDiffer);
    return number != form.source || source.getRank() == 0 || fail(Reason::RankNotCompiled);
  }
  std::optional<double> value = constantNumber(number);
  if (!value)
    return fail(Reason::NotConstant, "value");
  if (!checkNumber(*value))
    return fail(Reason::ValueNotHeld);
  form.value = self.getDtype() == DType::Bool ? *value != 0 : *value;
  return true;
}

// ---- Sizes
static SmallVector<int64_t> atLeastOne(ts::TensorType type) {
  SmallVector<int64_t> sizes(type.getSizes());
  if (sizes.empty())
    sizes.push_back(1);
  return sizes;
}

bool ScatterReader::checkElements() {
  SmallVector<int64_t> own = atLeastOne(self), at = atLeastOne(staticTensor(form.indices[dim]));
  SmallVector<int64_t> from = source ? atLeastOne(source) : at;
  if (own.size() != at.size() || from.size() != at.size())
    return fail(Reason::RankNotCompiled);
  for (size_t d = 0; d < at.size(); ++d)
    if ((static_cast<int64_t>(d) != dim && at[d] > own[d]) || at[d] > from[d])
      return fail(Reason::SizesDoNotFit);
  return true;
}

bool ScatterReader::checkSlices() {
  ts::TensorType index = staticTensor(form.indices[dim]);
  if (index.getRank() > 1)
    return fail(Reason::RankNotCompiled);
  if (!source || form.source == op.getArg("value"))
    return true;
  SmallVector<int64_t> wanted = atLeastOne(self);
  wanted[dim] = index.getRank() ? index.getSizes()[0] : 1;
  return atLeastOne(source) == wanted || fail(Reason::SizesDoNotFit);
}

/// Whether sizes broadcast to `to`, which grows when `grows`.
static bool broadcasts(ArrayRef<int64_t> sizes, SmallVectorImpl<int64_t> &to, bool grows) {
  if (sizes.size() > to.size()) {
    if (!grows)
      return false;
    to.insert(to.begin(), sizes.size() - to.size(), 1);
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    int64_t size = sizes[sizes.size() - 1 - i], &other = to[to.size() - 1 - i];
    if (size == other || size == 1)
      continue;
    if (!grows || other != 1)
      return false;
    other = size;
  }
  return true;
}

bool ScatterReader::checkTensors() {
  SmallVector<int64_t> common, result;
  SmallVector<int64_t> places;
  for (auto [d, index] : llvm::enumerate(form.indices)) {
    if (!index)
      continue;
    places.push_back(static_cast<int64_t>(d));
    if (!broadcasts(staticTensor(index).getSizes(), common, /*grows=*/true))
      return fail(Reason::SizesDoNotFit);
  }
  bool adjacent = places.back() - places.front() + 1 == static_cast<int64_t>(places.size());
  if (!adjacent)
    result = common;
  for (int64_t d = 0; d < self.getRank(); ++d) {
    if (adjacent && d == places.front())
      result.append(common);
    if (!form.indices[d])
      result.push_back(self.getSizes()[d]);
  }
  return broadcasts(source.getSizes(), result, /*grows=*/false) || fail(Reason::SizesDoNotFit);
}

bool ScatterReader::checkCombine() {
  if (form.combine == Combine::Assign)
    return true;
  DType dtype = self.getDtype();
  if (dtype == DType::Bool || (isFloating(dtype) && dtypeBytes(dtype) < 4))
    return fail(Reason::DTypeNotCompiled);
  return !form.isMean || isFloating(dtype) || fail(Reason::DTypeNotCompiled);
}

/// max_unpool: the operand's elements go to their places in larger planes.
bool ScatterReader::readUnpool() {
  form.kind = ScatterForm::Kind::Planes;
  form.spatial = op.getBaseName().ends_with("3d") ? 3 : 2;
  form.source = op.getArg("self");
  form.indices = {op.getArg("indices")};
  auto index = staticTensor(form.indices[0]), result = staticTensor(op.getResult(0));
  int64_t rank = self ? self.getRank() : 0;
  if (!index || !result || index.getDtype() != DType::Int64 ||
      index.getSizes() != self.getSizes() || result.getDtype() != self.getDtype() ||
      (rank != form.spatial + 1 && rank != form.spatial + 2))
    return fail(Reason::SizesDoNotFit);
  if (Value given = op.getArg("stride")) {
    auto strides = constantInts(given);
    if (!strides || llvm::any_of(*strides, [](int64_t stride) { return stride <= 0; }))
      return fail(Reason::NotConstant, "stride");
  }
  form.className = "RuntimeError";
  form.message = "Found an invalid max index";
  return true;
}

bool ScatterReader::read() {
  if (op.getBaseName().starts_with("aten::max_unpool")) {
    self = staticTensor(op.getArg("self"));
    return readUnpool();
  }
  self = op.getNumResults() == 1 ? staticTensor(op.getArg("self")) : ts::TensorType();
  auto result = staticTensor(op.getResult(0));
  if (!self || !result || result != self)
    return fail(Reason::DTypesDiffer);
  form.self = op.getArg("self");
  if (!readKind() || !readIndex() || !readSource() || !checkCombine())
    return false;
  int64_t size = self.getRank() == 0 ? 1 : self.getSizes()[dim];
  form.message = "index is out of bounds for dimension " + std::to_string(dim) + " with size " +
                 std::to_string(size);
  switch (form.kind) {
  case ScatterForm::Kind::Elements:
    return checkElements();
  case ScatterForm::Kind::Slices:
    return checkSlices();
  case ScatterForm::Kind::Tensors:
    form.message = "index is out of bounds";
    return checkTensors();
  case ScatterForm::Kind::Planes:
    break;
  case ScatterForm::Kind::Flat:
    form.message = "out of range: tried to access an index beyond the tensor's elements";
    break;
  }
  int64_t count = 1, sources = 1;
  for (int64_t n : staticTensor(form.indices[0]).getSizes())
    count *= n;
  for (int64_t n : source.getSizes())
    sources *= n;
  if (staticTensor(form.indices[0]).getDtype() != DType::Int64)
    return fail(Reason::IndexDType);
  return count == sources || fail(Reason::SizesDoNotFit);
}

std::optional<ScatterForm> readScatter(ts::AtenOp op, std::string &why) {
  ScatterReader reader(op, why);
  if (!reader.read())
    return std::nullopt;
  return std::move(reader.form);
}

std::optional<std::string> whyNotScatter(ts::AtenOp op) {
  std::string why;
  if (readScatter(op, why))
    return std::nullopt;
  return why;
}

} // namespace tsc::kernel
