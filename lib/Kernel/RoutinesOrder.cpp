// SPDX-License-Identifier: Apache-2.0
// Sorts and order statistics along a dimension (runtime/kernels/Sorting.cpp and
// OrderStatistics.cpp), a line at a time.
#include "RoutineReader.h"

#include <cmath>

using namespace mlir;

namespace tsc::kernel {

namespace {
/// The lines along a dimension; of a scalar one number.
struct LineShape {
  int64_t outer = 1, n = 1, inner = 1;
};
} // namespace

static bool readLines(RoutineReader &r, LineShape &lines, int64_t otherwise, bool isWhole) {
  ts::TensorType self = r.tensor("self");
  int64_t dim = 0, rank = self ? self.getRank() : 0;
  if (!self || self.getDtype() == DType::Bool || isComplex(self.getDtype()))
    return r.fail(Reason::DTypeNotCompiled);
  r.form.operands.push_back(r.op.getArg("self"));
  if (isWhole) {
    lines.n = productOf(self.getSizes());
    return lines.n > 0 || r.fail(Reason::NoElements);
  }
  if (!r.readInt("dim", dim, otherwise))
    return false;
  dim += dim < 0 ? std::max<int64_t>(rank, 1) : 0;
  if (dim < 0 || dim >= std::max<int64_t>(rank, 1))
    return r.fail(Reason::OutOfRange, "dim");
  if (rank == 0)
    return true;
  lines.outer = productOf(self.getSizes().take_front(dim));
  lines.n = self.getSizes()[dim];
  lines.inner = productOf(self.getSizes().drop_front(dim + 1));
  return true;
}

static bool make(RoutineReader &r, StringRef name, const LineShape &lines,
                 ArrayRef<int64_t> numbers) {
  r.form.name = name.str();
  r.form.className = "RuntimeError";
  r.form.message = "out of memory";
  RoutineStep step;
  step.pieces = lines.n == 0 ? 0 : lines.outer * lines.inner;
  double n = static_cast<double>(lines.n);
  step.operations = 4 * n * std::log2(n + 2);
  ts::TensorType self = r.tensor("self");
  step.numbers = {static_cast<int64_t>(self.getDtype()), lines.n, lines.inner};
  llvm::append_range(step.numbers, numbers);
  r.form.steps.push_back(step);
  return true;
}

/// Of the results: values, or -1; places, or -1; the operand.
static bool sort(RoutineReader &r) {
  LineShape lines;
  bool descending, stable;
  bool isMsort = r.isNamed("msort"), isPlaces = r.isNamed("argsort");
  if (!readLines(r, lines, isMsort ? 0 : -1, false) || !r.readBool("descending", descending) ||
      !r.readBool("stable", stable, isMsort))
    return false;
  ts::TensorType self = r.tensor("self");
  // Long vectors of integers are sorted upwards stably in any case, as by the generic kernel.
  stable |= !descending && !isFloating(self.getDtype()) && self.getRank() == 1 && lines.n >= 32768;
  int64_t results = r.results();
  return make(r, "sort", lines,
              {isPlaces ? -1 : 0,
               isMsort    ? -1
               : isPlaces ? 0
                          : 1,
               results, descending, stable});
}

static bool topK(RoutineReader &r) {
  LineShape lines;
  bool largest, sorted;
  int64_t k = 0;
  if (!readLines(r, lines, -1, false) || !r.readInt("k", k) ||
      !r.readBool("largest", largest, true) || !r.readBool("sorted", sorted, true))
    return false;
  if (k < 1 || k > lines.n)
    return r.fail(Reason::OutOfRange, "k");
  return make(r, "topk", lines, {k, largest, sorted});
}

/// Which element of a line is taken; as in OrderStatistics.cpp.
enum class Statistic : int64_t { Median, MedianOfNumbers, Smallest, Mode };

template <Statistic Which> static bool statistic(RoutineReader &r) {
  LineShape lines;
  int64_t k = 1;
  bool isWhole = r.results() == 1;
  if (!readLines(r, lines, -1, isWhole) || !r.readInt("k", k, 1))
    return false;
  if (lines.n == 0 || k < 1 || k > lines.n)
    return r.fail(Reason::NoElements);
  return make(r, "order_statistic", lines,
              {static_cast<int64_t>(Which), k, static_cast<int64_t>(r.results())});
}

ArrayRef<RoutineRow> orderRoutines() {
  static constexpr RoutineRow kRows[] = {
      {"sort", sort},
      {"argsort", sort},
      {"msort", sort},
      {"topk", topK},
      {"median", statistic<Statistic::Median>},
      {"nanmedian", statistic<Statistic::MedianOfNumbers>},
      {"kthvalue", statistic<Statistic::Smallest>},
      {"mode", statistic<Statistic::Mode>},
  };
  return kRows;
}

} // namespace tsc::kernel
