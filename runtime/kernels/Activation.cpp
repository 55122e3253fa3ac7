// SPDX-License-Identifier: Apache-2.0
// relu and its like.
#include "tsc/runtime/Loops.h"

using namespace tsc::rt;

TSC_UNARY(aten_relu, kInt | kFloat, Promote::Keep, x < 0 ? decltype(x)(0) : x)
