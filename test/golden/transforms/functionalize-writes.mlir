// PASSES: ts-functionalize-writes
// CHECK-LABEL: ts.func @fresh
// CHECK:       "aten::relu"(
ts.func @fresh(%x: !ts.tensor) -> !ts.tensor {
  %1 = ts.aten "aten::neg"(%x) : (!ts.tensor) -> !ts.tensor
  %2 = ts.aten "aten::relu_"(%1) : (!ts.tensor) -> !ts.tensor
  ts.return %2 : !ts.tensor
}

// The caller sees a write to its argument.
// CHECK-LABEL: ts.func @argument
// CHECK:       "aten::relu_"(%arg0)
ts.func @argument(%x: !ts.tensor) -> !ts.tensor {
  %2 = ts.aten "aten::relu_"(%x) : (!ts.tensor) -> !ts.tensor
  ts.return %2 : !ts.tensor
}

// So does a view that was taken before.
// CHECK-LABEL: ts.func @viewed
// CHECK:       "aten::relu_"
ts.func @viewed(%x: !ts.tensor) -> !ts.tensor {
  %1 = ts.aten "aten::neg"(%x) : (!ts.tensor) -> !ts.tensor
  %t = ts.aten "aten::t"(%1) : (!ts.tensor) -> !ts.tensor
  %2 = ts.aten "aten::relu_"(%1) : (!ts.tensor) -> !ts.tensor
  ts.return %t : !ts.tensor
}

// With types, elementwise operators that keep the dtype and the shape.
// CHECK-LABEL: ts.func @typed
// CHECK:       "aten::add.Tensor"(
// CHECK:       "aten::mul.Scalar"(
ts.func @typed(%x: !ts.tensor<[2,3],f32>, %y: !ts.tensor<[3],f32>) -> !ts.tensor<[2,3],f32> {
  %one = ts.constant !ts.int, 1 : i64
  %half = ts.constant !ts.float, 5.000000e-01 : f64
  %1 = ts.aten "aten::neg"(%x) : (!ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>
  %2 = ts.aten "aten::add_.Tensor"(%1, %y, %one) : (!ts.tensor<[2,3],f32>, !ts.tensor<[3],f32>, !ts.int) -> !ts.tensor<[2,3],f32>
  %3 = ts.aten "aten::mul_.Scalar"(%2, %half) : (!ts.tensor<[2,3],f32>, !ts.float) -> !ts.tensor<[2,3],f32>
  ts.return %3 : !ts.tensor<[2,3],f32>
}

// The sum of floats and doubles is double; written to floats it is not.
// CHECK-LABEL: ts.func @otherwise_typed
// CHECK:       "aten::add_.Tensor"(
ts.func @otherwise_typed(%x: !ts.tensor<[2,3],f32>, %y: !ts.tensor<[2,3],f64>) -> !ts.tensor<[2,3],f32> {
  %one = ts.constant !ts.int, 1 : i64
  %1 = ts.aten "aten::neg"(%x) : (!ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>
  %2 = ts.aten "aten::add_.Tensor"(%1, %y, %one) : (!ts.tensor<[2,3],f32>, !ts.tensor<[2,3],f64>, !ts.int) -> !ts.tensor<[2,3],f32>
  ts.return %2 : !ts.tensor<[2,3],f32>
}

// A conversion to the dtype that is there gives the operand itself.
// CHECK-LABEL: ts.func @converted
// CHECK:       "aten::relu_"
ts.func @converted(%x: !ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32> {
  %1 = ts.aten "aten::type_as"(%x, %x) : (!ts.tensor<[2,3],f32>, !ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>
  %2 = ts.aten "aten::relu_"(%1) : (!ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>
  ts.return %2 : !ts.tensor<[2,3],f32>
}
