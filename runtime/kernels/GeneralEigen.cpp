// SPDX-License-Identifier: Apache-2.0
// Eigenvalues and eigenvectors of any square matrix: Householder reflections to Hessenberg form, QR
// steps with one shift to Schur form, eigenvectors of the triangle by substitution. Real matrices
// are computed as complex ones; their eigenvalues off the real line are made exact pairs at the
// end.
#include "LinearAlgebra.h"

#include <cfloat>

using namespace tsc::rt;

namespace {
using Matrix = MatrixView<Complex>;

/// a = Q h Q^H; a becomes h.
void makeHessenberg(Matrix a, Matrix q, Complex *tau) {
  int64_t n = a.rows;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      q(i, j) = i == j ? 1 : 0;
  for (int64_t k = 0; k + 2 < n; ++k) {
    Matrix below = a.block(k + 1, k, n - k - 1, n - k);
    tau[k] = makeReflector(below, 0);
    applyReflector(below, 0, conjugate(tau[k]), below.block(0, 1, below.rows, below.cols - 1));
    // From the right: rows of a and q lose (row v) tau v^H.
    for (Matrix m : {a, q})
      for (int64_t i = 0; i < n; ++i) {
        Complex sum = m(i, k + 1);
        for (int64_t j = 1; j < below.rows; ++j)
          sum += times(m(i, k + 1 + j), below(j, 0));
        sum = times(sum, tau[k]);
        m(i, k + 1) -= sum;
        for (int64_t j = 1; j < below.rows; ++j)
          m(i, k + 1 + j) -= times(sum, conjugate(below(j, 0)));
      }
    for (int64_t j = 1; j < below.rows; ++j)
      below(j, 0) = 0;
  }
}

class Schur {
public:
  Schur(Matrix hessenberg, Matrix vectors, double rounding)
      : h(hessenberg), z(vectors), n(hessenberg.rows), epsilon(rounding) {}

  /// 0, or how many eigenvalues were not found.
  int32_t run() {
    int64_t budget = 30 * (n < 10 ? 10 : n), steps = 0;
    for (int64_t last = n - 1; last > 0;) {
      int64_t first = last;
      while (first > 0 && !negligible(first))
        --first;
      if (first > 0)
        h(first, first - 1) = 0;
      if (first == last) {
        --last, steps = 0;
        continue;
      }
      if (budget-- <= 0)
        return static_cast<int32_t>(last + 1);
      sweep(first, last, shiftAt(last, ++steps));
    }
    return 0;
  }

private:
  bool negligible(int64_t k) const {
    double beside = coarseSize(h(k, k - 1));
    double size = coarseSize(h(k - 1, k - 1)) + coarseSize(h(k, k));
    return beside <= DBL_MIN || beside <= epsilon * size;
  }
  /// The eigenvalue of the last two rows that is nearer to the last element.
  Complex shiftAt(int64_t last, int64_t steps) const {
    if (steps % 10 == 0) // an unusual one, to leave a cycle
      return h(last, last) + 0.75 * coarseSize(h(last, last - 1));
    Complex t = h(last, last), u = std::sqrt(h(last - 1, last)) * std::sqrt(h(last, last - 1));
    if (u == Complex(0))
      return t;
    Complex x = 0.5 * (h(last - 1, last - 1) - t), y = std::sqrt(x * x + u * u);
    if (x.real() * y.real() + x.imag() * y.imag() < 0)
      y = -y;
    return t - u * (u / (x + y));
  }
  void sweep(int64_t first, int64_t last, Complex shift) {
    Complex f = h(first, first) - shift, g = h(first + 1, first);
    for (int64_t k = first; k < last; ++k) {
      if (k > first)
        f = h(k, k - 1), g = h(k + 1, k - 1);
      double size = std::hypot(sizeOf(f), sizeOf(g));
      Complex c = size == 0 ? Complex(1) : f / size, s = size == 0 ? Complex(0) : g / size;
      // Rows: [c^* s^*; -s c]; columns the adjoint.
      for (int64_t j = k > first ? k - 1 : k; j < n; ++j) {
        Complex a = h(k, j), b = h(k + 1, j);
        h(k, j) = times(conjugate(c), a) + times(conjugate(s), b);
        h(k + 1, j) = times(c, b) - times(s, a);
      }
      if (k > first)
        h(k + 1, k - 1) = 0;
      for (Matrix m : {h, z})
        for (int64_t i = 0, end = m.data == h.data ? (k + 2 < last ? k + 2 : last) + 1 : n; i < end;
             ++i) {
          Complex a = m(i, k), b = m(i, k + 1);
          m(i, k) = times(a, c) + times(b, s);
          m(i, k + 1) = times(b, conjugate(c)) - times(a, conjugate(s));
        }
    }
  }

  Matrix h, z;
  int64_t n;
  double epsilon;
};

/// Eigenvector k of the triangle t, times z, of length 1 with its largest element real, into column
/// k of out.
void eigenvector(Matrix t, Matrix z, int64_t k, Complex *x, Matrix out) {
  int64_t n = t.rows;
  double norm = 0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i; j < n; ++j)
      norm = std::fmax(norm, coarseSize(t(i, j)));
  double least = std::fmax(norm * 0x1p-53, DBL_MIN);
  x[k] = 1;
  for (int64_t i = k - 1; i >= 0; --i) {
    Complex sum = -t(i, k);
    for (int64_t j = i + 1; j < k; ++j)
      sum -= times(t(i, j), x[j]);
    Complex pivot = t(i, i) - t(k, k);
    x[i] = sum / (coarseSize(pivot) < least ? Complex(least) : pivot);
  }
  double length = 0;
  int64_t largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    Complex sum = 0;
    for (int64_t j = 0; j <= k; ++j)
      sum += times(z(i, j), x[j]);
    out(i, k) = sum;
    length = std::hypot(length, sizeOf(sum));
    largest = sizeOf(sum) > sizeOf(out(largest, k)) * (1 + 1e-10) ? i : largest;
  }
  double size = sizeOf(out(largest, k));
  Complex turn = size == 0 ? Complex(1) : conjugate(out(largest, k)) / size / length;
  for (int64_t i = 0; i < n; ++i)
    out(i, k) = times(out(i, k), turn);
  out(largest, k) = out(largest, k).real();
}

/// Of a real matrix: eigenvalues that are real but for rounding become so, the others pairs, the
/// one above the real line first.
void makePairs(Complex *values, int64_t n, Matrix vectors, double rounding) {
  double norm = 0;
  for (int64_t i = 0; i < n; ++i)
    norm = std::fmax(norm, sizeOf(values[i]));
  for (int64_t i = 0; i < n; ++i) {
    int64_t partner = -1;
    double best = std::fabs(values[i].imag());
    for (int64_t j = i + 1; j < n; ++j) {
      double distance = sizeOf(values[j] - conjugate(values[i]));
      if (distance < best)
        best = distance, partner = j;
    }
    if (partner < 0 || std::fabs(values[i].imag()) <= 8 * rounding * norm) {
      values[i] = values[i].real();
      for (int64_t r = 0; r < vectors.rows; ++r)
        vectors(r, i) = vectors(r, i).real();
      continue;
    }
    for (int64_t k = partner; k > i + 1; --k) {
      std::swap(values[k], values[k - 1]);
      for (int64_t r = 0; r < vectors.rows; ++r)
        std::swap(vectors(r, k), vectors(r, k - 1));
    }
    bool below = values[i].imag() < 0;
    if (below)
      values[i] = conjugate(values[i]);
    values[i + 1] = conjugate(values[i]);
    for (int64_t r = 0; r < vectors.rows; ++r) {
      vectors(r, i) = below ? conjugate(vectors(r, i)) : vectors(r, i);
      vectors(r, i + 1) = conjugate(vectors(r, i));
    }
    ++i;
  }
}

using Pair = Results<TensorRef, TensorRef>;
Pair factor(Context &cx, const char *name, const Tensor &a, bool vectors) {
  TSC_TRY(checkSquare(cx, name, a));
  int64_t n = a.size(-1), count = countOf(batchOf(a));
  TensorRef t = empty(cx, a.shape(), DType::Complex128),
            z = empty(cx, a.shape(), DType::Complex128),
            v = empty(cx, a.shape(), DType::Complex128),
            values = empty(cx, shapeWith(batchOf(a), n), DType::Complex128),
            scratch = empty(cx, Shape::of(count, n), DType::Complex128),
            info = zeros(cx, batchOf(a), DType::Int32);
  TSC_TRY(t && z && v && values && scratch && info);
  TSC_TRY(copyInto(cx, *t, a));
  for (int64_t i = 0; i < t->numel; ++i)
    if (!std::isfinite(coarseSize(t->ptr<Complex>()[i])))
      return cx.fail("%s: input tensor should not contain infs or NaNs.", name);
  eachMatrix(cx, count, 20 * n * n * n, [&](int64_t i) {
    Matrix h = matrixAt<Complex>(*t, i), q = matrixAt<Complex>(*z, i),
           out = matrixAt<Complex>(*v, i);
    Complex *row = values->ptr<Complex>() + i * n, *room = scratch->ptr<Complex>() + i * n;
    makeHessenberg(h, q, room);
    info->ptr<int32_t>()[i] = Schur(h, q, 0x1p-53).run();
    for (int64_t k = 0; k < n; ++k) {
      row[k] = h(k, k);
      if (vectors)
        eigenvector(h, q, k, room, out);
    }
    if (!a.isComplex())
      makePairs(row, n, vectors ? out : Matrix{out.data, 0, n, 0, 1}, 0x1p-53);
  });
  TSC_TRY(checkInfo(cx, name, *info));
  DType dtype = toComplex(a.dtype);
  return {toDType(cx, *values, dtype), toDType(cx, *v, dtype)};
}
Pair factorBoth(Context &cx, const Tensor &a) { return factor(cx, "linalg.eig", a, true); }
TensorRef valuesOnly(Context &cx, const Tensor &a) {
  Pair f = factor(cx, "linalg.eigvals", a, false);
  TSC_TRY(f);
  return std::get<0>(f.values);
}
} // namespace

TSC_WITH_OUTPUTS(aten_linalg_eig, aten_linalg_eig_out, factorBoth)
TSC_WITH_OUTPUT(aten_linalg_eigvals, valuesOnly)
TSC_KERNEL(aten__linalg_eigvals, valuesOnly)
