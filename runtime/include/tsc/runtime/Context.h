// SPDX-License-Identifier: Apache-2.0
// The context of a call and how kernels fail. A kernel that fails raises in the context and returns
// Failed; Failed converts to every result type. Nothing throws, nothing aborts.
#pragma once

#include "tsc/Common/Model.h"
#include "tsc/runtime/Scalar.h"

#include <cstdarg>
#include <cstddef>

namespace tsc::rt {

/// What a failing function returns.
struct [[nodiscard]] Failure {};
inline constexpr Failure Failed{};

/// Success or failure; the error is in the context.
struct [[nodiscard]] Status {
  int32_t code = 0;
  Status() = default;
  Status(Failure) : code(1) {}
  explicit operator bool() const { return code == 0; }
};
inline Status success() { return {}; }

/// A value or failure.
template <class T> struct [[nodiscard]] Result {
  T value{};
  bool ok = false;
  Result(Failure) {}
  Result(T v) : value(static_cast<T &&>(v)), ok(true) {}
  explicit operator bool() const { return ok; }
  T &operator*() { return value; }
  T *operator->() { return &value; }
};

/// Returns Failed from the function when the expression is false (a Status, a null reference, a
/// failed Result).
#define TSC_TRY(...)                                                                               \
  do {                                                                                             \
    if (!(__VA_ARGS__))                                                                            \
      return ::tsc::rt::Failed;                                                                    \
  } while (false)
/// TSC_ASSIGN(int64_t d, wrapDim(cx, dim, rank)): declares and unwraps a Result.
#define TSC_ASSIGN(DECLARATION, ...)                                                               \
  TSC_ASSIGN_AT(TSC_JOIN(tscResult, __LINE__), DECLARATION, __VA_ARGS__)
#define TSC_ASSIGN_AT(NAME, DECLARATION, ...)                                                      \
  auto NAME = (__VA_ARGS__);                                                                       \
  if (!NAME)                                                                                       \
    return ::tsc::rt::Failed;                                                                      \
  DECLARATION = static_cast<decltype(NAME) &&>(NAME).value
#define TSC_JOIN(A, B) TSC_JOIN_AGAIN(A, B)
#define TSC_JOIN_AGAIN(A, B) A##B

/// Where memory of tensors comes from; 64-byte aligned.
struct Allocator {
  void *(*allocate)(void *user, size_t bytes, size_t alignment);
  void (*release)(void *user, void *data, size_t bytes);
  void *user;
};
const Allocator *defaultAllocator();
/// Gives back the large blocks that the default allocator keeps for later calls.
void freeKeptBlocks();

/// The error under way: class and message are kept in one block, sites in another; both survive
/// until the next call.
struct ErrorState {
  bool set = false;
  char *text = nullptr; ///< the message; heap or inlineText
  int64_t length = 0;
  int32_t siteCount = 0;
  int32_t sites[64];
  char className[64]; ///< this and the texts are read up to their zero: a context is made for each
                      ///< call and costs no more than it must
  char inlineText[256];
  ErrorState() { className[0] = inlineText[0] = 0; }
  void clear();
  ~ErrorState() {
    if (set || text)
      clear();
  }
};

class Profile;
class ThreadPool;
struct Generator;
struct Instance;

} // namespace tsc::rt

namespace tsc {

struct Context {
  ContextHead head{};
  const rt::Allocator *allocator = rt::defaultAllocator();
  rt::ThreadPool *pool = nullptr;     ///< null: one thread
  rt::Generator *generator = nullptr; ///< of the instance
  rt::Instance *instance = nullptr;   ///< null in tests and in the compiler
  rt::Profile *profile = nullptr;     ///< set when times are kept, and no kernel is being timed
  void (*print)(void *user, const char *text, int64_t length) = nullptr; ///< null: stdout
  void (*warn)(void *user, const char *text, int64_t length) = nullptr;  ///< null: stderr
  void *hookUser = nullptr;
  DType defaultDType = DType::Float32;
  bool gradEnabled = true; ///< what is_grad_enabled answers; nothing is differentiated
  rt::ErrorState error;

  /// Sets the error: an exception of a Python class ("RuntimeError", "IndexError",
  /// "ValueError"...).
  rt::Failure raise(const char *className, const char *format, ...)
      __attribute__((format(printf, 3, 4)));
  /// The same, class RuntimeError.
  rt::Failure fail(const char *format, ...) __attribute__((format(printf, 2, 3)));
  rt::Failure raiseText(rt::StringRef className, rt::StringRef text);
  rt::Failure outOfMemory();
};

} // namespace tsc

namespace tsc::rt {
using namespace tsc; // what is in Common is at hand wherever this namespace is
using tsc::Context;
using tsc::DType;
using tsc::DTypeClass;
using tsc::Tag;
using tsc::Value;
/// malloc that reports; null with the error set.
void *allocateBytes(Context &cx, int64_t bytes);
void freeBytes(void *data);
} // namespace tsc::rt
