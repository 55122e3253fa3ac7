// SPDX-License-Identifier: Apache-2.0
// Statements, definitions, type comments, and the shapes of archive code.
#include "PythonTestSupport.h"

using namespace tsc::test;
using tsc::python::Dialect;

TEST_CASE("assignments", "[python]") {
  CHECK(module("a = b = c") == "(= a b c)");
  CHECK(module("a, b, = c") == "(= (tuple a b) c)");
  CHECK(module("a, (b, *c) = d, e") == "(= (tuple a (tuple b (star c))) (tuple d e))");
  CHECK(module("[a, b] = x.y = z[0] = w") == "(= (list a b) (. x y) ([] z 0) w)");
  CHECK(module("a : Optional[int] = None") == "(: a ([] Optional int) None)");
  CHECK(module("self.x: int") == "(: (. self x) int _)");
  CHECK(module("a += 1; a -= 1; a *= 1; a /= 1; a //= 1; a %= 1; a **= 1") ==
        "(+= a 1) (-= a 1) (*= a 1) (/= a 1) (//= a 1) (%= a 1) (**= a 1)");
  CHECK(module("a @= b; a &= b; a |= b; a ^= b; a <<= b; a >>= b") ==
        "(@= a b) (&= a b) (|= a b) (^= a b) (<<= a b) (>>= a b)");
  CHECK(moduleError("f(x) = 1") == "1:1-5: cannot assign to a call");
  CHECK(moduleError("a + b = 1") == "1:1-6: cannot assign to an operator's result");
  CHECK(moduleError("(a, 1) = 1") == "1:5-6: cannot assign to a number");
  CHECK(moduleError("*a, *b = c") == "1:5-7: found a second '*' target, expected one");
  CHECK(moduleError("a, b += 1") ==
        "1:1-5: found a tuple, expected a name, an attribute or a subscript");
  CHECK(moduleError("for 1 in x: pass") == "1:5-6: cannot assign to a number");
}

TEST_CASE("simple statements", "[python]") {
  CHECK(module("pass; break; continue") == "(pass) (break) (continue)");
  CHECK(module("return; return a, *b") == "(return _) (return (tuple a (star b)))");
  CHECK(module("raise; raise E('x'); raise E from e") ==
        "(raise _ _) (raise (call E 'x') _) (raise E e)");
  CHECK(module("assert a; assert a, 'b'") == "(assert a _) (assert a 'b')");
  CHECK(module("del a, b[0]") == "(del a ([] b 0))");
  CHECK(module("global a, b; nonlocal c") == "(global a b) (nonlocal c)");
  CHECK(module("import a.b as c, d") == "(import a.b=c d)");
  CHECK(module("from ..a import (b as c, d,)") == "(from ..a b=c d)");
  CHECK(module("from ... import *") == "(from ... *)");
  CHECK(module("x = yield a, b; yield; yield from c") ==
        "(= x (yield (tuple a b))) (yield _) (yieldfrom c)");
  CHECK(moduleError("match x:\n  case 1: pass") ==
        "1:1-6: a 'match' statement is unsupported; use 'if' and 'elif'");
  CHECK(module("match = 1; match(x); match.a") == "(= match 1) (call match x) (. match a)");
}

TEST_CASE("compound statements", "[python]") {
  CHECK(module("if a:\n  b\nelif c:\n  d\nelse:\n  e") == "(if a [b] [(if c [d] [e])])");
  CHECK(module("while a:\n  b\nelse:\n  c") == "(while a [b] [c])");
  CHECK(module("for i, (a, b) in c, d:\n  e\nelse:\n  f") ==
        "(for (tuple i (tuple a b)) (tuple c d) [e] [f])");
  CHECK(module("with a as b, c: d") == "(with a=b c=_ [d])");
  CHECK(module("with (a as b, c,): d") == "(with a=b c=_ [d])");
  CHECK(module("with (a).b() as c: d") == "(with (call (. a b))=c [d])");
  CHECK(module("try:\n  a\nexcept (A, B) as e:\n  b\nexcept:\n  c\nelse:\n  d\nfinally:\n  f") ==
        "(try [a] (except (tuple A B) e [b]) (except _ _ [c]) [d] [f])");
  CHECK(module("async def f():\n  async for a in b: c\n  async with d: e") ==
        "(asyncdef f () () _ [(asyncfor a b [c] []) (asyncwith d=_ [e])])");
  CHECK(moduleError("try:\n  a\nb") == "3:1-2: found 'b', expected 'except' or 'finally'");
  CHECK(moduleError("else:\n  a") == "1:1-5: found 'else', expected an expression");
  CHECK(moduleError("if a\n  b") == "1:5-0: found end of line, expected ':'");
}

TEST_CASE("definitions", "[python]") {
  CHECK(module("def f(a, b: int, c: str = 'x', *, d=1, e) -> Tensor: pass") ==
        "(def f () (a b:int c:str='x' !d=1 !e) Tensor [(pass)])");
  CHECK(module("def f(a, /, b, *args: int, c, **kw,): pass") ==
        "(def f () (/a b *args:int !c **kw) _ [(pass)])");
  CHECK(module("@a.b\n@c(1)\ndef f(): pass\n@d\nclass C(B, metaclass=M): pass") ==
        "(def f ((. a b) (call c 1)) () _ [(pass)]) (class C (d) (B metaclass=M) [(pass)])");
  CHECK(module("class C: x: int = 1") == "(class C () () [(: x int 1)])");
  CHECK(moduleError("def f(a, a): pass") == "1:10-11: parameter 'a' occurs twice");
  CHECK(moduleError("def f(a=1, b): pass") ==
        "1:12-13: parameter 'b' without default follows one with default");
  CHECK(moduleError("def f(*, *a): pass") == "1:10-11: found a second '*', expected one");
  CHECK(moduleError("def f(*): pass") == "1:8-9: found ')', expected a parameter after '*'");
  CHECK(moduleError("def f(**k, a): pass") == "1:12-13: found a parameter after '**'");
  CHECK(moduleError("@a\nx = 1") ==
        "2:1-2: found 'x', expected 'def' or 'class' after a decorator");
}

TEST_CASE("type comments become annotations", "[python]") {
  CHECK(module("def f(a, b):\n  # type: (int, List[str]) -> Tensor\n  pass") ==
        "(def f () (a:int b:([] List str)) Tensor [(pass)])");
  CHECK(module("def f(self, b):  # type: (int) -> None\n  'doc'\n  pass") ==
        "(def f () (self b:int) None ['doc' (pass)])");
  CHECK(module("def f(self,\n  a,  # type: int\n  b=1  # type: Optional[int]\n  ):\n"
               "  # type: (...) -> Tuple[int, int]\n  pass") ==
        "(def f () (self a:int b:([] Optional int)=1) ([] Tuple (tuple int int)) [(pass)])");
  CHECK(module("def f(a):\n  # type: (int)\n  pass") == "(def f () (a:int) _ [(pass)])");
  CHECK(module("def f(a):\n  # type: ignore\n  pass") == "(def f () (a) _ [(pass)])");
  CHECK(moduleError("def f(a, b, c):\n  # type: (int) -> int\n  pass") ==
        "2:11-23: type comment has 1 types for 3 parameters");
  CHECK(moduleError("def f(a: int):\n  # type: (int) -> int\n  pass") ==
        "2:11-23: parameter 'a' has both an annotation and a type comment");
  CHECK(moduleError("def f(a):\n  # type: (int -> int\n  pass").substr(0, 5) == "2:16-");
  tsc::DiagnosticEngine engine;
  auto parsed = py::parseModule("m", "a = [] # type: List[int]\nb = 1\n", engine);
  REQUIRE(parsed);
  CHECK(parsed->source.text(llvm::cast<py::Assign>(parsed->body[0])->typeComment) == "List[int]");
  CHECK(llvm::cast<py::Assign>(parsed->body[1])->typeComment.empty());
}

TEST_CASE("archive code", "[python]") {
  CHECK(module(R"(op_version_set = 1
import __torch__.a
class M(Module):
  __parameters__ = ["weight", ]
  __annotations__["0"] = __torch__.L
  training : bool
  async : __torch__.L
  try : Tensor
  def forward(self: __torch__.M,
    x: Tensor,
    n: int=1) -> Tuple[int, str]:
    _0, _1, = x
    def __forked_function():
      return __torch__.g(_0, )
    y = annotate(Dict[str, int],{})
    return (-9223372036854775808, "a\rb")
)",
               Dialect::Archive) ==
        "(= op_version_set 1) (import __torch__.a) (class M () (Module) "
        "[(= __parameters__ (list 'weight')) (= ([] __annotations__ '0') (. __torch__ L)) "
        "(: training bool _) (: async (. __torch__ L) _) (: try Tensor _) "
        "(def forward () (self:(. __torch__ M) x:Tensor n:int=1) ([] Tuple (tuple int str)) "
        "[(= (tuple _0 _1) x) (def __forked_function () () _ [(return (call (. __torch__ g) _0))]) "
        "(= y (call annotate ([] Dict (tuple str int)) (dict))) "
        "(return (tuple -9223372036854775808 'a\\x0db'))])])");
}

TEST_CASE("a module lists its definitions and knows its lines", "[python]") {
  tsc::DiagnosticEngine engine;
  auto parsed = py::parseModule("m.py", "import a\nclass C:\n  pass\ndef f():\n  return x  \n",
                                engine, Dialect::Source, 10);
  REQUIRE(parsed);
  CHECK(parsed->body.size() == 3);
  CHECK(parsed->imports.size() == 1);
  CHECK(parsed->classes.size() == 1);
  REQUIRE(parsed->functions.size() == 1);
  const py::FunctionDef *f = parsed->functions[0];
  CHECK(parsed->source.text(f->range) == "def f():\n  return x");
  CHECK(parsed->source.text(f->name.range) == "f");
  tsc::SourceLocation at = parsed->source.location(f->body[0]->range);
  CHECK(at.file == "m.py");
  CHECK(at.line == 14);
  CHECK(at.column == 3);
  CHECK(at.endColumn == 11);
  CHECK(at.lineText == "  return x  ");
}
