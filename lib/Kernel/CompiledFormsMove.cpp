// SPDX-License-Identifier: Apache-2.0
// Operators that take elements elsewhere: reads their operands and checks sizes and dtypes, so that
// a call that would raise for anything but an index stays on the generic kernel.
#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/MoveForm.h"
#include "tsc/Kernel/Reasons.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

using Form = MoveForm::Kind;

namespace {
class Reader {
public:
  Reader(ts::AtenOp op, std::string &why) : op(op), why(why) {}
  std::optional<MoveForm> read();

private:
  using Read = bool (Reader::*)();
  static Read readerOf(StringRef base);
  template <typename... Args> bool fail(Reason reason, Args &&...args) {
    why = because(reason, std::forward<Args>(args)...);
    return false;
  }
  bool readInt(StringRef argument, int64_t &number);
  bool readInts(StringRef argument, SmallVectorImpl<int64_t> &numbers);
  bool readDim(int64_t rank, StringRef argument = "dim");
  int64_t size(int64_t d) const { return from.getSizes()[d]; }
  void keepDims(int64_t first, int64_t end);

  bool readJoin();
  bool readStack();
  bool readFlip();
  bool readRoll();
  bool readTile();
  bool readRepeatInterleave();
  bool readRotate();
  bool readShuffle();
  bool readTriangle();
  bool readCopy();
  bool isExact(double value) const;
  bool readFill();
  bool readConstantPad();
  bool readBorderPad();
  bool readPad();
  bool padConstant(ArrayRef<int64_t> pad, double value);
  bool padBorder(ArrayRef<int64_t> pad, StringRef mode);
  bool readEmbedding();
  bool readIndexSelect();
  bool readIndex();
  bool readGather();
  bool readTake();
  bool readTakeAlongDim();
  bool checkIndex(bool mayBeInt32, int64_t size);

  ts::AtenOp op;
  std::string &why;
  ts::TensorType from, to;
  MoveForm form;
};
} // namespace

SmallVector<Value> joinedTensors(ts::AtenOp op) {
  SmallVector<Value> kept;
  auto rank = staticTensor(op.getResult(0)).getRank();
  bool stacks = op.getBaseName().ends_with("stack");
  SmallVector<Value> all = *listElements(op.getArgs().front());
  for (Value tensor : all) {
    auto type = staticTensor(tensor);
    if (stacks || type.getRank() == rank) // an empty vector joins with anything
      kept.push_back(tensor);
  }
  return kept;
}

// ---- Arguments
bool Reader::readInt(StringRef argument, int64_t &number) {
  std::optional<int64_t> given = constantInt(op.getArg(argument));
  if (!given)
    return fail(Reason::NotConstant, argument);
  number = *given;
  return true;
}
bool Reader::readInts(StringRef argument, SmallVectorImpl<int64_t> &numbers) {
  std::optional<SmallVector<int64_t>> given = constantInts(op.getArg(argument));
  if (!given)
    return fail(Reason::NotConstant, argument);
  numbers.assign(given->begin(), given->end());
  return true;
}
static bool wrapDim(int64_t &dim, int64_t rank) {
  dim += dim < 0 ? rank : 0;
  return dim >= 0 && dim < rank;
}
bool Reader::readDim(int64_t rank, StringRef argument) {
  return readInt(argument, form.dim) &&
         (wrapDim(form.dim, rank) || fail(Reason::OutOfRange, argument));
}
/// Dimensions that stay as they are.
void Reader::keepDims(int64_t first, int64_t end) {
  for (int64_t d = first; d < end; ++d)
    form.segments.push_back({Segment{0, 0, size(d), 1}});
}

// ---- Joining
bool Reader::readJoin() {
  form.kind = Form::Join;
  auto tensors = listElements(op.getArgs().front());
  if (!tensors || tensors->empty())
    return fail(Reason::ListNotKnown, "tensors");
  if (!readDim(to.getRank()))
    return false;
  int64_t total = 0;
  for (Value tensor : *tensors) {
    ts::TensorType type = staticTensor(tensor);
    if (!type || type.getDtype() != to.getDtype())
      return fail(Reason::DTypesDiffer);
    if (type.getRank() == 1 && type.getSizes()[0] == 0 && to.getRank() != 1)
      continue;
    if (type.getRank() != to.getRank())
      return fail(Reason::RankNotCompiled);
    for (int64_t d = 0; d < to.getRank(); ++d)
      if (d != form.dim && type.getSizes()[d] != to.getSizes()[d])
        return fail(Reason::SizesDoNotFit);
    total += type.getSizes()[form.dim];
  }
  return total == to.getSizes()[form.dim] || fail(Reason::SizesDoNotFit);
}

bool Reader::readStack() {
  form.kind = Form::Stack;
  auto tensors = listElements(op.getArgs().front());
  if (!tensors || tensors->empty())
    return fail(Reason::ListNotKnown, "tensors");
  if (!readDim(to.getRank()))
    return false;
  SmallVector<int64_t> sizes(to.getSizes());
  sizes.erase(sizes.begin() + form.dim);
  for (Value tensor : *tensors) {
    ts::TensorType type = staticTensor(tensor);
    if (!type || type.getDtype() != to.getDtype() || type.getSizes() != ArrayRef(sizes))
      return fail(Reason::SizesDoNotFit);
  }
  return static_cast<int64_t>(tensors->size()) == to.getSizes()[form.dim] ||
         fail(Reason::SizesDoNotFit);
}

// ---- Reordering
bool Reader::readFlip() {
  form.kind = Form::Segments;
  SmallVector<int64_t> dims;
  if (op.getBaseName() == "aten::fliplr")
    dims = {1};
  else if (op.getBaseName() == "aten::flipud")
    dims = {0};
  else if (!readInts("dims", dims))
    return false;
  keepDims(0, from.getRank());
  for (int64_t dim : dims) {
    if (!wrapDim(dim, from.getRank()) || form.segments[dim].front().step < 0)
      return fail(Reason::OutOfRange, "dims");
    form.segments[dim] = {Segment{0, size(dim) - 1, size(dim), -1}};
  }
  return true;
}

bool Reader::readRoll() {
  form.kind = Form::Segments;
  SmallVector<int64_t> shifts, dims;
  if (!readInts("shifts", shifts) || !readInts("dims", dims))
    return false;
  if (dims.empty() && from.getRank() == 1)
    dims = {0};
  if (dims.empty() || dims.size() != shifts.size())
    return fail(Reason::ArgumentDoesNotFit, "dims");
  keepDims(0, from.getRank());
  SmallVector<int64_t> starts(from.getRank(), 0);
  for (auto [shift, dim] : llvm::zip(shifts, dims)) {
    if (!wrapDim(dim, from.getRank()))
      return fail(Reason::OutOfRange, "dims");
    int64_t n = std::max<int64_t>(size(dim), 1);
    starts[dim] = (starts[dim] + n - (shift % n + n) % n) % n;
  }
  for (int64_t d = 0; d < from.getRank(); ++d)
    if (int64_t start = starts[d])
      form.segments[d] = {Segment{0, start, size(d) - start, 1},
                          Segment{size(d) - start, 0, start, 1}};
  return true;
}

bool Reader::readTile() {
  form.kind = Form::Tile;
  bool isRepeat = op.getBaseName() == "aten::repeat";
  SmallVector<int64_t> numbers;
  if (!readInts(isRepeat ? "repeats" : "dims", numbers))
    return false;
  if (!isRepeat && static_cast<int64_t>(numbers.size()) < from.getRank())
    numbers.insert(numbers.begin(), from.getRank() - numbers.size(), 1);
  int64_t lead = static_cast<int64_t>(numbers.size()) - from.getRank();
  if (lead < 0 || static_cast<int64_t>(numbers.size()) != to.getRank())
    return fail(Reason::ArgumentDoesNotFit, "repeats");
  for (auto [d, times] : llvm::enumerate(numbers)) {
    auto at = static_cast<int64_t>(d);
    if (times < 0 || times * (at < lead ? 1 : size(at - lead)) != to.getSizes()[at])
      return fail(Reason::ArgumentDoesNotFit, "repeats");
  }
  form.numbers.assign(numbers.begin(), numbers.end());
  return true;
}

bool Reader::readRepeatInterleave() {
  form.kind = Form::RepeatElements;
  if (op.getName() != "aten::repeat_interleave.self_int")
    return fail(Reason::NotConstant, "repeats");
  if (!readInt("repeats", form.count))
    return false;
  Value dim = op.getArg("dim");
  form.flattened = isNone(dim);
  if (!form.flattened && !readDim(from.getRank()))
    return false;
  int64_t own = form.flattened ? 1 : size(form.dim);
  if (form.flattened)
    for (int64_t each : from.getSizes())
      own *= each;
  return (form.count >= 0 && to.getRank() == (form.flattened ? 1 : from.getRank()) &&
          to.getSizes()[form.dim] == own * form.count) ||
         fail(Reason::ArgumentDoesNotFit, "repeats");
}

bool Reader::readRotate() {
  form.kind = Form::Rotate;
  SmallVector<int64_t> dims;
  if (!readInt("k", form.count) || !readInts("dims", dims))
    return false;
  if (dims.size() != 2 || !wrapDim(dims[0], from.getRank()) || !wrapDim(dims[1], from.getRank()) ||
      dims[0] == dims[1])
    return fail(Reason::ArgumentDoesNotFit, "dims");
  form.count = (form.count % 4 + 4) % 4;
  form.numbers.assign(dims.begin(), dims.end());
  return true;
}

bool Reader::readShuffle() {
  StringRef base = op.getBaseName();
  form.kind = base == "aten::pixel_shuffle"     ? Form::PixelShuffle
              : base == "aten::pixel_unshuffle" ? Form::PixelUnshuffle
                                                : Form::ChannelShuffle;
  StringRef argument = form.kind == Form::PixelShuffle     ? "upscale_factor"
                       : form.kind == Form::PixelUnshuffle ? "downscale_factor"
                                                           : "groups";
  if (!readInt(argument, form.count))
    return false;
  int64_t rank = from.getRank(), n = form.count;
  if (n <= 0 || rank < 3 || rank != to.getRank())
    return fail(Reason::ArgumentDoesNotFit, argument);
  bool fits = form.kind == Form::PixelShuffle ? size(rank - 3) % (n * n) == 0
              : form.kind == Form::PixelUnshuffle
                  ? size(rank - 1) % n == 0 && size(rank - 2) % n == 0
                  : size(1) % n == 0;
  return fits || fail(Reason::ArgumentDoesNotFit, argument);
}

bool Reader::readTriangle() {
  form.kind = Form::Triangle;
  form.upper = op.getBaseName() == "aten::triu";
  return readInt("diagonal", form.count) && (from.getRank() >= 2 || fail(Reason::RankNotCompiled));
}

bool Reader::readCopy() {
  form.kind = Form::Copy;
  return from.getSizes() == to.getSizes() || fail(Reason::SizesDoNotFit);
}

/// Is a number one of the result's dtype, as far as it matters which way it is rounded?
bool Reader::isExact(double value) const {
  return !isIntegral(to.getDtype()) || (std::abs(value) < 0x1p53 && value == std::trunc(value));
}

bool Reader::readFill() {
  form.kind = Form::Fill;
  StringRef base = op.getBaseName();
  if (base.contains("ones"))
    form.value = 1;
  if (!base.contains("full"))
    return true;
  std::optional<double> value = constantNumber(op.getArg("fill_value"));
  if (!value)
    return fail(Reason::NotConstant, "fill_value");
  form.value = *value;
  return isExact(*value) || fail(Reason::ValueNotHeld);
}

// ---- Padding
bool Reader::padConstant(ArrayRef<int64_t> pad, double value) {
  form.kind = Form::Segments;
  form.value = value;
  int64_t rank = from.getRank();
  if (!isExact(value))
    return fail(Reason::ValueNotHeld);
  if (pad.size() % 2 || static_cast<int64_t>(pad.size()) > 2 * rank)
    return fail(Reason::ArgumentDoesNotFit, "pad");
  for (int64_t d = 0; d < rank; ++d) {
    size_t at = 2 * (rank - 1 - d);
    int64_t before = at < pad.size() ? pad[at] : 0, after = at < pad.size() ? pad[at + 1] : 0;
    if (size(d) + before + after != to.getSizes()[d])
      return fail(Reason::ArgumentDoesNotFit, "pad");
    Segment kept{std::max<int64_t>(before, 0), std::max<int64_t>(-before, 0),
                 size(d) + std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0), 1};
    kept.count = std::max<int64_t>(kept.count, 0);
    form.segments.push_back({kept});
  }
  return true;
}

/// The source's index that padded index i (counted from the source's start) shows.
static int64_t borderIndex(StringRef mode, int64_t i, int64_t n) {
  if (mode == "replicate")
    return std::clamp<int64_t>(i, 0, n - 1);
  if (mode == "circular")
    return i < 0 ? i + n : i >= n ? i - n : i;
  return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
}

bool Reader::padBorder(ArrayRef<int64_t> pad, StringRef mode) {
  form.kind = Form::Segments;
  int64_t rank = from.getRank(), padded = static_cast<int64_t>(pad.size()) / 2;
  if (pad.size() % 2 || padded < 1 || padded > 3 || (rank != padded + 1 && rank != padded + 2))
    return fail(Reason::ArgumentDoesNotFit, "pad");
  keepDims(0, rank - padded);
  for (int64_t d = rank - padded; d < rank; ++d) {
    int64_t before = pad[2 * (rank - 1 - d)], after = pad[2 * (rank - 1 - d) + 1], n = size(d);
    int64_t most = mode == "reflect" ? n - 1 : mode == "circular" ? n : INT32_MAX;
    bool crops = mode == "circular" && (before < 0 || after < 0);
    if (n == 0 || before > most || after > most || crops || n + before + after < 1 ||
        n + before + after != to.getSizes()[d])
      return fail(Reason::ArgumentDoesNotFit, "pad");
    SmallVector<Segment, 3> list;
    for (int64_t o = 0; o < to.getSizes()[d]; ++o) {
      int64_t place = borderIndex(mode, o - before, n);
      if (!list.empty()) {
        Segment &last = list.back();
        int64_t step = place - (last.from + (last.count - 1) * last.step);
        if (step >= -1 && step <= 1 && (last.count == 1 || step == last.step)) {
          last.step = step;
          ++last.count;
          continue;
        }
      }
      list.push_back({o, place, 1, 1});
    }
    form.segments.push_back(list);
  }
  return true;
}

bool Reader::readConstantPad() {
  SmallVector<int64_t> pad;
  std::optional<double> value = constantNumber(op.getArg("value"));
  if (!value)
    return fail(Reason::NotConstant, "value");
  return readInts("pad", pad) && padConstant(pad, *value);
}
bool Reader::readBorderPad() {
  SmallVector<int64_t> pad;
  StringRef base = op.getBaseName();
  StringRef mode = base.contains("reflection")    ? "reflect"
                   : base.contains("replication") ? "replicate"
                                                  : "circular";
  return readInts(mode == "circular" ? "pad" : "padding", pad) && padBorder(pad, mode);
}
bool Reader::readPad() {
  SmallVector<int64_t> pad;
  std::optional<StringRef> mode = constantString(op.getArg("mode"));
  if (!mode)
    return fail(Reason::NotConstant, "mode");
  Value given = op.getArg("value");
  std::optional<double> value = isNone(given) ? std::optional(0.0) : constantNumber(given);
  if (!value)
    return fail(Reason::NotConstant, "value");
  if (!readInts("pad", pad))
    return false;
  if (*mode == "constant")
    return padConstant(pad, *value);
  bool known = *mode == "reflect" || *mode == "replicate" || *mode == "circular";
  if (!known || *value != 0)
    return fail(Reason::ArgumentDoesNotFit, "mode");
  return padBorder(pad, *mode);
}

// ---- Indices
bool Reader::checkIndex(bool mayBeInt32, int64_t sizeOfDim) {
  auto type = staticTensor(form.index);
  bool fits =
      type && (type.getDtype() == DType::Int64 || (mayBeInt32 && type.getDtype() == DType::Int32));
  if (!fits)
    return fail(Reason::IndexDType);
  return sizeOfDim > 0 || fail(Reason::NoElements);
}

bool Reader::readEmbedding() {
  form.kind = Form::Select;
  form.source = op.getArg("weight"), form.index = op.getArg("indices");
  form.message = "index out of range in self";
  return (from.getRank() == 2 || fail(Reason::RankNotCompiled)) && checkIndex(true, size(0));
}

bool Reader::readIndexSelect() {
  form.kind = Form::Select;
  form.source = op.getArg("self"), form.index = op.getArg("index");
  form.message = "index out of range in self";
  auto type = staticTensor(form.index);
  if (!type || type.getRank() != 1 || from.getRank() == 0)
    return fail(Reason::RankNotCompiled);
  return readDim(from.getRank()) && checkIndex(true, size(form.dim));
}

static std::string outOfBounds(int64_t dim, int64_t size) {
  return "index is out of bounds for dimension " + std::to_string(dim) + " with size " +
         std::to_string(size);
}

bool Reader::readIndex() {
  form.kind = Form::Select;
  form.source = op.getArg("self");
  form.wraps = true;
  auto indices = listElements(op.getArg("indices"));
  if (!indices)
    return fail(Reason::ListNotKnown, "indices");
  for (auto [d, index] : llvm::enumerate(*indices)) {
    if (isNone(index))
      continue;
    if (form.index)
      return fail(Reason::SeveralIndices);
    form.index = index, form.dim = static_cast<int64_t>(d);
  }
  if (!form.index || form.dim >= from.getRank())
    return fail(Reason::ArgumentDoesNotFit, "indices");
  form.message = outOfBounds(form.dim, size(form.dim));
  return checkIndex(true, size(form.dim));
}

bool Reader::readGather() {
  form.kind = Form::Gather;
  form.source = op.getArg("self"), form.index = op.getArg("index");
  auto type = staticTensor(form.index);
  if (!type || type.getRank() != from.getRank() || from.getRank() == 0)
    return fail(Reason::RankNotCompiled);
  if (!readDim(from.getRank()))
    return false;
  for (int64_t d = 0; d < from.getRank(); ++d)
    if (d != form.dim && type.getSizes()[d] > size(d))
      return fail(Reason::SizesDoNotFit);
  form.message = outOfBounds(form.dim, size(form.dim));
  return checkIndex(false, size(form.dim));
}

bool Reader::readTake() {
  form.kind = Form::Select;
  form.source = op.getArg("self"), form.index = op.getArg("index");
  form.flattened = form.wraps = true;
  int64_t count = 1;
  for (int64_t n : from.getSizes())
    count *= n;
  form.message = "out of range: tried to access an index beyond the tensor's elements";
  return checkIndex(false, count);
}

bool Reader::readTakeAlongDim() {
  form.source = op.getArg("self"), form.index = op.getArg("indices");
  auto type = staticTensor(form.index);
  if (Value dim = op.getArg("dim"); !isNone(dim)) {
    form.kind = Form::Gather;
    if (!type || type.getRank() != from.getRank() || from.getRank() == 0)
      return fail(Reason::RankNotCompiled);
    if (!readDim(from.getRank()))
      return false;
    for (int64_t d = 0; d < from.getRank(); ++d)
      if (d != form.dim && type.getSizes()[d] != size(d))
        return fail(Reason::SizesDoNotFit);
    form.message = outOfBounds(form.dim, size(form.dim));
    return checkIndex(true, size(form.dim));
  }
  form.kind = Form::Select;
  form.flattened = true;
  int64_t count = 1, places = 1;
  for (int64_t n : from.getSizes())
    count *= n;
  for (int64_t n : type ? type.getSizes() : ArrayRef<int64_t>())
    places *= n;
  if (to.getRank() != 1 || to.getSizes()[0] != places || !type || type.getRank() != 1)
    return fail(Reason::RankNotCompiled);
  form.message = outOfBounds(0, count);
  return checkIndex(true, count);
}

// ---- The whole
Reader::Read Reader::readerOf(StringRef base) {
  return llvm::StringSwitch<Read>(base)
      .Cases({"aten::cat", "aten::concat", "aten::concatenate"}, &Reader::readJoin)
      .Cases({"aten::stack", "aten::_stack"}, &Reader::readStack)
      .Cases({"aten::flip", "aten::fliplr", "aten::flipud"}, &Reader::readFlip)
      .Case("aten::roll", &Reader::readRoll)
      .Cases({"aten::repeat", "aten::tile"}, &Reader::readTile)
      .Case("aten::repeat_interleave", &Reader::readRepeatInterleave)
      .Case("aten::rot90", &Reader::readRotate)
      .Cases({"aten::pixel_shuffle", "aten::pixel_unshuffle", "aten::channel_shuffle"},
             &Reader::readShuffle)
      .Cases({"aten::tril", "aten::triu"}, &Reader::readTriangle)
      .Case("aten::clone", &Reader::readCopy)
      .Cases({"aten::zeros", "aten::ones", "aten::full", "aten::zeros_like", "aten::ones_like",
              "aten::full_like", "aten::new_zeros", "aten::new_ones", "aten::new_full"},
             &Reader::readFill)
      .Case("aten::constant_pad_nd", &Reader::readConstantPad)
      .Cases({"aten::reflection_pad1d", "aten::reflection_pad2d", "aten::reflection_pad3d",
              "aten::replication_pad1d", "aten::replication_pad2d", "aten::replication_pad3d",
              "aten::_pad_circular"},
             &Reader::readBorderPad)
      .Case("aten::pad", &Reader::readPad)
      .Case("aten::embedding", &Reader::readEmbedding)
      .Case("aten::index_select", &Reader::readIndexSelect)
      .Case("aten::index", &Reader::readIndex)
      .Case("aten::gather", &Reader::readGather)
      .Case("aten::take", &Reader::readTake)
      .Case("aten::take_along_dim", &Reader::readTakeAlongDim)
      .Default(nullptr);
}

std::optional<MoveForm> Reader::read() {
  Read reader = readerOf(op.getBaseName());
  to = op.getNumResults() == 1 ? staticTensor(op.getResult(0)) : ts::TensorType();
  if (!reader || !to) {
    why = because(Reason::NoForm);
    return std::nullopt;
  }
  bool hasSource = !op.getArgs().empty() && isa<ts::TensorType>(op.getArgs().front().getType());
  from = hasSource ? staticTensor(op.getArgs().front()) : to;
  bool isFill = reader == &Reader::readFill;
  if (!from || (from.getDtype() != to.getDtype() && !isFill)) {
    why = because(Reason::DTypesDiffer);
    return std::nullopt;
  }
  if (!(this->*reader)())
    return std::nullopt;
  return std::move(form);
}

std::optional<MoveForm> readMove(ts::AtenOp op, std::string &why) { return Reader(op, why).read(); }

std::optional<std::string> whyNotMove(ts::AtenOp op) {
  std::string why;
  if (readMove(op, why))
    return std::nullopt;
  return why;
}

} // namespace tsc::kernel
