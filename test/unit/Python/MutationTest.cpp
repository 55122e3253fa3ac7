// SPDX-License-Identifier: Apache-2.0
// Damaged sources: whatever the bytes, there is a tree or exactly one error, and ranges stay inside
// the text.
#include "PythonTestSupport.h"

#include <random>

using namespace tsc::python;

static const char kSample[] = R"py(import torch
from typing import (List, Optional as O)
@torch.jit.script
class M(Module, metaclass=T):
  """doc"""
  __parameters__ = ["weight", 'b\x41\101\n', ]
  training : bool
  def forward(self, x: Tensor, *, n: int=-1, **kw):
    # type: (...) -> Tuple[int, str]
    a, (b, *c) = x[1:2, ..., None, ::3], {1: 2, **kw}
    if a < b <= 0x1F and not c or x is not None:
      a += 1.5e-3 + 2.j ** -n // 3
    elif a in [i for i in range(10) if i % 2]:
      pass
    else:
      with torch.no_grad() as g, (h): return f"{a!r:>{b}} {{}} {c[0]=}" 'x'
    for i, j in enumerate(zip(a, b)):
      while True: break
    try:
      raise ValueError("x") from None
    except (A, B) as e: del a[0], b
    finally:
      assert isinstance(x, (int, str)), """m
      sg"""
    y = (lambda p, q=1: p if q else {s for s in p})(*a, k=~b)  # type: List[int]
    return (-9223372036854775808, y @ a << 2 ^ b & 1 | 0)
)py";

/// Characters and words that mean something to the parser.
static const char *const kPieces[] = {
    "(",         ")",     "[",       "]",      "{",      "}",      "'",    "\"",
    "\"\"\"",    "f'",    "\\",      "\n",     "\r",     "\t",     "  ",   "#",
    "# type: (", ":",     ",",       "=",      "*",      "**",     "-",    ".",
    "...",       "if ",   "is ",     "not ",   "in ",    "for ",   "def ", "class ",
    "@",         "else:", "lambda ", "1",      "0x",     "1e",     "\x00", "\xc3",
    "\xff",      ":=",    "await ",  "async ", "yield ", "with (", "as "};

static std::string mutate(std::mt19937 &random) {
  std::string text(kSample, sizeof kSample - 1);
  for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
    size_t at = random() % (text.size() + 1);
    size_t length = std::min<size_t>(random() % 12, text.size() - at);
    switch (random() % 5) {
    case 0:
      text.insert(at, kPieces[random() % std::size(kPieces)]);
      break;
    case 1:
      text.erase(at, length);
      break;
    case 2:
      text.insert(random() % (text.size() + 1), text.substr(at, length * 8));
      break;
    case 3:
      if (at < text.size())
        text[at] = static_cast<char>(random());
      break;
    default:
      if (random() % 4 == 0)
        text.resize(at);
      break;
    }
    if (text.empty())
      text = "x";
  }
  return text;
}

TEST_CASE("mutated sources never crash the parser", "[python]") {
  std::mt19937 random(20260);
  unsigned good = 0;
  for (unsigned round = 0; round < 2000; ++round) {
    std::string text = mutate(random);
    tsc::DiagnosticEngine engine;
    auto parsed = parseModule("m.py", text, engine, round % 2 ? Dialect::Source : Dialect::Archive);
    bool isConsistent = parsed ? engine.diagnostics().empty() : engine.diagnostics().size() == 1;
    if (!isConsistent)
      FAIL("round " << round << ":\n" << text);
    if (!parsed)
      continue;
    ++good;
    for (const Stmt *stmt : parsed->body)
      if (stmt->range.begin > stmt->range.end || stmt->range.end > text.size())
        FAIL("range in round " << round);
    tsc::test::dump(parsed->body);
  }
  CHECK(good > 100);
}

TEST_CASE("truncated sources never crash the parser", "[python]") {
  llvm::StringRef sample(kSample, sizeof kSample - 1);
  for (size_t size = 0; size <= sample.size(); ++size) {
    tsc::DiagnosticEngine engine;
    auto parsed = parseModule("m.py", sample.take_front(size), engine);
    CHECK((parsed != nullptr) == engine.diagnostics().empty());
  }
  tsc::DiagnosticEngine engine;
  auto parsed = parseModule("m.py", sample, engine);
  CHECK(parsed);
}
