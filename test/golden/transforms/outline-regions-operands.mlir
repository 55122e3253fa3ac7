// PASSES: ts-outline-regions
// Operators that raise for their operands stay on generic kernels, which do so.
// CHECK-LABEL: ts.func @sizes
// CHECK-NOT:   kernel.region
// CHECK-LABEL: ts.func @fitting
// CHECK:       kernel.region
ts.func @sizes(%x: !ts.tensor<[5,6],f32>, %y: !ts.tensor<[5,4],f32>, %v: !ts.tensor<[6],f32>, %b: !ts.tensor<[2,5,6],f32>) {
  %zero = ts.constant !ts.int, 0 : i64
  %one = ts.constant !ts.int, 1 : i64
  %three = ts.constant !ts.int, 3 : i64
  %seven = ts.constant !ts.int, 7 : i64
  %none = ts.constant !ts.none, unit
  %no = ts.constant !ts.bool, false
  %few = ts.list_construct(%three) : (!ts.int) -> !ts.list<!ts.int>
  %twice = ts.list_construct(%one, %one) : (!ts.int, !ts.int) -> !ts.list<!ts.int>
  %1 = ts.aten "aten::add.Tensor"(%x, %y, %one) : (!ts.tensor<[5,6],f32>, !ts.tensor<[5,4],f32>, !ts.int) -> !ts.tensor<[5,6],f32>
  %2 = ts.aten "aten::where.self"(%x, %x, %x) : (!ts.tensor<[5,6],f32>, !ts.tensor<[5,6],f32>, !ts.tensor<[5,6],f32>) -> !ts.tensor<[5,6],f32>
  %3 = ts.aten "aten::mm"(%x, %x) : (!ts.tensor<[5,6],f32>, !ts.tensor<[5,6],f32>) -> !ts.tensor<[5,6],f32>
  %4 = ts.aten "aten::matmul"(%b, %x) : (!ts.tensor<[2,5,6],f32>, !ts.tensor<[5,6],f32>) -> !ts.tensor<[2,5,6],f32>
  %5 = ts.aten "aten::bmm"(%b, %b) : (!ts.tensor<[2,5,6],f32>, !ts.tensor<[2,5,6],f32>) -> !ts.tensor<[2,5,6],f32>
  %6 = ts.aten "aten::linear"(%x, %y, %none) : (!ts.tensor<[5,6],f32>, !ts.tensor<[5,4],f32>, !ts.none) -> !ts.tensor<[5,5],f32>
  %7 = ts.aten "aten::linear"(%x, %x, %v) : (!ts.tensor<[5,6],f32>, !ts.tensor<[5,6],f32>, !ts.tensor<[6],f32>) -> !ts.tensor<[5,5],f32>
  %8 = ts.aten "aten::mv"(%y, %v) : (!ts.tensor<[5,4],f32>, !ts.tensor<[6],f32>) -> !ts.tensor<[5],f32>
  %9 = ts.aten "aten::view"(%x, %few) : (!ts.tensor<[5,6],f32>, !ts.list<!ts.int>) -> !ts.tensor<[3],f32>
  %10 = ts.aten "aten::select.int"(%x, %zero, %seven) : (!ts.tensor<[5,6],f32>, !ts.int, !ts.int) -> !ts.tensor<[6],f32>
  %11 = ts.aten "aten::narrow"(%x, %one, %three, %seven) : (!ts.tensor<[5,6],f32>, !ts.int, !ts.int, !ts.int) -> !ts.tensor<[5,7],f32>
  %12 = ts.aten "aten::permute"(%x, %twice) : (!ts.tensor<[5,6],f32>, !ts.list<!ts.int>) -> !ts.tensor<[6,6],f32>
  %13 = ts.aten "aten::expand"(%x, %few, %no) : (!ts.tensor<[5,6],f32>, !ts.list<!ts.int>, !ts.bool) -> !ts.tensor<[5,3],f32>
  %14 = ts.aten "aten::unflatten.int"(%x, %one, %twice) : (!ts.tensor<[5,6],f32>, !ts.int, !ts.list<!ts.int>) -> !ts.tensor<[5,1,1],f32>
  ts.return
}
ts.func @fitting(%x: !ts.tensor<[5,6],f32>) -> !ts.tensor<[5,6],f32> {
  %1 = ts.aten "aten::exp"(%x) : (!ts.tensor<[5,6],f32>) -> !ts.tensor<[5,6],f32>
  ts.return %1 : !ts.tensor<[5,6],f32>
}
