// SPDX-License-Identifier: Apache-2.0
// TorchScript's types. Printed in TorchScript's own text forms by tsc/Ts/TypeText.h.
#ifndef TSC_TS_TYPES
#define TSC_TS_TYPES

include "TsDialect.td"

class Ts_Type<string name, string typeMnemonic, list<Trait> traits = []> : TypeDef<Ts_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

// ---- Types without parameters
def Ts_IntType : Ts_Type<"Int", "int"> { let summary = "int64"; }
def Ts_FloatType : Ts_Type<"Float", "float"> { let summary = "double"; }
def Ts_BoolType : Ts_Type<"Bool", "bool">;
def Ts_ComplexType : Ts_Type<"Complex", "complex"> { let summary = "complex double"; }
def Ts_NumberType : Ts_Type<"Number", "number"> { let summary = "int, float or complex (Scalar)"; }
def Ts_StrType : Ts_Type<"Str", "str"> { let summary = "byte string"; }
def Ts_NoneType : Ts_Type<"None", "none">;
def Ts_DeviceType : Ts_Type<"Device", "device">;
def Ts_AnyType : Ts_Type<"Any", "any">;
def Ts_GeneratorType : Ts_Type<"Generator", "generator">;
def Ts_StreamType : Ts_Type<"Stream", "stream">;
def Ts_StorageType : Ts_Type<"Storage", "storage">;
def Ts_LayoutType : Ts_Type<"Layout", "layout">;
def Ts_CapsuleType : Ts_Type<"Capsule", "capsule">;
def Ts_AnyListType : Ts_Type<"AnyList", "any_list"> { let summary = "in isinstance: any list"; }
def Ts_AnyTupleType : Ts_Type<"AnyTuple", "any_tuple"> { let summary = "in isinstance: any tuple"; }

// ---- Types with parameters
def Ts_TensorType : Ts_Type<"Tensor", "tensor"> {
  let summary = "reference to a tensor; dtype, rank and sizes as far as known";
  let description = [{
    `!ts.tensor` knows nothing; `!ts.tensor<f32>` the dtype; `!ts.tensor<[2,?,s0],f32>` rank, constant, unknown and
    symbolic sizes; `!ts.tensor<[],f32>` is 0-d. A size >= 0 is constant; kUnknownSize is unknown; -1 - k is symbol k of the
    function.
  }];
  let parameters = (ins "bool":$hasRank, ArrayRefParameter<"int64_t">:$sizes, "::tsc::DType":$dtype);
  let builders = [
    TypeBuilder<(ins), [{ return $_get($_ctxt, false, ::llvm::ArrayRef<int64_t>(), ::tsc::DType::Undefined); }]>,
    TypeBuilder<(ins "::tsc::DType":$dtype), [{ return $_get($_ctxt, false, ::llvm::ArrayRef<int64_t>(), dtype); }]>,
    TypeBuilder<(ins "::llvm::ArrayRef<int64_t>":$sizes, "::tsc::DType":$dtype), [{ return $_get($_ctxt, true, sizes, dtype); }]>
  ];
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    static constexpr int64_t kUnknownSize = INT64_MIN;
    static bool isSymbol(int64_t size) { return size < 0 && size != kUnknownSize; }
    bool hasDType() const { return getDtype() != ::tsc::DType::Undefined; }
    int64_t getRank() const { return getSizes().size(); }
    bool hasStaticShape() const;
    /// Knows nothing but that it is a tensor.
    bool isPlain() const { return !getHasRank() && !hasDType(); }
  }];
}
def Ts_ListType : Ts_Type<"List", "list"> {
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}
def Ts_DictType : Ts_Type<"Dict", "dict"> {
  let parameters = (ins "::mlir::Type":$key, "::mlir::Type":$value);
  let assemblyFormat = "`<` $key `,` $value `>`";
}
def Ts_TupleType : Ts_Type<"Tuple", "tuple"> {
  let summary = "tuple; a named tuple has a qualified name (may be empty for operators' results) and field names";
  let parameters = (ins OptionalArrayRefParameter<"::mlir::Type">:$elements, OptionalParameter<"::mlir::StringAttr">:$name,
                        OptionalArrayRefParameter<"::mlir::StringAttr">:$fields);
  let builders = [TypeBuilder<(ins "::llvm::ArrayRef<::mlir::Type>":$elements), [{
    return $_get($_ctxt, elements, ::mlir::StringAttr(), ::llvm::ArrayRef<::mlir::StringAttr>()); }]>];
  let assemblyFormat = "`<` `[` (`]`) : ($elements^ `]`)? (`named` $name^ `[` $fields `]`)? `>`";
}
def Ts_OptionalType : Ts_Type<"Optional", "optional"> {
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}
def Ts_UnionType : Ts_Type<"Union", "union"> {
  let parameters = (ins ArrayRefParameter<"::mlir::Type">:$members);
  let assemblyFormat = "`<` $members `>`";
}
def Ts_FutureType : Ts_Type<"Future", "future"> {
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}
def Ts_AwaitType : Ts_Type<"Await", "await"> {
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}
def Ts_RRefType : Ts_Type<"RRef", "rref"> {
  let parameters = (ins "::mlir::Type":$element);
  let assemblyFormat = "`<` $element `>`";
}
// The name is that of a ts.class, ts.interface, ts.enum or ts.func in the module.
def Ts_ClassType : Ts_Type<"Class", "class"> {
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$name);
  let assemblyFormat = "`<` $name `>`";
}
def Ts_InterfaceType : Ts_Type<"Interface", "interface"> {
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$name);
  let assemblyFormat = "`<` $name `>`";
}
def Ts_EnumType : Ts_Type<"Enum", "enum"> {
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$name);
  let assemblyFormat = "`<` $name `>`";
}
def Ts_FunctionType : Ts_Type<"Function", "function"> {
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$name);
  let assemblyFormat = "`<` $name `>`";
}

def Ts_AnyTsType : DialectType<Ts_Dialect, CPred<"::tsc::ts::isTsType($_self)">, "a TorchScript type">;

#endif
