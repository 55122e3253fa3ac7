// PASSES: ts-fuse-groups
// A normalization takes the elementwise operators around it, and what else reduces the same rows.
// CHECK-LABEL: ts.func @around
// CHECK:       kernel.group rows
// CHECK-NEXT:    "aten::mul.Tensor"
// CHECK-NEXT:    "aten::mean.dim"
// CHECK-NEXT:    "aten::sub.Tensor"
// CHECK-NEXT:    "aten::exp"
// CHECK-NEXT:    kernel.yield
// CHECK-NOT:   kernel.group
ts.func @around(%x: !ts.tensor<[4,32],f32>) -> !ts.tensor<[4,32],f32> {
  %r = kernel.region(%x) : (!ts.tensor<[4,32],f32>) -> !ts.tensor<[4,32],f32> {
  ^bb0(%a: !ts.tensor<[4,32],f32>):
    %one = ts.constant !ts.int, 1 : i64
    %yes = ts.constant !ts.bool, true
    %none = ts.constant !ts.none, unit
    %dims = ts.list_construct(%one) : (!ts.int) -> !ts.list<!ts.int>
    %0 = ts.aten "aten::mul.Tensor"(%a, %a) : (!ts.tensor<[4,32],f32>, !ts.tensor<[4,32],f32>) -> !ts.tensor<[4,32],f32>
    %1 = ts.aten "aten::mean.dim"(%0, %dims, %yes, %none) : (!ts.tensor<[4,32],f32>, !ts.list<!ts.int>, !ts.bool, !ts.none) -> !ts.tensor<[4,1],f32>
    %2 = ts.aten "aten::sub.Tensor"(%0, %1, %one) : (!ts.tensor<[4,32],f32>, !ts.tensor<[4,1],f32>, !ts.int) -> !ts.tensor<[4,32],f32>
    %3 = ts.aten "aten::exp"(%2) : (!ts.tensor<[4,32],f32>) -> !ts.tensor<[4,32],f32>
    kernel.yield %3 : !ts.tensor<[4,32],f32>
  }
  ts.return %r : !ts.tensor<[4,32],f32>
}

// The rows' means lie along the other dimension of what they are subtracted from: two kernels.
// CHECK-LABEL: ts.func @across
// CHECK:       kernel.group rows
// CHECK-NEXT:    "aten::mean.dim"
// CHECK:       kernel.group map
// CHECK-NEXT:    "aten::sub.Tensor"
ts.func @across(%x: !ts.tensor<[32,32],f32>) -> !ts.tensor<[32,32],f32> {
  %r = kernel.region(%x) : (!ts.tensor<[32,32],f32>) -> !ts.tensor<[32,32],f32> {
  ^bb0(%a: !ts.tensor<[32,32],f32>):
    %one = ts.constant !ts.int, 1 : i64
    %no = ts.constant !ts.bool, false
    %none = ts.constant !ts.none, unit
    %dims = ts.list_construct(%one) : (!ts.int) -> !ts.list<!ts.int>
    %1 = ts.aten "aten::mean.dim"(%a, %dims, %no, %none) : (!ts.tensor<[32,32],f32>, !ts.list<!ts.int>, !ts.bool, !ts.none) -> !ts.tensor<[32],f32>
    %2 = ts.aten "aten::sub.Tensor"(%a, %1, %one) : (!ts.tensor<[32,32],f32>, !ts.tensor<[32],f32>, !ts.int) -> !ts.tensor<[32,32],f32>
    kernel.yield %2 : !ts.tensor<[32,32],f32>
  }
  ts.return %r : !ts.tensor<[32,32],f32>
}

// Attention as models are traced: two products with a scale and a softmax between them.
// CHECK-LABEL: ts.func @attention
// CHECK:       kernel.group attention
// CHECK-NEXT:    "aten::matmul"
// CHECK-NEXT:    "aten::mul.Scalar"
// CHECK-NEXT:    "aten::softmax.int"
// CHECK-NEXT:    "aten::matmul"
// CHECK-NOT:   kernel.group
ts.func @attention(%x: !ts.tensor<[2,9,8],f32>, %y: !ts.tensor<[2,8,9],f32>) -> !ts.tensor<[2,9,8],f32> {
  %r = kernel.region(%x, %y) : (!ts.tensor<[2,9,8],f32>, !ts.tensor<[2,8,9],f32>) -> !ts.tensor<[2,9,8],f32> {
  ^bb0(%a: !ts.tensor<[2,9,8],f32>, %b: !ts.tensor<[2,8,9],f32>):
    %scale = ts.constant !ts.float, 5.000000e-01 : f64
    %last = ts.constant !ts.int, -1 : i64
    %none = ts.constant !ts.none, unit
    %0 = ts.aten "aten::matmul"(%a, %b) : (!ts.tensor<[2,9,8],f32>, !ts.tensor<[2,8,9],f32>) -> !ts.tensor<[2,9,9],f32>
    %1 = ts.aten "aten::mul.Scalar"(%0, %scale) : (!ts.tensor<[2,9,9],f32>, !ts.float) -> !ts.tensor<[2,9,9],f32>
    %2 = ts.aten "aten::softmax.int"(%1, %last, %none) : (!ts.tensor<[2,9,9],f32>, !ts.int, !ts.none) -> !ts.tensor<[2,9,9],f32>
    %3 = ts.aten "aten::matmul"(%2, %a) : (!ts.tensor<[2,9,9],f32>, !ts.tensor<[2,9,8],f32>) -> !ts.tensor<[2,9,8],f32>
    kernel.yield %3 : !ts.tensor<[2,9,8],f32>
  }
  ts.return %r : !ts.tensor<[2,9,8],f32>
}
