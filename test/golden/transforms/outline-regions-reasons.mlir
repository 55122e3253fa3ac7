// PASSES: ts-outline-regions
// Why an operator stays outside: what holds for any, and where it stands. Each row of
// tsc/Kernel/Reasons.def has a function here or in outline-regions-reasons-*.mlir.

// CHECK-LABEL: ts.func @not_on_tensors
// CHECK:       "aten::split.Tensor"{{.*}}kernel.generic = "it does not map tensors to tensors"
ts.func @not_on_tensors(%x: !ts.tensor<[4,6],f32>) -> !ts.list<!ts.tensor> {
  %n = ts.constant !ts.int, 2 : i64
  %d = ts.constant !ts.int, 0 : i64
  %r = ts.aten "aten::split.Tensor"(%x, %n, %d) : (!ts.tensor<[4,6],f32>, !ts.int, !ts.int) -> !ts.list<!ts.tensor>
  ts.return %r : !ts.list<!ts.tensor>
}

// CHECK-LABEL: ts.func @has_effects
// CHECK:       "aten::relu_"{{.*}}kernel.generic = "it writes, or has other effects"
ts.func @has_effects(%x: !ts.tensor<[4,6],f32>) -> !ts.tensor {
  %r = ts.aten "aten::relu_"(%x) : (!ts.tensor<[4,6],f32>) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}

// CHECK-LABEL: ts.func @no_form
// CHECK:       "aten::trace"{{.*}}kernel.generic = "it has no compiled form"
ts.func @no_form(%x: !ts.tensor<[4,6],f32>) -> !ts.tensor {
  %r = ts.aten "aten::trace"(%x) : (!ts.tensor<[4,6],f32>) -> !ts.tensor<[],f32>
  ts.return %r : !ts.tensor<[],f32>
}

// CHECK-LABEL: ts.func @not_precise
// CHECK:       "aten::fliplr"{{.*}}kernel.generic = "dtype or sizes of a tensor are not known"
ts.func @not_precise(%x: !ts.tensor) -> !ts.tensor {
  %r = ts.aten "aten::fliplr"(%x) : (!ts.tensor) -> !ts.tensor
  ts.return %r : !ts.tensor
}

// CHECK-LABEL: ts.func @uncommon_dtype
// CHECK:       "aten::fliplr"{{.*}}kernel.generic = "the dtype of a tensor is neither float, integer nor bool"
ts.func @uncommon_dtype(%x: !ts.tensor<[4,6],c64>) -> !ts.tensor {
  %r = ts.aten "aten::fliplr"(%x) : (!ts.tensor<[4,6],c64>) -> !ts.tensor<[4,6],c64>
  ts.return %r : !ts.tensor<[4,6],c64>
}

// CHECK-LABEL: ts.func @not_constant
// CHECK:       "aten::select.int"{{.*}}kernel.generic = "argument 'index' is not constant"
ts.func @not_constant(%x: !ts.tensor<[4,6],f32>, %i: !ts.int) -> !ts.tensor {
  %d = ts.constant !ts.int, 0 : i64
  %r = ts.aten "aten::select.int"(%x, %d, %i) : (!ts.tensor<[4,6],f32>, !ts.int, !ts.int) -> !ts.tensor<[6],f32>
  ts.return %r : !ts.tensor<[6],f32>
}

// CHECK-LABEL: ts.func @list_written
// CHECK:       "aten::cat"{{.*}}kernel.generic = "the list in argument 'tensors' is written"
ts.func @list_written(%x: !ts.tensor<[4,6],f32>) -> !ts.tensor {
  %d = ts.constant !ts.int, 0 : i64
  %l = ts.list_construct(%x) : (!ts.tensor<[4,6],f32>) -> !ts.list<!ts.tensor>
  %m = ts.aten "aten::append.t"(%l, %x) : (!ts.list<!ts.tensor>, !ts.tensor<[4,6],f32>) -> !ts.list<!ts.tensor>
  %r = ts.aten "aten::cat"(%l, %d) : (!ts.list<!ts.tensor>, !ts.int) -> !ts.tensor<[4,6],f32>
  ts.return %r : !ts.tensor<[4,6],f32>
}

// CHECK-LABEL: ts.func @only_views
// CHECK:       "aten::t"{{.*}}kernel.generic = "there are only views between what writes, which need no kernel"
ts.func @only_views(%x: !ts.tensor<[4,6],f32>) -> !ts.tensor {
  %r = ts.aten "aten::t"(%x) : (!ts.tensor<[4,6],f32>) -> !ts.tensor<[6,4],f32>
  ts.return %r : !ts.tensor<[6,4],f32>
}

// The view is made behind the region, in front of the generic operator that reads it.
// CHECK-LABEL: ts.func @seen_outside
// CHECK:       kernel.region
// CHECK:       "aten::t"{{.*}}kernel.generic = "a view that generic operators read is made on the tensor it looks into"
// CHECK:       "aten::trace"
ts.func @seen_outside(%x: !ts.tensor<[4,6],f32>) -> !ts.tensor {
  %1 = ts.aten "aten::relu"(%x) : (!ts.tensor<[4,6],f32>) -> !ts.tensor<[4,6],f32>
  %2 = ts.aten "aten::t"(%1) : (!ts.tensor<[4,6],f32>) -> !ts.tensor<[6,4],f32>
  %3 = ts.aten "aten::trace"(%2) : (!ts.tensor<[6,4],f32>) -> !ts.tensor<[],f32>
  ts.return %3 : !ts.tensor<[],f32>
}

// CHECK-LABEL: ts.func @view_by_tensor
// CHECK:       "aten::narrow.Tensor"{{.*}}kernel.generic = "argument 'start' of a view is a tensor"
ts.func @view_by_tensor(%x: !ts.tensor<[4,6],f32>, %s: !ts.tensor<[],i64>) -> !ts.tensor {
  %d = ts.constant !ts.int, 0 : i64
  %n = ts.constant !ts.int, 2 : i64
  %r = ts.aten "aten::narrow.Tensor"(%x, %d, %s, %n) : (!ts.tensor<[4,6],f32>, !ts.int, !ts.tensor<[],i64>, !ts.int) -> !ts.tensor<[2,6],f32>
  ts.return %r : !ts.tensor<[2,6],f32>
}

// CHECK-LABEL: ts.func @view_other_dtype
// CHECK:       "aten::view.dtype"{{.*}}kernel.generic = "it is a view under another dtype"
ts.func @view_other_dtype(%x: !ts.tensor<[4,6],f32>) -> !ts.tensor {
  %d = ts.constant !ts.int, 3 : i64
  %r = ts.aten "aten::view.dtype"(%x, %d) : (!ts.tensor<[4,6],f32>, !ts.int) -> !ts.tensor<[4,6],i32>
  ts.return %r : !ts.tensor<[4,6],i32>
}

// CHECK-LABEL: ts.func @operands_do_not_fit
// CHECK:       "aten::mm"{{.*}}kernel.generic = "its operands do not fit each other"
ts.func @operands_do_not_fit(%x: !ts.tensor<[5,6],f32>) -> !ts.tensor<[5,6],f32> {
  %1 = ts.aten "aten::mm"(%x, %x) : (!ts.tensor<[5,6],f32>, !ts.tensor<[5,6],f32>) -> !ts.tensor<[5,6],f32>
  ts.return %1 : !ts.tensor<[5,6],f32>
}

// CHECK-LABEL: ts.func @reshape_written
// CHECK:       "aten::relu"{{.*}}kernel.generic = "a reshape of its result, which may be a copy, is written"
ts.func @reshape_written(%x: !ts.tensor<[4,6],f32>) -> (!ts.tensor<[4,6],f32>, !ts.tensor<[24],f32>) {
  %n = ts.constant !ts.int, 24 : i64
  %1 = ts.aten "aten::relu"(%x) : (!ts.tensor<[4,6],f32>) -> !ts.tensor<[4,6],f32>
  %sizes = ts.list_construct(%n) : (!ts.int) -> !ts.list<!ts.int>
  %2 = ts.aten "aten::reshape"(%1, %sizes) : (!ts.tensor<[4,6],f32>, !ts.list<!ts.int>) -> !ts.tensor<[24],f32>
  %3 = ts.aten "aten::zero_"(%2) : (!ts.tensor<[24],f32>) -> !ts.tensor<[24],f32>
  ts.return %1, %3 : !ts.tensor<[4,6],f32>, !ts.tensor<[24],f32>
}

// CHECK-LABEL: ts.func @too_many_phases
// CHECK:       "aten::conv_transpose1d"{{.*}}kernel.generic = "its stride makes more phases of the outputs than are worth kernels"
ts.func @too_many_phases(%x: !ts.tensor<[1,1,2],f32>) -> !ts.tensor<[1,1,2001],f32> {
  %none = ts.constant !ts.none, unit
  %0 = ts.constant !ts.int, 0 : i64
  %1 = ts.constant !ts.int, 1 : i64
  %2 = ts.constant !ts.int, 2 : i64
  %n = ts.constant !ts.int, 2000 : i64
  %zeros = ts.list_construct(%0) : (!ts.int) -> !ts.list<!ts.int>
  %ones = ts.list_construct(%1) : (!ts.int) -> !ts.list<!ts.int>
  %stride = ts.list_construct(%n) : (!ts.int) -> !ts.list<!ts.int>
  %w = ts.aten "aten::slice.Tensor"(%x, %2, %0, %1, %1) : (!ts.tensor<[1,1,2],f32>, !ts.int, !ts.int, !ts.int, !ts.int) -> !ts.tensor<[1,1,1],f32>
  %r = ts.aten "aten::conv_transpose1d"(%x, %w, %none, %stride, %zeros, %zeros, %1, %ones) : (!ts.tensor<[1,1,2],f32>, !ts.tensor<[1,1,1],f32>, !ts.none, !ts.list<!ts.int>, !ts.list<!ts.int>, !ts.list<!ts.int>, !ts.int, !ts.list<!ts.int>) -> !ts.tensor<[1,1,2001],f32>
  ts.return %r : !ts.tensor<[1,1,2001],f32>
}
