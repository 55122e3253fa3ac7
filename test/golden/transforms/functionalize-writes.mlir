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
