# SPDX-License-Identifier: Apache-2.0
"""The table of bad inputs: name, bytes (or a command line), exit code, and a pattern that the error must match.

The numbers in names are the rows of the reliability rules that a case stands for: 01 to 18 containers, 19 to 30 pickles,
31 to 42 tensors, 43 to 56 code, 57 to 61 the command line.
"""
import struct
from archive import (CODE, FALSE, Member, archive, dict_of, glob, instance, integer, members, method, pickle, root, storage,
                     tensor, text, tuple_of, zipped)

BAD, USAGE, UNSUPPORTED = 1, 2, 3
GOOD = archive()


def with_member(name, data, method=0, **recorded):
    return zipped(members() + [Member("m/" + name, data, method, **recorded)])


def replaced(index, **recorded):
    changed = members()
    changed[index].recorded = recorded
    return zipped(changed)


CONTAINERS = [
    ("01-empty", b"", BAD, "not a zip archive .file has 0 bytes"),
    ("01-one-byte", b"P", BAD, "not a zip archive .file has 1 byte"),
    ("02-text", b"def f(x):\n    return x\n" * 4, BAD, "looks like text"),
    ("03-half", GOOD[:len(GOOD) // 2], BAD, "truncated|not a zip|end-of-central-directory"),
    ("03-last-byte", GOOD[:-1], BAD, "truncated"),
    ("04-bytes-before", b"x" * 100 + GOOD, BAD, "offset of central directory inconsistent"),
    ("05-trailing", GOOD + bytes(70000), BAD, "bytes after archive end|truncated"),
    ("06-directory-past-end", zipped(members(), directory_offset=1 << 30), BAD, "central directory"),
    ("06-count", zipped(members(), count=0xffff), BAD, "central directory|ZIP64"),
    ("06-local-past-end", replaced(0, offset=1 << 30), BAD, "local header out of bounds"),
    ("07-size-past-end", replaced(0, size=1 << 30, compressed=1 << 30), BAD, "exceeds file"),
    ("08-sizes-differ", replaced(0, size=20), BAD, "stored size .* differ"),
    ("09-bomb", with_member("extra/bomb", bytes(300 << 20), 8), BAD, "expands beyond limit.*--max-expanded"),
    ("10-crc", replaced(0, crc=12345), BAD, "CRC mismatch in .*data/0"),
    ("11-bzip2", replaced(0, method=12), UNSUPPORTED, "unsupported compression"),
    ("11-encrypted", replaced(0, flags=1), UNSUPPORTED, "unsupported encryption"),
    ("12-duplicate", with_member("data.pkl", root()), BAD, "duplicate member"),
    ("13-dots", with_member("../x", b"x"), BAD, "illegal member name"),
    ("13-absolute", zipped(members() + [Member("/x", b"x")]), BAD, "illegal member name|one folder"),
    ("13-backslash", with_member("a\\b", b"x"), BAD, "illegal member name"),
    ("13-nul", with_member("a\0b", b"x"), BAD, "illegal member name|local header"),
    ("13-latin", zipped(members() + [Member(b"m/\xff\xfe", b"x")]), BAD, "illegal member name"),
    ("13-long", with_member("x" * 65000, b"x"), BAD, "illegal member name"),
    ("14-two-folders", zipped(members() + [Member("n/x", b"x")]), BAD, "under one folder"),
    ("14-no-folder", zipped([Member("version", "3\n")]), BAD, "under one folder|folder"),
    ("15-no-version", archive(version=None), BAD, "version record missing"),
    ("15-word", archive(version="abc"), BAD, "not a number"),
    ("15-empty", archive(version=""), BAD, "not a number"),
    ("15-zero", archive(version="0"), BAD, "version 0 is older|not a number"),
    ("15-negative", archive(version="-1"), BAD, "not a number|older"),
    ("15-new", archive(version="99"), BAD, "version 99 is newer than supported 10"),
    ("15-digits", archive(version="9" * 30), BAD, "newer|not a number"),
    ("16-big", archive(records={"byteorder": "big"}), UNSUPPORTED, "big-endian"),
    ("16-middle", archive(records={"byteorder": "middle"}), BAD, "unknown byteorder 'middle'"),
    ("17-checkpoint", zipped([Member("m/data.pkl", pickle(b"}")), Member("m/version", "3\n")]), BAD, "this is .*checkpoint"),
    ("17-flatbuffer", b"\x10\0\0\0PTMF" + bytes(100), BAD, "this is .*flatbuffer"),
    ("17-export", zipped([Member("m/models/model.json", "{}"), Member("m/archive_format", "pt2"),
                          Member("m/archive_version", "0")]), BAD, "this is "),
    ("17-legacy", zipped([Member("m/model.json", "{}"), Member("m/version", "1\n")]), BAD, "this is "),
]


def with_root(*body):
    return archive(data=pickle(*body))


def with_w(value):
    return archive(data=root(w=value))


NESTED = b"".join([b")"] + [b"\x85"] * 500000)
PICKLES = [
    ("19-empty", archive(data=b""), BAD, "pickle: "),
    ("19-no-proto", archive(data=root()[2:]), BAD, "pickle: protocol 2 required"),
    ("19-protocol-4", archive(data=b"\x80\x04" + root()[2:]), BAD, "pickle: protocol 2 required"),
    ("19-no-stop", archive(data=root()[:-1]), BAD, "pickle: unexpected end"),
    ("19-stop-only", archive(data=b"\x80\x02."), BAD, "pickle: expected one value"),
    ("19-two-values", archive(data=pickle(b")", b")")), BAD, "pickle: expected one value"),
    ("20-opcode", with_root(b"\xff"), BAD, "pickle: opcode (0x)?ff"),
    ("21-system", with_root(glob("os", "system"), tuple_of(text("true")), b"R"), BAD, "pickle: global os.system not allowed"),
    ("21-eval", with_root(glob("builtins", "eval"), tuple_of(text("1")), b"R"), BAD, "global builtins.eval not allowed"),
    ("21-hub", with_root(glob("torch.hub", "load"), tuple_of(text("x")), b"R"), BAD, "global torch.hub.load not allowed"),
    ("22-memo", with_root(b"h\x07"), BAD, "pickle: memo 7 undefined"),
    ("22-memo-range", with_root(b")r\xff\xff\xff\x0f"), BAD, "pickle: memo .* out of range"),
    ("23-string", with_root(b"X\xff\xff\xff\xff"), BAD, "pickle: string of 4294967295 bytes"),
    ("24-setitems-odd", with_root(b"}(", text("a"), b"u"), BAD, "pickle: "),
    ("24-setitems-list", with_root(b"](", text("a"), text("b"), b"u"), BAD, "pickle: .* needs "),
    ("24-setitems-mark", with_root(b"}", text("a"), text("b"), b"u"), BAD, "pickle: .* needs "),
    ("24-appends-none", with_root(b"N(", text("a"), b"e"), BAD, "pickle: .* needs "),
    ("24-tuple1-empty", with_root(b"\x85"), BAD, "pickle: .* needs "),
    ("24-reduce-int", with_root(integer(1), b")R"), BAD, "pickle: .* needs "),
    ("24-build-int", with_root(integer(1), b"}b"), BAD, "pickle: .* needs "),
    ("25-deep", with_root(NESTED), BAD, "pickle: nesting deeper than"),
    ("26-cycle", with_root(b"]q\0h\0a"), BAD, "pickle: (cyclic value|.*not allowed)"),
    ("27-wide", with_root(b"\x8a\x09" + bytes(9)), BAD, "pickle: integer wider than 64 bits"),
    ("28-int", with_root(integer(3)), BAD, "root value must be a module object"),
    ("28-not-module", archive(code="class M:\n  def f(self: __torch__.M) -> int:\n    return 1\n",
                              data=pickle(instance("__torch__", "M", dict_of()))), BAD, "must be a [mM]odule"),
    ("29-missing", archive(data=root(training=None)), BAD, "training"),
    ("29-type", with_w(integer(3)), BAD, "attribute self.w: expected Tensor, found int"),
]

SIX = storage()
TENSORS = [
    ("31-no-record", with_w(tensor(storage("9"))), BAD, "storage data/9 missing"),
    ("32-short", archive(records={"data/0": bytes(8)}), BAD, "storage data/0 has 8 bytes, needs 24"),
    ("33-empty", archive(records={"data/0": b""}), BAD, "storage data/0 has 0 bytes, needs 24"),
    ("34-huge", with_w(tensor(storage(count=1 << 30))), BAD, "storage data/0 has 24 bytes, needs"),
    ("34-negative", with_w(tensor(storage(count=-1))), BAD, "negative"),
    ("34-overflow", with_w(tensor(storage(count=1 << 62))), BAD, "storage data/0 has|too large|overflow"),
    ("35-double", with_w(tensor(storage(kind="DoubleStorage"))), BAD, "storage data/0 has 24 bytes, needs 48"),
    ("36-offset-negative", with_w(tensor(SIX, -1)), BAD, "offset|negative"),
    ("36-offset", with_w(tensor(SIX, 1 << 40)), BAD, "out of storage"),
    ("36-size", with_w(tensor(SIX, 0, (-2, 3))), BAD, "negative"),
    ("36-size-overflow", with_w(tensor(SIX, 0, (1 << 62, 8))), BAD, "overflow|out of storage"),
    ("36-stride", with_w(tensor(SIX, 0, (2, 3), (-3, 1))), BAD, "negative|out of storage"),
    ("36-stride-huge", with_w(tensor(SIX, 0, (2, 3), (1 << 50, 1))), BAD, "out of storage|overflow"),
    ("36-rank", with_w(tensor(SIX, 0, (2, 3), (1,))), BAD, "2 sizes but 1 strides"),
    ("37-rank", with_w(tensor(SIX, 0, (1,) * 65, (1,) * 65)), BAD, "rank 65 is above 64"),
    ("38-twice", archive(code=CODE.replace("  w : Tensor", "  w : Tensor\n  v : Tensor"),
                         data=root(v=tensor(storage(kind="IntStorage")))), BAD, "storage data/0 described twice"),
    ("39-device", with_w(tensor(storage(device="xyz"))), BAD, "unknown device 'xyz'"),
    ("39-meta", with_w(tensor(storage(device="meta"))), BAD, "meta tensor has no data"),
    ("42-path", with_w(tensor(storage("../../etc/passwd"))), BAD, "plain record name"),
    ("42-int-key", with_w(tensor(storage(integer(0)))), BAD, "pickle|plain record name"),
]
DEEP = 100000
CODES = [
    ("43-missing", archive(records={"code/__torch__.py": None}), BAD, "__torch__.M|code/__torch__.py"),
    ("43-empty", archive(code=""), BAD, "__torch__.M"),
    ("43-utf8", archive(code=CODE.encode() + b"# \xff\xfe\n"), BAD, "invalid UTF-8 at byte"),
    ("44-parenthesis", method("return torch.add(x, x"), BAD, "never closed|expected"),
    ("44-indent", archive(code=CODE.replace("    return", "  return")), BAD, "indentation|expected|return"),
    ("44-string", method('y = "abc\nreturn x'), BAD, "string is not closed"),
    ("44-nul", method("return x\0"), BAD, "unexpected character|NUL|found"),
    ("44-escape", method('y = "\\xq"\nreturn x'), BAD, "escape"),
    ("45-operator", method("return torch.frobnicate(x)"), UNSUPPORTED, "frobnicate"),
    ("45-arity", method("return torch.relu(x, x, x)"), BAD, "relu"),
    ("45-keyword", method("return torch.relu(x, colour=3)"), BAD, "relu"),
    ("46-constant", method("return torch.add(x, CONSTANTS.c5)"), BAD, "constant"),
    ("46-constant-name", method("return torch.add(x, CONSTANTS.cX)"), BAD, "constant|cX"),
    ("47-recursive", archive(code=CODE.replace("  training", "  m : __torch__.M\n  training")), BAD,
     "contains itself|m"),
    ("47-unknown-type", archive(code=CODE.replace("  training", "  m : __torch__.Missing\n  training")), BAD, "Missing"),
    ("48-recursion", method("return (self).forward(x, )"), BAD, "recurs"),
    ("49-parentheses", method("return " + "(" * DEEP + "x" + ")" * DEEP), BAD, "nesting deeper than"),
    ("49-minus", method("y = " + "-" * (2 * DEEP) + "1\nreturn x"), BAD, "nesting deeper than"),
    ("49-type", method("y = annotate(" + "List[" * DEEP + "int" + "]" * DEEP + ", [])\nreturn x"), BAD, "nesting deeper"),
    ("49-ifs", method("".join("  " * i + "if True:\n" for i in range(10000)) + "  " * 10000 + "pass\nreturn x"), BAD,
     "nesting deeper|indent"),
    ("50-int", method("y = 9223372036854775808\nreturn x"), BAD, "64"),
    ("51-method", (["--method", "nope"], GOOD), BAD, "nope.*forward|no method"),
    ("52-try", method("try:\n  y = 1\nexcept:\n  y = 2\nreturn x"), UNSUPPORTED, "try"),
    ("52-lambda", method("f = lambda y: y\nreturn x"), UNSUPPORTED, "lambda"),
    ("52-yield", method("yield x"), UNSUPPORTED, "yield"),
    ("53-undefined", method("return y"), BAD, "'?y'?"),
    ("53-no-return", method("y = x"), BAD, "may end without a value"),
    ("54-from-file", method('return torch.from_file("x", None, 3)'), UNSUPPORTED, "from_file"),
    ("54-save", method('ops.aten.save(x, "x")\nreturn x'), UNSUPPORTED, "save"),
]
# Debug information is a help, never a reason to fail.
HARMLESS = [
    ("55-debug-garbage", archive(records={"code/__torch__.py.debug_pkl": b"garbage"}), 0, ""),
    ("30-numbers", archive(code=CODE.replace("  training", "  a : float\n  b : int\n  training"),
                           data=root(a=b"G" + struct.pack(">d", float("nan")), b=integer(-2**63))), 0, ""),
]
COMMANDS = [
    ("57-flag", (["--frobnicate"], GOOD), USAGE, "--frobnicate"),
    ("57-missing-value", (["--method"], GOOD), USAGE, "--method"),
    ("57-shape", (["--input", "x:f32[3,-1]"], GOOD), USAGE, "--input"),
    ("57-size", (["--input", "x:f32[999999999999999999999]"], GOOD), USAGE, "--input"),
    ("57-no-input", (["--input", "zzz:f32[3]"], GOOD), USAGE, "zzz"),
    ("59-march", (["-march=nonsense"], GOOD), USAGE, "nonsense"),
    ("60-cuda", (["--device", "cuda"], GOOD), UNSUPPORTED, "device .cuda. is not supported"),
]
CASES = CONTAINERS + PICKLES + TENSORS + CODES + HARMLESS + COMMANDS
