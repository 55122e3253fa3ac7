// PASSES: ts-propagate-types,ts-decompose,ts-propagate-types,ts-fold-constants,ts-eliminate-dead-code,ts-decompose,ts-propagate-types,ts-fold-constants,ts-gather-appends,ts-eliminate-dead-code,ts-propagate-types
// The body of the operator's function, for operands of known types.
// CHECK-LABEL: ts.func @outer
// CHECK:       "aten::unsqueeze"
// CHECK:       "aten::unsqueeze"
// CHECK:       "aten::mul.Tensor"{{.*}} -> !ts.tensor<[3,4],f32>
// CHECK-NOT:   aten::outer
ts.func @outer(%a: !ts.tensor, %b: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[3],f32>
  %y = ts.unchecked_cast %b {ts.checked} : (!ts.tensor) -> !ts.tensor<[4],f32>
  %1 = ts.aten "aten::outer"(%x, %y) : (!ts.tensor<[3],f32>, !ts.tensor<[4],f32>) -> !ts.tensor
  ts.return %1 : !ts.tensor
}

// Sizes that are not known, or no elements: the operator stays.
// CHECK-LABEL: ts.func @unknown
// CHECK:       "aten::outer"
// CHECK:       "aten::outer"
ts.func @unknown(%a: !ts.tensor, %b: !ts.tensor) -> (!ts.tensor, !ts.tensor) {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[0],f32>
  %1 = ts.aten "aten::outer"(%x, %x) : (!ts.tensor<[0],f32>, !ts.tensor<[0],f32>) -> !ts.tensor
  %2 = ts.aten "aten::outer"(%b, %b) : (!ts.tensor, !ts.tensor) -> !ts.tensor
  ts.return %1, %2 : !ts.tensor, !ts.tensor
}

// A loop over a list is unrolled.
// CHECK-LABEL: ts.func @stack
// CHECK-NOT:   ts.loop
// CHECK:       [[L:%.+]] = ts.list_construct({{%.+}}, {{%.+}}) : (!ts.tensor<[3,1],f32>, !ts.tensor<[3,2],f32>)
// CHECK:       "aten::cat"([[L]], {{.*}} -> !ts.tensor<[3,3],f32>
ts.func @stack(%a: !ts.tensor, %b: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[3],f32>
  %y = ts.unchecked_cast %b {ts.checked} : (!ts.tensor) -> !ts.tensor<[3,2],f32>
  %l = ts.list_construct(%x, %y) : (!ts.tensor<[3],f32>, !ts.tensor<[3,2],f32>) -> !ts.list<!ts.tensor>
  %1 = ts.aten "aten::column_stack"(%l) : (!ts.list<!ts.tensor>) -> !ts.tensor
  ts.return %1 : !ts.tensor
}

// Where the function has no form for its arguments, the operator stays whole.
// CHECK-LABEL: ts.func @whole
// CHECK:       "aten::linalg_matrix_norm"{{.*}} {ts.whole}
ts.func @whole(%a: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[3,3],f32>
  %three = ts.constant !ts.int, 3 : i64
  %d = ts.constant !ts.list<!ts.int>, #ts.list<[0, 1] : !ts.list<!ts.int>>
  %no = ts.constant !ts.bool, false
  %none = ts.constant !ts.none, unit
  %1 = ts.aten "aten::linalg_matrix_norm"(%x, %three, %d, %no, %none) : (!ts.tensor<[3,3],f32>, !ts.int, !ts.list<!ts.int>, !ts.bool, !ts.none) -> !ts.tensor
  ts.return %1 : !ts.tensor
}

// Parts of a tensor that are taken out of their list one by one.
// CHECK-LABEL: ts.func @parts
// CHECK-NOT:   aten::chunk
// CHECK:       "aten::slice.Tensor"{{.*}} -> !ts.tensor<[2,3],f32>
// CHECK:       "aten::slice.Tensor"{{.*}} -> !ts.tensor<[1,3],f32>
ts.func @parts(%a: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[3,3],f32>
  %two = ts.constant !ts.int, 2 : i64
  %zero = ts.constant !ts.int, 0 : i64
  %l = ts.aten "aten::chunk"(%x, %two, %zero) : (!ts.tensor<[3,3],f32>, !ts.int, !ts.int) -> !ts.list<!ts.tensor>
  %p:2 = ts.list_unpack %l : (!ts.list<!ts.tensor>) -> (!ts.tensor, !ts.tensor)
  %one = ts.constant !ts.int, 1 : i64
  %1 = ts.aten "aten::add.Tensor"(%p#0, %p#1, %one) : (!ts.tensor, !ts.tensor, !ts.int) -> !ts.tensor
  ts.return %1 : !ts.tensor
}

// Running statistics are written, the batch is normalized by its own.
// CHECK-LABEL: ts.func @training
// CHECK:       "aten::mean.dim"
// CHECK:       "aten::copy_"
// CHECK:       "aten::var.correction"
// CHECK:       "aten::copy_"
// CHECK:       "aten::batch_norm"({{.*}} {ts.whole} : (!ts.tensor<[5,3],f32>, !ts.none, !ts.none, !ts.none, !ts.none, 
ts.func @training(%a: !ts.tensor, %b: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[5,3],f32>
  %s = ts.unchecked_cast %b {ts.checked} : (!ts.tensor) -> !ts.tensor<[3],f32>
  %none = ts.constant !ts.none, unit
  %yes = ts.constant !ts.bool, true
  %e = ts.constant !ts.float, 0.1
  %1 = ts.aten "aten::batch_norm"(%x, %none, %none, %s, %s, %yes, %e, %e, %yes) : (!ts.tensor<[5,3],f32>, !ts.none, !ts.none, !ts.tensor<[3],f32>, !ts.tensor<[3],f32>, !ts.bool, !ts.float, !ts.float, !ts.bool) -> !ts.tensor
  ts.return %1 : !ts.tensor
}

// One overload in terms of another, which the next round decomposes.
// CHECK-LABEL: ts.func @overload
// CHECK-NOT:   ts.whole
// CHECK:       "aten::_upsample_bilinear2d_aa"(
// CHECK-NOT:   ts.whole
ts.func @overload(%a: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[1,2,8,6],f32>
  %two = ts.constant !ts.float, 2.0
  %no = ts.constant !ts.bool, false
  %none = ts.constant !ts.none, unit
  %s = ts.list_construct(%two, %two) : (!ts.float, !ts.float) -> !ts.list<!ts.float>
  %1 = ts.aten "aten::_upsample_bilinear2d_aa.vec"(%x, %none, %no, %s) : (!ts.tensor<[1,2,8,6],f32>, !ts.none, !ts.bool, !ts.list<!ts.float>) -> !ts.tensor
  ts.return %1 : !ts.tensor
}
