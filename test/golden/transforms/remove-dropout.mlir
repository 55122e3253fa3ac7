// PASSES: ts-remove-dropout
// CHECK-LABEL: ts.func @f
// CHECK-NOT:   dropout
// CHECK:       "aten::relu"(%arg0)
ts.func @f(%x: !ts.tensor) -> !ts.tensor {
  %p = ts.constant !ts.float, 0.5
  %no = ts.constant !ts.bool, false
  %1 = ts.aten "aten::dropout"(%x, %p, %no) : (!ts.tensor, !ts.float, !ts.bool) -> !ts.tensor
  %2 = ts.aten "aten::relu"(%1) : (!ts.tensor) -> !ts.tensor
  ts.return %2 : !ts.tensor
}

// A dropout in training stays.
// CHECK-LABEL: ts.func @training
// CHECK:       "aten::dropout"
ts.func @training(%x: !ts.tensor) -> !ts.tensor {
  %p = ts.constant !ts.float, 0.5
  %yes = ts.constant !ts.bool, true
  %1 = ts.aten "aten::dropout"(%x, %p, %yes) : (!ts.tensor, !ts.float, !ts.bool) -> !ts.tensor
  ts.return %1 : !ts.tensor
}
