// SPDX-License-Identifier: Apache-2.0
// Expressions: precedence, every form, ranges, and limits.
#include "PythonTestSupport.h"

using namespace tsc::test;
using tsc::python::kMaxDepth;

TEST_CASE("precedence is Python's", "[python]") {
  CHECK(expression("a or b and not c") == "(or a (and b (not c)))");
  CHECK(expression("a and b and c or d") == "(or (and a b c) d)");
  CHECK(expression("not a == b") == "(not (compare a == b))");
  CHECK(expression("a < b <= c in d") == "(compare a < b <= c in d)");
  CHECK(expression("a not in b is not c is d") == "(compare a not in b is not c is d)");
  CHECK(expression("a | b ^ c & d << e + f * g") == "(| a (^ b (& c (<< d (+ e (* f g))))))");
  CHECK(expression("a - b - c") == "(- (- a b) c)");
  CHECK(expression("a * b / c // d % e @ f") == "(@ (% (// (/ (* a b) c) d) e) f)");
  CHECK(expression("-a ** -b ** c") == "(- (** a (- (** b c))))");
  CHECK(expression("~-+a") == "(~ (- (+ a)))");
  CHECK(expression("a if b else c if d else e") == "(?: b a (?: d c e))");
  CHECK(expression("lambda x, *, y=1: x or y") == "(lambda (x !y=1) (or x y))");
  CHECK(expression("lambda: 0") == "(lambda () 0)");
}

TEST_CASE("primaries", "[python]") {
  CHECK(expression("torch.add(x, y, alpha=1, *z, **k)") ==
        "(call (. torch add) x y (star z) alpha=1 **k)");
  CHECK(expression("(m).forward(x, )") == "(call (. m forward) x)");
  CHECK(expression("a.in.class") == "(. (. a in) class)");
  CHECK(expression("x[0]") == "([] x 0)");
  CHECK(expression("x[1:2, ::3, :, ..., None]") ==
        "([] x (tuple (slice 1 2 _) (slice _ _ 3) (slice _ _ _) ... None))");
  CHECK(expression("x[a:][:b][a:b:c]") ==
        "([] ([] ([] x (slice a _ _)) (slice _ b _)) (slice a b c))");
  CHECK(expression("x[0,]") == "([] x (tuple 0))");
  CHECK(expression("()") == "(tuple)");
  CHECK(expression("(a)") == "a");
  CHECK(expression("(a,), (a, b), [a, *b,], []") ==
        "(tuple (tuple a) (tuple a b) (list a (star b)) (list))");
  CHECK(expression("{}, {a: 1, **b}, {a, b}, {(a := 1): 2}") ==
        "(tuple (dict) (dict a:1 **:b) (set a b) (dict (:= a 1):2))");
  CHECK(expression("[x + 1 for x in y if x if y for (a, b) in z]") ==
        "(listcomp (+ x 1) (for x y x y) (for (tuple a b) z))");
  CHECK(expression("{k: v for k, v in d}, {k for k in d}, (k for k in d)") ==
        "(tuple (dictcomp k v (for (tuple k v) d)) (setcomp k (for k d)) (generator k (for k d)))");
  CHECK(expression("any(x for x in y)") == "(call any (generator x (for x y)))");
  CHECK(expression("(y := f(x))") == "(:= y (call f x))");
  CHECK(expression("await f(x)") == "(await (call f x))");
  CHECK(expression("Dict[str, List[Tensor]]") == "([] Dict (tuple str ([] List Tensor)))");
  CHECK(expression("Tuple[()]") == "([] Tuple (tuple))");
  CHECK(expression("\n (a\n+ b)\n") == "(+ a b)");
}

TEST_CASE("expression errors", "[python]") {
  CHECK(moduleError("x = ") == "1:5-0: found end of line, expected an expression");
  CHECK(moduleError("x = a b") == "1:7-8: found 'b', expected end of line");
  CHECK(moduleError("f(a b)") == "1:5-6: found 'b', expected ',' or ')'");
  CHECK(moduleError("f(a=1, b)") == "1:8-9: positional argument follows a keyword argument");
  CHECK(moduleError("f(a=1, a=2)") == "1:8-9: argument 'a' occurs twice");
  CHECK(moduleError("f(x for x in y, 1)") ==
        "1:3-15: a generator expression among other arguments must be in parentheses");
  CHECK(moduleError("{a: 1, b}") == "1:9-10: found '}', expected ':'");
  CHECK(moduleError("{a, b: 1}") == "1:6-7: found ':', expected ',' or '}'");
  CHECK(moduleError("[*a for a in b]") == "1:2-4: found '*' in a comprehension's element");
  CHECK(moduleError("x = *a") == "1:5-7: found '*' outside of a list, a tuple or a call");
  CHECK(moduleError("a == not b") == "1:6-9: found 'not', expected an expression");
  CHECK(moduleError("a if b") == "1:7-0: found end of line, expected 'else'");
  CHECK(moduleError("x[]") == "1:3-4: found ']', expected an expression");
}

static std::string text(const py::ParsedExpression &parsed, const py::Expr *expr) {
  return parsed.source.text(expr->range).str();
}

TEST_CASE("ranges are the text without outer parentheses", "[python]") {
  tsc::DiagnosticEngine engine;
  auto parsed = py::parseExpression("e", " ((a).b(c, -1)) + (d + e)[1:2]", engine);
  REQUIRE(parsed);
  const auto *sum = llvm::cast<py::Binary>(parsed->expr);
  CHECK(text(*parsed, sum) == "((a).b(c, -1)) + (d + e)[1:2]");
  CHECK(parsed->source.text(sum->opRange) == "+");
  const auto *call = llvm::cast<py::Call>(sum->left);
  CHECK(text(*parsed, call) == "(a).b(c, -1)");
  CHECK(text(*parsed, call->callee) == "(a).b");
  CHECK(text(*parsed, call->args[1]) == "-1");
  const auto *item = llvm::cast<py::Subscript>(sum->right);
  CHECK(text(*parsed, item) == "(d + e)[1:2]");
  CHECK(text(*parsed, item->value) == "d + e");
  CHECK(text(*parsed, item->index) == "1:2");
}

static std::string repeat(llvm::StringRef piece, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += piece;
  return out;
}

TEST_CASE("deep nesting is a diagnostic", "[python]") {
  constexpr size_t kMany = 100000;
  const std::string tails[] = {
      repeat("(", kMany),         repeat("[", kMany),          repeat("{", kMany),
      repeat("-", kMany) + "a",   repeat("not ", kMany) + "a", repeat("lambda: ", kMany) + "a",
      repeat("a**", kMany) + "a", repeat("a+", kMany) + "a",   "a" + repeat(".b", kMany),
      "a" + repeat("()", kMany),  "a" + repeat("[0]", kMany),  repeat("a if b else ", kMany) + "c",
      repeat("f(", kMany),        repeat("{a:", kMany),        repeat("await ", kMany) + "a",
      repeat("a[", kMany),        repeat("x = yield ", kMany), repeat("f'{", kMany)};
  for (const std::string &tail : tails) {
    INFO(tail.substr(0, 20));
    tsc::DiagnosticEngine engine;
    CHECK_FALSE(py::parseExpression("e", tail, engine));
    CHECK(engine.diagnostics().size() == 1);
  }
  CHECK(moduleError("x = " + repeat("-", 300) + "a").find("nesting deeper than 256") !=
        std::string::npos);
  CHECK(moduleError("x = a" + repeat(" + a", 300)).find("nesting deeper than 256") !=
        std::string::npos);
  std::string blocks, elifs = "if a: b\n";
  for (size_t i = 0; i < 300; ++i) {
    blocks += std::string(i, ' ') + "if a:\n";
    elifs += "elif a: b\n";
  }
  CHECK(moduleError(blocks + std::string(300, ' ') + "b").find("nesting") != std::string::npos);
  CHECK(moduleError(elifs).find("nesting") != std::string::npos);
  std::string wide = "[" + repeat("a or b, ", kMany) + "]";
  CHECK(expression(wide).size() > kMany);
  CHECK(expression(repeat("(", kMaxDepth - 1) + "a" + repeat(")", kMaxDepth - 1)) == "a");
}
