// SPDX-License-Identifier: Apache-2.0
// The kernel dialect: regions of known dtypes and sizes, in value semantics, and the groups inside them that become one loop
// nest (CPU) or one launch (GPU) each. It knows no target: layouts, tiles and threads are chosen when groups are lowered.
#ifndef TSC_KERNEL_OPS
#define TSC_KERNEL_OPS

include "TsTypes.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_Dialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::tsc::kernel";
  let summary = "compiled regions and their kernels";
  let description = [{
    Values are `!ts.tensor` of known dtype and sizes. They are values: operators inside a region never write to an operand,
    and a view is a value of its own. What an operator computes is what its `ts.aten` says, so that a region can always be
    taken apart again and run on generic kernels.
  }];
  let dependentDialects = ["::tsc::ts::TsDialect"];
}

class Kernel_Op<string opMnemonic, list<Trait> traits = []> : Op<Kernel_Dialect, opMnemonic, traits>;

def Kernel_Kind : I32EnumAttr<"Kind", "what a kernel is made of", [
  I32EnumAttrCase<"Map", 0, "map">,                 // elementwise operators
  I32EnumAttrCase<"Contraction", 1, "contraction">, // a matrix product or convolution with an elementwise epilogue
  I32EnumAttrCase<"Rows", 2, "rows">,               // reductions and normalizations, elementwise operators around them
  I32EnumAttrCase<"Attention", 3, "attention">,     // softmax(Q K') V
  I32EnumAttrCase<"Recurrent", 4, "recurrent">,     // LSTM, GRU and plain recurrent cells over time
  I32EnumAttrCase<"Window", 5, "window">,           // pooling and interpolation
  I32EnumAttrCase<"Move", 6, "move">,               // elements taken elsewhere: cat, pad, gather, copies
  I32EnumAttrCase<"View", 7, "view">,               // another way to count the same elements; no code
  I32EnumAttrCase<"Scan", 8, "scan">,               // running sums, products and extremes along a dimension
  I32EnumAttrCase<"Scatter", 9, "scatter">,         // elements written or added to where indices say
  I32EnumAttrCase<"Routine", 10, "routine">]> {     // a function of the runtime for each piece: factorizations, sorts
  let cppNamespace = "::tsc::kernel";
}

def Kernel_RegionOp : Kernel_Op<"region", [IsolatedFromAbove, SingleBlock, MemoryEffects<[MemRead, MemAlloc]>]> {
  let summary = "operators in value semantics that are compiled as a whole";
  let description = [{
    Reads its inputs; its results are fresh dense tensors. `generic` says of operators next to the region why they are not in it.
  }];
  let arguments = (ins Variadic<Ts_TensorType>:$inputs);
  let results = (outs Variadic<Ts_TensorType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`(` $inputs `)` attr-dict `:` functional-type($inputs, $results) $body";
  let extraClassDeclaration = [{
    YieldOp yield();
    ::mlir::Block &block() { return getBody().front(); }
  }];
}

def Kernel_GroupOp : Kernel_Op<"group", [SingleBlock, RecursiveMemoryEffects, ParentOneOf<["RegionOp"]>]> {
  let summary = "operators that become one kernel; the first that is not elementwise is its root";
  let arguments = (ins Kernel_Kind:$kind);
  let results = (outs Variadic<Ts_TensorType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$kind attr-dict `:` type($results) $body";
  let extraClassDeclaration = [{
    YieldOp yield();
    ::mlir::Block &block() { return getBody().front(); }
    /// The tensors that the group reads from outside, in order of their first use; constants and the
    /// elements of lists included.
    ::llvm::SmallVector<::mlir::Value> inputs();
  }];
}

def Kernel_CompareOp : Kernel_Op<"compare", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "raises CodegenDiffers when a compiled tensor differs from the one that generic kernels made";
  let arguments = (ins Ts_TensorType:$found, Ts_TensorType:$expected, StrAttr:$what);
  let assemblyFormat = "$what `(` $found `,` $expected `)` attr-dict `:` type($found) `,` type($expected)";
}

def Kernel_YieldOp : Kernel_Op<"yield", [Terminator, ParentOneOf<["RegionOp", "GroupOp"]>, Pure]> {
  let arguments = (ins Variadic<Ts_TensorType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

#endif
