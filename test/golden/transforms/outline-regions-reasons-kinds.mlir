// PASSES: ts-outline-regions
// Why an operator stays outside: what kinds of kernels cannot do.

// CHECK-LABEL: ts.func @rows_too_long
// CHECK:       "aten::sum"{{.*}}kernel.generic = "rows are too long"
ts.func @rows_too_long(%x: !ts.tensor<[65536,65536],u8>) -> !ts.tensor {
  %n = ts.constant !ts.none, unit
  %r = ts.aten "aten::sum"(%x, %n) : (!ts.tensor<[65536,65536],u8>, !ts.none) -> !ts.tensor<[],i64>
  ts.return %r : !ts.tensor<[],i64>
}

// CHECK-LABEL: ts.func @statistics_updated
// CHECK:       "aten::batch_norm"{{.*}}kernel.generic = "running statistics are updated"
ts.func @statistics_updated(%x: !ts.tensor<[4,6],f32>, %m: !ts.tensor<[6],f32>, %v: !ts.tensor<[6],f32>) -> !ts.tensor {
  %n = ts.constant !ts.none, unit
  %e = ts.constant !ts.float, 1.0e-05
  %c = ts.constant !ts.bool, false
  %t = ts.constant !ts.bool, true
  %r = ts.aten "aten::batch_norm"(%x, %n, %n, %m, %v, %t, %e, %e, %c) : (!ts.tensor<[4,6],f32>, !ts.none, !ts.none, !ts.tensor<[6],f32>, !ts.tensor<[6],f32>, !ts.bool, !ts.float, !ts.float, !ts.bool) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}

// CHECK-LABEL: ts.func @too_many_keys
// CHECK:       "aten::scaled_dot_product_attention"{{.*}}kernel.generic = "there are too many keys"
ts.func @too_many_keys(%q: !ts.tensor<[2,4,8],f32>, %k: !ts.tensor<[2,20000,8],f32>) -> !ts.tensor {
  %n = ts.constant !ts.none, unit
  %p = ts.constant !ts.float, 0.0
  %c = ts.constant !ts.bool, false
  %r = ts.aten "aten::scaled_dot_product_attention"(%q, %k, %k, %n, %p, %c, %n, %c) : (!ts.tensor<[2,4,8],f32>, !ts.tensor<[2,20000,8],f32>, !ts.tensor<[2,20000,8],f32>, !ts.none, !ts.float, !ts.bool, !ts.none, !ts.bool) -> !ts.tensor<[2,4,8],f32>
  ts.return %r : !ts.tensor<[2,4,8],f32>
}

// CHECK-LABEL: ts.func @drops_values
// CHECK:       "aten::scaled_dot_product_attention"{{.*}}kernel.generic = "it drops values at random"
ts.func @drops_values(%q: !ts.tensor<[2,4,8],f32>, %k: !ts.tensor<[2,6,8],f32>) -> !ts.tensor {
  %n = ts.constant !ts.none, unit
  %p = ts.constant !ts.float, 0.5
  %c = ts.constant !ts.bool, false
  %r = ts.aten "aten::scaled_dot_product_attention"(%q, %k, %k, %n, %p, %c, %n, %c) : (!ts.tensor<[2,4,8],f32>, !ts.tensor<[2,6,8],f32>, !ts.tensor<[2,6,8],f32>, !ts.none, !ts.float, !ts.bool, !ts.none, !ts.bool) -> !ts.tensor<[2,4,8],f32>
  ts.return %r : !ts.tensor<[2,4,8],f32>
}

// CHECK-LABEL: ts.func @places_wanted
// CHECK:       "aten::max_pool2d_with_indices"{{.*}}kernel.generic = "the places of the maxima are wanted"
ts.func @places_wanted(%x: !ts.tensor<[1,3,8,8],f16>) -> !ts.tensor {
  %d = ts.constant !ts.int, 2 : i64
  %l = ts.list_construct(%d) : (!ts.int) -> !ts.list<!ts.int>
  %o = ts.list_construct() : () -> !ts.list<!ts.int>
  %z = ts.constant !ts.int, 0 : i64
  %p = ts.list_construct(%z) : (!ts.int) -> !ts.list<!ts.int>
  %u = ts.constant !ts.int, 1 : i64
  %w = ts.list_construct(%u) : (!ts.int) -> !ts.list<!ts.int>
  %c = ts.constant !ts.bool, false
  %r0, %r1 = ts.aten "aten::max_pool2d_with_indices"(%x, %l, %o, %p, %w, %c) : (!ts.tensor<[1,3,8,8],f16>, !ts.list<!ts.int>, !ts.list<!ts.int>, !ts.list<!ts.int>, !ts.list<!ts.int>, !ts.bool) -> (!ts.tensor<[1,3,4,4],f16>, !ts.tensor<[1,3,4,4],i64>)
  ts.return %r1 : !ts.tensor<[1,3,4,4],i64>
}

// CHECK-LABEL: ts.func @several_indices
// CHECK:       "aten::index.Tensor_hacked_twin"{{.*}}kernel.generic = "several dimensions are indexed"
ts.func @several_indices(%x: !ts.tensor<[4,6],f32>, %i: !ts.tensor<[3],i64>) -> !ts.tensor {
  %l = ts.list_construct(%i, %i) : (!ts.tensor<[3],i64>, !ts.tensor<[3],i64>) -> !ts.list<!ts.tensor>
  %r = ts.aten "aten::index.Tensor_hacked_twin"(%x, %l) : (!ts.tensor<[4,6],f32>, !ts.list<!ts.tensor>) -> !ts.tensor<[3],f32>
  ts.return %r : !ts.tensor<[3],f32>
}

// CHECK-LABEL: ts.func @no_matrices
// CHECK:       "aten::det"{{.*}}kernel.generic = "argument 'self' is no stack of matrices of float32 or float64"
ts.func @no_matrices(%x: !ts.tensor<[4,4],f16>) -> !ts.tensor {
  %r = ts.aten "aten::det"(%x) : (!ts.tensor<[4,4],f16>) -> !ts.tensor<[],f16>
  ts.return %r : !ts.tensor<[],f16>
}

// CHECK-LABEL: ts.func @not_square
// CHECK:       "aten::linalg_inv"{{.*}}kernel.generic = "the matrices are not square"
ts.func @not_square(%x: !ts.tensor<[3,4],f32>) -> !ts.tensor {
  %r = ts.aten "aten::linalg_inv"(%x) : (!ts.tensor<[3,4],f32>) -> !ts.tensor<[3,4],f32>
  ts.return %r : !ts.tensor<[3,4],f32>
}

// CHECK-LABEL: ts.func @batches_broadcast
// CHECK:       "aten::linalg_solve"{{.*}}kernel.generic = "the batches are broadcast"
ts.func @batches_broadcast(%a: !ts.tensor<[2,1,4,4],f32>, %b: !ts.tensor<[1,3,4,2],f32>) -> !ts.tensor {
  %l = ts.constant !ts.bool, true
  %r = ts.aten "aten::linalg_solve"(%a, %b, %l) : (!ts.tensor<[2,1,4,4],f32>, !ts.tensor<[1,3,4,2],f32>, !ts.bool) -> !ts.tensor<[2,3,4,2],f32>
  ts.return %r : !ts.tensor<[2,3,4,2],f32>
}
