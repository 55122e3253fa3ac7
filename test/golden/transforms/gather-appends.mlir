// PASSES: ts-gather-appends
// What is appended before anybody reads the list is put into it at once; what comes later stays.
// CHECK-LABEL: ts.func @gathered
// CHECK:       ts.list_construct(%arg0, %arg1)
// CHECK-NEXT:  "aten::all.bool"
// CHECK-NEXT:  "aten::append.t"
ts.func @gathered(%a: !ts.bool, %b: !ts.bool) -> !ts.bool {
  %l = ts.list_construct(%a) : (!ts.bool) -> !ts.list<!ts.bool>
  %1 = ts.aten "aten::append.t"(%l, %b) : (!ts.list<!ts.bool>, !ts.bool) -> !ts.list<!ts.bool>
  %r = ts.aten "aten::all.bool"(%l) : (!ts.list<!ts.bool>) -> !ts.bool
  %2 = ts.aten "aten::append.t"(%l, %b) : (!ts.list<!ts.bool>, !ts.bool) -> !ts.list<!ts.bool>
  ts.return %r : !ts.bool
}

// An append in a loop is done once for each turn.
// CHECK-LABEL: ts.func @loop
// CHECK:       ts.list_construct()
// CHECK:       ts.loop
// CHECK:       "aten::append.t"
ts.func @loop(%a: !ts.bool, %n: !ts.int) -> !ts.bool {
  %yes = ts.constant !ts.bool, true
  %l = ts.list_construct() : () -> !ts.list<!ts.bool>
  ts.loop %n, %yes() : () -> () {
  ^bb0(%i: !ts.int):
    %1 = ts.aten "aten::append.t"(%l, %a) : (!ts.list<!ts.bool>, !ts.bool) -> !ts.list<!ts.bool>
    ts.yield %yes : !ts.bool
  }
  %r = ts.aten "aten::all.bool"(%l) : (!ts.list<!ts.bool>) -> !ts.bool
  ts.return %r : !ts.bool
}
