// SPDX-License-Identifier: Apache-2.0
// C++17 over the C interface of a compiled model: values that release themselves, and conversions between them and the types
// of the standard library. Failure throws tsc::Error, here and not across the interface.
//
//   tsc::Model model(shapes_model());
//   auto y = model.call<tsc::Tensor>(model.method("forward"), tsc::Tensor::wrap(model, data, {1, 3}));
#ifndef TSC_MODEL_HPP
#define TSC_MODEL_HPP

#include <complex>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace tsc {

/// What a call failed with.
class Error : public std::runtime_error {
public:
  Error(tsc_status status, const std::string &message, std::string traceback = "")
      : std::runtime_error(message), status(status), traceback(std::move(traceback)) {}
  tsc_status status;
  std::string traceback; ///< of the program; may be empty
};

/// Any value of a model; counted, and released at the end.
class Value {
public:
  Value() = default;
  Value(const tsc_model_api *api, tsc_value owned) : api(api), value(owned) {
    if (value.tag == TSC_MISSING)
      throw Error(TSC_BAD_ARGUMENT, "a value could not be made");
  }
  Value(const Value &other) : api(other.api), value(other.value) {
    if (api)
      api->retain(value);
  }
  Value(Value &&other) noexcept : api(std::exchange(other.api, nullptr)), value(other.value) {}
  Value &operator=(Value other) noexcept {
    std::swap(api, other.api);
    std::swap(value, other.value);
    return *this;
  }
  ~Value() {
    if (api)
      api->release(value);
  }
  const tsc_value &get() const { return value; }
  tsc_tag tag() const { return static_cast<tsc_tag>(value.tag); }
  const tsc_model_api *interface() const { return api; }
  /// As the program's str().
  std::string text() const {
    if (!api)
      return "None";
    Value made(api, api->to_text(value));
    int64_t length = 0;
    const char *bytes = api->string_get(made.value, &length);
    return std::string(bytes, static_cast<size_t>(length));
  }

protected:
  const tsc_model_api *api = nullptr;
  tsc_value value = {};
};

class Model;

template <class T> struct ElementType;
template <> struct ElementType<uint8_t> { static constexpr tsc_dtype value = TSC_U8; };
template <> struct ElementType<int8_t> { static constexpr tsc_dtype value = TSC_I8; };
template <> struct ElementType<int16_t> { static constexpr tsc_dtype value = TSC_I16; };
template <> struct ElementType<int32_t> { static constexpr tsc_dtype value = TSC_I32; };
template <> struct ElementType<int64_t> { static constexpr tsc_dtype value = TSC_I64; };
template <> struct ElementType<float> { static constexpr tsc_dtype value = TSC_F32; };
template <> struct ElementType<double> { static constexpr tsc_dtype value = TSC_F64; };
template <> struct ElementType<bool> { static constexpr tsc_dtype value = TSC_BOOLEAN; };
template <> struct ElementType<std::complex<float>> { static constexpr tsc_dtype value = TSC_C64; };
template <> struct ElementType<std::complex<double>> { static constexpr tsc_dtype value = TSC_C128; };

class Tensor : public Value {
public:
  Tensor() = default;
  Tensor(const tsc_model_api *api, tsc_value owned) : Value(api, owned) {
    if (value.tag != TSC_TENSOR)
      throw Error(TSC_BAD_ARGUMENT, "expected a tensor");
  }
  /// Over row-major memory of the caller's, which must live as long as the tensor.
  template <class T> static Tensor wrap(const Model &model, T *data, const std::vector<int64_t> &sizes);
  tsc_dtype dtype() const { return static_cast<tsc_dtype>(api->tensor_dtype(value)); }
  std::vector<int64_t> sizes() const {
    const int64_t *first = api->tensor_sizes(value);
    return std::vector<int64_t>(first, first + api->tensor_rank(value));
  }
  /// Itself, or a row-major copy.
  Tensor contiguous() const { return Tensor(api, api->tensor_contiguous(value)); }
  /// The elements in row-major order. Throws when the tensor has another element type.
  template <class T> std::vector<T> toVector() const {
    Tensor dense = contiguous();
    const T *first = dense.data<T>();
    size_t count = 1;
    for (int64_t size : sizes())
      count *= static_cast<size_t>(size);
    return std::vector<T>(first, first + count);
  }
  /// Of the first element; the strides are the tensor's own.
  template <class T> T *data() const {
    if (dtype() != ElementType<std::remove_const_t<T>>::value)
      throw Error(TSC_BAD_ARGUMENT, "the tensor has another element type");
    return static_cast<T *>(api->tensor_data(value));
  }
};

/// An instance of a model. Moves, but does not copy; see clone of the C interface for copies.
class Model {
public:
  explicit Model(const tsc_model_api *api, const tsc_options *options = nullptr) : api(api) {
    tsc_error error = {};
    if (api->create(options, &instance, &error) != TSC_OK)
      fail(error);
  }
  Model(Model &&other) noexcept : api(other.api), instance(std::exchange(other.instance, nullptr)) {}
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;
  ~Model() {
    if (instance)
      api->destroy(instance);
  }
  const tsc_model_api *interface() const { return api; }
  tsc_instance *handle() const { return instance; }
  uint32_t method(const char *name) const {
    int32_t index = api->find_method(name);
    if (index < 0)
      throw Error(TSC_NOT_FOUND, std::string("the model has no method ") + name);
    return static_cast<uint32_t>(index);
  }
  template <class R, class... Arguments> R call(uint32_t method, const Arguments &...arguments);

private:
  [[noreturn]] void fail(tsc_error &error) const {
    Error made(static_cast<tsc_status>(error.status), error.message ? error.message : "",
               error.traceback ? error.traceback : "");
    api->error_clear(&error);
    throw made;
  }
  const tsc_model_api *api;
  tsc_instance *instance = nullptr;
};

template <class T> Tensor Tensor::wrap(const Model &model, T *data, const std::vector<int64_t> &sizes) {
  const tsc_model_api *api = model.interface();
  return Tensor(api, api->tensor_wrap(const_cast<std::remove_const_t<T> *>(data),
                                      ElementType<std::remove_const_t<T>>::value, static_cast<int32_t>(sizes.size()),
                                      sizes.data()));
}

/// How a C++ type crosses the border: its TorchScript type, and both ways.
template <class T> struct Convert;

inline tsc_value scalarValue(tsc_tag tag, int64_t i) {
  tsc_value value = {};
  value.tag = tag;
  value.as.i = i;
  return value;
}
inline void expectTag(const Value &value, tsc_tag tag, const char *name) {
  if (value.tag() != tag)
    throw Error(TSC_BAD_ARGUMENT, std::string("expected ") + name + ", got " + value.text());
}

template <> struct Convert<Value> {
  static std::string type() { return "Any"; }
  static Value in(const Model &, const Value &x) { return x; }
  static Value out(const Value &x) { return x; }
};
template <> struct Convert<Tensor> {
  static std::string type() { return "Tensor"; }
  static Value in(const Model &, const Tensor &x) { return x; }
  static Tensor out(const Value &x) {
    x.interface()->retain(x.get());
    return Tensor(x.interface(), x.get());
  }
};
template <> struct Convert<std::monostate> {
  static std::string type() { return "NoneType"; }
  static Value in(const Model &model, std::monostate) { return Value(model.interface(), scalarValue(TSC_NONE, 0)); }
  static std::monostate out(const Value &) { return {}; }
};
template <> struct Convert<int64_t> {
  static std::string type() { return "int"; }
  static Value in(const Model &model, int64_t x) { return Value(model.interface(), scalarValue(TSC_INT, x)); }
  static int64_t out(const Value &x) { return expectTag(x, TSC_INT, "int"), x.get().as.i; }
};
template <> struct Convert<bool> {
  static std::string type() { return "bool"; }
  static Value in(const Model &model, bool x) { return Value(model.interface(), scalarValue(TSC_BOOL, x)); }
  static bool out(const Value &x) { return expectTag(x, TSC_BOOL, "bool"), x.get().as.i != 0; }
};
template <> struct Convert<double> {
  static std::string type() { return "float"; }
  static Value in(const Model &model, double x) {
    tsc_value value = scalarValue(TSC_FLOAT, 0);
    value.as.d = x;
    return Value(model.interface(), value);
  }
  static double out(const Value &x) { return expectTag(x, TSC_FLOAT, "float"), x.get().as.d; }
};
template <> struct Convert<std::complex<double>> {
  static std::string type() { return "complex"; }
  static Value in(const Model &model, std::complex<double> x) {
    return Value(model.interface(), model.interface()->complex_new(x.real(), x.imag()));
  }
  static std::complex<double> out(const Value &x) {
    double re = 0, im = 0;
    expectTag(x, TSC_COMPLEX, "complex");
    x.interface()->complex_get(x.get(), &re, &im);
    return {re, im};
  }
};
template <> struct Convert<std::string> {
  static std::string type() { return "str"; }
  static Value in(const Model &model, const std::string &x) {
    return Value(model.interface(), model.interface()->string_new(x.data(), static_cast<int64_t>(x.size())));
  }
  static std::string out(const Value &x) {
    expectTag(x, TSC_STRING, "str");
    int64_t length = 0;
    const char *bytes = x.interface()->string_get(x.get(), &length);
    return std::string(bytes, static_cast<size_t>(length));
  }
};
template <class T> struct Convert<std::optional<T>> {
  static std::string type() { return "Optional[" + Convert<T>::type() + "]"; }
  static Value in(const Model &model, const std::optional<T> &x) {
    return x ? Convert<T>::in(model, *x) : Convert<std::monostate>::in(model, {});
  }
  static std::optional<T> out(const Value &x) {
    return x.tag() == TSC_NONE ? std::nullopt : std::optional<T>(Convert<T>::out(x));
  }
};
template <class T> struct Convert<std::vector<T>> {
  static std::string type() { return "List[" + Convert<T>::type() + "]"; }
  static Value in(const Model &model, const std::vector<T> &x) {
    const tsc_model_api *api = model.interface();
    Value list(api, api->list_new(model.handle(), type().c_str()));
    for (const T &item : x)
      if (api->list_append(list.get(), Convert<T>::in(model, item).get()) != TSC_OK)
        throw Error(TSC_BAD_ARGUMENT, "an element does not fit " + type());
    return list;
  }
  static std::vector<T> out(const Value &x) {
    expectTag(x, TSC_LIST, "list");
    std::vector<T> items;
    for (int64_t i = 0; i < x.interface()->list_size(x.get()); ++i)
      items.push_back(Convert<T>::out(Value(x.interface(), x.interface()->list_get(x.get(), i))));
    return items;
  }
};
template <class K, class V> struct Convert<std::map<K, V>> {
  static std::string type() { return "Dict[" + Convert<K>::type() + ", " + Convert<V>::type() + "]"; }
  static Value in(const Model &model, const std::map<K, V> &x) {
    const tsc_model_api *api = model.interface();
    Value dict(api, api->dict_new(model.handle(), type().c_str()));
    for (const auto &[key, value] : x)
      if (api->dict_set(dict.get(), Convert<K>::in(model, key).get(), Convert<V>::in(model, value).get()) != TSC_OK)
        throw Error(TSC_BAD_ARGUMENT, "an entry does not fit " + type());
    return dict;
  }
  static std::map<K, V> out(const Value &x) {
    expectTag(x, TSC_DICT, "dict");
    const tsc_model_api *api = x.interface();
    std::map<K, V> items;
    for (int64_t i = 0; i < api->dict_size(x.get()); ++i) {
      tsc_value key, value;
      if (api->dict_item(x.get(), i, &key, &value) != TSC_OK)
        throw Error(TSC_BAD_ARGUMENT, "a dict changed while it was read");
      Value ownedKey(api, key), ownedValue(api, value);
      items.emplace(Convert<K>::out(ownedKey), Convert<V>::out(ownedValue));
    }
    return items;
  }
};
template <class... Ts> struct Convert<std::tuple<Ts...>> {
  static std::string type() {
    std::string text;
    ((text += (text.empty() ? "" : ", ") + Convert<Ts>::type()), ...);
    return "Tuple[" + text + "]";
  }
  static Value in(const Model &model, const std::tuple<Ts...> &x) {
    const tsc_model_api *api = model.interface();
    std::vector<Value> owned;
    std::apply([&](const Ts &...item) { (owned.push_back(Convert<Ts>::in(model, item)), ...); }, x);
    std::vector<tsc_value> items;
    for (const Value &item : owned)
      items.push_back(item.get());
    return Value(api, api->tuple_new(model.handle(), type().c_str(), items.data(), static_cast<int64_t>(items.size())));
  }
  static std::tuple<Ts...> out(const Value &x) {
    expectTag(x, TSC_TUPLE, "tuple");
    if (x.interface()->tuple_size(x.get()) != static_cast<int64_t>(sizeof...(Ts)))
      throw Error(TSC_BAD_ARGUMENT, "expected a tuple of " + std::to_string(sizeof...(Ts)));
    return fields(x, std::index_sequence_for<Ts...>());
  }

private:
  template <size_t... I> static std::tuple<Ts...> fields(const Value &x, std::index_sequence<I...>) {
    return {Convert<Ts>::out(Value(x.interface(), x.interface()->tuple_get(x.get(), I)))...};
  }
};

template <class R, class... Arguments> R Model::call(uint32_t method, const Arguments &...arguments) {
  std::vector<Value> owned;
  (owned.push_back(Convert<Arguments>::in(*this, arguments)), ...);
  std::vector<tsc_value> values;
  for (const Value &argument : owned)
    values.push_back(argument.get());
  tsc_value result = {};
  tsc_error error = {};
  if (api->call(instance, method, values.data(), static_cast<uint32_t>(values.size()), &result, &error) != TSC_OK)
    fail(error);
  return Convert<R>::out(Value(api, result));
}

} // namespace tsc
#endif
