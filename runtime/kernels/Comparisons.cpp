// SPDX-License-Identifier: Apache-2.0
// Comparisons, and the larger or smaller of two.
#include "Operands.h"

using namespace tsc::rt;

TSC_OPERANDS(equalTo, kAll, Promote::ToBool, a == b)
TSC_OPERANDS(notEqualTo, kAll, Promote::ToBool, a != b)
TSC_OPERANDS(lessThan, kReal, Promote::ToBool, a < b)
TSC_OPERANDS(lessOrEqual, kReal, Promote::ToBool, a <= b)
TSC_OPERANDS(greaterThan, kReal, Promote::ToBool, a > b)
TSC_OPERANDS(greaterOrEqual, kReal, Promote::ToBool, a >= b)

TSC_TENSOR_SCALAR(aten_eq, equalTo)
TSC_TENSOR_SCALAR(aten_ne, notEqualTo)
TSC_TENSOR_SCALAR(aten_not_equal, notEqualTo)
TSC_TENSOR_SCALAR(aten_lt, lessThan)
TSC_TENSOR_SCALAR(aten_less, lessThan)
TSC_TENSOR_SCALAR(aten_le, lessOrEqual)
TSC_TENSOR_SCALAR(aten_less_equal, lessOrEqual)
TSC_TENSOR_SCALAR(aten_gt, greaterThan)
TSC_TENSOR_SCALAR(aten_greater, greaterThan)
TSC_TENSOR_SCALAR(aten_ge, greaterOrEqual)
TSC_TENSOR_SCALAR(aten_greater_equal, greaterOrEqual)

// ---- A NaN wins in maximum and minimum, and loses in fmax and fmin.
TSC_OPERANDS(largerOf, kReal, Promote::Keep, a > b || a != a ? a : b)
TSC_OPERANDS(smallerOf, kReal, Promote::Keep, a < b || a != a ? a : b)
TSC_OPERANDS(largerNumber, kReal, Promote::Keep, a > b || b != b ? a : b)
TSC_OPERANDS(smallerNumber, kReal, Promote::Keep, a < b || b != b ? a : b)

TSC_FUNCTIONAL(aten_maximum, onTensors<largerOf>)
TSC_OUTPUT(aten_maximum_out, onTensors<largerOf>)
TSC_FUNCTIONAL(aten_max_other, onTensors<largerOf>)
TSC_OUTPUT(aten_max_out, onTensors<largerOf>)
TSC_FUNCTIONAL(aten_minimum, onTensors<smallerOf>)
TSC_OUTPUT(aten_minimum_out, onTensors<smallerOf>)
TSC_FUNCTIONAL(aten_min_other, onTensors<smallerOf>)
TSC_OUTPUT(aten_min_out, onTensors<smallerOf>)
TSC_FUNCTIONAL(aten_fmax, onTensors<largerNumber>)
TSC_OUTPUT(aten_fmax_out, onTensors<largerNumber>)
TSC_FUNCTIONAL(aten_fmin, onTensors<smallerNumber>)
TSC_OUTPUT(aten_fmin_out, onTensors<smallerNumber>)
