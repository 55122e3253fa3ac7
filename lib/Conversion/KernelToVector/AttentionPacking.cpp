// SPDX-License-Identifier: Apache-2.0
// Copies of keys and values of a head as the products of attention read them: keys as
// [keys / lanes, depth, lanes], values as [keys, depth] with rows of whole vectors. Behind the last
// key lies that key again; its scores are masked.
#include "Attention.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tsc::lowering {

using mlir::Value; // not tsc::Value

/// Keys whose packing is worth a thread.
static constexpr int64_t kGrainElements = 32768;

/// Transposes n vectors of n lanes. Each round interleaves the halves, which rotates the bits of
/// (row, lane) by one.
static SmallVector<Value> transpose(KernelBuilder &k, SmallVector<Value> rows) {
  int64_t n = static_cast<int64_t>(rows.size()), half = n / 2;
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < half; ++i) {
    low.append({i, n + i});
    high.append({half + i, n + half + i});
  }
  for (int64_t round = 1; round < n; round *= 2) {
    SmallVector<Value> next;
    for (int64_t i = 0; i < half; ++i)
      for (ArrayRef<int64_t> lanes : {ArrayRef<int64_t>(low), ArrayRef<int64_t>(high)})
        next.push_back(vector::ShuffleOp::create(k.builder, k.loc, rows[i], rows[i + half], lanes));
    rows = std::move(next);
  }
  return rows;
}

/// For each of `count` elements of the depth, a vector of keys.
SmallVector<Value> AttentionWriter::loadKeyBlock(KernelBuilder &k, Value base, Value firstKey,
                                                 Value depth, int64_t count) {
  int64_t rank = keyBuffer.rank();
  int64_t keyStep = keyBuffer.strides[rank - (form.isKeyTransposed ? 1 : 2)];
  int64_t depthStep = keyBuffer.strides[rank - (form.isKeyTransposed ? 2 : 1)];
  SmallVector<Value> columns;
  if (depthStep == 1) {
    for (int64_t i = 0; i < lanes; ++i) {
      Value key = k.min(k.add(firstKey, i), k.constant(form.keys - 1));
      columns.push_back(k.loadMasked(type, base, k.add(k.mul(key, keyStep), depth),
                                     count == lanes ? Value() : k.constant(count)));
    }
    columns = transpose(k, columns);
    columns.resize(count);
    return columns;
  }
  Value keys = k.min(k.sub(k.constant(form.keys), firstKey), k.constant(lanes));
  for (int64_t i = 0; i < count; ++i) {
    Value offset = k.add(k.mul(firstKey, keyStep), k.mul(k.add(depth, i), depthStep));
    columns.push_back(k.loadStrided(type, base, offset, keyStep, keys));
  }
  return columns;
}

void AttentionWriter::packKeys(KernelBuilder &k, Value head, Value block) {
  SmallVector<Value> coordinates = k.delinearize(head, keyHeads);
  Value base = k.at(k.pointer(keyBuffer), element, headOffset(k, keyBuffer, coordinates, 1));
  Value to = k.pointer(packedKeys), firstKey = k.mul(block, lanes);
  Value vectors = k.mul(k.add(k.mul(head, keyVectors), block), form.depth);
  auto copy = [&](Value depth, int64_t count) {
    SmallVector<Value> columns = loadKeyBlock(k, base, firstKey, depth, count);
    for (int64_t i = 0; i < count; ++i)
      k.store(columns[i], to, k.mul(k.add(k.add(vectors, depth), i), lanes));
  };
  int64_t whole = form.depth / lanes * lanes;
  k.loop(0, whole, lanes, [&](Value depth) { copy(depth, lanes); });
  if (whole != form.depth)
    copy(k.constant(whole), form.depth - whole);
}

void AttentionWriter::packValues(KernelBuilder &k, Value head, Value block) {
  SmallVector<Value> coordinates = k.delinearize(head, keyHeads);
  Value base = k.at(k.pointer(valueBuffer), element, headOffset(k, valueBuffer, coordinates, 1));
  int64_t rank = valueBuffer.rank(), step = valueBuffer.strides[rank - 2];
  int64_t depthStep = valueBuffer.strides[rank - 1];
  Value first = k.mul(block, lanes), to = k.pointer(packedValues);
  Value end = k.min(k.add(first, lanes), k.constant(form.keys));
  k.loop(first, end, 1, [&](Value key) {
    Value row = k.mul(k.add(k.mul(head, form.keys), key), valueVectors * lanes);
    for (int64_t i = 0; i < valueVectors; ++i) {
      int64_t count = std::min(lanes, form.valueDepth - i * lanes);
      Value offset = k.add(k.mul(key, step), i * lanes * depthStep);
      Value values = k.loadStrided(type, base, offset, depthStep,
                                   count == lanes ? Value() : k.constant(count));
      k.store(values, to, k.add(row, i * lanes));
    }
  });
}

void AttentionWriter::pack() {
  int64_t heads = 1;
  for (int64_t size : keyHeads)
    heads *= size;
  if (packsKeys())
    packedKeys = region.temporary(form.dtype, {heads, keyVectors, form.depth, lanes});
  if (packsValues())
    packedValues = region.temporary(form.dtype, {heads, form.keys, valueVectors * lanes});
  if (!packsKeys() && !packsValues())
    return;
  auto task = [&](KernelBuilder &k, Value begin, Value end) {
    k.loop(begin, end, 1, [&](Value piece) {
      Value head = k.div(piece, keyVectors), block = k.rem(piece, keyVectors);
      if (packsKeys())
        packKeys(k, head, block);
      if (packsValues())
        packValues(k, head, block);
    });
  };
  int64_t elements =
      lanes * ((packsKeys() ? form.depth : 0) + (packsValues() ? form.valueDepth : 0));
  region.launch(heads * keyVectors, std::max<int64_t>(1, kGrainElements / elements), task, 0,
                static_cast<double>(2 * heads * keyVectors * elements * dtypeBytes(form.dtype)));
}

} // namespace tsc::lowering
