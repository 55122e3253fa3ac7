// SPDX-License-Identifier: Apache-2.0
// Eigenvalues and singular values (runtime/kernels/SpectralRoutines.cpp).
#include "RoutineReader.h"

using namespace mlir;

namespace tsc::kernel {

static bool make(RoutineReader &r, StringRef name, int64_t scratchNumbers,
                 ArrayRef<int64_t> numbers) {
  ts::TensorType type = staticTensor(r.form.operands.front());
  int64_t pieces = productOf(type.getSizes().drop_back(2));
  bool isWide = type.getDtype() == DType::Float64;
  r.form.name = (name + (isWide ? "_f64" : "_f32")).str();
  r.form.scratchBytes = std::max<int64_t>(pieces * scratchNumbers, 1) * 8;
  r.form.className = "LinAlgError";
  RoutineStep step;
  step.pieces = pieces;
  step.operations =
      10.0 * static_cast<double>(scratchNumbers) * static_cast<double>(type.getSizes().back() + 1);
  step.numbers = {static_cast<int64_t>(r.results()), pieces};
  llvm::append_range(step.numbers, numbers);
  r.form.steps.push_back(step);
  return true;
}

static bool readMatrices(RoutineReader &r, ts::TensorType &type) {
  StringRef name = r.op.getArg("A") ? "A" : "self";
  type = r.tensor(name);
  if (!type || type.getRank() < 2 ||
      (type.getDtype() != DType::Float32 && type.getDtype() != DType::Float64))
    return r.fail(Reason::NoMatrices, name);
  r.form.operands.push_back(r.op.getArg(name));
  return true;
}

static bool eigh(RoutineReader &r) {
  ts::TensorType a;
  std::optional<StringRef> half = constantString(r.op.getArg("UPLO"));
  if (!readMatrices(r, a))
    return false;
  int64_t n = a.getSizes().back();
  if (a.getSizes()[a.getRank() - 2] != n)
    return r.fail(Reason::NotSquare);
  if (!half || half->size() != 1 || !StringRef("ULul").contains(*half))
    return r.fail(Reason::UnknownOption, "UPLO");
  r.form.message = "linalg.eigh: The algorithm failed to converge.";
  return make(r, "eigh", n * n + 4 * n, {n, half->upper() == "U", r.results() == 2});
}

/// What is wanted; as in SpectralRoutines.cpp.
enum class Wanted : int64_t { Values, Factors, OldFactors };

static bool svd(RoutineReader &r) {
  ts::TensorType a;
  bool full, vectors, some;
  Value driver = r.op.getArg("driver");
  if (!readMatrices(r, a) || !r.readBool("full_matrices", full) ||
      !r.readBool("compute_uv", vectors, true) || !r.readBool("some", some, true))
    return false;
  if (!vectors || (driver && !isNone(driver)))
    return r.fail(Reason::UnknownOption, "driver");
  bool isOld = r.isNamed("svd");
  full = isOld ? !some : full;
  Wanted wanted = r.results() == 1 ? Wanted::Values : isOld ? Wanted::OldFactors : Wanted::Factors;
  int64_t m = a.getSizes()[a.getRank() - 2], n = a.getSizes().back();
  int64_t rows = std::max(m, n), cols = std::min(m, n), uCols = full ? rows : cols;
  r.form.message = "linalg.svd: The algorithm failed to converge.";
  return make(r, "svd", rows * cols + rows * uCols + 4 * cols + 3 * cols * cols,
              {m, n, static_cast<int64_t>(wanted), full});
}

ArrayRef<RoutineRow> spectralRoutines() {
  static constexpr RoutineRow kRows[] = {
      {"linalg_eigh", eigh}, {"linalg_eigvalsh", eigh},
      {"linalg_svd", svd},   {"linalg_svdvals", svd},
      {"svd", svd},
  };
  return kRows;
}

} // namespace tsc::kernel
