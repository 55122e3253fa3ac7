// PASSES: ts-propagate-types,ts-outline-regions
// A view of what a region computes, read by an operator that waits for the region: made again in front of its reader.
// CHECK-LABEL: ts.func @view
// CHECK:       [[R:%.+]] = kernel.region
// CHECK:       [[Q:%.+]]:2 = ts.aten "aten::linalg_qr"([[R]],
// CHECK:       [[V:%.+]] = ts.aten "aten::transpose.int"([[R]],
// CHECK:       ts.aten "aten::matmul"([[V]], [[Q]]#0)
ts.func @view(%a: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[3,3],f32>
  %mode = ts.constant !ts.str, "reduced"
  %zero = ts.constant !ts.int, 0 : i64
  %one = ts.constant !ts.int, 1 : i64
  %1 = ts.aten "aten::matmul"(%x, %x) : (!ts.tensor<[3,3],f32>, !ts.tensor<[3,3],f32>) -> !ts.tensor
  %2:2 = ts.aten "aten::linalg_qr"(%1, %mode) : (!ts.tensor, !ts.str) -> (!ts.tensor, !ts.tensor)
  %3 = ts.aten "aten::transpose.int"(%1, %zero, %one) : (!ts.tensor, !ts.int, !ts.int) -> !ts.tensor
  %4 = ts.aten "aten::matmul"(%3, %2#0) : (!ts.tensor, !ts.tensor) -> !ts.tensor
  ts.return %4 : !ts.tensor
}
