// SPDX-License-Identifier: Apache-2.0
// What tests of the runtime share: tensors from numbers, text of values, calls of kernels by
// symbol.
#pragma once

#include "tsc/runtime/Border.h"
#include "tsc/runtime/Loops.h"
#include "tsc/runtime/Random.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>

inline tsc::rt::TensorRef tensorOf(tsc::Context &cx, const double *numbers,
                                   std::initializer_list<int64_t> sizes, tsc::DType dtype) {
  using namespace tsc::rt;
  TensorRef t = empty(cx, IntList(sizes.begin(), static_cast<int64_t>(sizes.size())), dtype);
  for (int64_t i = 0; i < t->numel; ++i)
    storeScalar(t->base() + i * t->itemsize(), dtype, Scalar(numbers[i]));
  return t;
}
inline tsc::rt::TensorRef arange(tsc::Context &cx, std::initializer_list<int64_t> sizes,
                                 tsc::DType dtype = tsc::DType::Float32) {
  using namespace tsc::rt;
  TensorRef t = empty(cx, IntList(sizes.begin(), static_cast<int64_t>(sizes.size())), dtype);
  for (int64_t i = 0; i < t->numel; ++i)
    storeScalar(t->base() + i * t->itemsize(), dtype, Scalar(static_cast<double>(i)));
  return t;
}
inline std::string text(tsc::Context &cx, tsc::Value v) {
  tsc::rt::StringBuilder out;
  tsc::rt::addText(cx, out, v);
  return std::string(out.data(), static_cast<size_t>(out.size()));
}
/// Calls a kernel of one result; the failed value when it raises.
inline tsc::rt::OwnedValue call(tsc::Context &cx, tsc::BoxedEntry entry,
                                std::initializer_list<tsc::Value> args) {
  tsc::Value result = tsc::rt::makeNone();
  if (entry(&cx, args.begin(), &result))
    return tsc::rt::Failed;
  return tsc::rt::OwnedValue::adopt(result);
}
inline const tsc::rt::Tensor &asTensor(const tsc::rt::OwnedValue &v) {
  return *reinterpret_cast<const tsc::rt::Tensor *>(v.get().payload.p);
}
