// SPDX-License-Identifier: Apache-2.0
// Constant values. int: IntegerAttr (i64); float: FloatAttr (f64); bool: BoolAttr; str: StringAttr; None: UnitAttr; a
// function, an object of the module's state, or a container shared by several places: FlatSymbolRefAttr; the rest is here.
#ifndef TSC_TS_ATTRS
#define TSC_TS_ATTRS

include "TsTypes.td"

class Ts_Attr<string name, string attrMnemonic> : AttrDef<Ts_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Ts_TensorAttr : Ts_Attr<"Tensor", "tensor"> {
  let summary = "a tensor: a view of a storage in the WeightStore";
  let parameters = (ins "int64_t":$storage, "int64_t":$offset, "::tsc::DType":$dtype, ArrayRefParameter<"int64_t">:$sizes,
                        ArrayRefParameter<"int64_t">:$strides, "bool":$requiresGrad,
                        OptionalParameter<"::mlir::Attribute">:$quantizer);
  let description = [{ Offset and strides are in elements. `device` is always the CPU: archives' CUDA tensors are mapped to it. }];
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{ int64_t getNumElements() const; int64_t getRank() const { return getSizes().size(); } }];
}
def Ts_QuantizerAttr : Ts_Attr<"Quantizer", "quantizer"> {
  let summary = "affine quantization; axis -1: per tensor, with scale and zeroPoint; else per channel, with tensors";
  let parameters = (ins "int64_t":$axis, "::mlir::FloatAttr":$scale, "int64_t":$zeroPoint,
                        OptionalParameter<"::mlir::Attribute">:$scales, OptionalParameter<"::mlir::Attribute">:$zeroPoints);
  let assemblyFormat = "`<` $axis `,` $scale `,` $zeroPoint (`,` $scales^ `,` $zeroPoints)? `>`";
}
def Ts_ListAttr : Ts_Attr<"List", "list"> {
  let parameters = (ins "::mlir::ArrayAttr":$elements, "::mlir::Type":$type);
  let assemblyFormat = "`<` $elements `:` $type `>`";
}
def Ts_DictAttr : Ts_Attr<"Dict", "dict"> {
  let parameters = (ins "::mlir::ArrayAttr":$keys, "::mlir::ArrayAttr":$values, "::mlir::Type":$type);
  let assemblyFormat = "`<` $keys `,` $values `:` $type `>`";
}
def Ts_TupleAttr : Ts_Attr<"Tuple", "tuple"> {
  let parameters = (ins "::mlir::ArrayAttr":$elements, "::mlir::Type":$type);
  let assemblyFormat = "`<` $elements `:` $type `>`";
}
def Ts_ComplexAttr : Ts_Attr<"Complex", "complex"> {
  let parameters = (ins "::mlir::FloatAttr":$re, "::mlir::FloatAttr":$im);
  let assemblyFormat = "`<` $re `,` $im `>`";
}
def Ts_DeviceAttr : Ts_Attr<"Device", "device"> {
  let summary = "a device, as torch.device prints it: \"cpu\", \"cuda:0\"";
  let parameters = (ins "::mlir::StringAttr":$text);
  let assemblyFormat = "`<` $text `>`";
}
def Ts_EnumValueAttr : Ts_Attr<"EnumValue", "enum_value"> {
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$type, "::mlir::StringAttr":$member);
  let assemblyFormat = "`<` $type `,` $member `>`";
}

#endif
