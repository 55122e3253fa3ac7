// PASSES: ts-outline-regions
// Operators and the lists of constants that they read become a region; a view that is seen outside
// is made again on the tensor that leaves the region, so that writes reach both.
// CHECK-LABEL: ts.func @view
// CHECK:       %[[r:.*]]:2 = kernel.region(%arg0)
// CHECK-NEXT:  ^bb0
// CHECK:         "aten::relu"
// CHECK:         ts.list_construct
// CHECK:         "aten::sum.dim_IntList"
// CHECK-NOT:     "aten::t"
// CHECK:         kernel.yield
// CHECK:       %[[t:.*]] = ts.aten "aten::t"(%[[r]]#0)
// CHECK:       ts.aten "aten::zero_"(%[[t]])
// CHECK:       ts.return %[[r]]#0, %[[r]]#1
ts.func @view(%x: !ts.tensor<[2,3],f32>) -> (!ts.tensor<[2,3],f32>, !ts.tensor<[2],f32>) {
  %one = ts.constant !ts.int, 1 : i64
  %no = ts.constant !ts.bool, false
  %none = ts.constant !ts.none, unit
  %dims = ts.list_construct(%one) : (!ts.int) -> !ts.list<!ts.int>
  %1 = ts.aten "aten::relu"(%x) : (!ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>
  %2 = ts.aten "aten::t"(%1) : (!ts.tensor<[2,3],f32>) -> !ts.tensor<[3,2],f32>
  %3 = ts.aten "aten::sum.dim_IntList"(%1, %dims, %no, %none) : (!ts.tensor<[2,3],f32>, !ts.list<!ts.int>, !ts.bool, !ts.none) -> !ts.tensor<[2],f32>
  %4 = ts.aten "aten::zero_"(%2) : (!ts.tensor<[3,2],f32>) -> !ts.tensor
  ts.return %1, %3 : !ts.tensor<[2,3],f32>, !ts.tensor<[2],f32>
}

// A write ends a region: what reads the tensor afterwards is another one.
// CHECK-LABEL: ts.func @write
// CHECK:       kernel.region
// CHECK:         "aten::relu"
// CHECK:       "aten::add_.Tensor"
// CHECK:       kernel.region
// CHECK:         "aten::exp"
ts.func @write(%x: !ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32> {
  %one = ts.constant !ts.int, 1 : i64
  %1 = ts.aten "aten::relu"(%x) : (!ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>
  %2 = ts.aten "aten::add_.Tensor"(%x, %1, %one) : (!ts.tensor<[2,3],f32>, !ts.tensor<[2,3],f32>, !ts.int) -> !ts.tensor<[2,3],f32>
  %3 = ts.aten "aten::exp"(%x) : (!ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>
  ts.return %3 : !ts.tensor<[2,3],f32>
}

// A list of tensors goes into the region with its reader.
// CHECK-LABEL: ts.func @list
// CHECK-NOT:   ts.list_construct
// CHECK:       kernel.region(%arg0)
// CHECK:         "aten::relu"
// CHECK:         ts.list_construct
// CHECK:         "aten::cat"
// CHECK:       }
// CHECK-NEXT:  ts.return
ts.func @list(%x: !ts.tensor<[2,3],f32>) -> !ts.tensor<[4,3],f32> {
  %zero = ts.constant !ts.int, 0 : i64
  %1 = ts.aten "aten::relu"(%x) : (!ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>
  %2 = ts.list_construct(%1, %x) : (!ts.tensor<[2,3],f32>, !ts.tensor<[2,3],f32>) -> !ts.list<!ts.tensor<[2,3],f32>>
  %3 = ts.aten "aten::cat"(%2, %zero) : (!ts.list<!ts.tensor<[2,3],f32>>, !ts.int) -> !ts.tensor<[4,3],f32>
  ts.return %3 : !ts.tensor<[4,3],f32>
}

// A list that is written stays outside, and so does its reader.
// CHECK-LABEL: ts.func @written_list
// CHECK:       kernel.region(%arg0)
// CHECK:         "aten::relu"
// CHECK:       }
// CHECK:       ts.list_construct
// CHECK:  "aten::append.t"
// CHECK:  "aten::cat"
ts.func @written_list(%x: !ts.tensor<[2,3],f32>) -> !ts.tensor<[4,3],f32> {
  %zero = ts.constant !ts.int, 0 : i64
  %1 = ts.aten "aten::relu"(%x) : (!ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>
  %2 = ts.list_construct(%1) : (!ts.tensor<[2,3],f32>) -> !ts.list<!ts.tensor>
  %3 = ts.aten "aten::append.t"(%2, %x) : (!ts.list<!ts.tensor>, !ts.tensor<[2,3],f32>) -> !ts.list<!ts.tensor>
  %4 = ts.aten "aten::cat"(%2, %zero) : (!ts.list<!ts.tensor>, !ts.int) -> !ts.tensor<[4,3],f32>
  ts.return %4 : !ts.tensor<[4,3],f32>
}

// A conversion that converts nothing is the tensor itself: a view, not a copy.
// CHECK-LABEL: ts.func @same
// CHECK:       %[[r:.*]] = kernel.region
// CHECK-NOT:     "aten::to.dtype"
// CHECK:       }
// CHECK:       %[[to:.*]] = ts.aten "aten::to.dtype"(%arg0
// CHECK:       ts.return %[[to]], %[[r]]
ts.func @same(%x: !ts.tensor<[2,3],f32>) -> (!ts.tensor<[2,3],f32>, !ts.tensor<[2,3],f32>) {
  %f32 = ts.constant !ts.int, 6 : i64
  %no = ts.constant !ts.bool, false
  %none = ts.constant !ts.none, unit
  %1 = ts.aten "aten::relu"(%x) : (!ts.tensor<[2,3],f32>) -> !ts.tensor<[2,3],f32>
  %2 = ts.aten "aten::to.dtype"(%x, %f32, %no, %no, %none) : (!ts.tensor<[2,3],f32>, !ts.int, !ts.bool, !ts.bool, !ts.none) -> !ts.tensor<[2,3],f32>
  ts.return %2, %1 : !ts.tensor<[2,3],f32>, !ts.tensor<[2,3],f32>
}
