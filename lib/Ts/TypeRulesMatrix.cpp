// SPDX-License-Identifier: Apache-2.0
// Linear algebra: stacks of matrices, whose batch is what stands in front of the last two dims.
#include "RuleCall.h"

using namespace mlir;

namespace tsc::ts {

/// The first of these arguments that is a stack of matrices of full precision.
static std::optional<TensorFacts> stackOf(RuleCall &call, ArrayRef<StringRef> names) {
  for (StringRef name : names) {
    std::optional<TensorFacts> stack = call.has(name) ? call.tensor(name) : std::nullopt;
    if (!stack)
      continue;
    bool known = stack->hasRank && stack->rank() >= 2 &&
                 (stack->dtype == DType::Float32 || stack->dtype == DType::Float64 ||
                  isComplex(stack->dtype));
    return known ? stack : std::nullopt;
  }
  return std::nullopt;
}

/// The batch with other dims behind it.
static TensorFacts behindBatch(const TensorFacts &stack, ArrayRef<int64_t> dims, DType dtype) {
  Sizes sizes(ArrayRef(stack.sizes).drop_back(2));
  llvm::append_range(sizes, dims);
  return TensorFacts(sizes, dtype);
}
static int64_t leastOf(int64_t a, int64_t b) { return a < 0 || b < 0 ? kUnknown : std::min(a, b); }
static int64_t rowsOf(const TensorFacts &stack) { return stack.sizes[stack.rank() - 2]; }
static int64_t colsOf(const TensorFacts &stack) { return stack.sizes.back(); }

static LogicalResult sameStack(RuleCall &call) {
  auto a = stackOf(call, {"A", "self", "input"});
  return a ? call.result(*a) : failure();
}
static LogicalResult stackAndInfo(RuleCall &call) {
  auto a = stackOf(call, {"A", "self"});
  return a ? call.results(*a, behindBatch(*a, {}, DType::Int32)) : failure();
}
static LogicalResult determinant(RuleCall &call) {
  auto a = stackOf(call, {"A", "self"});
  return a ? call.result(behindBatch(*a, {}, a->dtype)) : failure();
}
static LogicalResult signAndLog(RuleCall &call) {
  auto a = stackOf(call, {"A", "self"});
  return a ? call.results(behindBatch(*a, {}, a->dtype), behindBatch(*a, {}, toReal(a->dtype)))
           : failure();
}

/// B's matrices under the batch that A's and B's broadcast to.
static std::optional<TensorFacts> broadcastRight(const TensorFacts &a, const TensorFacts &b) {
  if (a.dtype != b.dtype || !a.isStatic() || !b.isStatic())
    return std::nullopt;
  TensorFacts batch = broadcast({behindBatch(a, {}, a.dtype), behindBatch(b, {}, b.dtype)});
  if (!batch.hasRank || !batch.isStatic())
    return std::nullopt;
  Sizes sizes = batch.sizes;
  sizes.append({rowsOf(b), colsOf(b)});
  return TensorFacts(sizes, b.dtype);
}

static LogicalResult solve(RuleCall &call) {
  auto a = stackOf(call, {"A"}), b = call.tensor("B");
  if (!a || !b || !b->hasRank || b->dtype != a->dtype || !a->isStatic() || !b->isStatic())
    return failure();
  bool isVector = b->rank() == 1 || (b->rank() == a->rank() - 1 &&
                                     ArrayRef(b->sizes) == ArrayRef(a->sizes).drop_back(1));
  std::optional<TensorFacts> x = b;
  if (isVector && b->rank() != a->rank() - 1)
    return failure();
  if (!isVector)
    x = b->rank() >= 2 ? broadcastRight(*a, *b) : std::nullopt;
  if (!x)
    return failure();
  if (call.schema().returns.size() == 1)
    return call.result(*x);
  return call.results(*x, behindBatch(*a, {}, DType::Int32));
}

/// X of op(A) X = B; the names of A and B are the schema's.
static LogicalResult solveStack(RuleCall &call, StringRef first, StringRef second) {
  auto a = stackOf(call, {first}), b = stackOf(call, {second});
  std::optional<TensorFacts> x = a && b ? broadcastRight(*a, *b) : std::nullopt;
  if (!x)
    return failure();
  if (call.schema().returns.size() == 1)
    return call.result(*x);
  return call.results(*x, behindBatch(*x, {rowsOf(*a), colsOf(*a)}, a->dtype));
}
static LogicalResult solveOld(RuleCall &call) {
  StringRef factors = call.has("LU_data") ? "LU_data" : call.has("A") ? "A" : "input2";
  return solveStack(call, factors, "self");
}
static LogicalResult solveNew(RuleCall &call) {
  return solveStack(call, call.has("LU") ? "LU" : "self", "B");
}

static LogicalResult luFactors(RuleCall &call) {
  auto a = stackOf(call, {"A", "self"});
  if (!a)
    return failure();
  TensorFacts pivots = behindBatch(*a, {leastOf(rowsOf(*a), colsOf(*a))}, DType::Int32);
  if (call.schema().returns.size() == 2)
    return call.results(*a, pivots);
  return call.results(*a, pivots, behindBatch(*a, {}, DType::Int32));
}
static LogicalResult luUnpacked(RuleCall &call) {
  auto a = stackOf(call, {"A", "LU_data"});
  for (StringRef part : {"unpack_data", "unpack_pivots"})
    if (call.has(part) && call.boolean(part) != true)
      return failure();
  if (!a)
    return failure();
  int64_t rows = rowsOf(*a), cols = colsOf(*a), steps = leastOf(rows, cols);
  return call.results(behindBatch(*a, {rows, rows}, a->dtype),
                      behindBatch(*a, {rows, steps}, a->dtype),
                      behindBatch(*a, {steps, cols}, a->dtype));
}

static LogicalResult packedQr(RuleCall &call) {
  auto a = stackOf(call, {"self"});
  return a ? call.results(*a, behindBatch(*a, {leastOf(rowsOf(*a), colsOf(*a))}, a->dtype))
           : failure();
}
static LogicalResult qr(RuleCall &call) {
  auto a = stackOf(call, {"A"});
  std::optional<StringRef> mode = call.text("mode");
  if (!a || !mode)
    return failure();
  int64_t inner = *mode == "complete" ? rowsOf(*a) : leastOf(rowsOf(*a), colsOf(*a));
  TensorFacts q =
      *mode == "r" ? TensorFacts({0}, a->dtype) : behindBatch(*a, {rowsOf(*a), inner}, a->dtype);
  return call.results(q, behindBatch(*a, {inner, colsOf(*a)}, a->dtype));
}
static LogicalResult multipliedByQ(RuleCall &call) {
  auto c = stackOf(call, {"input3"});
  return c ? call.result(*c) : failure();
}

// ---- Eigenvalues and singular values
static LogicalResult eigh(RuleCall &call) {
  auto a = stackOf(call, {"A", "self"});
  return a ? call.results(behindBatch(*a, {rowsOf(*a)}, toReal(a->dtype)), *a) : failure();
}
static LogicalResult eigvalsh(RuleCall &call) {
  auto a = stackOf(call, {"self"});
  return a ? call.result(behindBatch(*a, {rowsOf(*a)}, toReal(a->dtype))) : failure();
}
static LogicalResult svdvals(RuleCall &call) {
  auto a = stackOf(call, {"A"});
  int64_t least = a ? leastOf(rowsOf(*a), colsOf(*a)) : 0;
  return a ? call.result(behindBatch(*a, {least}, toReal(a->dtype))) : failure();
}
static LogicalResult svd(RuleCall &call) {
  auto a = stackOf(call, {"A", "self"});
  bool isOld = call.has("some");
  std::optional<bool> flag = call.boolean(isOld ? "some" : "full_matrices");
  if (!a || !flag || (call.has("compute_uv") && call.boolean("compute_uv") != true))
    return failure();
  bool full = isOld ? !*flag : *flag;
  int64_t rows = rowsOf(*a), cols = colsOf(*a), least = leastOf(rows, cols);
  int64_t left = full ? rows : least, right = full ? cols : least;
  TensorFacts v = behindBatch(
      *a, isOld ? ArrayRef<int64_t>({cols, right}) : ArrayRef<int64_t>({right, cols}), a->dtype);
  return call.results(behindBatch(*a, {rows, left}, a->dtype),
                      behindBatch(*a, {least}, toReal(a->dtype)), v);
}

ArrayRef<RuleRow> matrixRules() {
  static constexpr RuleRow kRows[] = {
      {"inverse linalg_inv linalg_cholesky cholesky cholesky_inverse linalg_matrix_exp matrix_exp "
       "linalg_matrix_power matrix_power linalg_matrix_sqrth linalg_householder_product orgqr",
       sameStack},
      {"linalg_inv_ex linalg_cholesky_ex", stackAndInfo},
      {"det linalg_det logdet", determinant},
      {"slogdet linalg_slogdet", signAndLog},
      {"linalg_solve linalg_solve_ex", solve},
      {"cholesky_solve triangular_solve lu_solve", solveOld},
      {"linalg_solve_triangular linalg_lu_solve", solveNew},
      {"linalg_lu_factor linalg_lu_factor_ex _lu_with_info", luFactors},
      {"linalg_lu lu_unpack", luUnpacked},
      {"geqrf", packedQr},
      {"linalg_qr", qr},
      {"ormqr", multipliedByQ},
      {"linalg_eigh", eigh},
      {"linalg_eigvalsh", eigvalsh},
      {"linalg_svdvals", svdvals},
      {"linalg_svd svd", svd},
  };
  return kRows;
}

} // namespace tsc::ts
