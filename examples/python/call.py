# SPDX-License-Identifier: Apache-2.0
"""Calls a compiled model from Python with ctypes and NumPy: a dict of tensors and a string go in, both come back."""
import ctypes as c
import sys
import numpy as np


class Value(c.Structure):  # tsc_value; complex and Device values have no part here
    _fields_ = [("tag", c.c_uint32), ("reserved", c.c_uint32), ("bits", c.c_uint64)]


class Error(c.Structure):
    _fields_ = [("status", c.c_int32), ("class_name", c.c_char_p), ("message", c.c_char_p), ("traceback", c.c_char_p)]


V, P, S, I = Value, c.c_void_p, c.c_char_p, c.c_int64
FUNCTIONS = {  # the first part of tsc_model_api, in its order: result and arguments, or None where this file calls none
    "create": (c.c_int, P, P, P), "destroy": (None, P), "clone": None, "reset": None, "seed": None,
    "get_attribute": None, "set_attribute": None, "call": (c.c_int, P, c.c_uint32, P, c.c_uint32, P, P),
    "find_method": (c.c_int32, S), "cancel": None, "error_clear": None, "retain": None, "release": (None, V),
    "type_of": None, "to_text": None, "equal": None, "string_new": (V, S, I), "string_get": (S, V, P),
    "complex_new": None, "complex_get": None, "list_new": None, "list_size": None, "list_get": None,
    "list_append": None, "dict_new": (V, P, S), "dict_size": (I, V), "dict_item": (c.c_int, V, I, P, P),
    "dict_set": (c.c_int, V, V, V), "tuple_new": None, "tuple_size": None, "tuple_get": (V, V, I), "field_name": None,
    "enum_new": None, "enum_name": None, "enum_value": None, "object_get": None, "object_set": None,
    "future_wait": None, "tensor_wrap": (V, P, c.c_int32, c.c_int32, P), "tensor_new": None, "tensor_strided": None,
    "tensor_from_dlpack": None, "tensor_from_dlpack_versioned": None, "tensor_to_dlpack": None,
    "tensor_to_dlpack_versioned": None, "tensor_data": (P, V), "tensor_dtype": None, "tensor_rank": (c.c_int32, V),
    "tensor_sizes": (c.POINTER(I), V)}
Api = type("Api", (c.Structure,), {"_fields_": [(n, c.c_uint32) for n in ("size", "abi", "flags", "method_count")] + [
    (n, P) for n in ("name", "target", "manifest", "methods")] + [
    (n, c.CFUNCTYPE(*f) if f else P) for n, f in FUNCTIONS.items()]})

library = c.CDLL(sys.argv[1])
library.tsc_model_entry.restype = c.POINTER(Api)
api, error, instance = library.tsc_model_entry().contents, Error(), P()
if api.create(None, c.byref(instance), c.byref(error)):
    sys.exit(error.message.decode())


def tensor(array: np.ndarray) -> Value:  # borrows the memory of a float32 array in row-major order
    return api.tensor_wrap(array.ctypes.data, 6, array.ndim, (I * array.ndim)(*array.shape))


def text(value: Value) -> str:
    return api.string_get(value, None).decode()


arrays = {"length": np.arange(3, dtype=np.float32), "width": np.ones((2, 2), np.float32)}
tensors = api.dict_new(instance, b"Dict[str, Tensor]")
for name, array in arrays.items():
    api.dict_set(tensors, api.string_new(name.encode(), len(name)), tensor(array))
arguments = (Value * 3)(tensors, api.string_new(b"inches", 6), Value(3, 0, np.float64(39.37).view(np.uint64)))
result = Value()
if api.call(instance, api.find_method(b"forward"), arguments, 3, c.byref(result), c.byref(error)):
    sys.exit(error.traceback.decode())
scaled = api.tuple_get(result, 0)
for i in range(api.dict_size(scaled)):
    key, value = Value(), Value()
    api.dict_item(scaled, i, c.byref(key), c.byref(value))
    shape = api.tensor_sizes(value)[: api.tensor_rank(value)]
    data = (c.c_float * int(np.prod(shape))).from_address(api.tensor_data(value))
    print(text(key), np.array(data).reshape(shape).tolist())
print(text(api.tuple_get(result, 1)))
api.destroy(instance)
