// SPDX-License-Identifier: Apache-2.0
// What `--input` says of an argument: `x:f32[N,3,224,224]`, `images:list[f32[3,H,W]]`,
// `t:(f32[N],i64)`, `encode.x:f32[..]`, `0:f32[?]`, `n:int=3`. A dim is a number, `?` (any), or a
// name, which is the same size wherever it stands, with bounds as in `N=1..64`.
#pragma once

#include "tsc/Archive/ValueGraph.h"
#include "tsc/Common/DType.h"

#include "llvm/ADT/StringRef.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tsc {

struct SignatureDim {
  enum Kind : uint8_t { Fixed, Any, Named } kind = Any;
  int64_t size = 0;           ///< of Fixed
  std::string name;           ///< of Named
  int64_t low = 0, high = -1; ///< bounds of Named; high -1: none
};

struct SignatureType {
  enum Kind : uint8_t {
    Tensor,
    List,
    Dict,
    Tuple,
    Int,
    Float,
    Bool,
    Complex,
    Str,
    None
  } kind = Tensor;
  DType dtype = DType::Undefined;        ///< of Tensor
  bool anyRank = false;                  ///< of Tensor: `f32[..]`
  std::vector<SignatureDim> dims;        ///< of Tensor
  std::vector<SignatureType> parameters; ///< List: element; Dict: key, value; Tuple: fields
};

struct InputSignature {
  std::string method;   ///< "" when not given: forward, or the only one
  std::string argument; ///< "" when given by position
  int64_t position = -1;
  SignatureType type;
  std::optional<std::string> value; ///< a Python literal that fixes it
};

/// What `--specialize` says of a version: signatures of arguments, separated by `;`, or sizes for
/// the names that `--input` uses, as in `N=8,S=128`.
struct VersionSignature {
  std::vector<InputSignature> inputs;
  std::map<std::string, int64_t> sizes;
};

/// Nothing with `error` set when the text is wrong.
std::optional<SignatureType> parseSignatureType(llvm::StringRef text, std::string &error);
std::optional<InputSignature> parseInputSignature(llvm::StringRef text, std::string &error);
std::optional<VersionSignature> parseVersionSignature(llvm::StringRef text, std::string &error);
/// Gives named sizes their numbers; false with `error` set when one lies outside of its bounds.
bool substituteSizes(SignatureType &type, const std::map<std::string, int64_t> &sizes,
                     std::string &error);
/// The text that parses to the same type.
std::string signatureText(const SignatureType &type);

/// The signature of a value: dtypes and sizes of its tensors, never their values. Nothing for a
/// value that has none, such as a list of tensors of different ranks.
std::optional<SignatureType> signatureOf(const archive::ValueGraph &graph, archive::NodeId node);

} // namespace tsc
