// PASSES: ts-inline-calls,ts-freeze-attributes,ts-eliminate-dead-code,ts-drop-unused-attributes
// CHECK-LABEL: ts.class module @M
// CHECK-NOT:   ts.attribute @scale
// CHECK:       ts.attribute @calls
// CHECK-LABEL: ts.func @M.forward
// CHECK:       ts.get_attr %arg0["calls"]
// CHECK:       ts.set_attr %arg0["calls"]
// CHECK:       %[[TWO:.*]] = ts.constant !ts.int, 2 : i64
// CHECK:       "aten::mul.Scalar"(%arg1, %[[TWO]])
module attributes {ts.root = @root} {
  ts.class module @M {
    ts.attribute @scale : !ts.int
    ts.attribute @calls : !ts.int
    ts.attribute @sub : !ts.class<@S>
    ts.method @forward = @M.forward
  }
  ts.class module @S {
    ts.attribute @scale : !ts.int
    ts.method @forward = @S.forward
  }
  ts.object @root of @M [2, 0, @sub]
  ts.object @sub of @S [2]
  ts.func @M.forward(%self: !ts.class<@M>, %x: !ts.tensor) -> !ts.tensor {
    %calls = ts.get_attr %self["calls"] : (!ts.class<@M>) -> !ts.int
    %one = ts.constant !ts.int, 1 : i64
    %more = ts.aten "aten::add.int"(%calls, %one) : (!ts.int, !ts.int) -> !ts.int
    ts.set_attr %self["calls"] = %more : !ts.class<@M>, !ts.int
    %sub = ts.get_attr %self["sub"] : (!ts.class<@M>) -> !ts.class<@S>
    %y = ts.call_method "forward" %sub(%x) : (!ts.class<@S>, !ts.tensor) -> !ts.tensor
    ts.return %y : !ts.tensor
  }
  ts.func @S.forward(%self: !ts.class<@S>, %x: !ts.tensor) -> !ts.tensor {
    %scale = ts.get_attr %self["scale"] : (!ts.class<@S>) -> !ts.int
    %y = ts.aten "aten::mul.Scalar"(%x, %scale) : (!ts.tensor, !ts.int) -> !ts.tensor
    ts.return %y : !ts.tensor
  }
}
