// PASSES: ts-speculate-types,ts-propagate-types
// A run of operators stands twice: for what was observed, and as it was.
// CHECK-LABEL: ts.func @run
// CHECK:       %[[SIZES:.*]] = ts.aten "aten::size"(%arg0)
// CHECK:       "aten::eq.int_list"(%[[SIZES]],
// CHECK:       "prim::dtype"(%arg0)
// CHECK:       %[[R:.*]] = ts.if {{.*}} {ts.speculated = [!ts.tensor<[1,3,8,8],f32>]}
// CHECK:         ts.unchecked_cast %arg0 {ts.checked}
// CHECK:         "aten::max_pool2d"{{.*}} -> !ts.tensor<[1,3,4,4],f32>
// CHECK:         "aten::relu_"{{.*}} -> !ts.tensor<[1,3,4,4],f32>
// CHECK:       else
// CHECK:         "aten::max_pool2d"(%arg0
// CHECK-NOT:     ts.observed
// CHECK:         "aten::relu_"
// CHECK:       ts.return %[[R]]
ts.func @run(%x: !ts.tensor) -> !ts.tensor {
  %two = ts.constant !ts.int, 2 : i64
  %zero = ts.constant !ts.int, 0 : i64
  %one = ts.constant !ts.int, 1 : i64
  %no = ts.constant !ts.bool, false
  %k = ts.list_construct(%two) : (!ts.int) -> !ts.list<!ts.int>
  %s = ts.list_construct(%two) : (!ts.int) -> !ts.list<!ts.int>
  %p = ts.list_construct(%zero) : (!ts.int) -> !ts.list<!ts.int>
  %d = ts.list_construct(%one) : (!ts.int) -> !ts.list<!ts.int>
  %1 = ts.aten "aten::max_pool2d"(%x, %k, %s, %p, %d, %no) {ts.observed = [!ts.tensor<[1,3,8,8],f32>, unit, unit, unit, unit, unit]} : (!ts.tensor, !ts.list<!ts.int>, !ts.list<!ts.int>, !ts.list<!ts.int>, !ts.list<!ts.int>, !ts.bool) -> !ts.tensor
  %2 = ts.aten "aten::relu_"(%1) : (!ts.tensor) -> !ts.tensor
  ts.return %2 : !ts.tensor
}

// One small operator is not worth a copy, and where metadata may change, types say nothing.
// CHECK-LABEL: ts.func @small
// CHECK-NOT:   ts.if
ts.func @small(%x: !ts.tensor) -> !ts.tensor {
  %1 = ts.aten "aten::relu"(%x) {ts.observed = [!ts.tensor<[8],f32>]} : (!ts.tensor) -> !ts.tensor
  ts.return %1 : !ts.tensor
}
// CHECK-LABEL: ts.func @resized
// CHECK-NOT:   ts.if
ts.func @resized(%x: !ts.tensor, %n: !ts.list<!ts.int>, %f: !ts.none) -> !ts.tensor {
  %1 = ts.aten "aten::relu"(%x) {ts.observed = [!ts.tensor<[80000],f32>]} : (!ts.tensor) -> !ts.tensor
  %2 = ts.aten "aten::resize_"(%1, %n, %f) : (!ts.tensor, !ts.list<!ts.int>, !ts.none) -> !ts.tensor
  ts.return %2 : !ts.tensor
}
