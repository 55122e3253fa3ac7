// SPDX-License-Identifier: Apache-2.0
// What readers of routines share: operands and constant arguments by name, and the tables of
// families of operators.
#pragma once

#include "tsc/Kernel/CompiledForms.h"
#include "tsc/Kernel/ConstantOperands.h"
#include "tsc/Kernel/Reasons.h"
#include "tsc/Kernel/RoutineForm.h"

namespace tsc::kernel {

class RoutineReader {
public:
  RoutineReader(ts::AtenOp op, std::string &why) : op(op), why(why) {}
  RoutineForm form;
  ts::AtenOp op;

  template <typename... Args> bool fail(Reason reason, Args &&...args) {
    why = because(reason, std::forward<Args>(args)...);
    return false;
  }
  bool isNamed(llvm::StringRef name) { return op.getBaseName() == "aten::" + name.str(); }
  /// Arguments; `otherwise` where the schema has none. False with a reason when not constant.
  bool readInt(llvm::StringRef name, int64_t &number, int64_t otherwise = 0);
  bool readBool(llvm::StringRef name, bool &flag, bool otherwise = false);
  bool readNumber(llvm::StringRef name, double &number, double otherwise = 0);
  ts::TensorType tensor(llvm::StringRef name) {
    mlir::Value value = op.getArg(name);
    return value ? staticTensor(value) : ts::TensorType();
  }
  ts::TensorType result(unsigned index = 0) { return staticTensor(op.getResult(index)); }
  unsigned results() { return op.getNumResults(); }

private:
  template <typename T>
  bool readConstant(llvm::StringRef name, T &read, T otherwise,
                    std::optional<T> (*constantOf)(mlir::Value));
  std::string &why;
};

using ReadRoutine = bool (*)(RoutineReader &);
struct RoutineRow {
  llvm::StringLiteral name; ///< base name, without "aten::"
  ReadRoutine read;
};
llvm::ArrayRef<RoutineRow> matrixRoutines();
llvm::ArrayRef<RoutineRow> spectralRoutines();
llvm::ArrayRef<RoutineRow> orderRoutines();
llvm::ArrayRef<RoutineRow> imageRoutines();
llvm::ArrayRef<RoutineRow> fourierRoutines();

int64_t productOf(llvm::ArrayRef<int64_t> sizes);

} // namespace tsc::kernel
