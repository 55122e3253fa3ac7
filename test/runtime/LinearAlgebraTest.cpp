// SPDX-License-Identifier: Apache-2.0
// Factorizations put together again, Fourier transforms against their sums, special functions at
// known points.
#include "Support.h"

#include "../../runtime/kernels/FourierPlan.h"
#include "../../runtime/kernels/LinearAlgebra.h"
#include "../../runtime/kernels/SpecialMath.h"

#include <vector>

using namespace tsc;
using namespace tsc::rt;

extern "C" {
int32_t tsc_rt_aten_linalg_solve(Context *, const Value *, Value *);
int32_t tsc_rt_aten_linalg_inv(Context *, const Value *, Value *);
int32_t tsc_rt_aten_linalg_cholesky(Context *, const Value *, Value *);
int32_t tsc_rt_aten_linalg_det(Context *, const Value *, Value *);
int32_t tsc_rt_aten_fft_rfft(Context *, const Value *, Value *);
int32_t tsc_rt_aten_fft_irfft(Context *, const Value *, Value *);
}

namespace {
/// Numbers that look random and are the same everywhere.
template <class T> std::vector<T> numbers(int64_t n) {
  std::vector<T> out;
  uint64_t state = 7;
  auto next = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-52 - 1;
  };
  for (int64_t i = 0; i < n; ++i) {
    if constexpr (std::is_same_v<T, Complex>) {
      double re = next();
      out.push_back(Complex(re, next()));
    } else {
      out.push_back(next());
    }
  }
  return out;
}
template <class T> MatrixView<T> matrixOn(std::vector<T> &v, int64_t rows, int64_t cols) {
  v.resize(static_cast<size_t>(rows * cols));
  return {v.data(), rows, cols, cols, 1};
}
} // namespace

TEMPLATE_TEST_CASE("singular factors give the matrix back", "", double, Complex) {
  using T = TestType;
  for (auto [m, n] :
       {std::pair<int64_t, int64_t>{1, 1}, {4, 4}, {5, 4}, {9, 3}, {40, 30}, {6, 0}}) {
    std::vector<T> a = numbers<T>(m * n), work = a, u, v,
                   scratch(static_cast<size_t>(3 * n + 2 * n * n + 1));
    std::vector<double> s(static_cast<size_t>(n + 1));
    MatrixView<T> left = matrixOn(u, m, m), right = matrixOn(v, n, n);
    REQUIRE(factorSvd(MatrixView<T>{work.data(), m, n, n, 1}, left, s.data(), right, false, 0x1p-53,
                      scratch.data()) == 0);
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        T sum = 0;
        for (int64_t k = 0; k < n; ++k)
          sum += left(i, k) * s[static_cast<size_t>(k)] * conjugate(right(j, k));
        CHECK(sizeOf(sum - a[static_cast<size_t>(i * n + j)]) < 1e-13);
      }
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < m; ++j) {
        T sum = 0;
        for (int64_t k = 0; k < m; ++k)
          sum += conjugate(left(k, i)) * left(k, j);
        CHECK(sizeOf(sum - T(i == j)) < 1e-13);
      }
  }
}

TEMPLATE_TEST_CASE("eigenvectors of Hermitian matrices", "", double, Complex) {
  using T = TestType;
  for (int64_t n : {1, 2, 3, 7, 30})
    for (bool upper : {false, true}) {
      std::vector<T> a = numbers<T>(n * n), v, scratch(static_cast<size_t>(3 * n));
      std::vector<double> values(static_cast<size_t>(n));
      MatrixView<T> m{a.data(), n, n, n, 1};
      for (int64_t i = 0; i < n; ++i)
        for (int64_t j = 0; j <= i; ++j)
          m(j, i) = i == j ? T(realPart(m(i, i))) : conjugate(m(i, j));
      v = a;
      MatrixView<T> z{v.data(), n, n, n, 1};
      REQUIRE(factorHermitian(z, values.data(), upper, true, 0x1p-53, scratch.data()) == 0);
      for (int64_t i = 0; i < n; ++i)
        for (int64_t k = 0; k < n; ++k) {
          T sum = 0;
          for (int64_t j = 0; j < n; ++j)
            sum += m(i, j) * z(j, k);
          CHECK(sizeOf(sum - z(i, k) * values[static_cast<size_t>(k)]) < 1e-12);
        }
    }
}

TEST_CASE("solutions, inverses and their errors") {
  Context cx;
  const double a[] = {0, 2, 1, 1, 1, 0, 3, 0, 1}, b[] = {7, 3, 6};
  TensorRef matrix = tensorOf(cx, a, {3, 3}, DType::Float32),
            right = tensorOf(cx, b, {3}, DType::Float32);
  OwnedValue x =
      call(cx, tsc_rt_aten_linalg_solve, {makeTensor(*matrix), makeTensor(*right), makeBool(true)});
  REQUIRE(x);
  CHECK(asTensor(x).shape() == IntList(right->shape()));
  double sum = 2 * asTensor(x).at(1).toDouble() + asTensor(x).at(2).toDouble();
  CHECK(sum == Approx(7));
  CHECK(asTensor(call(cx, tsc_rt_aten_linalg_det, {makeTensor(*matrix)})).item().toDouble() ==
        Approx(-5));
  TensorRef none = zeros(cx, Shape::of(2, 2), DType::Float64);
  CHECK(!call(cx, tsc_rt_aten_linalg_inv, {makeTensor(*none)}));
  CHECK(std::string(cx.error.text) == "linalg.inv: The diagonal element 1 is zero, the inversion "
                                      "could not be completed because the "
                                      "input matrix is singular.");
  cx.error.clear();
  CHECK(!call(cx, tsc_rt_aten_linalg_cholesky, {makeTensor(*none), makeBool(false)}));
  cx.error.clear();
  CHECK(!call(cx, tsc_rt_aten_linalg_det, {makeTensor(*tensorOf(cx, a, {2, 3}, DType::Float64))}));
}

TEST_CASE("transforms of any length are their sums") {
  Context cx;
  for (int64_t n : {1, 2, 3, 4, 5, 6, 8, 12, 30, 37, 49, 64, 67, 120, 127, 202}) {
    std::vector<Complex> x = numbers<Complex>(n), line = x;
    FourierPlan plan;
    REQUIRE(plan.prepare(cx, n, true));
    std::vector<Complex> scratch(static_cast<size_t>(plan.scratchSize()));
    plan.run(line.data(), scratch.data());
    double worst = 0;
    for (int64_t k = 0; k < n; ++k) {
      Complex sum = 0;
      for (int64_t j = 0; j < n; ++j) {
        double angle = -2 * M_PI * static_cast<double>(j * k % n) / static_cast<double>(n);
        sum += x[static_cast<size_t>(j)] * Complex(std::cos(angle), std::sin(angle));
      }
      worst = std::fmax(worst, std::abs(sum - line[static_cast<size_t>(k)]));
    }
    CHECK(worst < 1e-12);
  }
}

TEST_CASE("real signals come back from half their spectrum") {
  Context cx;
  TensorRef signal = arange(cx, {2, 7});
  OwnedValue half =
      call(cx, tsc_rt_aten_fft_rfft, {makeTensor(*signal), makeNone(), makeInt(-1), makeNone()});
  REQUIRE(half);
  CHECK(asTensor(half).dtype == DType::Complex64);
  CHECK(asTensor(half).size(-1) == 4);
  OwnedValue back =
      call(cx, tsc_rt_aten_fft_irfft, {half.get(), makeInt(7), makeInt(-1), makeNone()});
  REQUIRE(back);
  for (int64_t i = 0; i < 14; ++i)
    CHECK(asTensor(back).at(i).toDouble() == Approx(static_cast<double>(i)).margin(1e-5));
}

TEST_CASE("special functions at known points") {
  CHECK(math::digamma(1) == Approx(-0.57721566490153286).epsilon(1e-14));
  CHECK(math::trigamma(1) == Approx(M_PI * M_PI / 6).epsilon(1e-14));
  CHECK(math::zeta(2, 1) == Approx(M_PI * M_PI / 6).epsilon(1e-14));
  CHECK(math::besselJ0(2.5) == Approx(-0.04838377646819800).epsilon(1e-13));
  CHECK(math::besselY1(30) == Approx(0.0844255706617472).epsilon(1e-13));
  CHECK(math::besselK0(1, false) == Approx(0.42102443824070834).epsilon(1e-14));
  CHECK(math::besselI1(1, false) == Approx(0.56515910399248503).epsilon(1e-14));
  CHECK(math::airyAi(0) == Approx(0.35502805388781724).epsilon(1e-14));
  CHECK(math::lowerGamma(3, 2) + math::upperGamma(3, 2) == Approx(1).epsilon(1e-14));
  CHECK(math::upperGamma(1, 2) == Approx(std::exp(-2.0)).epsilon(1e-14));
  CHECK(std::erf(math::inverseErf(0.3)) == Approx(0.3).epsilon(1e-14));
  CHECK(math::normalCdf(math::inverseNormalCdf(1e-10)) == Approx(1e-10).epsilon(1e-12));
}
