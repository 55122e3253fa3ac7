// SPDX-License-Identifier: Apache-2.0
// Tokens: lines and indentation, numbers, strings and their escapes.
#include "PythonTestSupport.h"

using namespace tsc::test;
using tsc::python::Dialect;

TEST_CASE("lines join and split as in Python", "[python]") {
  CHECK(module("a = (1 +\n   2) # c\nb = 1 + \\\n  2\n") == "(= a (+ 1 2)) (= b (+ 1 2))");
  CHECK(module("a; b;\nc") == "a b c");
  CHECK(module("if a:\r\n\tb\r\n\tc\r\nd\r\n") == "(if a [b c] []) d");
  CHECK(module("\xef\xbb\xbf# only a comment") == "");
  CHECK(module("") == "");
  CHECK(module("\n\n   # x\n\t\n") == "");
  CHECK(module("if a:\n  b\n# out\n   # in\n  c") == "(if a [b c] [])");
  CHECK(module("if a: b; c\nelse: d") == "(if a [b c] [d])");
}

TEST_CASE("indentation errors", "[python]") {
  CHECK(moduleError("a\n  b\n") == "2:1-3: found an indented line, expected the indentation of "
                                   "the line before");
  CHECK(moduleError("if a:\n    b\n  c\n") == "3:1-3: indentation matches no outer block");
  CHECK(moduleError("if a:\n        b\n\tc\n") == "3:1-2: indentation mixes tabs and spaces");
  CHECK(moduleError("if a:\nb\n") == "2:1-2: found 'b', expected an indented block after 'if'");
  CHECK(moduleError("def f():\n") == "2:1-0: found end of file, expected an indented block after a "
                                     "function definition");
}

TEST_CASE("numbers", "[python]") {
  CHECK(expression("0x1F, 0o17, 0b101, 1_000, 00, 0") == "(tuple 31 15 5 1000 0 0)");
  CHECK(expression("1., .5, 1e+20, 1E-2, 1_0.2_5, 2.j, 3J") ==
        "(tuple f1p+0 f1p-1 f1.5af1d78b58c4p+66 f1.47ae147ae147bp-7 f1.48p+3 j1p+1 j1.8p+1)");
  CHECK(expression("1.+2.j") == "(+ f1p+0 j1p+1)");
  CHECK(expression("1e999, 1e-999, -0.") == "(tuple finf f0p+0 f-0p+0)");
  CHECK(expression("0.10000000000000001") == "f1.999999999999ap-4");
  CHECK(expression("9223372036854775807") == "9223372036854775807");
  CHECK(expression("-9223372036854775808") == "-9223372036854775808");
  CHECK(expression("- 1, -1 ** 2, -2.j, --1") == "(tuple -1 (- (** 1 2)) (- j1p+1) (- -1))");
  CHECK(moduleError("x = 9223372036854775808") ==
        "1:5-24: integer literal does not fit in 64 bits (-9223372036854775808 to "
        "9223372036854775807)");
  CHECK(moduleError("x = -9223372036854775809").substr(0, 7) == "1:5-25:");
  CHECK(moduleError("x = 0x1_0000_0000_0000_0000").substr(0, 7) == "1:5-28:");
  CHECK(moduleError("0123") == "1:1-5: invalid number '0123'");
  CHECK(moduleError("1__0") == "1:1-5: invalid number '1__0'");
  CHECK(moduleError("0xg") == "1:1-4: invalid number '0xg'");
  CHECK(moduleError("1abc") == "1:1-5: invalid number '1abc'");
  CHECK(moduleError("1e") == "1:1-3: invalid number '1e'");
}

TEST_CASE("strings are bytes", "[python]") {
  CHECK(expression(R"('a"\'' "b'\"")") == R"('a"\x27b\x27"')");
  CHECK(expression(R"('\\\a\b\f\n\r\t\v\0\101\x7f')") ==
        R"('\x5c\x07\x08\x0c\x0a\x0d\x09\x0b\x00A\x7f')");
  CHECK(expression(R"('\d\
x')") == R"('\x5cdx')");
  CHECK(expression(R"('\u00e9\U0001F600')") == R"('\xc3\xa9\xf0\x9f\x98\x80')");
  CHECK(expression("'\xc3\xa9'") == R"('\xc3\xa9')");
  CHECK(expression(R"(r'\n\'')") == R"('\x5cn\x5c\x27')");
  CHECK(expression("'''a\n'b''c\\'''''' ''") == R"('a\x0a\x27b\x27\x27c\x27')");
  CHECK(expression("\"\"\"a\r\nb\"\"\"") == R"('a\x0ab')");
  CHECK(expression(R"(b'\xff\u')") == R"(b'\xff\x5cu')");
  CHECK(expression("'a' \"b\" '''c'''") == "'abc'");
  CHECK(expression(R"("\303\251")", Dialect::Archive) == R"('\xc3\xa9')");
  CHECK(expression(R"("\351")", Dialect::Source) == R"('\xc3\xa9')");
}

TEST_CASE("string errors", "[python]") {
  CHECK(moduleError("x = 'abc\n'") == "1:5-6: string is not closed, expected '");
  CHECK(moduleError("x = '''abc\n''") == "1:5-8: string is not closed, expected '''");
  CHECK(moduleError("x = '\\") == "1:5-6: string is not closed, expected '");
  CHECK(moduleError(R"(x = '\xg0')") ==
        R"(1:6-10: invalid escape '\x', expected a code point of 2 hexadecimal digits)");
  CHECK(moduleError(R"('\N{DASH}')") ==
        R"(1:2-4: escape '\N' by character name is unsupported; use '\u')");
  CHECK(moduleError("'a' b'b'") == "1:5-9: found a bytes literal, expected a string");
}

TEST_CASE("f-strings", "[python]") {
  CHECK(expression("f'a{x}b{y.z[0]}{{}}'") == "(fstring 'a' {x} 'b' {([] (. y z) 0)} '{}')");
  CHECK(expression("f'{x!r:>{w}}{y:.2f}{z=}'") == "(fstring {x!r:} {y:} 'z=' {z!r})");
  CHECK(expression("f'{d['a']}' 'b' f\"{ {1: 2}[1] }\"") ==
        "(fstring {([] d 'a')} 'b' {([] (dict 1:2) 1)})");
  CHECK(expression("f'{f'{x}'}'") == "(fstring {(fstring {x})})");
  CHECK(expression("f'{a != b}{lambda_}{(lambda x: x)}'") ==
        "(fstring {(compare a != b)} {lambda_} {(lambda (x) x)})");
  CHECK(expression("f''") == "(fstring)");
  CHECK(expression(R"(rf'\{x}')") == R"((fstring '\x5c' {x}))");
  CHECK(moduleError("f'{}'") == "1:3-4: f-string: found an empty replacement field");
  CHECK(moduleError("f'}'") == "1:3-4: f-string: found a single '}', expected '}}'");
  CHECK(moduleError("f'{x'").substr(0, 7) == "1:5-6: ");
  CHECK(moduleError("f'{x!z}'") == "1:5-6: f-string: expected 'r', 's' or 'a' after '!'");
  CHECK(moduleError("y = f'{x +}'") == "1:11-0: found end of expression, expected an expression");
}

TEST_CASE("characters and brackets", "[python]") {
  CHECK(moduleError("x = a ? b") == "1:7-8: unexpected character '?'");
  CHECK(moduleError("x = \xc3\xa9") == "1:5-7: unexpected character U+00E9");
  CHECK(moduleError(llvm::StringRef("x\0", 2)) == "1:2-3: unexpected character U+0000");
  CHECK(moduleError("x = '\xff'") == "0:0-0: invalid UTF-8 at byte 5");
  CHECK(moduleError("x = (1]") == "1:7-8: found ']', expected ')'");
  CHECK(moduleError("x = 1)") == "1:6-7: found ')' that closes nothing");
  CHECK(moduleError("x = (1 +\n") == "1:5-6: '(' is never closed");
  CHECK(moduleError("x = \\ 1") == "1:5-6: found a character after '\\', expected end of line");
}
