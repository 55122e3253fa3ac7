// PASSES: ts-outline-regions
// Why an operator stays outside: dtypes, ranks and sizes of its tensors.

// CHECK-LABEL: ts.func @dtype_not_compiled
// CHECK:       "aten::cummax"{{.*}}kernel.generic = "it is not compiled for the dtype"
ts.func @dtype_not_compiled(%x: !ts.tensor<[4,6],f16>) -> !ts.tensor {
  %d = ts.constant !ts.int, 0 : i64
  %r0, %r1 = ts.aten "aten::cummax"(%x, %d) : (!ts.tensor<[4,6],f16>, !ts.int) -> (!ts.tensor<[4,6],f16>, !ts.tensor<[4,6],i64>)
  ts.return %r0 : !ts.tensor<[4,6],f16>
}

// CHECK-LABEL: ts.func @dtypes_differ
// CHECK:       "aten::scatter.src"{{.*}}kernel.generic = "dtypes of its tensors differ"
ts.func @dtypes_differ(%x: !ts.tensor<[4,6],f32>, %i: !ts.tensor<[4,6],i64>, %s: !ts.tensor<[4,6],f64>) -> !ts.tensor {
  %d = ts.constant !ts.int, 0 : i64
  %r = ts.aten "aten::scatter.src"(%x, %d, %i, %s) : (!ts.tensor<[4,6],f32>, !ts.int, !ts.tensor<[4,6],i64>, !ts.tensor<[4,6],f64>) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}

// CHECK-LABEL: ts.func @rank_not_compiled
// CHECK:       "aten::index_select"{{.*}}kernel.generic = "it is not compiled for tensors of this rank"
ts.func @rank_not_compiled(%x: !ts.tensor<[],f32>, %i: !ts.tensor<[1],i64>) -> !ts.tensor {
  %d = ts.constant !ts.int, 0 : i64
  %r = ts.aten "aten::index_select"(%x, %d, %i) : (!ts.tensor<[],f32>, !ts.int, !ts.tensor<[1],i64>) -> !ts.tensor<[],f32>
  ts.return %r : !ts.tensor<[],f32>
}

// CHECK-LABEL: ts.func @sizes_do_not_fit
// CHECK:       "aten::scatter_add"{{.*}}kernel.generic = "sizes of its tensors do not fit"
ts.func @sizes_do_not_fit(%x: !ts.tensor<[4,6],f32>, %i: !ts.tensor<[5,7],i64>) -> !ts.tensor {
  %d = ts.constant !ts.int, 0 : i64
  %r = ts.aten "aten::scatter_add"(%x, %d, %i, %x) : (!ts.tensor<[4,6],f32>, !ts.int, !ts.tensor<[5,7],i64>, !ts.tensor<[4,6],f32>) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}

// CHECK-LABEL: ts.func @no_elements
// CHECK:       "aten::amax"{{.*}}kernel.generic = "a tensor, or a dimension that it needs, is empty"
ts.func @no_elements(%x: !ts.tensor<[4,0],f32>) -> !ts.tensor {
  %d = ts.constant !ts.int, 1 : i64
  %l = ts.list_construct(%d) : (!ts.int) -> !ts.list<!ts.int>
  %k = ts.constant !ts.bool, false
  %r = ts.aten "aten::amax"(%x, %l, %k) : (!ts.tensor<[4,0],f32>, !ts.list<!ts.int>, !ts.bool) -> !ts.tensor<[4],f32>
  ts.return %r : !ts.tensor<[4],f32>
}

// CHECK-LABEL: ts.func @index_dtype
// CHECK:       "aten::gather"{{.*}}kernel.generic = "an index has another dtype"
ts.func @index_dtype(%x: !ts.tensor<[4,6],f32>, %i: !ts.tensor<[4,6],u8>) -> !ts.tensor {
  %d = ts.constant !ts.int, 0 : i64
  %s = ts.constant !ts.bool, false
  %r = ts.aten "aten::gather"(%x, %d, %i, %s) : (!ts.tensor<[4,6],f32>, !ts.int, !ts.tensor<[4,6],u8>, !ts.bool) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}
