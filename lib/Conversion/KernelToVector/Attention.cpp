// SPDX-License-Identifier: Apache-2.0
// Attention groups: sizes of blocks, and the three steps of a piece.
#include "Attention.h"

#include "Microkernel.h"
#include "RowsProgram.h"
#include "tsc/Kernel/Pointwise.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Scores of a piece should fit into the L1 cache beside what the products read.
static constexpr int64_t kGoodScoreBytes = 20 << 10, kMostScoreBytes = 128 << 10;
/// Bytes of a vector, irrespective of the machine's registers.
static constexpr int64_t kVectorBytes = 64;
/// Multiply-adds that are worth a thread.
static constexpr int64_t kGrainOperations = 1 << 20;
static constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ---- Plan

AttentionWriter::AttentionWriter(RegionWriter &region, kernel::GroupOp group)
    : region(region), group(group) {
  std::string why;
  SmallVector<ts::AtenOp> ops(group.block().getOps<ts::AtenOp>());
  form = *kernel::findAttentionForm(ops, why);
  element = form.dtype == DType::Float64 ? Type(Float64Type::get(group.getContext()))
                                         : Type(Float32Type::get(group.getContext()));
  lanes = kVectorBytes / dtypeBytes(form.dtype);
  type = VectorType::get({lanes}, element);
  keyVectors = llvm::divideCeil(form.keys, lanes);
  valueVectors = llvm::divideCeil(form.valueDepth, lanes);
  // Rows that lie a multiple of a page apart would share the sets of the L1 cache.
  pitch = keyVectors * lanes;
  if (pitch * dtypeBytes(form.dtype) % 1024 == 0)
    pitch += lanes;
  bool hasManyRegisters = region.target.vectorBytes * region.target.registers >= 2048;
  scoreBlock = blockOf(std::min<int64_t>(keyVectors, hasManyRegisters ? 2 : 1));
  resultBlock = blockOf(std::min<int64_t>(valueVectors, hasManyRegisters ? 4 : 1));
  blocks = llvm::divideCeil(form.queries, rowsOfPiece());
  pieceRows = llvm::divideCeil(form.queries, blocks);
  blocks = llvm::divideCeil(form.queries, pieceRows);
  queryBuffer = region.buffer(form.query);
  keyBuffer = region.buffer(form.key);
  valueBuffer = region.buffer(form.value);
  keyHeads.assign(keyBuffer.sizes.begin(), keyBuffer.sizes.end() - 2);
  auto find = [&](Value operand) {
    bool isOutside =
        isa<ts::TensorType>(operand.getType()) && operand.getParentBlock() != &group.block();
    if (isOutside && !scoreOperands.contains(operand))
      scoreOperands[operand] = region.buffer(operand);
  };
  for (ts::AtenOp op : form.scoreOps)
    llvm::for_each(op.getArgs(), find);
  if (form.mask)
    find(form.mask);
  resultBuffer = region.define(group.getResult(0));
}

/// The most rows for which registers hold the accumulators, a row of vectors and a broadcast.
AttentionWriter::Block AttentionWriter::blockOf(int64_t vectors) const {
  int64_t parts = std::max<int64_t>(1, kVectorBytes / region.target.vectorBytes);
  int64_t registers = region.target.registers / parts;
  return {std::max<int64_t>(1, (registers - vectors - 1) / vectors), vectors};
}

int64_t AttentionWriter::rowsOfPiece() const {
  int64_t rowBytes = pitch * dtypeBytes(form.dtype);
  int64_t good = std::clamp(kGoodScoreBytes / rowBytes, scoreBlock.rows, 2 * scoreBlock.rows);
  return std::clamp<int64_t>(std::min(good, kMostScoreBytes / rowBytes), 1, form.queries);
}

void AttentionWriter::write() {
  int64_t heads = 1;
  for (int64_t size : form.batch)
    heads *= size;
  if (heads == 0)
    return;
  pack();
  double operations = static_cast<double>(heads) * static_cast<double>(form.queries * form.keys) *
                      static_cast<double>(2 * (form.depth + form.valueDepth));
  int64_t perPiece = pieceRows * form.keys * (form.depth + form.valueDepth);
  auto task = [&](KernelBuilder &k, Value begin, Value end) {
    scores = k.scratch(pieceRows * pitch * dtypeBytes(form.dtype));
    inverses = k.scratch(pieceRows * dtypeBytes(form.dtype));
    k.loop(begin, end, 1, [&](Value piece) { writePiece(k, piece); });
  };
  region.launch(heads * blocks, std::max<int64_t>(1, kGrainOperations / perPiece), task,
                operations);
}

// ---- Code of a piece

void AttentionWriter::writePiece(KernelBuilder &k, Value piece) {
  Value head = k.div(piece, blocks), block = k.rem(piece, blocks);
  int64_t rest = form.queries - (blocks - 1) * pieceRows;
  if (rest == pieceRows || blocks == 1) {
    writeRows(k, head, block, rest);
    return;
  }
  k.ifThen(
      k.less(block, k.constant(blocks - 1)), [&] { writeRows(k, head, block, pieceRows); },
      [&] { writeRows(k, head, block, rest); });
}

/// The offset of a head's first element. `ratio`: heads of the query for one of the buffer's.
Value AttentionWriter::headOffset(KernelBuilder &k, const Buffer &buffer,
                                  ArrayRef<Value> coordinates, int64_t ratio) {
  Value offset = k.constant(0);
  for (size_t d = 0; d < coordinates.size(); ++d) {
    if (buffer.sizes[d] == 1)
      continue;
    Value coordinate = d + 1 == coordinates.size() ? k.div(coordinates[d], ratio) : coordinates[d];
    offset = k.add(offset, k.mul(coordinate, buffer.strides[d]));
  }
  return offset;
}

void AttentionWriter::writeRows(KernelBuilder &k, Value head, Value block, int64_t rows) {
  Piece piece;
  piece.rows = rows;
  piece.coordinates = k.delinearize(head, form.batch);
  piece.firstQuery = k.mul(block, pieceRows);
  piece.keyEnd = k.constant(form.keys);
  if (form.isCausal)
    piece.keyEnd = k.min(k.add(piece.firstQuery, rows), piece.keyEnd);
  auto at = [&](const Buffer &buffer, int64_t ratio, Value row) {
    Value offset = headOffset(k, buffer, piece.coordinates, ratio);
    if (row)
      offset = k.add(offset, k.mul(row, buffer.strides[buffer.rank() - 2]));
    return k.at(k.pointer(buffer), element, offset);
  };
  piece.query = at(queryBuffer, 1, piece.firstQuery);
  piece.result = at(resultBuffer, 1, piece.firstQuery);
  // The packed copies count heads of keys and values in row-major order.
  Value keyHead = k.constant(0);
  for (size_t d = 0; d < keyHeads.size(); ++d) {
    Value coordinate = piece.coordinates[d];
    if (d + 1 == keyHeads.size())
      coordinate = k.div(coordinate, form.headRatio);
    keyHead = k.mul(keyHead, keyHeads[d]);
    if (keyHeads[d] != 1)
      keyHead = k.add(keyHead, coordinate);
  }
  piece.key = packsKeys() ? k.at(k.pointer(packedKeys), element,
                                 k.mul(keyHead, keyVectors * form.depth * lanes))
                          : at(keyBuffer, form.headRatio, nullptr);
  piece.valueStep =
      packsValues() ? valueVectors * lanes : valueBuffer.strides[valueBuffer.rank() - 2];
  piece.value = packsValues() ? k.at(k.pointer(packedValues), element,
                                     k.mul(keyHead, form.keys * piece.valueStep))
                              : at(valueBuffer, form.headRatio, nullptr);
  writeScores(k, piece);
  writeSoftmax(k, piece);
  writeResult(k, piece);
}

// ---- Scores

void AttentionWriter::writeScores(KernelBuilder &k, const Piece &piece) {
  int64_t turn = scoreBlock.vectors, whole = keyVectors / turn * turn;
  Value needed = k.div(k.add(piece.keyEnd, lanes - 1), lanes);
  Value end = form.isCausal ? k.min(needed, k.constant(whole)) : k.constant(whole);
  k.loop(k.constant(0), end, turn, [&](Value panel) { writeScorePanel(k, piece, panel, turn); });
  if (whole == keyVectors)
    return;
  auto rest = [&] { writeScorePanel(k, piece, k.constant(whole), keyVectors - whole); };
  if (form.isCausal)
    k.ifThen(k.less(k.constant(whole), needed), rest);
  else
    rest();
}

/// Scores of all rows for some vectors of keys.
void AttentionWriter::writeScorePanel(KernelBuilder &k, const Piece &piece, Value panel,
                                      int64_t vectors) {
  int64_t rank = queryBuffer.rank();
  std::pair<int64_t, int64_t> reduction(form.depth, queryBuffer.strides[rank - 1]);
  int64_t parts = llvm::divideCeil(piece.rows, scoreBlock.rows), done = 0;
  for (int64_t part = 0; part < parts; ++part) {
    MicrokernelBlock block;
    block.rows = (piece.rows - done) / (parts - part);
    block.vectors = vectors;
    block.type = type;
    block.rowStride = queryBuffer.strides[rank - 2];
    block.a = k.at(piece.query, element, k.constant(done * block.rowStride));
    block.reduction = reduction;
    if (packsKeys()) {
      block.b = k.at(piece.key, element, k.mul(panel, form.depth * lanes));
      block.vectorStride = form.depth * lanes;
      block.step = lanes;
    } else {
      block.b = k.at(piece.key, element, k.mul(panel, lanes));
      block.vectorStride = lanes;
      block.step = keyBuffer.strides[rank - 2];
      Value left = k.sub(k.constant(form.keys), k.mul(k.add(panel, vectors - 1), lanes));
      if (form.keys % lanes != 0)
        block.lastCount = k.min(left, k.constant(lanes));
    }
    SmallVector<Value> sums(block.rows * vectors, k.number(type, 0));
    sums = writeMicrokernel(k, block, sums);
    for (int64_t row = 0; row < block.rows; ++row)
      for (int64_t j = 0; j < vectors; ++j) {
        Value column = k.mul(k.add(panel, j), lanes);
        Value score = finishScores(k, piece, k.add(piece.firstQuery, done + row), column,
                                   sums[row * vectors + j], j + 1 == vectors);
        k.store(score, scores, k.add(column, (done + row) * pitch));
      }
    done += block.rows;
  }
}

/// The numbers of a vector's columns.
static Value columnsOf(KernelBuilder &k, Value first, int64_t lanes) {
  SmallVector<int32_t> numbers;
  for (int64_t lane = 0; lane < lanes; ++lane)
    numbers.push_back(static_cast<int32_t>(lane));
  Type i32 = k.builder.getI32Type();
  Value iota = arith::ConstantOp::create(
      k.builder, k.loc, DenseElementsAttr::get(k.vector(i32, lanes), ArrayRef<int32_t>(numbers)));
  Value base = k.splat(arith::TruncIOp::create(k.builder, k.loc, i32, first), lanes);
  return arith::AddIOp::create(k.builder, k.loc, base, iota);
}

Value AttentionWriter::loadScoreOperand(KernelBuilder &k, Value operand, const Piece &piece,
                                        Value row, Value column, Value count) {
  const Buffer &buffer = scoreOperands.find(operand)->second;
  SmallVector<Value> coordinates(piece.coordinates);
  coordinates.push_back(row);
  coordinates.push_back(column);
  ArrayRef<Value> own = ArrayRef<Value>(coordinates).take_back(buffer.rank());
  int64_t step = buffer.rank() == 0 || buffer.sizes.back() == 1 ? 0 : buffer.strides.back();
  Value memory = k.loadStrided(k.vector(k.elementType(buffer.dtype), lanes), k.pointer(buffer),
                               k.offsetOf(buffer, own), step, step == 0 ? Value() : count);
  return fromMemory(k, memory, buffer.dtype);
}

/// Scale, mask and other operators on a vector of products.
Value AttentionWriter::finishScores(KernelBuilder &k, const Piece &piece, Value row, Value column,
                                    Value products, bool isLast) {
  OpBuilder &builder = k.builder;
  Location loc = k.loc;
  Value lowest = k.number(type, -kInfinity), score = products, count;
  bool hasTail = form.keys % lanes != 0 && isLast;
  if (hasTail)
    count = k.min(k.sub(k.constant(form.keys), column), k.constant(lanes));
  auto load = [&](Value operand) {
    return loadScoreOperand(k, operand, piece, row, column, count);
  };
  if (form.scale != 1)
    score = arith::MulFOp::create(builder, loc, score, k.number(type, form.scale));
  llvm::DenseMap<Value, Value> values;
  values[form.product] = score;
  for (ts::AtenOp op : form.scoreOps) {
    auto find = [&](Value operand) {
      Value known = values.lookup(operand);
      return known ? known : load(operand);
    };
    score = *kernel::emitPointwise(builder, loc, op, find, lanes);
    values[op.getResult(0)] = score;
  }
  if (form.mask) {
    Value mask = load(form.mask);
    score = getElementTypeOrSelf(mask.getType()).isInteger(1)
                ? Value(arith::SelectOp::create(builder, loc, mask, score, lowest))
                : Value(arith::AddFOp::create(builder, loc, score, mask));
  }
  if (!hasTail && !form.isCausal)
    return score;
  Value last = form.isCausal ? k.min(row, k.constant(form.keys - 1)) : k.constant(form.keys - 1);
  Type i32 = builder.getI32Type();
  Value limit = k.splat(arith::TruncIOp::create(builder, loc, i32, last), lanes);
  Value isKey = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle,
                                      columnsOf(k, column, lanes), limit);
  return arith::SelectOp::create(builder, loc, isKey, score, lowest);
}

// ---- Softmax

/// Rows of scores become exponentials of their differences to the maximum; the inverses of the sums
/// are kept for the result.
void AttentionWriter::writeSoftmax(KernelBuilder &k, const Piece &piece) {
  OpBuilder &builder = k.builder;
  Location loc = k.loc;
  constexpr int64_t kUnits = 4;
  Value vectors = k.div(k.add(piece.keyEnd, lanes - 1), lanes);
  Value whole = k.mul(k.div(vectors, kUnits), kUnits);
  auto reduce = [&](Value row, Reduction reduction, llvm::function_ref<Value(Value)> element) {
    Accumulator identity = identityOf(k, reduction, form.dtype, lanes);
    SmallVector<Value> units(kUnits, identity[0]);
    auto turn = [&](int64_t count) {
      return [&, count](Value first, ValueRange carried) {
        SmallVector<Value> next(carried);
        for (int64_t u = 0; u < count; ++u) {
          Value offset = k.add(k.mul(row, pitch), k.mul(k.add(first, u), lanes));
          next[u] = combine(k, reduction, form.dtype, {next[u]}, {element(offset)})[0];
        }
        return next;
      };
    };
    units = k.loop(k.constant(0), whole, kUnits, units, turn(kUnits));
    units = k.loop(whole, vectors, 1, units, turn(1));
    for (int64_t u = 1; u < kUnits; ++u)
      units[0] = combine(k, reduction, form.dtype, {units[0]}, {units[u]})[0];
    return combineLanes(k, reduction, form.dtype, {units[0]})[0];
  };
  k.loop(0, piece.rows, 1, [&](Value row) {
    Value top = reduce(row, Reduction::MaxNumber,
                       [&](Value offset) { return k.load(type, scores, offset); });
    Value zero = k.number(type, 0);
    if (form.isSafe) {
      Value isLowest = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, top,
                                             k.number(type, -kInfinity));
      top = arith::SelectOp::create(builder, loc, isLowest, zero, top);
    }
    Value sum = reduce(row, Reduction::Sum, [&](Value offset) -> Value {
      Value score = k.load(type, scores, offset);
      Value distance = arith::SubFOp::create(builder, loc, score, top);
      Value weight = math::ExpOp::create(builder, loc, distance);
      k.store(weight, scores, offset);
      return weight;
    });
    Value inverse = arith::DivFOp::create(builder, loc, k.number(type, 1), sum);
    if (form.isSafe) {
      Value isEmpty = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, sum, zero);
      inverse = arith::SelectOp::create(builder, loc, isEmpty, zero, inverse);
    }
    Value scalar = vector::ExtractOp::create(builder, loc, inverse, ArrayRef<int64_t>{0});
    k.store(scalar, inverses, row);
  });
}

// ---- Result

void AttentionWriter::writeResult(KernelBuilder &k, const Piece &piece) {
  for (int64_t vector = 0; vector < valueVectors; vector += resultBlock.vectors) {
    int64_t vectors = std::min(resultBlock.vectors, valueVectors - vector);
    int64_t parts = llvm::divideCeil(piece.rows, resultBlock.rows), done = 0;
    for (int64_t part = 0; part < parts; ++part) {
      int64_t rows = (piece.rows - done) / (parts - part);
      writeResultBlock(k, piece, done, rows, vector, vectors);
      done += rows;
    }
  }
}

void AttentionWriter::writeResultBlock(KernelBuilder &k, const Piece &piece, int64_t firstRow,
                                       int64_t rows, int64_t firstVector, int64_t vectors) {
  MicrokernelBlock block;
  block.rows = rows;
  block.vectors = vectors;
  block.type = type;
  block.a = k.at(scores, element, k.constant(firstRow * pitch));
  block.b = k.at(piece.value, element, k.constant(firstVector * lanes));
  block.rowStride = pitch;
  block.vectorStride = lanes;
  block.step = piece.valueStep;
  int64_t lastCount = form.valueDepth - (firstVector + vectors - 1) * lanes;
  if (!packsValues() && lastCount < lanes)
    block.lastCount = k.constant(lastCount);
  SmallVector<Value> sums(rows * vectors, k.number(type, 0));
  std::pair<int64_t, int64_t> all(form.keys, 1), one(1, 1);
  if (form.isCausal) {
    block.reduction = one;
    Value a = block.a, b = block.b;
    sums = k.loop(k.constant(0), piece.keyEnd, 1, sums, [&](Value key, ValueRange carried) {
      block.a = k.at(a, element, key);
      block.b = k.at(b, element, k.mul(key, piece.valueStep));
      return writeMicrokernel(k, block, SmallVector<Value>(carried));
    });
  } else {
    block.reduction = all;
    sums = writeMicrokernel(k, block, sums);
  }
  int64_t rank = resultBuffer.rank(), depthStep = resultBuffer.strides[rank - 1];
  for (int64_t row = 0; row < rows; ++row) {
    Value inverse = k.splat(k.load(element, inverses, k.constant(firstRow + row)), lanes);
    for (int64_t j = 0; j < vectors; ++j) {
      int64_t column = (firstVector + j) * lanes;
      int64_t count = std::min(lanes, form.valueDepth - column);
      Value result = arith::MulFOp::create(k.builder, k.loc, sums[row * vectors + j], inverse);
      int64_t offset = (firstRow + row) * resultBuffer.strides[rank - 2] + column * depthStep;
      k.storeStrided(result, piece.result, k.constant(offset), depthStep,
                     count == lanes ? Value() : k.constant(count));
    }
  }
}

void emitAttention(RegionWriter &region, kernel::GroupOp group) {
  AttentionWriter(region, group).write();
}

} // namespace tsc::lowering
