// PASSES: ts-insert-upcasts
// CHECK-LABEL: ts.func @returned
// CHECK-NEXT:  %[[UP:.*]] = ts.upcast %arg0 : (!ts.int) -> !ts.optional<!ts.int>
// CHECK-NEXT:  ts.return %[[UP]]
ts.func @returned(%x: !ts.int) -> !ts.optional<!ts.int> {
  ts.return %x : !ts.int
}

// A pointer is its own Optional.
// CHECK-LABEL: ts.func @pointer
// CHECK-NEXT:  ts.return %arg0
ts.func @pointer(%x: !ts.tensor) -> !ts.optional<!ts.tensor> {
  ts.return %x : !ts.tensor
}

// CHECK-LABEL: ts.func @containers
// CHECK:       %[[ANY:.*]] = ts.upcast %arg0 : (!ts.int) -> !ts.any
// CHECK-NEXT:  ts.list_construct(%[[ANY]], %arg1)
// CHECK:       %[[VALUE:.*]] = ts.upcast %arg0 : (!ts.int) -> !ts.any
// CHECK-NEXT:  ts.dict_construct(%arg0, %[[VALUE]])
ts.func @containers(%x: !ts.int, %a: !ts.any) -> !ts.list<!ts.any> {
  %l = ts.list_construct(%x, %a) : (!ts.int, !ts.any) -> !ts.list<!ts.any>
  %d = ts.dict_construct(%x, %x) : (!ts.int, !ts.int) -> !ts.dict<!ts.int, !ts.any>
  ts.return %l : !ts.list<!ts.any>
}

// CHECK-LABEL: ts.func @loop
// CHECK:       %[[INIT:.*]] = ts.upcast %arg0 : (!ts.int) -> !ts.number
// CHECK-NEXT:  ts.loop %arg0, %{{.*}}(%[[INIT]])
// CHECK:       %[[NEXT:.*]] = ts.upcast %arg1 : (!ts.float) -> !ts.number
// CHECK-NEXT:  ts.yield %{{.*}}, %[[NEXT]]
ts.func @loop(%n: !ts.int, %f: !ts.float) -> !ts.number {
  %true = ts.constant !ts.bool, true
  %r = ts.loop %n, %true(%n) : (!ts.int) -> !ts.number {
  ^bb0(%i: !ts.int, %a: !ts.number):
    ts.yield %true, %f : !ts.bool, !ts.float
  }
  ts.return %r : !ts.number
}

// CHECK-LABEL: ts.func @call
// CHECK:       %[[ARG:.*]] = ts.upcast %arg0
// CHECK-NEXT:  ts.call_function %{{.*}}(%[[ARG]])
ts.func @takes(%x: !ts.optional<!ts.int>) -> !ts.none {
  %n = ts.constant !ts.none, unit
  ts.return %n : !ts.none
}
ts.func @call(%x: !ts.int) -> !ts.none {
  %f = ts.constant !ts.function<@takes>, @takes
  %r = ts.call_function %f(%x) : (!ts.function<@takes>, !ts.int) -> !ts.none
  ts.return %r : !ts.none
}
