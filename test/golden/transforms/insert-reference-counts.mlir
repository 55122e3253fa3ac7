// PASSES: ts-insert-reference-counts
// A result is released after its last use, or handed on where that takes it over.
// CHECK-LABEL: ts.func @chain
// CHECK-NEXT:  %[[Y:.*]] = ts.aten "aten::relu"(%arg0)
// CHECK-NEXT:  %[[Z:.*]] = ts.aten "aten::neg"(%[[Y]])
// CHECK-NEXT:  ts.release %[[Y]]
// CHECK-NEXT:  ts.return %[[Z]]
ts.func @chain(%x: !ts.tensor) -> !ts.tensor {
  %y = ts.aten "aten::relu"(%x) : (!ts.tensor) -> !ts.tensor
  %z = ts.aten "aten::neg"(%y) : (!ts.tensor) -> !ts.tensor
  ts.return %z : !ts.tensor
}

// Arguments are borrowed; scalars are not counted; an unused result goes at once.
// CHECK-LABEL: ts.func @borrowed
// CHECK-NEXT:  %[[Y:.*]] = ts.aten "aten::relu"
// CHECK-NEXT:  ts.retain %arg0
// CHECK-NEXT:  ts.release %[[Y]]
// CHECK-NEXT:  ts.return %arg0, %arg1
ts.func @borrowed(%x: !ts.tensor, %n: !ts.int) -> (!ts.tensor, !ts.int) {
  %y = ts.aten "aten::relu"(%x) : (!ts.tensor) -> !ts.tensor
  ts.return %x, %n : !ts.tensor, !ts.int
}

// What looks into a value keeps it alive.
// CHECK-LABEL: ts.func @field
// CHECK:       %[[T:.*]]:2 = ts.tuple_unpack %[[C:.*]] :
// CHECK-NEXT:  %[[Z:.*]] = ts.aten "aten::neg"(%[[T]]#0)
// CHECK-NEXT:  ts.release %[[C]]
// CHECK-NEXT:  ts.return %[[Z]]
ts.func @make(%x: !ts.tensor) -> !ts.tuple<[!ts.tensor, !ts.tensor]> {
  %t = ts.tuple_construct(%x, %x) : (!ts.tensor, !ts.tensor) -> !ts.tuple<[!ts.tensor, !ts.tensor]>
  ts.return %t : !ts.tuple<[!ts.tensor, !ts.tensor]>
}
ts.func @field(%x: !ts.tensor) -> !ts.tensor {
  %f = ts.constant !ts.function<@make>, @make
  %t = ts.call_function %f(%x) : (!ts.function<@make>, !ts.tensor) -> !ts.tuple<[!ts.tensor, !ts.tensor]>
  %a, %b = ts.tuple_unpack %t : (!ts.tuple<[!ts.tensor, !ts.tensor]>) -> (!ts.tensor, !ts.tensor)
  %z = ts.aten "aten::neg"(%a) : (!ts.tensor) -> !ts.tensor
  ts.return %z : !ts.tensor
}

// A loop takes its initial values over, its body its arguments.
// CHECK-LABEL: ts.func @loop
// CHECK:       ts.retain %arg0
// CHECK-NEXT:  %[[R:.*]]:2 = ts.loop %arg1, %{{.*}}(%arg0, %{{.*}})
// CHECK:       ^bb0(%{{.*}}: !ts.int, %[[A:.*]]: !ts.tensor, %[[B:.*]]: !ts.tensor)
// CHECK-NEXT:  ts.release %[[B]]
// CHECK-NEXT:  %[[N:.*]] = ts.aten "aten::neg"(%[[A]])
// CHECK-NEXT:  ts.yield %{{.*}}, %[[N]], %[[A]]
// CHECK:       ts.release %[[R]]#1
// CHECK-NEXT:  ts.return %[[R]]#0
ts.func @loop(%x: !ts.tensor, %n: !ts.int) -> !ts.tensor {
  %true = ts.constant !ts.bool, true
  %y = ts.aten "aten::relu"(%x) : (!ts.tensor) -> !ts.tensor
  %r:2 = ts.loop %n, %true(%x, %y) : (!ts.tensor, !ts.tensor) -> (!ts.tensor, !ts.tensor) {
  ^bb0(%i: !ts.int, %a: !ts.tensor, %b: !ts.tensor):
    %c = ts.aten "aten::neg"(%a) : (!ts.tensor) -> !ts.tensor
    ts.yield %true, %c, %a : !ts.bool, !ts.tensor, !ts.tensor
  }
  ts.return %r#0 : !ts.tensor
}
