// PASSES: ts-outline-regions,ts-fuse-groups,ts-compare-regions
// Each kernel alone against its operators, then the region as a whole. A view's sizes come back.
// CHECK-LABEL: ts.func @two_kernels
// CHECK:       %[[ALL:.*]] = kernel.region
// CHECK:       %[[FIRST:.*]] = kernel.region
// CHECK-COUNT-2: kernel.yield
// CHECK:       %[[SOFTMAX:.*]] = ts.aten "aten::softmax.int"
// CHECK:       kernel.compare "region 1, kernel 1 (rows: aten::softmax.int)"(%[[FIRST]], %[[SOFTMAX]])
// CHECK:       %[[SIX:.*]] = ts.constant !ts.int, 6
// CHECK:       %[[SIZES:.*]] = ts.list_construct(%[[SIX]],
// CHECK:       %[[VIEW:.*]] = ts.aten "aten::view"(%[[SOFTMAX]], %[[SIZES]])
// CHECK:       "aten::linear"(%[[VIEW]]
// CHECK:       kernel.compare "region 1, kernel 3 (contraction: aten::linear)"
// CHECK:       kernel.compare "region 1 as a whole, whose kernels agree alone"(%[[ALL]]
ts.func @two_kernels(%x: !ts.tensor<[4,6],f32>, %w: !ts.tensor<[3,4],f32>, %s: !ts.list<!ts.int>) -> !ts.tensor {
  %d = ts.constant !ts.int, 1 : i64
  %n = ts.constant !ts.none, unit
  %1 = ts.aten "aten::softmax.int"(%x, %d, %n) : (!ts.tensor<[4,6],f32>, !ts.int, !ts.none) -> !ts.tensor<[4,6],f32>
  %2 = ts.aten "aten::view"(%1, %s) : (!ts.tensor<[4,6],f32>, !ts.list<!ts.int>) -> !ts.tensor<[6,4],f32>
  %3 = ts.aten "aten::linear"(%2, %w, %n) : (!ts.tensor<[6,4],f32>, !ts.tensor<[3,4],f32>, !ts.none) -> !ts.tensor<[6,3],f32>
  ts.return %3 : !ts.tensor<[6,3],f32>
}
