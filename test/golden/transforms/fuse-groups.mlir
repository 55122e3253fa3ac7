// PASSES: ts-fuse-groups
// A product takes the elementwise operators behind it, as long as each value has one reader.
// CHECK-LABEL: ts.func @epilogue
// CHECK:       %[[g:.*]] = kernel.group contraction
// CHECK-NEXT:    "aten::linear"
// CHECK-NEXT:    "aten::add.Tensor"
// CHECK-NEXT:    "aten::relu"
// CHECK-NEXT:    kernel.yield
// CHECK:       kernel.group contraction
// CHECK-NEXT:    "aten::mm"(%[[g]]
// CHECK-NEXT:    kernel.yield
// CHECK:       kernel.group map
// CHECK-NEXT:    "aten::sub.Tensor"
ts.func @epilogue(%x: !ts.tensor<[4,4],f32>) -> !ts.tensor<[4,4],f32> {
  %r = kernel.region(%x) : (!ts.tensor<[4,4],f32>) -> !ts.tensor<[4,4],f32> {
  ^bb0(%a: !ts.tensor<[4,4],f32>):
    %one = ts.constant !ts.int, 1 : i64
    %none = ts.constant !ts.none, unit
    %0 = ts.aten "aten::linear"(%a, %a, %none) : (!ts.tensor<[4,4],f32>, !ts.tensor<[4,4],f32>, !ts.none) -> !ts.tensor<[4,4],f32>
    %1 = ts.aten "aten::add.Tensor"(%0, %a, %one) : (!ts.tensor<[4,4],f32>, !ts.tensor<[4,4],f32>, !ts.int) -> !ts.tensor<[4,4],f32>
    %2 = ts.aten "aten::relu"(%1) : (!ts.tensor<[4,4],f32>) -> !ts.tensor<[4,4],f32>
    %3 = ts.aten "aten::mm"(%2, %a) : (!ts.tensor<[4,4],f32>, !ts.tensor<[4,4],f32>) -> !ts.tensor<[4,4],f32>
    %4 = ts.aten "aten::sub.Tensor"(%3, %3, %one) : (!ts.tensor<[4,4],f32>, !ts.tensor<[4,4],f32>, !ts.int) -> !ts.tensor<[4,4],f32>
    kernel.yield %4 : !ts.tensor<[4,4],f32>
  }
  ts.return %r : !ts.tensor<[4,4],f32>
}

// Elementwise operators of one shape that nobody else reads join into one map; what a view or
// another kernel reads ends one. A view has no code and is a group of its own.
// CHECK-LABEL: ts.func @maps
// CHECK:       %[[m:.*]] = kernel.group map
// CHECK-NEXT:    "aten::exp"
// CHECK-NEXT:    "aten::neg"
// CHECK-NEXT:    kernel.yield
// CHECK:       kernel.group map
// CHECK-NEXT:    "aten::sin"(%[[m]])
// CHECK-NEXT:    "aten::mul.Tensor"
// CHECK-NEXT:    kernel.yield
// CHECK:       kernel.group view
// CHECK-NEXT:    "aten::t"(%[[m]])
// CHECK-NEXT:    kernel.yield
ts.func @maps(%x: !ts.tensor<[4,3],f32>) -> (!ts.tensor<[4,3],f32>, !ts.tensor<[3,4],f32>) {
  %r:2 = kernel.region(%x) : (!ts.tensor<[4,3],f32>) -> (!ts.tensor<[4,3],f32>, !ts.tensor<[3,4],f32>) {
  ^bb0(%a: !ts.tensor<[4,3],f32>):
    %0 = ts.aten "aten::exp"(%a) : (!ts.tensor<[4,3],f32>) -> !ts.tensor<[4,3],f32>
    %1 = ts.aten "aten::neg"(%0) : (!ts.tensor<[4,3],f32>) -> !ts.tensor<[4,3],f32>
    %2 = ts.aten "aten::sin"(%1) : (!ts.tensor<[4,3],f32>) -> !ts.tensor<[4,3],f32>
    %3 = ts.aten "aten::mul.Tensor"(%2, %2) : (!ts.tensor<[4,3],f32>, !ts.tensor<[4,3],f32>) -> !ts.tensor<[4,3],f32>
    %4 = ts.aten "aten::t"(%1) : (!ts.tensor<[4,3],f32>) -> !ts.tensor<[3,4],f32>
    kernel.yield %3, %4 : !ts.tensor<[4,3],f32>, !ts.tensor<[3,4],f32>
  }
  ts.return %r#0, %r#1 : !ts.tensor<[4,3],f32>, !ts.tensor<[3,4],f32>
}
