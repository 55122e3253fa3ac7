// SPDX-License-Identifier: Apache-2.0
// Tensors in ATen's text form. All elements share a column width and a notation: whole numbers
// plain up to 9 digits, others fixed with 4 places (with a common power of ten in front when large
// or small), scientific when they differ by more than 10^4. Matrices are cut into columns of 80
// characters; higher ranks print a matrix for each leading index, the first index running fastest.
#include "tsc/runtime/Instance.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace tsc::rt {

namespace {
struct Format {
  enum Notation { Plain, Fixed, Scientific } notation = Plain;
  double scale = 1;
  int width = 0;
};
} // namespace

static double realAt(const Tensor &t, int64_t i) {
  Scalar s = t.at(i);
  return s.isComplex() ? s.d : s.toDouble();
}

static Format chooseFormat(const Tensor &t) {
  Format f;
  if (t.numel == 0)
    return f;
  bool whole = true, any = false;
  double low = 0, high = 0;
  for (int64_t i = 0; i < t.numel; ++i) {
    double z = realAt(t, i);
    if (!std::isfinite(z))
      continue;
    double magnitude = std::fabs(z);
    low = !any || magnitude < low ? magnitude : low;
    high = magnitude > high ? magnitude : high;
    whole &= z == std::ceil(z);
    any = true;
  }
  auto exponent = [&](double x) {
    return !any ? 1 : x != 0 ? static_cast<int>(std::floor(std::log10(x))) + 1 : 1;
  };
  int least = exponent(low), most = exponent(high);
  if (whole) {
    f.notation = most > 9 ? Format::Scientific : Format::Plain;
    f.width = most > 9 ? 11 : most + 1;
    return f;
  }
  if (most - least > 4) {
    f.notation = Format::Scientific;
    f.width = std::abs(most) > 99 || std::abs(least) > 99 ? 12 : 11;
    return f;
  }
  f.notation = Format::Fixed;
  f.width = 7;
  if (most > 5 || most < 0)
    f.scale = std::pow(10.0, most - 1);
  else if (most > 0)
    f.width = most + 6;
  return f;
}

static void addNumber(StringBuilder &out, const Format &f, double z) {
  z /= f.scale;
  if (!std::isfinite(z))
    return out.addFormat("%*s", f.width, std::isnan(z) ? "nan" : z < 0 ? "-inf" : "inf");
  switch (f.notation) {
  case Format::Plain:
    return out.addFormat("%*.6g", f.width, z);
  case Format::Fixed:
    return out.addFormat("%*.4f", f.width, z);
  case Format::Scientific:
    return out.addFormat("%*.4e", f.width, z);
  }
}

/// The shortest decimal text that reads back as the same double.
static void addShortest(StringBuilder &out, double z) {
  if (!std::isfinite(z))
    return out.add(std::isnan(z) ? "nan" : z < 0 ? "-inf" : "inf");
  char text[40];
  int digits = 1;
  for (; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*e", digits - 1, z);
    if (std::strtod(text, nullptr) == z)
      break;
  }
  int exponent = std::atoi(std::strchr(text, 'e') + 1);
  if (exponent >= -4 && exponent < 16) {
    int places = digits - 1 - exponent;
    return out.addFormat("%.*f", places > 0 ? places : 0, z);
  }
  out.add(text);
}

/// `base` is the flat index of the matrix's first element in row-major order.
static void addMatrix(StringBuilder &out, const Tensor &t, int64_t base, int64_t rows,
                      int64_t columns, const Format &f, int indent) {
  int64_t perLine = (80 - indent) / (f.width + 1);
  perLine = perLine < 1 ? 1 : perLine;
  for (int64_t first = 0; first < columns; first += perLine) {
    int64_t last = first + perLine < columns ? first + perLine : columns;
    if (perLine < columns) {
      if (first)
        out.add('\n');
      out.addFormat("Columns %lld to %lld", static_cast<long long>(first + 1),
                    static_cast<long long>(last));
      out.addFormat("%*s", indent, "");
    }
    if (f.scale != 1)
      out.addFormat("%g *\n%*s", f.scale, indent, "");
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = first; c < last; ++c) {
        addNumber(out, f, realAt(t, base + r * columns + c));
        out.add(c + 1 < last ? ' ' : '\n');
      }
      if (r + 1 < rows)
        out.addFormat("%*s", indent + (f.scale != 1 ? 1 : 0), "");
    }
  }
}

static void addSlices(StringBuilder &out, const Tensor &t) {
  int64_t lead = t.rank - 2, rows = t.sizes[lead], columns = t.sizes[lead + 1];
  int64_t slices = t.numel / (rows * columns);
  int64_t counter[kMaxRank] = {};
  for (int64_t s = 0; s < slices; ++s) {
    if (s)
      out.add('\n');
    int64_t base = 0;
    out.add('(');
    for (int64_t d = 0; d < lead; ++d) {
      base = base * t.sizes[d] + counter[d];
      out.addFormat("%lld,", static_cast<long long>(counter[d] + 1));
    }
    out.add(".,.) = \n");
    Tensor slice = t; // a borrowed look at one matrix, for its own format
    slice.numel = rows * columns;
    slice.rank = 2;
    slice.sizes = t.sizes + lead, slice.strides = t.strides + lead;
    for (int64_t d = 0; d < lead; ++d)
      slice.data = static_cast<char *>(slice.data) + counter[d] * t.strides[d] * t.itemsize();
    addMatrix(out, slice, 0, rows, columns, chooseFormat(slice), 1);
    for (int64_t d = 0; d < lead && ++counter[d] == t.sizes[d]; ++d)
      counter[d] = 0;
  }
}

static void addFooter(Context &cx, StringBuilder &out, const Tensor &t) {
  const char *device = (t.device >> 8) == 2 ? "CUDA" : "CPU";
  out.addFormat("[ %s%s%sType{", isQuantized(t.dtype) ? "Quantized" : "", device,
                findDType(t.dtype)->graphName);
  for (int64_t d = 0; d < t.rank; ++d)
    out.addFormat(d ? ",%lld" : "%lld", static_cast<long long>(t.sizes[d]));
  out.add('}');
  if (const QuantizerObject *q = t.quantizer) {
    if (q->axis < 0) {
      out.addFormat(", qscheme: per_tensor_affine, scale: %g, zero_point: %lld", q->scale,
                    static_cast<long long>(q->zeroPoint));
    } else {
      out.add(", qscheme: per_channel_affine, scales: ");
      addTensorText(cx, out, *reinterpret_cast<const Tensor *>(q->scales));
      out.add(", zero_points: ");
      addTensorText(cx, out, *reinterpret_cast<const Tensor *>(q->zeroPoints));
      out.addFormat(", axis: %lld", static_cast<long long>(q->axis));
    }
  }
  out.add(" ]");
}

/// Quantized tensors print what they stand for.
static TensorRef dequantized(Context &cx, const Tensor &t) {
  TensorRef out = empty(cx, t.shape(), DType::Float64);
  TSC_TRY(out);
  const QuantizerObject &q = *t.quantizer;
  int64_t after = 1;
  for (int64_t d = q.axis + 1; q.axis >= 0 && d < t.rank; ++d)
    after *= t.sizes[d];
  for (int64_t i = 0; i < t.numel; ++i) {
    double scale = q.scale, zero = static_cast<double>(q.zeroPoint);
    if (q.axis >= 0) {
      int64_t channel = i / after % t.sizes[q.axis];
      scale = reinterpret_cast<const Tensor *>(q.scales)->ptr<double>()[channel];
      zero = static_cast<double>(
          reinterpret_cast<const Tensor *>(q.zeroPoints)->ptr<int64_t>()[channel]);
    }
    out->ptr<double>()[i] = (t.at(i).toDouble() - zero) * scale;
  }
  return out;
}

static void addElements(StringBuilder &out, const Tensor &t) {
  if (t.rank == 0) {
    addShortest(out, realAt(t, 0));
    return out.add('\n');
  }
  if (t.numel == 0)
    return;
  if (t.rank > 2)
    return addSlices(out, t);
  Format f = chooseFormat(t);
  if (t.rank == 2)
    return addMatrix(out, t, 0, t.sizes[0], t.sizes[1], f, 0);
  if (f.scale != 1)
    out.addFormat("%g *\n", f.scale);
  for (int64_t i = 0; i < t.numel; ++i) {
    addNumber(out, f, realAt(t, i));
    out.add('\n');
  }
}

void addTensorText(Context &cx, StringBuilder &out, const Tensor &t) {
  if (!t.isDefined())
    return out.add("[ Tensor (undefined) ]");
  if (t.quantizer) {
    if (TensorRef real = dequantized(cx, t))
      addElements(out, *real);
  } else
    addElements(out, t);
  addFooter(cx, out, t);
}

} // namespace tsc::rt
