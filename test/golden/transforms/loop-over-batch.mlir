// PASSES: ts-loop-over-batch
// Parts of eight elements, then single ones; the result is there before.
// CHECK-LABEL: ts.func @layers
// CHECK:       %[[N:.*]] = ts.aten "aten::size.int"(%arg0
// CHECK:       %[[Y:.*]] = ts.aten "aten::empty.memory_format"
// CHECK-SAME:  -> !ts.tensor<[s0,4],f32>
// CHECK:       ts.loop
// CHECK:       "aten::narrow"(%arg0
// CHECK-SAME:  -> !ts.tensor<[8,3],f32>
// CHECK:       "aten::linear"
// CHECK-SAME:  -> !ts.tensor<[8,4],f32>
// CHECK:       "aten::relu"
// CHECK:       "aten::copy_"
// CHECK:       ts.loop
// CHECK:       "aten::linear"
// CHECK-SAME:  -> !ts.tensor<[1,4],f32>
// CHECK:       ts.return %[[Y]]
ts.func @layers(%x: !ts.tensor<[s0,3],f32>, %w: !ts.tensor<[4,3],f32>) -> !ts.tensor<[s0,4],f32> {
  %none = ts.constant !ts.none, unit
  %1 = ts.aten "aten::linear"(%x, %w, %none) : (!ts.tensor<[s0,3],f32>, !ts.tensor<[4,3],f32>, !ts.none) -> !ts.tensor<[s0,4],f32>
  %2 = ts.aten "aten::relu"(%1) : (!ts.tensor<[s0,4],f32>) -> !ts.tensor<[s0,4],f32>
  ts.return %2 : !ts.tensor<[s0,4],f32>
}

// A view that names the batch's size has the part's in the loop.
// CHECK-LABEL: ts.func @view
// CHECK:       ts.loop
// CHECK:       %[[EIGHT:.*]] = ts.constant !ts.int, 8
// CHECK:       "aten::view"
// CHECK-SAME:  -> !ts.tensor<[8,2,2],f32>
ts.func @view(%x: !ts.tensor<[s0,3],f32>, %w: !ts.tensor<[4,3],f32>) -> !ts.tensor<[s0,2,2],f32> {
  %none = ts.constant !ts.none, unit
  %zero = ts.constant !ts.int, 0 : i64
  %two = ts.constant !ts.int, 2 : i64
  %n = ts.aten "aten::size.int"(%x, %zero) : (!ts.tensor<[s0,3],f32>, !ts.int) -> !ts.int
  %1 = ts.aten "aten::linear"(%x, %w, %none) : (!ts.tensor<[s0,3],f32>, !ts.tensor<[4,3],f32>, !ts.none) -> !ts.tensor<[s0,4],f32>
  %sizes = ts.list_construct(%n, %two, %two) : (!ts.int, !ts.int, !ts.int) -> !ts.list<!ts.int>
  %2 = ts.aten "aten::view"(%1, %sizes) : (!ts.tensor<[s0,4],f32>, !ts.list<!ts.int>) -> !ts.tensor<[s0,2,2],f32>
  %3 = ts.aten "aten::softmax.int"(%2, %two, %none) : (!ts.tensor<[s0,2,2],f32>, !ts.int, !ts.none) -> !ts.tensor<[s0,2,2],f32>
  ts.return %3 : !ts.tensor<[s0,2,2],f32>
}

// What mixes the batch's elements stays as it is.
// CHECK-LABEL: ts.func @across
// CHECK-NOT:   ts.loop
// CHECK:       "aten::softmax.int"(%arg0
// CHECK:       ts.return
ts.func @across(%x: !ts.tensor<[s0,3],f32>) -> !ts.tensor<[s0,3],f32> {
  %zero = ts.constant !ts.int, 0 : i64
  %none = ts.constant !ts.none, unit
  %1 = ts.aten "aten::softmax.int"(%x, %zero, %none) : (!ts.tensor<[s0,3],f32>, !ts.int, !ts.none) -> !ts.tensor<[s0,3],f32>
  ts.return %1 : !ts.tensor<[s0,3],f32>
}

// The number of elements is no constant of theirs.
// CHECK-LABEL: ts.func @scaled
// CHECK-NOT:   ts.loop
// CHECK:       "aten::mul.Scalar"
// CHECK:       ts.return
ts.func @scaled(%x: !ts.tensor<[s0,3],f32>) -> !ts.tensor<[s0,3],f32> {
  %zero = ts.constant !ts.int, 0 : i64
  %n = ts.aten "aten::size.int"(%x, %zero) : (!ts.tensor<[s0,3],f32>, !ts.int) -> !ts.int
  %1 = ts.aten "aten::mul.Scalar"(%x, %n) : (!ts.tensor<[s0,3],f32>, !ts.int) -> !ts.tensor<[s0,3],f32>
  ts.return %1 : !ts.tensor<[s0,3],f32>
}

// A batch that is never larger than four is done in parts of four.
// CHECK-LABEL: ts.func @bounded
// CHECK:       "aten::linear"
// CHECK-SAME:  -> !ts.tensor<[4,4],f32>
// CHECK:       "aten::linear"
// CHECK-SAME:  -> !ts.tensor<[1,4],f32>
ts.func @bounded(%x: !ts.tensor<[s0,3],f32>, %w: !ts.tensor<[4,3],f32>) -> !ts.tensor<[s0,4],f32> attributes {ts.bounds = [array<i64: -1, 1, 4>]} {
  %none = ts.constant !ts.none, unit
  %1 = ts.aten "aten::linear"(%x, %w, %none) : (!ts.tensor<[s0,3],f32>, !ts.tensor<[4,3],f32>, !ts.none) -> !ts.tensor<[s0,4],f32>
  ts.return %1 : !ts.tensor<[s0,4],f32>
}
