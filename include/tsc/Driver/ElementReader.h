// SPDX-License-Identifier: Apache-2.0
// The elements of a strided tensor in row-major order, whatever its strides and dtype.
#pragma once

#include "tsc/Archive/ValueGraph.h"

#include <complex>

namespace tsc {

class ElementReader {
public:
  /// A strided tensor of the graph.
  ElementReader(const archive::ValueGraph &graph, archive::NodeId tensor);
  /// One element, at an offset from the tensor's first.
  ElementReader(const archive::Storage &storage, const archive::TensorRecord &record,
                int64_t offset);
  /// True for dtypes that integer() reads exactly: integers, bool and quantized ones.
  bool isInteger() const;
  int64_t integer() const;
  std::complex<double> number() const;
  llvm::ArrayRef<int64_t> index() const { return at; }
  /// Goes on to the next element; after the last the reader is of no more use.
  void next();

private:
  const archive::TensorRecord &record;
  const uint8_t *element = nullptr;
  int64_t bytes;
  llvm::SmallVector<int64_t, 6> at;
};

/// The number that a floating-point pattern of a dtype of 8 or 16 bits stands for.
double decodeSmallFloat(DType dtype, uint32_t bits);

} // namespace tsc
