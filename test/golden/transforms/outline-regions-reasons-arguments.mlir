// PASSES: ts-outline-regions
// Why an operator stays outside: its arguments.

// CHECK-LABEL: ts.func @option_not_constant
// CHECK:       "aten::batch_norm"{{.*}}kernel.generic = "one of its options is not constant"
ts.func @option_not_constant(%x: !ts.tensor<[4,6],f32>, %m: !ts.tensor<[6],f32>, %v: !ts.tensor<[6],f32>, %t: !ts.bool) -> !ts.tensor {
  %n = ts.constant !ts.none, unit
  %e = ts.constant !ts.float, 1.0e-05
  %c = ts.constant !ts.bool, false
  %r = ts.aten "aten::batch_norm"(%x, %n, %n, %m, %v, %t, %e, %e, %c) : (!ts.tensor<[4,6],f32>, !ts.none, !ts.none, !ts.tensor<[6],f32>, !ts.tensor<[6],f32>, !ts.bool, !ts.float, !ts.float, !ts.bool) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}

// CHECK-LABEL: ts.func @out_of_range
// CHECK:       "aten::cumsum"{{.*}}kernel.generic = "argument 'dim' is out of range"
ts.func @out_of_range(%x: !ts.tensor<[4,6],f32>) -> !ts.tensor {
  %d = ts.constant !ts.int, 5 : i64
  %n = ts.constant !ts.none, unit
  %r = ts.aten "aten::cumsum"(%x, %d, %n) : (!ts.tensor<[4,6],f32>, !ts.int, !ts.none) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}

// CHECK-LABEL: ts.func @argument_does_not_fit
// CHECK:       "aten::constant_pad_nd"{{.*}}kernel.generic = "argument 'pad' does not fit the tensors"
ts.func @argument_does_not_fit(%x: !ts.tensor<[4,6],f32>) -> !ts.tensor {
  %d = ts.constant !ts.int, 1 : i64
  %l = ts.list_construct(%d) : (!ts.int) -> !ts.list<!ts.int>
  %r = ts.aten "aten::constant_pad_nd"(%x, %l, %d) : (!ts.tensor<[4,6],f32>, !ts.list<!ts.int>, !ts.int) -> !ts.tensor<[4,7],f32>
  ts.return %r : !ts.tensor<[4,7],f32>
}

// CHECK-LABEL: ts.func @unknown_option
// CHECK:       "aten::scatter.reduce"{{.*}}kernel.generic = "argument 'reduce' asks for what is not compiled"
ts.func @unknown_option(%x: !ts.tensor<[4,6],f32>, %i: !ts.tensor<[4,6],i64>) -> !ts.tensor {
  %d = ts.constant !ts.int, 0 : i64
  %s = ts.constant !ts.str, "divide"
  %r = ts.aten "aten::scatter.reduce"(%x, %d, %i, %x, %s) : (!ts.tensor<[4,6],f32>, !ts.int, !ts.tensor<[4,6],i64>, !ts.tensor<[4,6],f32>, !ts.str) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}

// CHECK-LABEL: ts.func @list_not_known
// CHECK:       "aten::cat"{{.*}}kernel.generic = "the list in argument 'tensors' is not known"
ts.func @list_not_known(%l: !ts.list<!ts.tensor>) -> !ts.tensor {
  %d = ts.constant !ts.int, 0 : i64
  %r = ts.aten "aten::cat"(%l, %d) : (!ts.list<!ts.tensor>, !ts.int) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}

// CHECK-LABEL: ts.func @value_not_held
// CHECK:       "aten::constant_pad_nd"{{.*}}kernel.generic = "a value cannot be held in the tensor's dtype"
ts.func @value_not_held(%x: !ts.tensor<[4,6],i64>) -> !ts.tensor {
  %d = ts.constant !ts.int, 1 : i64
  %l = ts.list_construct(%d, %d) : (!ts.int, !ts.int) -> !ts.list<!ts.int>
  %v = ts.constant !ts.float, 2.5
  %r = ts.aten "aten::constant_pad_nd"(%x, %l, %v) : (!ts.tensor<[4,6],i64>, !ts.list<!ts.int>, !ts.float) -> !ts.tensor<[4,8],i64>
  ts.return %r : !ts.tensor<[4,8],i64>
}

// CHECK-LABEL: ts.func @no_number
// CHECK:       "aten::clamp"{{.*}}kernel.generic = "argument 'min' is no number, constant or tensor"
ts.func @no_number(%x: !ts.tensor<[4,6],f32>, %m: !ts.optional<!ts.float>) -> !ts.tensor {
  %n = ts.constant !ts.none, unit
  %r = ts.aten "aten::clamp"(%x, %m, %n) : (!ts.tensor<[4,6],f32>, !ts.optional<!ts.float>, !ts.none) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}

// CHECK-LABEL: ts.func @other_kind_of_number
// CHECK:       "aten::masked_fill.Scalar"{{.*}}kernel.generic = "an argument is another kind of number than the operator computes with"
ts.func @other_kind_of_number(%x: !ts.tensor<[4],i32>, %m: !ts.tensor<[4],bool>) -> !ts.tensor {
  %v = ts.constant !ts.float, 0.5
  %r = ts.aten "aten::masked_fill.Scalar"(%x, %m, %v) : (!ts.tensor<[4],i32>, !ts.tensor<[4],bool>, !ts.float) -> !ts.tensor<[4],i32>
  ts.return %r : !ts.tensor<[4],i32>
}

// CHECK-LABEL: ts.func @arguments_out_of_range
// CHECK:       "aten::softshrink"{{.*}}kernel.generic = "its arguments are out of range"
ts.func @arguments_out_of_range(%x: !ts.tensor<[4],f32>) -> !ts.tensor {
  %v = ts.constant !ts.float, -0.5
  %r = ts.aten "aten::softshrink"(%x, %v) : (!ts.tensor<[4],f32>, !ts.float) -> !ts.tensor<[4],f32>
  ts.return %r : !ts.tensor<[4],f32>
}

// CHECK-LABEL: ts.func @integer_quotient
// CHECK:       "aten::floor_divide"{{.*}}kernel.generic = "integers are divided by constants other than zero only"
ts.func @integer_quotient(%x: !ts.tensor<[4],i64>) -> !ts.tensor {
  %r = ts.aten "aten::floor_divide"(%x, %x) : (!ts.tensor<[4],i64>, !ts.tensor<[4],i64>) -> !ts.tensor<[4],i64>
  ts.return %r : !ts.tensor<[4],i64>
}

// CHECK-LABEL: ts.func @integer_power
// CHECK:       "aten::pow.Tensor_Scalar"{{.*}}kernel.generic = "integers are raised to positive constant powers only"
ts.func @integer_power(%x: !ts.tensor<[4],i64>) -> !ts.tensor {
  %v = ts.constant !ts.int, -1 : i64
  %r = ts.aten "aten::pow.Tensor_Scalar"(%x, %v) : (!ts.tensor<[4],i64>, !ts.int) -> !ts.tensor<[4],i64>
  ts.return %r : !ts.tensor<[4],i64>
}
