// SPDX-License-Identifier: Apache-2.0
// The structure of TorchScript programs. Operators of PyTorch's registry are all `ts.aten`.
#ifndef TSC_TS_OPS
#define TSC_TS_OPS

include "TsAttrs.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Ts_Op<string opMnemonic, list<Trait> traits = []> : Op<Ts_Dialect, opMnemonic, traits>;

// ---- Declarations (module level)

def Ts_FuncOp : Ts_Op<"func", [FunctionOpInterface, IsolatedFromAbove, Symbol, AutomaticAllocationScope]> {
  let summary = "a function or method under its qualified name";
  let description = [{
    One block, ended by `ts.return`. Argument attributes: `ts.name` (as in the signature), `ts.default` (a constant, if the
    parameter has one). A method's first argument is `self`. `ts.kind` may be "hook" or "pre_hook".
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       OptionalAttr<StrAttr>:$sym_visibility, OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return isExternal() ? nullptr : &getBody(); }
    /// The function's name without its class or package: "forward".
    ::llvm::StringRef getShortName();
    ::llvm::StringRef getArgName(unsigned index);
  }];
}

def Ts_ClassOp : Ts_Op<"class", [Symbol, SymbolTable, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let summary = "a module class or script class: attributes and methods, in order";
  let arguments = (ins SymbolNameAttr:$sym_name, UnitAttr:$is_module);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "(`module` $is_module^)? $sym_name attr-dict-with-keyword $body";
  let extraClassDeclaration = [{
    AttributeOp findAttribute(::llvm::StringRef name);
    /// The attribute's place among the class's attributes, -1 if there is none.
    int64_t getAttributeIndex(::llvm::StringRef name);
    /// The symbol of the function behind a method's name, or null.
    ::mlir::FlatSymbolRefAttr findMethod(::llvm::StringRef name);
  }];
}
def Ts_AttributeOp : Ts_Op<"attribute", [Symbol, HasParent<"ClassOp">]> {
  let summary = "an attribute of instances; kind: \"\", \"parameter\", \"buffer\"; or a class constant, with its value";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, DefaultValuedStrAttr<StrAttr, "">:$kind,
                       OptionalAttr<AnyAttr>:$value);
  let assemblyFormat = "$sym_name `:` $type (`=` $value^)? attr-dict";
  let extraClassDeclaration = [{ bool isConstant() { return static_cast<bool>(getValueAttr()); } }];
}
def Ts_MethodOp : Ts_Op<"method", [Symbol, HasParent<"ClassOp">]> {
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$function);
  let assemblyFormat = "$sym_name `=` $function attr-dict";
}
def Ts_InterfaceOp : Ts_Op<"interface", [Symbol, SymbolTable, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let arguments = (ins SymbolNameAttr:$sym_name, UnitAttr:$is_module);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "(`module` $is_module^)? $sym_name attr-dict-with-keyword $body";
}
def Ts_SignatureOp : Ts_Op<"signature", [Symbol, HasParent<"InterfaceOp">]> {
  let summary = "a method of an interface; the function type has no self; arg_names and defaults as of ts.func";
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, StrArrayAttr:$arg_names);
  let assemblyFormat = "$sym_name $function_type $arg_names attr-dict";
}
def Ts_EnumOp : Ts_Op<"enum", [Symbol]> {
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$value_type, StrArrayAttr:$members, ArrayAttr:$values);
  let assemblyFormat = "$sym_name `:` $value_type $members `=` $values attr-dict";
}
def Ts_ObjectOp : Ts_Op<"object", [Symbol]> {
  let summary = "an object of the initial state: one value per non-constant attribute of its class, in order";
  let description = [{
    The module attribute `ts.root` names the object that methods are called on. An object that its class's __setstate__
    fills has no values but a `state`: what __setstate__ is to be called with, once, on an empty object.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$class_name, ArrayAttr:$values,
                       OptionalAttr<AnyAttr>:$state);
  let assemblyFormat = "$sym_name `of` $class_name $values attr-dict";
}
def Ts_SharedOp : Ts_Op<"shared", [Symbol]> {
  let summary = "a container or tensor of the initial state that several places refer to";
  let arguments = (ins SymbolNameAttr:$sym_name, AnyAttr:$value, TypeAttr:$type);
  let assemblyFormat = "$sym_name `:` $type `=` $value attr-dict";
}

// ---- Values

def Ts_ConstantOp : Ts_Op<"constant", [ConstantLike, Pure]> {
  let summary = "a constant of any type; containers and tensors are immutable by construction";
  let arguments = (ins AnyAttr:$value);
  let results = (outs AnyType:$result);
  let assemblyFormat = "type($result) `,` $value attr-dict";
  let hasFolder = 1;
}

def Ts_AtenOp : Ts_Op<"aten", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "an operator of PyTorch's registry, by its full name; one operand per schema argument";
  let description = [{
    Example: `%r = ts.aten "aten::add.Tensor"(%a, %b, %alpha) : (!ts.tensor, !ts.tensor, !ts.int) -> !ts.tensor`

    Results are reference values: an operator is never Pure. Its effects are those its schema declares: it reads its operands,
    writes those marked (a!), and its results are fresh unless they alias an argument. Operators with side effects beyond that
    (print, random numbers) say so in their rows. The generic kernel of an operator takes the operands as they are.
  }];
  let arguments = (ins StrAttr:$name, Variadic<AnyType>:$args);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = "$name `(` $args `)` attr-dict `:` functional-type($args, results)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The operator's row, or null for an operator outside the registry.
    const OperatorRow *getRow();
    /// "aten::add" of "aten::add.Tensor".
    ::llvm::StringRef getBaseName();
    /// The operand bound to a schema argument, or null when the schema has none of that name.
    ::mlir::Value getArg(::llvm::StringRef name);
  }];
}

def Ts_ListConstructOp : Ts_Op<"list_construct", [MemoryEffects<[MemAlloc]>]> {
  let arguments = (ins Variadic<AnyType>:$elements);
  let results = (outs Ts_ListType:$result);
  let assemblyFormat = "`(` $elements `)` attr-dict `:` functional-type($elements, $result)";
}
def Ts_DictConstructOp : Ts_Op<"dict_construct", [MemoryEffects<[MemAlloc]>]> {
  let summary = "operands: key, value, key, value, ...";
  let arguments = (ins Variadic<AnyType>:$pairs);
  let results = (outs Ts_DictType:$result);
  let assemblyFormat = "`(` $pairs `)` attr-dict `:` functional-type($pairs, $result)";
  let hasVerifier = 1;
}
def Ts_TupleConstructOp : Ts_Op<"tuple_construct", [Pure]> {
  let arguments = (ins Variadic<AnyType>:$elements);
  let results = (outs Ts_TupleType:$result);
  let assemblyFormat = "`(` $elements `)` attr-dict `:` functional-type($elements, $result)";
}
def Ts_TupleUnpackOp : Ts_Op<"tuple_unpack", [Pure]> {
  let arguments = (ins Ts_TupleType:$tuple);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = "$tuple attr-dict `:` functional-type($tuple, $results)";
}
def Ts_TupleIndexOp : Ts_Op<"tuple_index", [MemoryEffects<[MemRead]>]> {
  let summary = "element by a constant index (may be negative), or dynamic where all elements have one type; raises out of range";
  let arguments = (ins Ts_TupleType:$tuple, Ts_IntType:$index);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$tuple `[` $index `]` attr-dict `:` functional-type(operands, $result)";
}
def Ts_TupleSliceOp : Ts_Op<"tuple_slice", [Pure]> {
  let arguments = (ins Ts_TupleType:$tuple, I64Attr:$begin, I64Attr:$end);
  let results = (outs Ts_TupleType:$result);
  let assemblyFormat = "$tuple `[` $begin `,` $end `]` attr-dict `:` functional-type(operands, $result)";
}
def Ts_ListUnpackOp : Ts_Op<"list_unpack"> {
  let summary = "the elements of a list of exactly as many; raises otherwise";
  let arguments = (ins Ts_ListType:$list);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = "$list attr-dict `:` functional-type($list, $results)";
}
def Ts_UncheckedCastOp : Ts_Op<"unchecked_cast", [Pure]> {
  let summary = "the same value under a type that the program has checked (prim::unchecked_cast)";
  let arguments = (ins AnyType:$input);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type($input, $result)";
}
def Ts_IsInstanceOp : Ts_Op<"isinstance", [MemoryEffects<[MemRead]>]> {
  let arguments = (ins AnyType:$input, TypeArrayAttr:$types);
  let results = (outs Ts_BoolType:$result);
  let assemblyFormat = "$input $types attr-dict `:` functional-type($input, $result)";
}
def Ts_UninitializedOp : Ts_Op<"uninitialized", [Pure]> {
  let summary = "a value that is never read (prim::Uninitialized)";
  let results = (outs AnyType:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}
def Ts_UpcastOp : Ts_Op<"upcast", [Pure]> {
  let summary = "the same value under a supertype; made when lowering, never by import";
  let arguments = (ins AnyType:$input);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type($input, $result)";
}

// ---- Objects and state

def Ts_GetAttrOp : Ts_Op<"get_attr", [MemoryEffects<[MemRead]>]> {
  let arguments = (ins AnyType:$object, StrAttr:$name);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$object `[` $name `]` attr-dict `:` functional-type($object, $result)";
}
def Ts_SetAttrOp : Ts_Op<"set_attr", [MemoryEffects<[MemWrite]>]> {
  let arguments = (ins AnyType:$object, StrAttr:$name, AnyType:$value);
  let assemblyFormat = "$object `[` $name `]` `=` $value attr-dict `:` type($object) `,` type($value)";
}
def Ts_CreateObjectOp : Ts_Op<"create_object", [MemoryEffects<[MemAlloc]>]> {
  let summary = "a new object whose attributes are not yet set; __init__ is called next";
  let results = (outs Ts_ClassType:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}
def Ts_ModuleContainerIndexOp : Ts_Op<"module_container_index", [MemoryEffects<[MemRead]>]> {
  let summary = "a submodule by a dynamic index or key, seen as an interface (prim::ModuleContainerIndex)";
  let arguments = (ins AnyType:$object, AnyType:$index);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$object `[` $index `]` attr-dict `:` functional-type(operands, $result)";
}

// ---- Calls

def Ts_CallFunctionOp : Ts_Op<"call_function"> {
  let summary = "a call of a function; the callee is a constant of function type";
  let arguments = (ins Ts_FunctionType:$callee, Variadic<AnyType>:$args);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = "$callee `(` $args `)` attr-dict `:` functional-type(operands, $results)";
}
def Ts_CallMethodOp : Ts_Op<"call_method"> {
  let summary = "a call of a method by name, on an object of class or interface type";
  let arguments = (ins StrAttr:$method, AnyType:$object, Variadic<AnyType>:$args);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = "$method $object `(` $args `)` attr-dict `:` functional-type(operands, $results)";
}
def Ts_ForkOp : Ts_Op<"fork", [IsolatedFromAbove]> {
  let summary = "an asynchronous task; its body sees only its arguments and ends with ts.return (prim::fork)";
  let arguments = (ins Variadic<AnyType>:$args);
  let results = (outs AnyType:$future);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`(` $args `)` attr-dict `:` functional-type($args, $future) $body";
  let hasVerifier = 1;
}
def Ts_AwaitableOp : Ts_Op<"awaitable", [IsolatedFromAbove]> {
  let summary = "a task that runs when it is first waited for (prim::awaitable)";
  let arguments = (ins Variadic<AnyType>:$args);
  let results = (outs Ts_AwaitType:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`(` $args `)` attr-dict `:` functional-type($args, $result) $body";
  let hasVerifier = 1;
}

// ---- Control flow

def Ts_ReturnOp : Ts_Op<"return", [Terminator, ParentOneOf<["FuncOp", "ForkOp", "AwaitableOp"]>]> {
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let hasVerifier = 1;
}
def Ts_YieldOp : Ts_Op<"yield", [Terminator, ParentOneOf<["IfOp", "LoopOp"]>]> {
  let summary = "ends a block of ts.if (its results) or ts.loop (whether to go on, then the carried values)";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}
def Ts_IfOp : Ts_Op<"if", [NoRegionArguments, RecursiveMemoryEffects]> {
  let arguments = (ins Ts_BoolType:$condition);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$thenRegion, SizedRegion<1>:$elseRegion);
  let assemblyFormat = "$condition attr-dict `:` functional-type($condition, $results) $thenRegion `else` $elseRegion";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    YieldOp thenYield();
    YieldOp elseYield();
  }];
}
def Ts_LoopOp : Ts_Op<"loop", [RecursiveMemoryEffects]> {
  let summary = "prim::Loop: at most `trips` turns, while the condition holds; body arguments: turn, carried values";
  let arguments = (ins Ts_IntType:$trips, Ts_BoolType:$condition, Variadic<AnyType>:$inits);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$trips `,` $condition `(` $inits `)` attr-dict `:` functional-type($inits, $results) $body";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    YieldOp bodyYield();
    ::mlir::BlockArgument turn() { return getBody().getArgument(0); }
  }];
}
def Ts_RaiseOp : Ts_Op<"raise"> {
  let summary = "prim::RaiseException; what follows in the block is not reached";
  let arguments = (ins Ts_StrType:$message, AnyType:$class_name);
  let assemblyFormat = "$message `,` $class_name attr-dict `:` type($class_name)";
}
def Ts_EnterOp : Ts_Op<"enter"> {
  let summary = "prim::Enter: calls __enter__ of a context manager";
  let arguments = (ins AnyType:$object);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$object attr-dict `:` functional-type($object, $result)";
}
def Ts_ExitOp : Ts_Op<"exit"> {
  let summary = "prim::Exit: calls __exit__(None, None, None)";
  let arguments = (ins AnyType:$object);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$object attr-dict `:` functional-type($object, $result)";
}

// ---- Fused elementwise operators, made by ts-fuse-elementwise

def Ts_HasDTypeOp : Ts_Op<"has_dtype", [MemoryEffects<[MemRead]>]> {
  let summary = "whether all tensors are defined, on the CPU, and of one dtype";
  let arguments = (ins Variadic<Ts_TensorType>:$tensors, I64Attr:$dtype);
  let results = (outs Ts_BoolType:$result);
  let assemblyFormat = "$dtype `(` $tensors `)` attr-dict `:` functional-type($tensors, $result)";
}
def Ts_MapOp : Ts_Op<"map", [AttrSizedOperandSegments, IsolatedFromAbove, SingleBlock, MemoryEffects<[MemRead, MemAlloc]>]> {
  let summary = "a fresh tensor computed element by element from tensors, which broadcast, and numbers";
  let description = [{
    The body computes one element: its arguments are the tensors' elements and the numbers, in the type of the elements
    (f32), and it is arith and math operations only, so that it can be compiled for any target. All tensors have the
    body's dtype: ts.has_dtype has said so.
  }];
  let arguments = (ins Variadic<Ts_TensorType>:$tensors, Variadic<AnyType>:$numbers);
  let results = (outs Ts_TensorType:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`(` $tensors `)` `with` `(` $numbers `)` attr-dict `:` functional-type(operands, $result) $body";
}
def Ts_MapYieldOp : Ts_Op<"map_yield", [Terminator, HasParent<"MapOp">, Pure]> {
  let arguments = (ins AnyFloat:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

// ---- Ownership, made by ts-insert-reference-counts just before conversion to LLVM

def Ts_RetainOp : Ts_Op<"retain", [MemoryEffects<[MemWrite]>]> {
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}
def Ts_ReleaseOp : Ts_Op<"release", [MemoryEffects<[MemWrite]>]> {
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

#endif
