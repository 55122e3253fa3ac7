// Every construct of the ts dialect once: objects and interfaces, tasks, Any and Union, loops and branches with carried
// objects, errors, dicts, enums, and state that methods write.
module attributes {ts.root = @root} {
  ts.interface @__torch__.I {
    ts.signature @go (!ts.int) -> !ts.str ["n"]
  }
  ts.enum @__torch__.Color : !ts.int ["RED", "BLUE"] = [1, 2]
  ts.class @__torch__.P {
    ts.attribute @x : !ts.int
    ts.attribute @t : !ts.tuple<[!ts.int, !ts.str]>
    ts.attribute @next : !ts.optional<!ts.class<@__torch__.P>>
    ts.method @__init__ = @__torch__.P.__init__
    ts.method @go = @__torch__.P.go
    ts.method @__enter__ = @__torch__.P.enter
    ts.method @__exit__ = @__torch__.P.exit
  }
  ts.func @__torch__.P.__init__(%self: !ts.class<@__torch__.P>, %x: !ts.int) -> !ts.none {
    ts.set_attr %self["x"] = %x : !ts.class<@__torch__.P>, !ts.int
    %s = ts.constant !ts.str, "hi"
    %u = ts.aten "aten::add.str"(%s, %s) : (!ts.str, !ts.str) -> !ts.str
    %t = ts.tuple_construct(%x, %u) : (!ts.int, !ts.str) -> !ts.tuple<[!ts.int, !ts.str]>
    ts.set_attr %self["t"] = %t : !ts.class<@__torch__.P>, !ts.tuple<[!ts.int, !ts.str]>
    %n = ts.constant !ts.none, unit
    ts.set_attr %self["next"] = %n : !ts.class<@__torch__.P>, !ts.none
    ts.return %n : !ts.none
  }
  ts.func @__torch__.P.enter(%self: !ts.class<@__torch__.P>) -> !ts.class<@__torch__.P> {
    ts.return %self : !ts.class<@__torch__.P>
  }
  ts.func @__torch__.P.exit(%self: !ts.class<@__torch__.P>, %a: !ts.any, %b: !ts.any, %c: !ts.any) -> !ts.none {
    %n = ts.constant !ts.none, unit
    ts.aten "prim::Print"(%a, %b) : (!ts.any, !ts.any) -> ()
    ts.return %n : !ts.none
  }
  ts.func @__torch__.P.go(%self: !ts.class<@__torch__.P>, %n: !ts.int) -> !ts.str {
    %t = ts.get_attr %self["t"] : (!ts.class<@__torch__.P>) -> !ts.tuple<[!ts.int, !ts.str]>
    %a, %b = ts.tuple_unpack %t : (!ts.tuple<[!ts.int, !ts.str]>) -> (!ts.int, !ts.str)
    %c = ts.aten "aten::str"(%n) : (!ts.int) -> !ts.str
    %d = ts.aten "aten::add.str"(%b, %c) : (!ts.str, !ts.str) -> !ts.str
    ts.return %d : !ts.str
  }
  ts.class module @__torch__.M {
    ts.attribute @d : !ts.dict<!ts.str, !ts.int>
    ts.attribute @k : !ts.int = 7
    ts.attribute @w : !ts.tensor
    ts.attribute @w2 : !ts.tensor
    ts.attribute @c : !ts.enum<@__torch__.Color>
    ts.method @obj = @__torch__.M.obj
    ts.method @fork = @__torch__.M.fork
    ts.method @anyf = @__torch__.M.anyf
    ts.method @err = @__torch__.M.err
    ts.method @dict = @__torch__.M.dict
    ts.method @state = @__torch__.M.state
  }
  ts.object @root of @__torch__.M [#ts.dict<["a","b"],[1,2] : !ts.dict<!ts.str, !ts.int>>, #ts.tensor<0,0,f32,[2],[1]>, #ts.tensor<0,1,f32,[2],[1]>, #ts.enum_value<@__torch__.Color, "BLUE">]
  ts.func @__torch__.M.obj(%self: !ts.class<@__torch__.M> {ts.name="self"}, %n: !ts.int {ts.name="n"}) -> !ts.tuple<[!ts.str, !ts.any, !ts.optional<!ts.class<@__torch__.P>>]> {
    %p = ts.create_object : !ts.class<@__torch__.P>
    %q = ts.create_object : !ts.class<@__torch__.P>
    %0 = ts.call_method "__init__" %p(%n) : (!ts.class<@__torch__.P>, !ts.int) -> !ts.none
    %1 = ts.call_method "__init__" %q(%n) : (!ts.class<@__torch__.P>, !ts.int) -> !ts.none
    ts.set_attr %p["next"] = %q : !ts.class<@__torch__.P>, !ts.class<@__torch__.P>
    ts.set_attr %q["next"] = %p : !ts.class<@__torch__.P>, !ts.class<@__torch__.P>
    %i = ts.unchecked_cast %p : (!ts.class<@__torch__.P>) -> !ts.interface<@__torch__.I>
    %s = ts.call_method "go" %i(%n) : (!ts.interface<@__torch__.I>, !ts.int) -> !ts.str
    %e = ts.enter %p : (!ts.class<@__torch__.P>) -> !ts.class<@__torch__.P>
    %t = ts.get_attr %e["t"] : (!ts.class<@__torch__.P>) -> !ts.tuple<[!ts.int, !ts.str]>
    %x = ts.exit %p : (!ts.class<@__torch__.P>) -> !ts.none
    %nx = ts.get_attr %p["next"] : (!ts.class<@__torch__.P>) -> !ts.optional<!ts.class<@__torch__.P>>
    %none = ts.constant !ts.none, unit
    %r = ts.tuple_construct(%s, %t, %none) : (!ts.str, !ts.tuple<[!ts.int, !ts.str]>, !ts.none) -> !ts.tuple<[!ts.str, !ts.any, !ts.optional<!ts.class<@__torch__.P>>]>
    ts.return %r : !ts.tuple<[!ts.str, !ts.any, !ts.optional<!ts.class<@__torch__.P>>]>
  }
  ts.func @__torch__.M.fork(%self: !ts.class<@__torch__.M> {ts.name="self"}, %x: !ts.tensor {ts.name="x"}) -> !ts.tuple<[!ts.tensor,!ts.complex]> {
    %f = ts.fork(%x) : (!ts.tensor) -> !ts.future<!ts.tuple<[!ts.tensor,!ts.complex]>> {
      ^bb0(%a: !ts.tensor):
      %y = ts.aten "aten::relu"(%a) : (!ts.tensor) -> !ts.tensor
      %c = ts.constant !ts.complex, #ts.complex<1.0, 2.0>
      %t = ts.tuple_construct(%y, %c) : (!ts.tensor, !ts.complex) -> !ts.tuple<[!ts.tensor,!ts.complex]>
      ts.return %t : !ts.tuple<[!ts.tensor,!ts.complex]>
    }
    %r = ts.aten "aten::wait"(%f) : (!ts.future<!ts.tuple<[!ts.tensor,!ts.complex]>>) -> !ts.tuple<[!ts.tensor,!ts.complex]>
    ts.return %r : !ts.tuple<[!ts.tensor,!ts.complex]>
  }
  ts.func @__torch__.M.anyf(%self: !ts.class<@__torch__.M> {ts.name="self"}, %x: !ts.tensor {ts.name="x"}, %n: !ts.int) -> !ts.any {
    %true = ts.constant !ts.bool, true
    %one = ts.constant !ts.int, 1
    %z = ts.constant !ts.optional<!ts.tuple<[!ts.tensor,!ts.int]>>, unit
    %c = ts.constant !ts.complex, #ts.complex<1.0, 2.0>
    %any0 = ts.upcast %c : (!ts.complex) -> !ts.any
    %rr:3 = ts.loop %n, %true(%z, %x, %c) : (!ts.optional<!ts.tuple<[!ts.tensor,!ts.int]>>, !ts.tensor, !ts.complex) -> (!ts.optional<!ts.tuple<[!ts.tensor,!ts.int]>>, !ts.tensor, !ts.any) {
      ^bb0(%i: !ts.int, %o: !ts.optional<!ts.tuple<[!ts.tensor,!ts.int]>>, %t: !ts.tensor, %any: !ts.any):
      %y = ts.aten "aten::add.Tensor"(%t, %x, %one) : (!ts.tensor, !ts.tensor, !ts.int) -> !ts.tensor
      %tt = ts.tuple_construct(%y, %i) : (!ts.tensor, !ts.int) -> !ts.tuple<[!ts.tensor,!ts.int]>
      %is = ts.isinstance %any [!ts.complex] : (!ts.any) -> !ts.bool
      %w = ts.if %is : (!ts.bool) -> !ts.any {
        ts.yield %o : !ts.optional<!ts.tuple<[!ts.tensor,!ts.int]>>
      } else {
        ts.yield %tt : !ts.tuple<[!ts.tensor,!ts.int]>
      }
      ts.yield %true, %tt, %y, %w : !ts.bool, !ts.tuple<[!ts.tensor,!ts.int]>, !ts.tensor, !ts.any
    }
    %l = ts.list_construct(%rr#0, %rr#2, %x) : (!ts.optional<!ts.tuple<[!ts.tensor,!ts.int]>>, !ts.any, !ts.tensor) -> !ts.list<!ts.any>
    ts.return %l : !ts.list<!ts.any>
  }
  ts.func @__torch__.M.err(%self: !ts.class<@__torch__.M> {ts.name="self"}, %x: !ts.tensor {ts.name="x"}, %n: !ts.int) -> !ts.tensor {
    %one = ts.constant !ts.int, 1
    %y = ts.aten "aten::add.Tensor"(%x, %x, %one) : (!ts.tensor, !ts.tensor, !ts.int) -> !ts.tensor
    %l = ts.list_construct(%x, %y) : (!ts.tensor, !ts.tensor) -> !ts.list<!ts.tensor>
    %c = ts.aten "aten::gt.int"(%n, %one) : (!ts.int, !ts.int) -> !ts.bool
    %r = ts.if %c : (!ts.bool) -> !ts.tensor {
      %m = ts.constant !ts.str, "bad"
      %cl = ts.constant !ts.str, "builtins.ValueError"
      %mm = ts.aten "aten::add.str"(%m, %cl) : (!ts.str, !ts.str) -> !ts.str
      ts.raise %mm, %cl : !ts.str
      %un = ts.uninitialized : !ts.tensor
      ts.yield %un : !ts.tensor
    } else {
      %e = ts.aten "aten::__getitem__.t"(%l, %n) : (!ts.list<!ts.tensor>, !ts.int) -> !ts.tensor
      ts.yield %e : !ts.tensor
    }
    %z = ts.aten "aten::add.Tensor"(%r, %r, %one) : (!ts.tensor, !ts.tensor, !ts.int) -> !ts.tensor
    ts.return %z : !ts.tensor
  }
  ts.func @__torch__.M.dict(%self: !ts.class<@__torch__.M> {ts.name="self"}, %n: !ts.int) -> !ts.dict<!ts.str, !ts.int> {
    %d = ts.get_attr %self["d"] : (!ts.class<@__torch__.M>) -> !ts.dict<!ts.str, !ts.int>
    %s = ts.aten "aten::str"(%n) : (!ts.int) -> !ts.str
    ts.aten "aten::_set_item.str"(%d, %s, %n) : (!ts.dict<!ts.str, !ts.int>, !ts.str, !ts.int) -> ()
    %k = ts.constant !ts.dict<!ts.str, !ts.int>, #ts.dict<["q"],[1] : !ts.dict<!ts.str, !ts.int>>
    ts.aten "prim::Print"(%k) : (!ts.dict<!ts.str, !ts.int>) -> ()
    %dd = ts.dict_construct(%s, %n) : (!ts.str, !ts.int) -> !ts.dict<!ts.str, !ts.int>
    %en = ts.get_attr %self["c"] : (!ts.class<@__torch__.M>) -> !ts.enum<@__torch__.Color>
    ts.aten "prim::Print"(%dd, %en) : (!ts.dict<!ts.str, !ts.int>, !ts.enum<@__torch__.Color>) -> ()
    ts.return %d : !ts.dict<!ts.str, !ts.int>
  }
  ts.func @__torch__.M.state(%self: !ts.class<@__torch__.M> {ts.name="self"}, %x: !ts.tensor) -> !ts.tensor {
    %one = ts.constant !ts.int, 1
    %w = ts.get_attr %self["w"] : (!ts.class<@__torch__.M>) -> !ts.tensor
    %u = ts.aten "aten::add_.Tensor"(%w, %x, %one) : (!ts.tensor, !ts.tensor, !ts.int) -> !ts.tensor
    %w2 = ts.get_attr %self["w2"] : (!ts.class<@__torch__.M>) -> !ts.tensor
    ts.return %w2 : !ts.tensor
  }
}
