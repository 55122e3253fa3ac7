// SPDX-License-Identifier: Apache-2.0
// The ts dialect: all of TorchScript, with its reference semantics (docs/pipeline.md).
#ifndef TSC_TS_DIALECT
#define TSC_TS_DIALECT

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def Ts_Dialect : Dialect {
  let name = "ts";
  let cppNamespace = "::tsc::ts";
  let summary = "TorchScript programs, whole and faithful";
  let description = [{
    Tensors, lists, dicts and objects are references; operators read and write what they refer to. Every operator of
    PyTorch's registry is one op, `ts.aten`, whose arguments are its schema's, all of them, in order; what is known of an
    operator stands in its row (TsOperators*.td, tsc/Ts/Operators.h). The structure of programs (constants, control flow,
    containers, objects, calls) has ops of its own.

    Names and places are locations: a result's debug name is a NameLoc ("x.1"; several results: "a,b"), around a
    FusedLoc of the original source range and the archive's.

    Weights are handles (#ts.tensor) into the context's WeightStore, never bytes in the IR.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    /// The bytes that #ts.tensor attributes refer to. One program per context.
    WeightStore &getWeightStore();
    /// The row of an operator by its full name ("aten::add.Tensor"), or null. Cached by attribute identity.
    const OperatorRow *findRow(::mlir::StringAttr name);
  private:
    void registerTypes();
    void registerAttributes();
    std::shared_ptr<DialectState> state;
  }];
}

#endif
