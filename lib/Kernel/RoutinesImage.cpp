// SPDX-License-Identifier: Apache-2.0
// Poolings of which places are wanted, samples of images, searches and distances: routines that are
// loops over irregular places (Pooling.cpp, GridSample.cpp, Search.cpp and Distances.cpp of
// runtime/kernels).
#include "RoutineReader.h"
#include "tsc/Kernel/WindowForm.h"

#include "llvm/ADT/bit.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

static bool isExact(ts::TensorType type) {
  return type && (type.getDtype() == DType::Float32 || type.getDtype() == DType::Float64);
}
static std::string suffixed(StringRef name, DType dtype) {
  return (name + (dtype == DType::Float64 ? "_f64" : "_f32")).str();
}
static void addStep(RoutineReader &r, int64_t pieces, double operations,
                    ArrayRef<int64_t> numbers) {
  RoutineStep step;
  step.pieces = pieces;
  step.operations = operations;
  step.numbers.assign(numbers.begin(), numbers.end());
  r.form.steps.push_back(step);
}

/// Where window `o` starts and ends inside the operand.
static std::pair<int64_t, int64_t> windowOf(const PoolAxis &axis, int64_t o) {
  if (axis.adaptive)
    return {o * axis.in / axis.out, ((o + 1) * axis.in + axis.out - 1) / axis.out};
  int64_t start = o * axis.stride - axis.pad, end = std::min(start + axis.reach(), axis.in);
  while (start < 0)
    start += axis.dilation;
  return {start, end};
}

static bool maxPlaces(RoutineReader &r) {
  Value operand = r.op.getArgs().front();
  ts::TensorType self = staticTensor(operand);
  std::string why;
  std::optional<WindowForm> form = readWindow(r.op, why, /*withPlaces=*/true);
  if (!form || form->kind != WindowForm::Kind::Max || r.results() != 2 || !isExact(self))
    return r.fail(Reason::DTypeNotCompiled);
  r.form.name = suffixed("max_places", self.getDtype());
  r.form.operands.push_back(operand);
  SmallVector<int64_t> numbers;
  double taps = 1;
  int64_t outputs = 1;
  for (const PoolAxis &axis : form->pool)
    numbers.push_back(axis.in);
  for (const PoolAxis &axis : form->pool) {
    numbers.push_back(axis.out);
    outputs *= axis.out;
    taps *= static_cast<double>(axis.adaptive ? axis.in / axis.out + 1 : axis.kernel);
  }
  for (const PoolAxis &axis : form->pool)
    numbers.push_back(axis.adaptive ? 1 : axis.dilation);
  for (const PoolAxis &axis : form->pool)
    for (int64_t o = 0; o < axis.out; ++o) {
      auto [start, end] = windowOf(axis, o);
      numbers.append({start, end});
    }
  int64_t planes = productOf(self.getSizes().drop_back(form->spatial));
  addStep(r, outputs == 0 ? 0 : planes, 2 * taps * static_cast<double>(outputs), numbers);
  return true;
}

static bool gridSampler(RoutineReader &r) {
  ts::TensorType input = r.tensor("input"), grid = r.tensor("grid");
  int64_t mode, padding;
  bool align;
  if (!r.readInt("interpolation_mode", mode) || !r.readInt("padding_mode", padding) ||
      !r.readBool("align_corners", align))
    return false;
  if (!isExact(input) || !grid || grid.getDtype() != input.getDtype())
    return r.fail(Reason::DTypeNotCompiled);
  int64_t rank = input.getRank(), dims = rank - 2;
  ArrayRef<int64_t> sizes = input.getSizes(), at = grid.getSizes();
  bool fits = (rank == 4 || rank == 5) && grid.getRank() == rank && at[0] == sizes[0] &&
              at.back() == dims && !llvm::is_contained(sizes.drop_front(2), 0) && mode >= 0 &&
              mode <= 2 && padding >= 0 && padding <= 2 && (mode != 2 || rank == 4);
  if (!fits)
    return r.fail(Reason::SizesDoNotFit);
  r.form.name = suffixed("grid_sampler", input.getDtype());
  r.form.operands = {r.op.getArg("input"), r.op.getArg("grid")};
  int64_t points = productOf(at.drop_front().drop_back());
  addStep(r, sizes[0] * points, 16.0 * static_cast<double>(sizes[1]) + 32,
          {mode, padding, align, dims, dims == 3 ? sizes[2] : 1, sizes[rank - 2], sizes[rank - 1],
           sizes[1], points});
  return true;
}

// ---- Search
static bool search(RoutineReader &r) {
  bool isBucketize = r.isNamed("bucketize"), narrow, right;
  StringRef sortedName = isBucketize ? "boundaries" : "sorted_sequence";
  ts::TensorType sorted = r.tensor(sortedName), values = r.tensor("self");
  if (!r.readBool("out_int32", narrow) || !r.readBool("right", right))
    return false;
  if (Value side = r.op.getArg("side"); side && !isNone(side)) {
    std::optional<StringRef> name = constantString(side);
    if (!name || (*name != "left" && *name != "right") || (right && *name == "left"))
      return r.fail(Reason::UnknownOption, "side");
    right |= *name == "right";
  }
  if (Value sorter = r.op.getArg("sorter"); sorter && !isNone(sorter))
    return r.fail(Reason::UnknownOption, "sorter");
  bool known = values && sorted && values.getDtype() == sorted.getDtype() &&
               (isExact(values) || values.getDtype() == DType::Int64);
  if (!known)
    return r.fail(Reason::DTypeNotCompiled);
  bool isShared = sorted.getRank() == 1;
  if (!isShared && (isBucketize || sorted.getRank() == 0 || sorted.getRank() != values.getRank() ||
                    sorted.getSizes().drop_back() != values.getSizes().drop_back()))
    return r.fail(Reason::SizesDoNotFit);
  r.form.name = values.getDtype() == DType::Int64 ? "searchsorted_i64"
                                                  : suffixed("searchsorted", values.getDtype());
  r.form.operands = {r.op.getArg(sortedName), r.op.getArg("self")};
  int64_t n = sorted.getSizes().back();
  addStep(r, productOf(values.getSizes()), 4 * std::log2(static_cast<double>(n) + 2),
          {n, isShared ? 0 : values.getSizes().back(), right, narrow});
  return true;
}

// ---- Distances
static bool distances(RoutineReader &r) {
  ts::TensorType a = r.tensor("x1"), b = r.tensor("x2");
  double p = 2;
  if (!r.readNumber("p", p, 2))
    return false;
  bool fits = isExact(a) && b && a.getDtype() == b.getDtype() && a.getRank() >= 2 &&
              b.getRank() == a.getRank() &&
              a.getSizes().drop_back(2) == b.getSizes().drop_back(2) &&
              a.getSizes().back() == b.getSizes().back() && p >= 0;
  if (!fits)
    return r.fail(Reason::SizesDoNotFit);
  ArrayRef<int64_t> sizes = a.getSizes();
  int64_t rows = sizes[sizes.size() - 2], columns = b.getSizes()[sizes.size() - 2];
  r.form.name = suffixed("cdist", a.getDtype());
  r.form.operands = {r.op.getArg("x1"), r.op.getArg("x2")};
  addStep(r, productOf(sizes.drop_back(1)), 2.0 * static_cast<double>(columns * sizes.back() + 1),
          {rows, columns, sizes.back(), llvm::bit_cast<int64_t>(p)});
  return true;
}

static bool pairDistances(RoutineReader &r) {
  ts::TensorType self = r.tensor("self");
  double p = 2;
  if (!r.readNumber("p", p, 2))
    return false;
  if (!isExact(self) || self.getRank() != 2 || !(p >= 0))
    return r.fail(Reason::DTypeNotCompiled);
  int64_t rows = self.getSizes()[0], n = self.getSizes()[1];
  r.form.name = suffixed("pdist", self.getDtype());
  r.form.operands = {r.op.getArg("self")};
  addStep(r, rows, static_cast<double>(rows * n + 1), {rows, n, llvm::bit_cast<int64_t>(p)});
  return true;
}

ArrayRef<RoutineRow> imageRoutines() {
  static constexpr RoutineRow kRows[] = {
      {"max_pool1d_with_indices", maxPlaces},
      {"max_pool2d_with_indices", maxPlaces},
      {"max_pool3d_with_indices", maxPlaces},
      {"adaptive_max_pool1d", maxPlaces},
      {"adaptive_max_pool2d", maxPlaces},
      {"adaptive_max_pool3d", maxPlaces},
      {"grid_sampler", gridSampler},
      {"grid_sampler_2d", gridSampler},
      {"grid_sampler_3d", gridSampler},
      {"searchsorted", search},
      {"bucketize", search},
      {"cdist", distances},
      {"pdist", pairDistances},
  };
  return kRows;
}

} // namespace tsc::kernel
