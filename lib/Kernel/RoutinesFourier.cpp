// SPDX-License-Identifier: Apache-2.0
// Fourier transforms (runtime/kernels/FourierRoutines.cpp): the tensor is copied into complex
// numbers of full precision, cut or filled with zeros; lines are transformed dimension by
// dimension; and what results is rounded.
#include "RoutineReader.h"

#include "llvm/ADT/bit.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

namespace {
/// What a routine's step does; as in FourierRoutines.cpp.
enum class Step : int64_t { Load, Lines, RealLines, Store };
enum class Transform : uint8_t { Complex, HalfSpectrum, Real };

class FourierReader {
public:
  explicit FourierReader(RoutineReader &r) : r(r) {}
  bool read();

private:
  bool readName();
  bool readExtent();
  bool readScaling();
  double factor(int64_t n) const {
    double size = static_cast<double>(n);
    return byLength ? 1 / size : byRoot ? 1 / std::sqrt(size) : 1;
  }
  void addStep(int64_t pieces, double operations, ArrayRef<int64_t> numbers);
  void addLoad();
  void addLines(int64_t d, int64_t outSize);
  void addRealLines(int64_t d, int64_t length);
  void addStore();

  RoutineReader &r;
  Transform transform = Transform::Complex;
  bool isForward = true, byLength = false, byRoot = false;
  ts::TensorType self;
  SmallVector<int64_t> dims, sizes; ///< that are transformed
  SmallVector<int64_t> shape;       ///< of the numbers in scratch, as they are now
  int64_t target = 0;               ///< the half of scratch that they are in
  int64_t half = 1;                 ///< numbers in a half of scratch
};
} // namespace

bool FourierReader::readName() {
  StringRef name = r.op.getBaseName().drop_front(StringRef("aten::fft_").size());
  bool isInverse = name.consume_front("i");
  if (name.consume_front("h")) { // a spectrum of real numbers, back and forth
    transform = isInverse ? Transform::HalfSpectrum : Transform::Real;
    isForward = !isInverse;
    return true;
  }
  if (name.starts_with("rfft"))
    transform = isInverse ? Transform::Real : Transform::HalfSpectrum;
  isForward = !isInverse;
  return true;
}

bool FourierReader::readExtent() {
  self = r.tensor("self");
  DType dtype = self ? self.getDtype() : DType::Undefined;
  if (dtype != DType::Float32 && dtype != DType::Float64 && dtype != DType::Complex64 &&
      dtype != DType::Complex128)
    return r.fail(Reason::DTypeNotCompiled);
  if (transform == Transform::HalfSpectrum && isComplex(dtype))
    return r.fail(Reason::DTypeNotCompiled);
  Value givenSizes = r.op.getArg(r.op.getArg("n") ? "n" : "s");
  Value givenDims = r.op.getArg("dim");
  bool hasSizes = givenSizes && !isNone(givenSizes);
  std::optional<SmallVector<int64_t>> asked;
  if (hasSizes && !(asked = constantInts(givenSizes)))
    return r.fail(Reason::NotConstant, "s");
  int64_t rank = self.getRank();
  if (givenDims && !isNone(givenDims)) {
    std::optional<SmallVector<int64_t>> all = constantInts(givenDims);
    if (!all || (asked && asked->size() != all->size()))
      return r.fail(Reason::NotConstant, "dim");
    for (int64_t d : *all) {
      d += d < 0 ? rank : 0;
      if (d < 0 || d >= rank || llvm::is_contained(dims, d))
        return r.fail(Reason::OutOfRange, "dim");
      dims.push_back(d);
    }
  } else {
    int64_t count = asked ? static_cast<int64_t>(asked->size()) : rank;
    if (count > rank)
      return r.fail(Reason::ArgumentDoesNotFit, "s");
    for (int64_t i = 0; i < count; ++i)
      dims.push_back(rank - count + i);
  }
  for (auto [i, d] : llvm::enumerate(dims)) {
    bool isGiven = asked && (*asked)[i] != -1;
    bool isGrown = transform == Transform::Real && i + 1 == dims.size() && !isGiven;
    int64_t n = isGiven ? (*asked)[i] : isGrown ? 2 * (self.getSizes()[d] - 1) : self.getSizes()[d];
    if (n < 1)
      return r.fail(Reason::NoElements);
    sizes.push_back(n);
  }
  return !dims.empty() || transform == Transform::Complex || r.fail(Reason::NoElements);
}

bool FourierReader::readScaling() {
  Value norm = r.op.getArg("norm");
  std::optional<StringRef> name = constantString(norm);
  if (!name && !isNone(norm))
    return r.fail(Reason::NotConstant, "norm");
  StringRef mode = name.value_or("backward");
  byRoot = mode == "ortho";
  byLength = mode == (isForward ? "forward" : "backward");
  return byRoot || mode == "forward" || mode == "backward" || r.fail(Reason::UnknownOption, "norm");
}

void FourierReader::addStep(int64_t pieces, double operations, ArrayRef<int64_t> numbers) {
  RoutineStep step;
  step.pieces = pieces;
  step.operations = operations;
  step.numbers.assign(numbers.begin(), numbers.end());
  r.form.steps.push_back(step);
}

/// A step over the rows of the last dimension.
void FourierReader::addLoad() {
  SmallVector<int64_t> numbers = {static_cast<int64_t>(Step::Load), isComplex(self.getDtype()),
                                  static_cast<int64_t>(shape.size())};
  llvm::append_range(numbers, self.getSizes());
  llvm::append_range(numbers, shape);
  int64_t row = shape.empty() ? 1 : shape.back();
  addStep(row == 0 ? 0 : productOf(shape) / row, static_cast<double>(row), numbers);
}

void FourierReader::addLines(int64_t d, int64_t outSize) {
  int64_t n = shape[d], inner = productOf(ArrayRef(shape).drop_front(d + 1));
  int64_t lines = n == 0 ? 0 : productOf(shape) / n;
  int64_t source = target;
  if (outSize != n)
    target = 1 - target;
  addStep(lines, 8.0 * static_cast<double>(n),
          {static_cast<int64_t>(Step::Lines), source * half, target * half, n, outSize, inner,
           isForward, llvm::bit_cast<int64_t>(factor(n))});
  shape[d] = outSize;
}

void FourierReader::addRealLines(int64_t d, int64_t length) {
  int64_t size = shape[d], inner = productOf(ArrayRef(shape).drop_front(d + 1));
  int64_t lines = size == 0 ? 0 : productOf(shape) / size, source = target;
  target = 1 - target;
  addStep(lines, 8.0 * static_cast<double>(length),
          {static_cast<int64_t>(Step::RealLines), source * half, target * half, size, length, inner,
           isForward, llvm::bit_cast<int64_t>(factor(length))});
  shape[d] = length;
}

void FourierReader::addStore() {
  static constexpr int64_t kChunk = 1024;
  int64_t count = productOf(shape) * (transform == Transform::Real ? 1 : 2);
  addStep((count + kChunk - 1) / kChunk, kChunk,
          {static_cast<int64_t>(Step::Store), target * half, count, kChunk});
}

bool FourierReader::read() {
  if (!readName() || !readExtent() || !readScaling())
    return false;
  shape.assign(self.getSizes().begin(), self.getSizes().end());
  for (auto [d, n] : llvm::zip(dims, sizes))
    shape[d] = n;
  half = std::max<int64_t>(productOf(shape), 1);
  int64_t last = dims.empty() ? 0 : dims.back(), length = sizes.empty() ? 1 : sizes.back();
  if (transform == Transform::Real)
    shape[last] = length / 2 + 1;
  half = std::max(half, productOf(shape));
  bool isWide = self.getDtype() == DType::Float64 || self.getDtype() == DType::Complex128;
  r.form.name = isWide ? "fourier_f64" : "fourier_f32";
  r.form.operands.push_back(r.op.getArg("self"));
  r.form.scratchBytes = 2 * half * 16;
  r.form.className = "RuntimeError";
  r.form.message = "out of memory";
  addLoad();
  if (transform == Transform::HalfSpectrum)
    addLines(last, length / 2 + 1);
  size_t others = transform == Transform::Complex ? dims.size() : dims.size() - 1;
  for (int64_t d : ArrayRef(dims).take_front(others))
    addLines(d, shape[d]);
  if (transform == Transform::Real)
    addRealLines(last, length);
  addStore();
  return shape == r.result().getSizes() || r.fail(Reason::SizesDoNotFit);
}

static bool fourier(RoutineReader &r) { return FourierReader(r).read(); }

ArrayRef<RoutineRow> fourierRoutines() {
  static constexpr RoutineRow kRows[] = {
      {"fft_fft", fourier},    {"fft_ifft", fourier},  {"fft_rfft", fourier},
      {"fft_ihfft", fourier},  {"fft_hfft", fourier},  {"fft_irfft", fourier},
      {"fft_fftn", fourier},   {"fft_ifftn", fourier}, {"fft_rfftn", fourier},
      {"fft_ihfftn", fourier}, {"fft_hfftn", fourier}, {"fft_irfftn", fourier},
      {"fft_fft2", fourier},   {"fft_ifft2", fourier}, {"fft_rfft2", fourier},
      {"fft_ihfft2", fourier}, {"fft_hfft2", fourier}, {"fft_irfft2", fourier},
  };
  return kRows;
}

} // namespace tsc::kernel
