// SPDX-License-Identifier: Apache-2.0
// The kernel dialect: compiled regions and the groups of operators that become one kernel each.
#pragma once

#include "tsc/Ts/TsDialect.h"

namespace tsc::kernel {
class YieldOp;
}

#include "tsc/Kernel/KernelEnums.h.inc"

#include "tsc/Kernel/KernelDialect.h.inc"
#define GET_OP_CLASSES
#include "tsc/Kernel/KernelOps.h.inc"
