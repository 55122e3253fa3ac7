// SPDX-License-Identifier: Apache-2.0
// Factorizations and solutions of linear systems (runtime/kernels/MatrixRoutines.cpp).
#include "RoutineReader.h"

using namespace mlir;

namespace tsc::kernel {

namespace {
/// A stack of matrices; its batch is what stands in front of the last two dimensions.
struct Stack {
  ts::TensorType type;
  int64_t rows = 0, cols = 0, count = 1;
  ArrayRef<int64_t> batch;
};
} // namespace

static bool isMatrixDType(ts::TensorType type) {
  return type && (type.getDtype() == DType::Float32 || type.getDtype() == DType::Float64);
}

static bool readStack(RoutineReader &r, StringRef name, Stack &stack) {
  stack.type = r.tensor(name);
  if (!isMatrixDType(stack.type) || stack.type.getRank() < 2)
    return r.fail(Reason::NoMatrices, name);
  ArrayRef<int64_t> sizes = stack.type.getSizes();
  stack.rows = sizes[sizes.size() - 2], stack.cols = sizes.back();
  stack.batch = sizes.drop_back(2);
  stack.count = productOf(stack.batch);
  r.form.operands.push_back(r.op.getArg(name));
  return true;
}
static bool readSquare(RoutineReader &r, StringRef name, Stack &stack) {
  return readStack(r, name, stack) && (stack.rows == stack.cols || r.fail(Reason::NotSquare));
}

/// A routine over `pieces` matrices with the numbers that follow the two that all have.
static bool make(RoutineReader &r, StringRef name, int64_t pieces, double operations,
                 int64_t scratchNumbers, ArrayRef<int64_t> numbers) {
  bool isWide = staticTensor(r.form.operands.front()).getDtype() == DType::Float64;
  r.form.name = (name + (isWide ? "_f64" : "_f32")).str();
  r.form.scratchBytes = std::max<int64_t>(pieces * scratchNumbers, 1) * 8;
  RoutineStep step;
  step.pieces = pieces;
  step.operations = operations;
  step.numbers = {static_cast<int64_t>(r.results()), pieces};
  llvm::append_range(step.numbers, numbers);
  r.form.steps.push_back(step);
  return true;
}

static void raises(RoutineReader &r, bool when, StringRef message, StringRef type = "LinAlgError") {
  if (!when)
    return;
  r.form.className = type.str();
  r.form.message = message.str();
}

static double cube(int64_t a, int64_t b, int64_t c) {
  return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

/// Batches of two stacks are equal, or one of them is a single matrix.
static bool checkBatches(RoutineReader &r, const Stack &a, const Stack &b, int64_t &pieces) {
  bool fits = a.batch == b.batch || a.count == 1 || b.count == 1;
  pieces = a.count == 1 ? b.count : a.count;
  return fits || r.fail(Reason::BatchesBroadcast);
}

template <int64_t Form> static bool determinant(RoutineReader &r) {
  Stack a;
  return readSquare(r, r.op.getArg("A") ? "A" : "self", a) &&
         make(r, "determinant", a.count, cube(a.rows, a.rows, a.rows) / 3, a.rows * a.rows + a.rows,
              {a.rows, Form});
}

static bool inverse(RoutineReader &r) {
  Stack a;
  bool checks;
  if (!readSquare(r, r.op.getArg("A") ? "A" : "self", a) ||
      !r.readBool("check_errors", checks, r.results() == 1))
    return false;
  raises(r, checks,
         "linalg.inv: A diagonal element is zero, the inversion could not be completed because the "
         "input matrix is singular.");
  return make(r, "inverse", a.count, cube(a.rows, a.rows, a.rows), 2 * a.rows * a.rows + a.rows,
              {a.rows, checks});
}

/// The right sides as matrices; a vector is one column.
static bool readRight(RoutineReader &r, StringRef name, const Stack &a, Stack &b) {
  ts::TensorType type = r.tensor(name);
  bool isVector =
      type && (type.getRank() == 1 || (type.getRank() == a.type.getRank() - 1 &&
                                       type.getSizes() == a.type.getSizes().drop_back(1)));
  if (!isVector)
    return readStack(r, name, b);
  if (!isMatrixDType(type))
    return r.fail(Reason::DTypeNotCompiled);
  b.type = type, b.rows = type.getSizes().back(), b.cols = 1;
  b.batch = type.getSizes().drop_back(1);
  b.count = productOf(b.batch);
  r.form.operands.push_back(r.op.getArg(name));
  return true;
}

static bool solve(RoutineReader &r) {
  Stack a, b;
  bool left, checks;
  int64_t pieces = 0;
  if (!readSquare(r, "A", a) || !readRight(r, "B", a, b) || !r.readBool("left", left, true) ||
      !r.readBool("check_errors", checks, r.results() == 1) || !checkBatches(r, a, b, pieces))
    return false;
  if (a.type.getDtype() != b.type.getDtype() || (left ? b.rows : b.cols) != a.rows ||
      r.results() > 2 || (r.results() == 2 && a.count != pieces) ||
      (!left && b.type.getRank() == 1))
    return r.fail(Reason::SizesDoNotFit);
  raises(r, checks, "torch.linalg.solve: The solver failed because the input matrix is singular.");
  return make(r, "solve", pieces, cube(a.rows, a.rows, a.rows + b.rows * b.cols / (a.rows + 1)),
              a.rows * a.rows + b.rows * b.cols + a.rows,
              {a.rows, b.rows, b.cols, left, checks, a.count == 1, b.count == 1});
}

static bool cholesky(RoutineReader &r) {
  Stack a;
  bool upper, checks;
  if (!readSquare(r, "self", a) || !r.readBool("upper", upper) ||
      !r.readBool("check_errors", checks, r.results() == 1))
    return false;
  raises(r, checks,
         "linalg.cholesky: The factorization could not be completed because the input is not "
         "positive-definite.");
  return make(r, "cholesky", a.count, cube(a.rows, a.rows, a.rows) / 3, a.rows * a.rows,
              {a.rows, upper, checks});
}

static bool choleskySolve(RoutineReader &r) {
  Stack l, b;
  bool upper, isInverse = r.isNamed("cholesky_inverse");
  int64_t pieces = 0;
  if (!readSquare(r, isInverse ? "self" : "input2", l) || !r.readBool("upper", upper))
    return false;
  if (isInverse)
    return make(r, "cholesky_solve", l.count, cube(l.rows, l.rows, l.rows), 2 * l.rows * l.rows,
                {l.rows, -1, upper, 0, 0});
  if (!readStack(r, "self", b) || !checkBatches(r, l, b, pieces))
    return false;
  if (b.rows != l.rows || b.type.getDtype() != l.type.getDtype())
    return r.fail(Reason::SizesDoNotFit);
  return make(r, "cholesky_solve", pieces, 2 * cube(l.rows, l.rows, b.cols),
              l.rows * (l.rows + b.cols), {l.rows, b.cols, upper, l.count == 1, b.count == 1});
}

static bool solveTriangular(RoutineReader &r) {
  Stack a, b;
  bool isOld = r.isNamed("triangular_solve"), upper, left, unit, transposed;
  int64_t pieces = 0;
  if (!readSquare(r, isOld ? "A" : "self", a) || !readStack(r, isOld ? "self" : "B", b) ||
      !r.readBool("upper", upper, true) || !r.readBool("left", left, true) ||
      !r.readBool("unitriangular", unit) || !r.readBool("transpose", transposed) ||
      !checkBatches(r, a, b, pieces))
    return false;
  if ((left ? b.rows : b.cols) != a.rows || b.type.getDtype() != a.type.getDtype())
    return r.fail(Reason::SizesDoNotFit);
  return make(r, "solve_triangular", pieces, cube(a.rows, b.rows, b.cols),
              a.rows * a.rows + b.rows * b.cols,
              {a.rows, b.rows, b.cols, upper, left, unit, transposed, a.count == 1, b.count == 1});
}

// ---- LU
static constexpr StringLiteral kZeroPivot =
    "linalg.lu_factor: A diagonal element of U is zero and using it on lu_solve would result in a "
    "division by zero. If you still want to perform the factorization, consider calling "
    "linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)";

static bool luFactor(RoutineReader &r) {
  Stack a;
  bool pivot, checks, isOld = r.isNamed("_lu_with_info");
  if (!readStack(r, isOld ? "self" : "A", a) || !r.readBool("pivot", pivot, true) ||
      !r.readBool("check_errors", checks, r.results() == 2))
    return false;
  if (!pivot)
    return r.fail(Reason::UnknownOption, "pivot");
  raises(r, checks, kZeroPivot);
  return make(r, "lu_factor", a.count, cube(a.rows, a.cols, std::min(a.rows, a.cols)),
              a.rows * a.cols, {a.rows, a.cols, checks});
}

static bool luUnpack(RoutineReader &r) {
  Stack a;
  bool isFactored = r.isNamed("lu_unpack"), pivot, data, pivots;
  if (!readStack(r, isFactored ? "LU_data" : "A", a) || !r.readBool("pivot", pivot, true) ||
      !r.readBool("unpack_data", data, true) || !r.readBool("unpack_pivots", pivots, true))
    return false;
  if (!pivot || !data || !pivots)
    return r.fail(Reason::UnknownOption, "unpack_data");
  int64_t steps = std::min(a.rows, a.cols);
  if (isFactored) {
    ts::TensorType type = r.tensor("LU_pivots");
    if (!type || type.getDtype() != DType::Int32 || productOf(type.getSizes()) != a.count * steps)
      return r.fail(Reason::SizesDoNotFit);
    r.form.operands.push_back(r.op.getArg("LU_pivots"));
  }
  raises(r, isFactored,
         "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive. Did you properly "
         "pass the result of lu_factor?",
         "RuntimeError");
  return make(r, "lu_unpack", a.count, cube(a.rows, a.cols, steps),
              2 * a.rows * a.cols + a.rows + steps, {a.rows, a.cols, isFactored});
}

static bool luSolve(RoutineReader &r) {
  Stack lu, b;
  bool isOld = r.isNamed("lu_solve"), left, adjoint;
  if (!readSquare(r, isOld ? "LU_data" : "LU", lu) || !r.readBool("left", left, true) ||
      !r.readBool("adjoint", adjoint))
    return false;
  StringRef name = isOld ? "LU_pivots" : "pivots";
  ts::TensorType pivots = r.tensor(name);
  r.form.operands.push_back(r.op.getArg(name));
  int64_t pieces = 0;
  if (!readStack(r, isOld ? "self" : "B", b) || !checkBatches(r, lu, b, pieces))
    return false;
  if (!pivots || pivots.getDtype() != DType::Int32 ||
      pivots.getSizes() != lu.type.getSizes().drop_back(1) || (left ? b.rows : b.cols) != lu.rows ||
      b.type.getDtype() != lu.type.getDtype())
    return r.fail(Reason::SizesDoNotFit);
  raises(r, true, "linalg.lu_solve: pivots must be between 1 and the order of the matrix",
         "RuntimeError");
  return make(r, "lu_solve", pieces, 2 * cube(lu.rows, b.rows, b.cols),
              lu.rows * lu.rows + b.rows * b.cols,
              {lu.rows, b.rows, b.cols, left, adjoint, lu.count == 1, b.count == 1});
}

// ---- QR
static bool geqrf(RoutineReader &r) {
  Stack a;
  return readStack(r, "self", a) &&
         make(r, "geqrf", a.count, 2 * cube(a.rows, a.cols, std::min(a.rows, a.cols)),
              a.rows * a.cols + std::min(a.rows, a.cols), {a.rows, a.cols});
}

static bool qr(RoutineReader &r) {
  Stack a;
  std::optional<StringRef> mode = constantString(r.op.getArg("mode"));
  if (!mode || !readStack(r, "A", a))
    return r.fail(Reason::NotConstant, "mode");
  if (*mode != "complete" && *mode != "r" && *mode != "reduced")
    return r.fail(Reason::UnknownOption, "mode");
  int64_t steps = std::min(a.rows, a.cols), inner = *mode == "complete" ? a.rows : steps;
  return make(r, "qr", a.count, 4 * cube(a.rows, a.cols, steps),
              a.rows * a.cols + a.rows * inner + steps, {a.rows, a.cols, inner, *mode != "r"});
}

/// Packed factors and tau, one for each matrix.
static bool readReflectors(RoutineReader &r, StringRef name, StringRef factors, Stack &a,
                           int64_t &steps) {
  if (!readStack(r, name, a))
    return false;
  ts::TensorType tau = r.tensor(factors);
  if (!tau || tau.getDtype() != a.type.getDtype() || tau.getRank() != a.type.getRank() - 1 ||
      tau.getSizes().drop_back(1) != a.batch)
    return r.fail(Reason::SizesDoNotFit);
  steps = tau.getSizes().back();
  r.form.operands.push_back(r.op.getArg(factors));
  return true;
}

static bool householderProduct(RoutineReader &r) {
  Stack a;
  int64_t steps = 0;
  bool isOld = r.isNamed("orgqr");
  if (!readReflectors(r, isOld ? "self" : "input", isOld ? "input2" : "tau", a, steps))
    return false;
  if (a.rows < a.cols || steps > a.cols)
    return r.fail(Reason::SizesDoNotFit);
  return make(r, "householder_product", a.count, 2 * cube(a.rows, a.cols, a.cols),
              2 * a.rows * a.cols + steps, {a.rows, a.cols, steps});
}

static bool ormqr(RoutineReader &r) {
  Stack a, c;
  int64_t steps = 0;
  bool left, transposed;
  if (!readReflectors(r, "self", "input2", a, steps) || !readStack(r, "input3", c) ||
      !r.readBool("left", left, true) || !r.readBool("transpose", transposed))
    return false;
  int64_t order = left ? c.rows : c.cols;
  if (c.batch != a.batch || c.type.getDtype() != a.type.getDtype() || a.rows != order ||
      steps > a.cols || steps > order)
    return r.fail(Reason::SizesDoNotFit);
  return make(r, "ormqr", a.count, 4 * cube(steps, c.rows, c.cols),
              a.rows * a.cols + steps + c.rows * c.cols,
              {order, a.cols, steps, c.rows, c.cols, left, transposed});
}

ArrayRef<RoutineRow> matrixRoutines() {
  static constexpr RoutineRow kRows[] = {
      {"det", determinant<0>},
      {"linalg_det", determinant<0>},
      {"logdet", determinant<1>},
      {"slogdet", determinant<2>},
      {"linalg_slogdet", determinant<2>},
      {"inverse", inverse},
      {"linalg_inv", inverse},
      {"linalg_inv_ex", inverse},
      {"linalg_solve", solve},
      {"linalg_solve_ex", solve},
      {"linalg_cholesky", cholesky},
      {"linalg_cholesky_ex", cholesky},
      {"cholesky_solve", choleskySolve},
      {"cholesky_inverse", choleskySolve},
      {"triangular_solve", solveTriangular},
      {"linalg_solve_triangular", solveTriangular},
      {"linalg_lu_factor", luFactor},
      {"linalg_lu_factor_ex", luFactor},
      {"_lu_with_info", luFactor},
      {"linalg_lu", luUnpack},
      {"lu_unpack", luUnpack},
      {"lu_solve", luSolve},
      {"linalg_lu_solve", luSolve},
      {"geqrf", geqrf},
      {"linalg_qr", qr},
      {"linalg_householder_product", householderProduct},
      {"orgqr", householderProduct},
      {"ormqr", ormqr},
  };
  return kRows;
}

} // namespace tsc::kernel
