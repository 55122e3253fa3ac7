// SPDX-License-Identifier: Apache-2.0
// What is known of operators beyond their schemas. Every line of schemas.txt is an operator already; a record here adds to
// it. optable-gen joins both into the operator table (tsc/Ts/Operators.h), and fails when a record names no operator.
//
// To add an operator of PyTorch's registry: nothing, its schema is in schemas.txt. To add one outside it: a line at the end
// of schemas.txt. To say that an operator has effects, or how its results are typed or compiled: a record here (effects) or
// in TsOperators<Family>.td (rules). To give it a kernel: tsc_rt_<its name> in runtime/kernels; no record is needed.
#ifndef TSC_TS_OPERATORS
#define TSC_TS_OPERATORS

class Ts_Operator<string operatorName> {
  // A full name ("aten::add.Tensor"; "aten::rand" is the overload without a name), or "aten::rand.*" for all overloads.
  // Several records may name one operator: effects add up, a rule is given once.
  string name = operatorName;
  // The type rule that infers dtypes and shapes of the results, or "".
  string typeRule = "";
  // The compiled form: "elementwise:EXPR", "library:FUNCTION", or "".
  string lowering = "";
  // Does more than the schema declares. An operator that returns nothing and writes no argument has this anyway.
  bit sideEffects = 0;
  // Draws random numbers or reads a clock: neither folded nor merged, and kept in order.
  bit nondeterministic = 0;
}

include "TsOperatorsEffects.td"

#endif
