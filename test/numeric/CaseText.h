// SPDX-License-Identifier: Apache-2.0
// Cases of the numeric tests, one operator each, as lines of text:
//
//   aten::softmax.int self=f[3,{7,16,33}] dim=-1
//   aten::cat tensors=[n[2,3],n[2,5]] dim=1
//
// Arguments that are left out have the schema's defaults. A tensor is a dtype and its sizes; f, w,
// n, i and a stand for several dtypes in turn (floats; float32 and float64; numbers; integers;
// all), the same one wherever the letter stands. `i64[4]<9` holds numbers from 0 to 8,
// `i64[4]<1:9` those from 1, and `f32[4]<0:1` all between; `f32[2,3,3]^` are positive definite
// matrices, and the lines of `f32[3,7]/` ascend. `!f32[3]` is a constant of the program;
// `results=1` uses the first result alone; `raises=bounds` says that the call fails with a message
// that has this word. {7,16,33} makes a case of each; several braces go side by side.
#pragma once

#include "tsc/Common/DType.h"
#include "tsc/Ts/Operators.h"

#include <string>
#include <vector>

namespace tsc::test {

struct TensorCase {
  DType dtype = DType::Undefined;
  std::vector<int64_t> sizes;
  int64_t low = 0, limit = 0; ///< of numbers; no limit: any
  bool isConstant = false;
  enum Order : uint8_t { Any, PositiveDefinite, Ascending } order = Any;
  int64_t numel() const;
};

struct ArgumentCase {
  enum Kind : uint8_t { Literal, Tensor, Tensors } kind = Literal;
  std::vector<TensorCase> tensors;
  std::string literal; ///< None, True, 3, 0.5, 'text' or [1,2]
};

struct Case {
  const ts::OperatorRow *row = nullptr;
  std::string text; ///< of this case alone
  std::vector<ArgumentCase> arguments;
  size_t results = 1; ///< that are used: all, or what `results=` says
  std::string raises; ///< a word of what calls raise; "": they do not
  /// Operators before and behind this one, so that a view is not alone in its region.
  bool wrapsBefore = false, wrapsBehind = false;
  /// The operator is a function of the library: what is called compares its results with those of
  /// the operator left whole, and gives a truth value.
  bool isLibrary = false;
  /// The outermost size of the first tensor has a name, also where it is another's, and results are
  /// compared with those of the operator on the same tensors without any promise.
  bool isBatched = false;

  bool isCompared() const { return isLibrary || isBatched; }
};

/// The cases of a line; empty with `error` set when it is wrong.
std::vector<Case> expandLine(llvm::StringRef line, std::string &error);

/// Constant tensors look into one storage for each of these, of so many numbers.
inline constexpr DType kConstantDTypes[] = {DType::Float32, DType::Float64, DType::Float16,
                                            DType::BFloat16};
inline constexpr int64_t kConstantNumbers = 1 << 15;

/// A program with a function `f<i>` for each case, of the tensors that are no constants. `weights`
/// is the file of those that are, beside the program's.
std::string programText(llvm::ArrayRef<Case> cases, llvm::StringRef weights);

/// Lines for all elementwise operators, made from their schemas.
std::vector<std::string> elementwiseLines();

} // namespace tsc::test
