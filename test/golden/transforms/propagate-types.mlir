// PASSES: ts-propagate-types,ts-fold-constants,ts-eliminate-dead-code,ts-propagate-types
// Shapes and dtypes flow; sizes that are known become constants.
// CHECK-LABEL: ts.func @flow
// CHECK:       "aten::matmul"{{.*}} -> !ts.tensor<[2,5],f32>
// CHECK:       "aten::relu"{{.*}} -> !ts.tensor<[2,5],f32>
// CHECK:       "aten::reshape"{{.*}} -> !ts.tensor<[5,2],f32>
// CHECK-NOT:   aten::size
ts.func @flow(%a: !ts.tensor, %b: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[2,3],f32>
  %y = ts.unchecked_cast %b {ts.checked} : (!ts.tensor) -> !ts.tensor<[3,5],f32>
  %1 = ts.aten "aten::matmul"(%x, %y) : (!ts.tensor<[2,3],f32>, !ts.tensor<[3,5],f32>) -> !ts.tensor
  %2 = ts.aten "aten::relu"(%1) : (!ts.tensor) -> !ts.tensor
  %i = ts.constant !ts.int, -1 : i64
  %n = ts.aten "aten::size.int"(%2, %i) : (!ts.tensor, !ts.int) -> !ts.int
  %s = ts.list_construct(%n, %i) : (!ts.int, !ts.int) -> !ts.list<!ts.int>
  %3 = ts.aten "aten::reshape"(%2, %s) : (!ts.tensor, !ts.list<!ts.int>) -> !ts.tensor
  ts.return %3 : !ts.tensor
}

// A named size goes through what keeps it, also through a list of sizes.
// CHECK-LABEL: ts.func @symbol
// CHECK:       "aten::flatten.using_ints"{{.*}} -> !ts.tensor<[s0,12],f32>
// CHECK:       "aten::view"{{.*}} -> !ts.tensor<[s0,3,4],f32>
ts.func @symbol(%a: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[s0,3,4],f32>
  %one = ts.constant !ts.int, 1 : i64
  %end = ts.constant !ts.int, -1 : i64
  %1 = ts.aten "aten::flatten.using_ints"(%x, %one, %end) : (!ts.tensor<[s0,3,4],f32>, !ts.int, !ts.int) -> !ts.tensor
  %s = ts.aten "aten::size"(%x) : (!ts.tensor<[s0,3,4],f32>) -> !ts.list<!ts.int>
  %2 = ts.aten "aten::view"(%1, %s) : (!ts.tensor, !ts.list<!ts.int>) -> !ts.tensor
  ts.return %2 : !ts.tensor
}

// Branches agree on what both sides have.
// CHECK-LABEL: ts.func @branches
// CHECK:       ts.if %arg1 : (!ts.bool) -> !ts.tensor<[2,?],f32>
ts.func @branches(%a: !ts.tensor, %c: !ts.bool) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[2,3],f32>
  %one = ts.constant !ts.int, 1 : i64
  %r = ts.if %c : (!ts.bool) -> !ts.tensor {
    %l = ts.list_construct(%x, %x) : (!ts.tensor<[2,3],f32>, !ts.tensor<[2,3],f32>) -> !ts.list<!ts.tensor>
    %2 = ts.aten "aten::cat"(%l, %one) : (!ts.list<!ts.tensor>, !ts.int) -> !ts.tensor
    ts.yield %2 : !ts.tensor
  } else {
    ts.yield %x : !ts.tensor<[2,3],f32>
  }
  ts.return %r : !ts.tensor
}

// What a loop changes is not known, what it keeps is.
// CHECK-LABEL: ts.func @loop
// CHECK:       ts.loop {{.*}} -> (!ts.tensor<[?],f32>, !ts.tensor<[4],f32>)
ts.func @loop(%a: !ts.tensor, %n: !ts.int) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[4],f32>
  %zero = ts.constant !ts.int, 0 : i64
  %yes = ts.constant !ts.bool, true
  %r:2 = ts.loop %n, %yes(%x, %x) : (!ts.tensor<[4],f32>, !ts.tensor<[4],f32>) -> (!ts.tensor, !ts.tensor) {
  ^bb0(%i: !ts.int, %p: !ts.tensor, %q: !ts.tensor):
    %l = ts.list_construct(%p, %q) : (!ts.tensor, !ts.tensor) -> !ts.list<!ts.tensor>
    %1 = ts.aten "aten::cat"(%l, %zero) : (!ts.list<!ts.tensor>, !ts.int) -> !ts.tensor
    %2 = ts.aten "aten::neg"(%q) : (!ts.tensor) -> !ts.tensor
    ts.yield %yes, %1, %2 : !ts.bool, !ts.tensor, !ts.tensor
  }
  %t = ts.aten "aten::matmul"(%r#0, %r#1) : (!ts.tensor, !ts.tensor) -> !ts.tensor
  ts.return %t : !ts.tensor
}

// resize_ may change any tensor: nothing is claimed.
// CHECK-LABEL: ts.func @resized
// CHECK:       "aten::relu"{{.*}} -> !ts.tensor{{$}}
ts.func @resized(%a: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[4],f32>
  %1 = ts.aten "aten::relu"(%x) : (!ts.tensor<[4],f32>) -> !ts.tensor<[4],f32>
  %zero = ts.constant !ts.int, 0 : i64
  %2 = ts.aten "aten::unsqueeze_"(%1, %zero) : (!ts.tensor<[4],f32>, !ts.int) -> !ts.tensor
  ts.return %2 : !ts.tensor
}

// The elements of a list that grows are not those it began with.
// CHECK-LABEL: ts.func @written
// CHECK:       "aten::__getitem__.t"{{.*}} -> !ts.tensor{{$}}
ts.func @written(%a: !ts.tensor, %b: !ts.tensor, %n: !ts.int) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.tensor) -> !ts.tensor<[4],f32>
  %l = ts.list_construct(%x) : (!ts.tensor<[4],f32>) -> !ts.list<!ts.tensor>
  %l2 = ts.aten "aten::append.t"(%l, %b) : (!ts.list<!ts.tensor>, !ts.tensor) -> !ts.list<!ts.tensor>
  %1 = ts.aten "aten::__getitem__.t"(%l, %n) : (!ts.list<!ts.tensor>, !ts.int) -> !ts.tensor
  ts.return %1 : !ts.tensor
}

// Nor are those of a promised list that the function writes to.
// CHECK-LABEL: ts.func @promised
// CHECK:       "aten::__getitem__.t"(%{{.*}} -> !ts.tensor<[4],f32>
// CHECK:       "aten::__getitem__.t"(%{{.*}} -> !ts.tensor{{$}}
ts.func @promised(%a: !ts.list<!ts.tensor>, %b: !ts.list<!ts.tensor>, %n: !ts.int, %t: !ts.tensor) -> !ts.tensor {
  %x = ts.unchecked_cast %a {ts.checked} : (!ts.list<!ts.tensor>) -> !ts.list<!ts.tensor<[4],f32>>
  %y = ts.unchecked_cast %b {ts.checked} : (!ts.list<!ts.tensor>) -> !ts.list<!ts.tensor<[4],f32>>
  %1 = ts.aten "aten::__getitem__.t"(%x, %n) : (!ts.list<!ts.tensor<[4],f32>>, !ts.int) -> !ts.tensor
  %2 = ts.aten "aten::__getitem__.t"(%y, %n) : (!ts.list<!ts.tensor<[4],f32>>, !ts.int) -> !ts.tensor
  %w = ts.aten "aten::_set_item.t"(%y, %n, %t) : (!ts.list<!ts.tensor<[4],f32>>, !ts.int, !ts.tensor) -> !ts.list<!ts.tensor>
  %r = ts.aten "aten::add.Tensor"(%1, %2, %n) : (!ts.tensor, !ts.tensor, !ts.int) -> !ts.tensor
  ts.return %r : !ts.tensor
}
