# SPDX-License-Identifier: Apache-2.0
"""What bad inputs are made of: a zip writer that may lie, a pickle in opcodes, and a small honest archive."""
import struct
import zlib


class Member:
    """One file of a zip. `recorded` overrides fields of its headers: size, compressed, crc, method, flags, offset."""

    def __init__(self, name, data, method=0, **recorded):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.plain = data if isinstance(data, bytes) else data.encode()
        self.stored = self.plain
        if method == 8:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            self.stored = deflate.compress(self.plain) + deflate.flush()
        self.method, self.recorded = method, recorded

    def header(self, offset):
        r = self.recorded
        return struct.pack("<HHHHHIIIHH", 20, r.get("flags", 0), r.get("method", self.method), 0, 33,
                           r.get("crc", zlib.crc32(self.plain)), r.get("compressed", len(self.stored)),
                           r.get("size", len(self.plain)), len(self.name), 0)


def zipped(members, prefix=b"", suffix=b"", comment=b"", directory_offset=None, count=None):
    """The bytes of a zip file of these members; the last four lie about its directory."""
    out, directory = bytearray(prefix), bytearray()
    for m in members:
        offset = len(out) - len(prefix)
        out += b"PK\3\4" + m.header(offset) + m.name + m.stored
        directory += (b"PK\1\2" + struct.pack("<H", 20) + m.header(offset) +
                      struct.pack("<HHHII", 0, 0, 0, 0, m.recorded.get("offset", offset)) + m.name)
    start = len(out) - len(prefix) if directory_offset is None else directory_offset
    n = len(members) if count is None else count
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, n, n, len(directory), start, len(comment)) + comment
    return bytes(out + directory + end + suffix)


# ---- Pickle, protocol 2, by opcode
def glob(module, name):
    return f"c{module}\n{name}\n".encode()


def text(s):
    s = s if isinstance(s, bytes) else s.encode()
    return b"X" + struct.pack("<I", len(s)) + s


def integer(n):
    if 0 <= n < 256:
        return b"K" + bytes([n])
    if -2**31 <= n < 2**31:
        return b"J" + struct.pack("<i", n)
    return b"\x8a\x08" + struct.pack("<q", n)


def tuple_of(*items):
    return b"(" + b"".join(items) + b"t"


def dict_of(**items):
    return b"}(" + b"".join(text(k) + v for k, v in items.items()) + b"u"


def instance(module, name, state):
    return glob(module, name) + b")\x81" + state + b"b"


def storage(key="0", kind="FloatStorage", device="cpu", count=6):
    key = text(key) if isinstance(key, str) else key
    return tuple_of(text("storage"), glob("torch", kind), key, text(device), integer(count)) + b"Q"


def tensor(stored, offset=0, sizes=(2, 3), strides=(3, 1)):
    return (glob("torch._utils", "_rebuild_tensor_v2") +
            tuple_of(stored, integer(offset), tuple_of(*map(integer, sizes)), tuple_of(*map(integer, strides)), b"\x89",
                     glob("collections", "OrderedDict") + b")R") + b"R")


def pickle(*body):
    return b"\x80\x02" + b"".join(body) + b"."


# ---- An honest archive: one parameter, one method
CODE = """class M(Module):
  __parameters__ = ["w", ]
  __buffers__ = []
  w : Tensor
  training : bool
  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
    w = self.w
    return torch.add(x, w)
"""
FALSE = b"\x89"


def root(**changes):
    """The pickle of the root module; attributes may be replaced, or left out with None."""
    state = {"w": tensor(storage()), "training": FALSE}
    state.update(changes)
    return pickle(instance("__torch__", "M", dict_of(**{k: v for k, v in state.items() if v is not None})))


def members(code=CODE, data=None, records=None, constants=None, version="3\n", **more):
    """The members of the archive, by name; None leaves one out."""
    found = {"data/0": bytes(24), "data.pkl": root() if data is None else data, "code/__torch__.py": code,
             "constants.pkl": pickle(b")") if constants is None else constants, "version": version}
    found.update(records or {})
    found.update(more)
    return [Member("m/" + k, v) for k, v in found.items() if v is not None]


def archive(**parts):
    return zipped(members(**parts))


def method(body, **parts):
    """An archive whose forward has this body (lines without indent) and an attribute w."""
    head = CODE[:CODE.index("    w = self.w")]
    return archive(code=head + "".join("    " + line + "\n" for line in body.splitlines()), **parts)
