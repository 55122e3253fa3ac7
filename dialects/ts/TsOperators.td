// SPDX-License-Identifier: Apache-2.0
// What is known of operators beyond their schemas. Every line of schemas.txt is an operator already; a record here adds to
// it. optable-gen joins both into the operator table (tsc/Ts/Operators.h), and fails when a record names no operator.
//
// To add an operator of PyTorch's registry: nothing, its schema is in schemas.txt. To add one outside it: a line at the end
// of schemas.txt. To say that an operator has effects, or how it is compiled: a record in TsOperators<Family>.td. To give it a kernel: tsc_rt_<its name> in runtime/kernels; no record is needed.
#ifndef TSC_TS_OPERATORS
#define TSC_TS_OPERATORS

class Ts_Operator<string operatorName> {
  // A full name ("aten::add.Tensor"; "aten::rand" is the overload without a name), or "aten::rand.*" for all overloads.
  // Several records may name one operator: effects add up, a compiled form is given once.
  string name = operatorName;
  // The compiled form: "elementwise:FORMULA", or "".
  string lowering = "";
  // Does more than the schema declares. An operator that returns nothing and writes no argument has this anyway.
  bit sideEffects = 0;
  // Draws random numbers or reads a clock: neither folded nor merged, and kept in order.
  bit nondeterministic = 0;
}

include "TsOperatorsEffects.td"
include "TsOperatorsElementwise.td"

#endif
