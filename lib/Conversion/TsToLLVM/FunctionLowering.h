// SPDX-License-Identifier: Apache-2.0
// Writes one compiled function. Its frame holds every counted object that the function owns at a
// point where it may fail: a slot is null unless it owns one, so that a single block releases all
// of them, adds a traceback entry and returns 1. Slots are reused; control flow is structured, so
// both branches of an `if` may use the same ones.
//
// Split by subject: FunctionLowering.cpp (frame, dispatch), Values.cpp (boxing, casts, counts),
// ControlFlow.cpp, Containers.cpp, Objects.cpp, Calls.cpp, Operators.cpp (kernels),
// ScalarOperators.cpp (inline code).
#pragma once

#include "Program.h"
#include "tsc/Kernel/KernelDialect.h"

namespace tsc::lowering {

/// Weights of a branch whose first way is a failure, and of one whose second is.
inline constexpr int32_t kUnlikely[] = {1, 2000}, kLikely[] = {2000, 1};

/// A Value as two machine values.
struct Pair {
  mlir::Value tag, payload; ///< both i64
};
/// A Value made of a machine value; `fresh` is an object that was made for it and is to be dropped
/// by who asked, or null.
struct BoxedPair {
  Pair value;
  mlir::Value fresh;
};

class FunctionLowering {
public:
  FunctionLowering(Program &program, mlir::LLVM::LLVMFuncOp function, llvm::StringRef displayName);

  void writeBody(mlir::Region &body, mlir::TypeRange results);
  /// Code that unboxes arguments, calls `callee` and boxes its results.
  void writeBoxedEntry(mlir::LLVM::LLVMFuncOp callee, mlir::TypeRange arguments,
                       mlir::TypeRange results);

private:
  // ---- Frame (FunctionLowering.cpp)
  void begin();
  void finish();
  void lowerBlock(mlir::Block &block);
  void lowerOperation(mlir::Operation *op);
  mlir::Value get(mlir::Value value) { return values.lookup(value); }
  /// Sets the machine value of a ts value; what it owns gets slots.
  void define(mlir::Value value, mlir::Value machine);
  void releaseSlots(mlir::Value value);
  void handOn(mlir::Operation *consumer);
  int64_t takeSlot(mlir::Value object);
  void clearSlot(int64_t slot);
  mlir::Value slotAddress(int64_t slot);
  /// An object made in the middle of an operation, kept in a slot until dropped.
  mlir::Value keep(mlir::Value object);
  void drop(mlir::Value object);     ///< releases it
  void giveAway(mlir::Value object); ///< its count now belongs to somebody else
  mlir::Value siteValue();
  void failIf(mlir::Value condition); ///< i1; goes to the clean-up of the frame
  void failIfStatus(mlir::Value status);
  void fail();
  void raiseText(llvm::StringRef className, llvm::StringRef text);
  void require(mlir::Value condition, llvm::StringRef className, llvm::StringRef text);
  mlir::Block *newBlock();

  // ---- Machine code in short
  mlir::Value constant(mlir::Type type, int64_t number);
  mlir::Value int64(int64_t number) { return constant(program.i64, number); }
  mlir::Value int32(int64_t number) { return constant(program.i32, number); }
  mlir::Value boolean(bool b) { return constant(program.i1, b); }
  mlir::Value float64(double number);
  mlir::Value zero(mlir::Type type);
  mlir::Value address(mlir::StringAttr symbol);
  mlir::Value address(const Word &word);
  mlir::Value at(mlir::Value base, int64_t offset);
  mlir::Value load(mlir::Type type, mlir::Value base, int64_t offset = 0);
  void store(mlir::Value value, mlir::Value base, int64_t offset = 0);
  mlir::Value field(mlir::Value aggregate, int64_t index);
  mlir::Value withField(mlir::Value aggregate, mlir::Value value, int64_t index);
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no);
  mlir::Value compare(mlir::LLVM::ICmpPredicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value isNull(mlir::Value object);
  mlir::Value toPointer(mlir::Value integer);
  mlir::Value toInteger(mlir::Value object);
  mlir::Value callRuntime(llvm::StringRef name, mlir::ValueRange arguments);
  mlir::Value stackSpace(mlir::Type type, int64_t count);
  /// Code for `yes` where the condition holds, else the value `no`; the code may end in another
  /// block.
  mlir::Value choose(mlir::Value condition, llvm::function_ref<mlir::Value()> yes, mlir::Value no);

  // ---- Values (Values.cpp)
  BoxedPair box(mlir::Value machine, mlir::Type type);
  BoxedPair boxOptional(mlir::Value machine, mlir::Type type);
  BoxedPair boxTuple(mlir::Value machine, ts::TupleType type);
  mlir::Value unbox(Pair value, mlir::Type type);      ///< borrows
  mlir::Value unboxOwned(Pair value, mlir::Type type); ///< takes the count of `value` over
  mlir::Value cast(mlir::Value machine, mlir::Type from, mlir::Type to);
  mlir::Value isNone(mlir::Value machine, mlir::Type type);
  Pair loadPair(mlir::Value base, int64_t index);
  void storePair(Pair value, mlir::Value base, int64_t index);
  Pair pairOf(mlir::Value boxed);
  mlir::Value boxedOf(Pair value);
  mlir::Value objectIn(Pair value);
  void forEachObject(mlir::Value machine, mlir::Type type,
                     llvm::function_ref<void(mlir::Value)> visit);
  void retain(mlir::Value machine, mlir::Type type);
  mlir::Value buildConstant(mlir::Attribute value, mlir::Type type);

  // ---- Control flow (ControlFlow.cpp)
  void lowerIf(ts::IfOp op);
  void lowerLoop(ts::LoopOp op);
  void pollCancel();
  void lowerReturn(ts::ReturnOp op);
  void lowerRaise(ts::RaiseOp op);

  // ---- Containers (Containers.cpp)
  void lowerListConstruct(ts::ListConstructOp op);
  void lowerDictConstruct(ts::DictConstructOp op);
  void lowerListUnpack(ts::ListUnpackOp op);
  mlir::Value loadElement(mlir::Value data, mlir::Value index, mlir::Type element);
  mlir::Value lowerListGetItem(ts::AtenOp op);
  void lowerTupleConstruct(ts::TupleConstructOp op);
  void lowerTupleUnpack(ts::TupleUnpackOp op);
  void lowerTupleIndex(ts::TupleIndexOp op);
  void lowerTupleSlice(ts::TupleSliceOp op);
  void lowerIsInstance(ts::IsInstanceOp op);

  // ---- Objects (Objects.cpp)
  void lowerGetAttr(ts::GetAttrOp op);
  void lowerSetAttr(ts::SetAttrOp op);
  void lowerCreateObject(ts::CreateObjectOp op);
  void lowerModuleContainerIndex(ts::ModuleContainerIndexOp op);

  // ---- Calls (Calls.cpp)
  void lowerCallFunction(ts::CallFunctionOp op);
  void lowerCallMethod(ts::CallMethodOp op);
  void lowerTask(mlir::Operation *op, mlir::Type element);
  void lowerEnterExit(mlir::Operation *op, llvm::StringRef method);
  llvm::SmallVector<mlir::Value> callCompiled(mlir::LLVM::LLVMFuncOp callee,
                                              mlir::ValueRange arguments, mlir::TypeRange results);
  void callInterface(ts::CallMethodOp op);
  /// Calls through a pointer or by symbol, with Values; owned results of these types.
  llvm::SmallVector<mlir::Value> callBoxed(mlir::StringAttr symbol, mlir::Value callee,
                                           llvm::ArrayRef<Pair> arguments, mlir::TypeRange results);

  // ---- Compiled regions (Maps.cpp)
  mlir::Value tensorArray(mlir::ValueRange tensors);
  void lowerHasDType(ts::HasDTypeOp op);
  void lowerMap(ts::MapOp op);
  void lowerRegion(kernel::RegionOp op);
  void lowerCompare(kernel::CompareOp op);

  // ---- Operators (Operators.cpp, ScalarOperators.cpp)
  void lowerAten(ts::AtenOp op);
  bool lowerInline(ts::AtenOp op);
  void callKernel(ts::AtenOp op, llvm::StringRef symbol);
  bool callDerived(ts::AtenOp op);
  bool callFunctionalThenCopy(ts::AtenOp op, llvm::StringRef functional, unsigned target,
                              bool isOut);
  void boxArguments(mlir::ValueRange arguments, llvm::SmallVectorImpl<Pair> &pairs,
                    llvm::SmallVectorImpl<mlir::Value> &fresh);
  friend struct ScalarCode;

  struct ArgumentSpace {
    mlir::LLVM::ConstantOp count;
    mlir::Value base;
    int64_t used = 0;
  };
  void reserve(ArgumentSpace &space, int64_t count);

  Program &program;
  mlir::LLVM::LLVMFuncOp function;
  std::string displayName;
  mlir::OpBuilder builder, entryBuilder;
  mlir::Location loc;
  mlir::Value contextPointer;
  mlir::Block *unwind = nullptr;
  mlir::LLVM::ConstantOp slotCountOp, slotBytesOp;
  mlir::Value slots;
  int64_t slotCount = 0;
  bool mayFail = false;
  llvm::SmallVector<int64_t> freeSlots;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<int64_t, 1>> slotsOf;
  llvm::DenseMap<mlir::Value, int64_t> kept;
  llvm::DenseMap<mlir::Value, mlir::Value> values;
  llvm::DenseMap<std::pair<mlir::Type, int64_t>, mlir::Value> resultSpaces;
  ArgumentSpace argumentSpace, resultSpace;
  llvm::SmallVector<mlir::Type> resultTypes;
  mlir::Value cancelPointer;
};

} // namespace tsc::lowering
