// SPDX-License-Identifier: Apache-2.0
// The dialect's types and attributes: registration, and the custom text forms of tensor types and
// tensor attributes.
#include "tsc/Ts/TsDialect.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tsc;
using namespace tsc::ts;
using TsTensorType = tsc::ts::TensorType; // the builtin dialect has a TensorType too

#define GET_TYPEDEF_CLASSES
#include "tsc/Ts/TsTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "tsc/Ts/TsAttrs.cpp.inc"

void TsDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "tsc/Ts/TsTypes.cpp.inc"
      >();
}

void TsDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "tsc/Ts/TsAttrs.cpp.inc"
      >();
}

static FailureOr<DType> parseDType(AsmParser &parser) {
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  for (const DTypeInfo &row : kDTypes)
    if (word == row.shortName)
      return row.dtype;
  return parser.emitError(loc, "unknown dtype '") << word << "'";
}

static ParseResult parseSizes(AsmParser &parser, SmallVectorImpl<int64_t> &sizes) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
    if (succeeded(parser.parseOptionalQuestion())) {
      sizes.push_back(TsTensorType::kUnknownSize);
      return success();
    }
    int64_t size;
    OptionalParseResult number = parser.parseOptionalInteger(size);
    if (number.has_value()) {
      sizes.push_back(size);
      return *number;
    }
    StringRef word;
    unsigned symbol;
    if (parser.parseKeyword(&word) || !word.consume_front("s") || word.getAsInteger(10, symbol))
      return parser.emitError(parser.getCurrentLocation(), "expected a size, '?' or a symbol s<N>");
    sizes.push_back(-1 - static_cast<int64_t>(symbol));
    return success();
  });
}

static void printSizes(AsmPrinter &printer, ArrayRef<int64_t> sizes) {
  printer << '[';
  llvm::interleave(
      sizes,
      [&](int64_t size) {
        if (size == TsTensorType::kUnknownSize)
          printer << '?';
        else if (size < 0)
          printer << 's' << -1 - size;
        else
          printer << size;
      },
      [&] { printer << ','; });
  printer << ']';
}

bool TsTensorType::hasStaticShape() const {
  return getHasRank() && llvm::all_of(getSizes(), [](int64_t size) { return size >= 0; });
}

Type TsTensorType::parse(AsmParser &parser) {
  SmallVector<int64_t> sizes;
  bool hasRank = false;
  DType dtype = DType::Undefined;
  if (failed(parser.parseOptionalLess()))
    return TsTensorType::get(parser.getContext());
  // `<[sizes], dtype>`, `<[sizes]>` or `<dtype>`; a list can only start with '['.
  SmallVector<int64_t> list;
  StringRef word;
  if (succeeded(parser.parseOptionalKeyword(&word))) {
    const DTypeInfo *found =
        llvm::find_if(kDTypes, [&](const DTypeInfo &row) { return word == row.shortName; });
    if (found == std::end(kDTypes))
      return parser.emitError(parser.getCurrentLocation(), "unknown dtype '") << word << "'",
             Type();
    dtype = found->dtype;
  } else {
    hasRank = true;
    if (parseSizes(parser, sizes))
      return {};
    if (succeeded(parser.parseOptionalComma())) {
      FailureOr<DType> parsed = parseDType(parser);
      if (failed(parsed))
        return {};
      dtype = *parsed;
    }
  }
  if (parser.parseGreater())
    return {};
  return TsTensorType::get(parser.getContext(), hasRank, sizes, dtype);
}

void TsTensorType::print(AsmPrinter &printer) const {
  if (isPlain())
    return;
  printer << '<';
  if (getHasRank()) {
    printSizes(printer, getSizes());
    if (hasDType())
      printer << ',';
  }
  if (hasDType())
    printer << findDType(getDtype())->shortName;
  printer << '>';
}

int64_t TensorAttr::getNumElements() const {
  int64_t n = 1;
  for (int64_t size : getSizes())
    n *= size;
  return n;
}

Attribute TensorAttr::parse(AsmParser &parser, Type) {
  int64_t storage, offset;
  SmallVector<int64_t> sizes, strides;
  if (parser.parseLess() || parser.parseInteger(storage) || parser.parseComma() ||
      parser.parseInteger(offset) || parser.parseComma())
    return {};
  FailureOr<DType> dtype = parseDType(parser);
  if (failed(dtype) || parser.parseComma() || parseSizes(parser, sizes) || parser.parseComma() ||
      parseSizes(parser, strides))
    return {};
  if (sizes.size() != strides.size())
    return parser.emitError(parser.getCurrentLocation(), "sizes and strides differ in number"),
           Attribute();
  bool requiresGrad = false;
  Attribute quantizer;
  while (succeeded(parser.parseOptionalComma())) {
    if (succeeded(parser.parseOptionalKeyword("requires_grad")))
      requiresGrad = true;
    else if (parser.parseAttribute(quantizer))
      return {};
  }
  if (parser.parseGreater())
    return {};
  return TensorAttr::get(parser.getContext(), storage, offset, *dtype, sizes, strides, requiresGrad,
                         quantizer);
}

void TensorAttr::print(AsmPrinter &printer) const {
  printer << '<' << getStorage() << ',' << getOffset() << ',' << findDType(getDtype())->shortName
          << ',';
  printSizes(printer, getSizes());
  printer << ',';
  printSizes(printer, getStrides());
  if (getRequiresGrad())
    printer << ",requires_grad";
  if (getQuantizer())
    printer << ',' << getQuantizer();
  printer << '>';
}
