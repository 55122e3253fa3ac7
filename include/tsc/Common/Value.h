// SPDX-License-Identifier: Apache-2.0
// The run-time representation of values that are not plain machine scalars: tags, the 16-byte
// Value, the head of every counted object, and type descriptors. Generated code, the runtime and
// the C ABI share these layouts; the compiler checks its own idea of them with static_asserts
// (lib/Conversion/TsToLLVM).
//
// Counting: arguments are borrowed, results owned. An object with the immortal count is never freed
// (constants, objects on a caller's stack). Counts are atomic.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tsc {

/// What a Value holds. Tags from kFirstObjectTag on carry an Object pointer.
enum class Tag : uint32_t {
  None = 0,
  Bool = 1,   ///< payload.i is 0 or 1
  Int = 2,    ///< payload.i
  Float = 3,  ///< payload.d
  Device = 4, ///< payload.i: type << 8 | (index + 1); type as in DLPack (1 = cpu, 2 = cuda); index
              ///< 0 = none given
  Function = 5,
  Complex = 16, ///< ComplexObject
  Tensor = 17,
  String = 18,
  List = 19,
  Dict = 20,
  Tuple = 21,  ///< a boxed tuple or named tuple
  Object = 22, ///< instance of a script class or module
  Enum = 23,
  Future = 24,
  Generator = 25,
  Storage = 26,
  Capsule = 27, ///< objects only the runtime looks into, such as quantized packed parameters
  Missing = 0xffffffff,
};
inline constexpr uint32_t kFirstObjectTag = 16;

struct TypeDescriptor;

/// The head of every counted object.
struct ObjectHead {
  int64_t count; ///< atomically changed; kImmortal: never changed
  const TypeDescriptor *type;
};
inline constexpr int64_t kImmortal = INT64_MIN / 2;
static_assert(sizeof(ObjectHead) == 16);

/// Tag and payload. `reserved` is 0.
struct Value {
  Tag tag;
  uint32_t reserved;
  union Payload {
    int64_t i;
    double d;
    ObjectHead *p;
  } payload;
};
static_assert(sizeof(Value) == 16 && alignof(Value) == 8);

/// The static kinds of TorchScript types, as descriptors name them.
enum class TypeKind : uint32_t {
  None,
  Bool,
  Int,
  Float,
  Complex,
  Number,
  String,
  Device,
  Tensor,
  List,
  Dict,
  Tuple, ///< named when fieldNames is set
  Optional,
  Union,
  Any,
  Class, ///< script class or module
  Interface,
  Enum,
  Future,
  Await,
  Generator,
  Storage,
  Function,
  Capsule,
};

/// A method of a class as seen by interface calls and the C ABI.
struct MethodDescriptor {
  const char *name;
  void *entry; ///< i32 (Context *, const Value *args, Value *results): boxed entry, self first
  const TypeDescriptor *const *argumentTypes; ///< without self
  const char *const *argumentNames;
  uint32_t argumentCount;
  uint32_t reserved;
  const TypeDescriptor *resultType;
};

/// Describes a type at run time. Immutable, static, one per type and artifact; two descriptors are
/// the same type when their `text` is equal (annotation syntax: "List[int]", "Optional[Tensor]",
/// "Dict[str, int]", "__torch__.M").
struct TypeDescriptor {
  TypeKind kind;
  uint32_t parameterCount; ///< element, key and value, members or field types
  const char *text;
  const TypeDescriptor *const *parameters;
  const char *const *fieldNames; ///< of named tuples, classes and enums (member names); or null
  const Value
      *enumValues; ///< of enums, parallel to fieldNames; parameterCount is then their number
  const MethodDescriptor *methods; ///< of classes and interfaces
  uint32_t methodCount;
  uint32_t flags; ///< bit 0: a module; bit 1: instances may form cycles
};

/// A complex number as an object (two doubles do not fit a Value).
struct ComplexObject {
  ObjectHead head;
  double re, im;
};
/// Bytes and length; not zero-terminated for the program, but a zero follows.
struct StringObject {
  ObjectHead head;
  int64_t length;
  const char *data; ///< points behind this struct or into static memory
};
/// How a list stores its elements: List[int] as int64, List[float] as double, List[bool] as bytes,
/// all others as Value.
enum class ElementKind : uint32_t { Int, Float, Bool, Value };
struct ListObject {
  ObjectHead head; ///< type->parameters[0] is the element type
  int64_t size, capacity;
  void *data;
  ElementKind elements;
  uint32_t reserved;
};
/// A boxed tuple: `size` Values follow.
struct TupleObject {
  ObjectHead head;
  int64_t size;
  Value items[1];
};
/// An instance of a class: one Value per attribute, in the order of type->fieldNames.
struct InstanceObject {
  ObjectHead head;
  InstanceObject *previous,
      *next; ///< the model instance's list of objects that may form cycles; or null
  Value fields[1];
};
/// A member of an enum: static, immortal.
struct EnumObject {
  ObjectHead head;
  int64_t index; ///< into type->fieldNames and type->enumValues
};

} // namespace tsc
