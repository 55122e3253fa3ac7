// SPDX-License-Identifier: Apache-2.0
// Writes the function of a region: its groups in order, each by the emitter of its kind. Memory is
// planned while groups are written: what a group allocates lives from the first task that uses it
// to the last, and offsets into the workspace are settled at the end.
//
// An emitter asks for the buffers of what it reads and writes, chooses tiles, and launches one or
// more tasks over a range of independent pieces of work. Pieces do not depend on the number of
// threads, so neither do results.
#pragma once

#include "../TsToLLVM/Program.h"
#include "KernelBuilder.h"
#include "tsc/Kernel/KernelDialect.h"

namespace tsc::lowering {

/// How a value is laid out, as its consumers wish and its producer writes it.
struct Layout {
  /// Dimension 1 (channels) innermost, for values of rank 3 to 5: [N, spatial.., C].
  bool channelsLast = false;
  /// Zeros around the spatial dimensions, in elements; empty: none.
  llvm::SmallVector<int64_t, 3> halo;
  /// Elements behind each innermost row, so that rows do not fall into one set of the L1 cache.
  int64_t padding = 0;
};

/// What the code is made for.
struct VectorTarget {
  int64_t vectorBytes = 32; ///< of a register: 64 with AVX-512
  int64_t registers = 16;   ///< vector registers
  int64_t l1Bytes = 32 << 10, l2Bytes = 1 << 20;
  int64_t lanes(DType dtype) const { return vectorBytes / dtypeBytes(dtype); }
  /// Of a description as cpu::Target gives it ("x86_64-unknown-linux-gnu:+avx2,+fma").
  static VectorTarget of(llvm::StringRef description);
};

class RegionWriter {
public:
  RegionWriter(Program &program, kernel::RegionOp region, llvm::StringRef function);
  /// Writes the region's function; the symbol of its descriptor for tsc_rt_region.
  mlir::StringAttr write();

  Program &program;
  kernel::RegionOp region;
  VectorTarget target;

  // ---- Buffers (RegionBuffers.cpp)
  /// Where a value of the region lies: a result of an earlier group, an input, a constant.
  const Buffer &buffer(Value value);
  /// Makes the buffer of a group's result, as its consumers want it laid out: its place in a
  /// concatenation, if that is all it is for. Halos are zeroed.
  const Buffer &define(Value result);
  /// Gives a group's result a buffer that it is another view of.
  void defineAs(Value result, const Buffer &buffer) {
    buffers[result] = std::make_unique<Buffer>(buffer);
  }
  /// A buffer in the workspace, row-major.
  Buffer temporary(DType dtype, llvm::ArrayRef<int64_t> sizes);
  /// The value dense in row-major order, copied when it is not.
  Buffer dense(Value value);
  /// The value with channels innermost (stride 1) and at least `halo` zeros around it, copied when
  /// it does not lie so.
  Buffer channelsLast(Value value, llvm::ArrayRef<int64_t> halo);
  /// A copy that lies so, of [N, C, spatial..].
  Buffer channelsLastCopy(const Buffer &from, llvm::ArrayRef<int64_t> halo);
  /// A buffer of bytes that are known when compiling, such as packed weights. Equal requests share
  /// it.
  Buffer constantBuffer(DType dtype, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<uint8_t> bytes);
  /// The bytes of a constant tensor, dense in row-major order; nothing when it is no constant.
  std::optional<llvm::SmallVector<uint8_t, 0>> constantBytes(Value value);

  // ---- Code (RegionWriter.cpp)
  using TaskBody = llvm::function_ref<void(KernelBuilder &, Value begin, Value end)>;
  /// Writes `body` as a task and runs it for [0, count), in parts of at least `grain`, which should
  /// be about 20 microseconds of work. operations and bytes are what the profile shows.
  void launch(int64_t count, int64_t grain, TaskBody body, double operations = 0, double bytes = 0);
  using StepBody = llvm::function_ref<void(KernelBuilder &, Value step, Value begin, Value end)>;
  /// The same for each of `steps` in turn.
  void launchSteps(int64_t steps, int64_t count, int64_t grain, StepBody body,
                   double operations = 0, double bytes = 0);
  /// Ends the region with an exception when a task of it has called KernelBuilder::fail().
  void raiseIfFailed(llvm::StringRef className, llvm::StringRef text);

private:
  friend class KernelBuilder;
  struct Allocation {
    int64_t bytes = 0, first = -1, last = -1, offset = 0;
    llvm::SmallVector<mlir::LLVM::ConstantOp> uses; ///< operands that become the offset
  };
  /// Words of a task's frame: the context, one that fail() sets, the step of launchSteps(), and
  /// then the places of the buffers that the task asks for.
  enum FrameWord { kContext, kFailed, kStep, kFrameWords };

  // ---- RegionBuffers.cpp
  void chooseLayouts();
  void chooseHalos(kernel::GroupOp group);
  void findDirectOutputs();
  Buffer layOut(mlir::Type type, const Layout &layout);
  Buffer allocate(Buffer laidOut);
  Buffer makeResult(Value result);
  std::optional<Buffer> placeInJoin(Value part);
  void zeroHalo(const Buffer &buffer, const Layout &layout);
  // ---- RegionWriter.cpp
  mlir::LLVM::LLVMFuncOp writeTask(TaskBody body);
  mlir::LLVM::LLVMFuncOp shareTask(mlir::LLVM::LLVMFuncOp task);
  void callTask(mlir::LLVM::LLVMFuncOp task, int64_t count, int64_t grain, double operations,
                double bytes);
  Value frameWord(mlir::OpBuilder &b, mlir::Location at, Value base, FrameWord word);
  void writeGroup(kernel::GroupOp group);
  void writeOutputs();
  void planWorkspace();
  mlir::StringAttr writeDescriptor();
  mlir::StringAttr kernelDescriptor(double operations, double bytes);
  void noteUse(const Buffer &buffer);
  Value writePointer(const Buffer &buffer);

  std::string functionName;
  mlir::OpBuilder builder; ///< of the region's function
  mlir::Location loc;
  mlir::LLVM::LLVMFuncOp function;
  Value frame;
  kernel::GroupOp group; ///< that is being written
  int64_t step = 0;      ///< tasks written so far
  int64_t workspaceBytes = 0, frameWords = kFrameWords;
  llvm::DenseMap<Value, Layout> layouts;
  llvm::DenseMap<Value, int64_t> directOutputs;
  llvm::DenseMap<Value, Buffer> joinedResults; ///< of joins whose parts are written in place
  llvm::DenseMap<Value, std::unique_ptr<Buffer>> buffers; ///< emitters hold references
  llvm::DenseMap<Value, Buffer> denseCopies;
  llvm::DenseMap<Value, std::pair<Buffer, llvm::SmallVector<int64_t, 3>>> channelsLastCopies;
  llvm::SmallVector<Allocation> allocations;
};

/// The buffer of a view operator's result as another way to count the elements of its operand's;
/// nothing when that needs a copy.
std::optional<Buffer> viewBuffer(ts::AtenOp op, const Buffer &from, ts::TensorType type);
/// `from` with other sizes, elements in the same row-major order; nothing when strides do not allow
/// it.
std::optional<Buffer> reshapeBuffer(const Buffer &from, llvm::ArrayRef<int64_t> sizes);

/// The emitters, one a kind. Which operators are of a kind stands in tsc/Kernel/CompiledForms.h.
void emitMap(RegionWriter &, kernel::GroupOp);
void emitContraction(RegionWriter &, kernel::GroupOp);
void emitRows(RegionWriter &, kernel::GroupOp);
void emitAttention(RegionWriter &, kernel::GroupOp);
void emitRecurrent(RegionWriter &, kernel::GroupOp);
void emitWindow(RegionWriter &, kernel::GroupOp);
void emitMove(RegionWriter &, kernel::GroupOp);
void emitView(RegionWriter &, kernel::GroupOp);
void emitScan(RegionWriter &, kernel::GroupOp);
void emitScatter(RegionWriter &, kernel::GroupOp);
void emitRoutine(RegionWriter &, kernel::GroupOp);
/// The group's result that is result `index` of `op`; null when nothing reads it.
Value groupResult(kernel::GroupOp group, ts::AtenOp op, unsigned index);
/// Copies elements between buffers of the same sizes and dtype.
void emitCopy(RegionWriter &, const Buffer &from, const Buffer &to);
/// Sets all elements to a number.
void emitFill(RegionWriter &, const Buffer &to, double number);

/// The elementwise operators of a group behind its root, at one point: `lanes` elements of the
/// group's result along the dimension `laneDim`.
class Epilogue {
public:
  /// `root`: the group's operator whose results emitters compute themselves (null: none, a map).
  Epilogue(kernel::GroupOp group, ts::AtenOp root);
  bool isEmpty() const { return operators.empty(); }
  /// Finds what the epilogue reads, before the task that applies it is launched: large operands
  /// that lie otherwise than a result of rank `rank` with lanes along `laneDim` are copied first.
  void prepare(RegionWriter &region, int64_t laneDim, int64_t rank);
  /// The group's results (in order of its yield) at `coordinates` of the group's result, given the
  /// root's value there. Operands from outside are loaded with broadcasting; lanes >= count (if
  /// given) are not read. Values have their dtypes' own types (bool: i1), vectors of `lanes`.
  llvm::SmallVector<Value> apply(KernelBuilder &k, Value rootValue,
                                 llvm::ArrayRef<Value> coordinates, int64_t laneDim, int64_t lanes,
                                 Value count = {}) const;
  /// The same with the root's values and a way to load operands of the caller's own.
  llvm::SmallVector<Value> evaluate(KernelBuilder &k, mlir::ValueRange rootValues,
                                    llvm::function_ref<Value(Value operand)> load,
                                    int64_t lanes) const;
  const llvm::MapVector<Value, Buffer> &getOperands() const { return operands; }

private:
  kernel::GroupOp group;
  ts::AtenOp root;
  llvm::SmallVector<ts::AtenOp> operators;
  llvm::MapVector<Value, Buffer> operands;
};

/// A value as memory holds it (bool as i8), and back.
Value toMemory(KernelBuilder &k, Value value);
Value fromMemory(KernelBuilder &k, Value value, DType dtype);
/// The element type of values of a dtype in registers: that of memory, but bool is i1.
mlir::Type registerType(KernelBuilder &k, DType dtype);

} // namespace tsc::lowering
