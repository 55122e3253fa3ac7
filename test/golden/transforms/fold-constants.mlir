// PASSES: ts-fold-constants,ts-eliminate-dead-code
// CHECK-LABEL: ts.func @numbers
// CHECK-NEXT:  %[[FIVE:.*]] = ts.constant !ts.int, 5 : i64
// CHECK-NEXT:  ts.return %[[FIVE]]
ts.func @numbers() -> !ts.int {
  %2 = ts.constant !ts.int, 2 : i64
  %3 = ts.constant !ts.int, 3 : i64
  %5 = ts.aten "aten::add.int"(%2, %3) : (!ts.int, !ts.int) -> !ts.int
  ts.return %5 : !ts.int
}

// A decided branch is taken.
// CHECK-LABEL: ts.func @branch
// CHECK-NOT:   ts.if
// CHECK:       "aten::neg"(%arg0)
ts.func @branch(%x: !ts.tensor) -> !ts.tensor {
  %a = ts.constant !ts.int, 1 : i64
  %c = ts.aten "aten::eq.int"(%a, %a) : (!ts.int, !ts.int) -> !ts.bool
  %r = ts.if %c : (!ts.bool) -> !ts.tensor {
    %n = ts.aten "aten::neg"(%x) : (!ts.tensor) -> !ts.tensor
    ts.yield %n : !ts.tensor
  } else {
    ts.yield %x : !ts.tensor
  }
  ts.return %r : !ts.tensor
}

// A tensor that is returned is made anew by every call.
// CHECK-LABEL: ts.func @returned
// CHECK:       "aten::zeros"
ts.func @returned() -> !ts.tensor {
  %two = ts.constant !ts.int, 2 : i64
  %none = ts.constant !ts.none, unit
  %sizes = ts.list_construct(%two) : (!ts.int) -> !ts.list<!ts.int>
  %z = ts.aten "aten::zeros"(%sizes, %none, %none, %none, %none) : (!ts.list<!ts.int>, !ts.none, !ts.none, !ts.none, !ts.none) -> !ts.tensor
  ts.return %z : !ts.tensor
}

// A tensor is itself, and a value that both sides yield alike comes from neither.
// CHECK-LABEL: ts.func @same
// CHECK:       ts.return %arg0
ts.func @same(%x: !ts.tensor, %c: !ts.bool) -> !ts.tensor {
  %is = ts.aten "aten::__isnot__"(%x, %x) : (!ts.tensor, !ts.tensor) -> !ts.bool
  %r = ts.if %is : (!ts.bool) -> !ts.tensor {
    %n = ts.aten "aten::neg"(%x) : (!ts.tensor) -> !ts.tensor
    ts.yield %n : !ts.tensor
  } else {
    %s = ts.if %c : (!ts.bool) -> !ts.tensor {
      ts.yield %x : !ts.tensor
    } else {
      ts.yield %x : !ts.tensor
    }
    ts.yield %s : !ts.tensor
  }
  ts.return %r : !ts.tensor
}
