// PASSES: ts-fuse-elementwise
// CHECK-LABEL: ts.func @chain
// CHECK:       %[[FITS:.*]] = ts.has_dtype 6(%arg0, %arg1)
// CHECK:       ts.if %[[FITS]]
// CHECK:       ts.map(%arg0, %arg1)
// CHECK:         arith.mulf
// CHECK:         arith.select
// CHECK:         ts.map_yield
// CHECK:       else
// CHECK:         "aten::mul.Tensor"
// CHECK:         "aten::relu"
ts.func @chain(%a: !ts.tensor, %b: !ts.tensor) -> !ts.tensor {
  %1 = ts.aten "aten::mul.Tensor"(%a, %b) : (!ts.tensor, !ts.tensor) -> !ts.tensor
  %2 = ts.aten "aten::relu"(%1) : (!ts.tensor) -> !ts.tensor
  ts.return %2 : !ts.tensor
}

// A write between the operators keeps them apart.
// CHECK-LABEL: ts.func @written
// CHECK-NOT:   ts.map
ts.func @written(%a: !ts.tensor, %b: !ts.tensor) -> !ts.tensor {
  %1 = ts.aten "aten::mul.Tensor"(%a, %b) : (!ts.tensor, !ts.tensor) -> !ts.tensor
  %w = ts.aten "aten::relu_"(%a) : (!ts.tensor) -> !ts.tensor
  %2 = ts.aten "aten::relu"(%1) : (!ts.tensor) -> !ts.tensor
  ts.return %2 : !ts.tensor
}
