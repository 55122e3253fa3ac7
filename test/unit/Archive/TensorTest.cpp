// SPDX-License-Identifier: Apache-2.0
// Tensors: their description against their bytes.
#include "ArchiveTestSupport.h"

using namespace tsc::test;
using namespace tsc::archive;
using Catch::Matchers::Contains;

static const std::string kStorage = storage("FloatStorage", "0", 6);

TEST_CASE("tensors inside their storage", "[tensor]") {
  CHECK(checkTensor(tensor(kStorage, 0, {2, 3}, {3, 1})) == "ok");
  CHECK(checkTensor(tensor(kStorage, 0, {3, 2}, {1, 3})) == "ok");
  CHECK(checkTensor(tensor(kStorage, 5, {100}, {0})) == "ok");
  CHECK(checkTensor(tensor(kStorage, 5, {}, {})) == "ok");
  CHECK(checkTensor(tensor(kStorage, 0, {0, INT64_C(1) << 62}, {1, 1})) == "ok");
  CHECK(checkTensor(tensor(storage("FloatStorage", "7", 0), 0, {0}, {1})) == "ok");
  CHECK(checkTensor(tensor(storage("ShortStorage", "0", 12), 0, {12}, {1})) == "ok");
  CHECK(checkTensor(tensor(storage("Float8_e4m3fnStorage", "0", 24), 0, {24}, {1})) == "ok");
  CHECK(checkTensor(tensor(storage("UInt64Storage", "0", 3), 0, {3}, {1})) == "ok");
  CHECK(checkTensor(tensor(storage("ComplexFloatStorage", "0", 3), 0, {3}, {1})) == "ok");
}

TEST_CASE("storages that are missing or of another size", "[tensor]") {
  CHECK(checkTensor(tensor(storage("FloatStorage", "9", 6), 0, {6}, {1})) ==
        "f.pt:data.pkl: tensor 'w': storage data/9 missing (1)");
  CHECK_THAT(checkTensor(tensor(storage("FloatStorage", "0", 9), 0, {9}, {1})),
             Contains("tensor 'w': storage data/0 has 24 bytes, needs 36"));
  CHECK_THAT(checkTensor(tensor(storage("DoubleStorage", "0", 6), 0, {6}, {1})),
             Contains("has 24 bytes, needs 48"));
  CHECK_THAT(checkTensor(tensor(storage("FloatStorage", "0", 1 << 30), 0, {1 << 30}, {1})),
             Contains("has 24 bytes, needs 4294967296"));
  CHECK_THAT(checkTensor(tensor(storage("FloatStorage", "0", -6), 0, {6}, {1})),
             Contains("negative"));
  CHECK_THAT(checkTensor(tensor(storage("FloatStorage", "0", INT64_MAX), 0, {6}, {1})),
             Contains("too large element count"));
  ZipBuilder zip = archive(module(str("w") + tensor(kStorage, 0, {6}, {1})));
  zip.entries[1].data.clear();
  CHECK_THAT(check(zip.bytes()), Contains("storage data/0 has 0 bytes, needs 24"));
}

TEST_CASE("tensors outside their storage", "[tensor]") {
  CHECK_THAT(checkTensor(tensor(kStorage, -1, {1}, {1})), Contains("offset -1 is negative"));
  CHECK_THAT(checkTensor(tensor(kStorage, INT64_C(1) << 40, {1}, {1})),
             Contains("out of storage data/0 of 6 elements"));
  CHECK_THAT(checkTensor(tensor(kStorage, 0, {-2}, {1})), Contains("size -2 is negative"));
  CHECK_THAT(checkTensor(tensor(kStorage, 0, {INT64_C(1) << 62, 8}, {8, 1})), Contains("overflow"));
  CHECK_THAT(checkTensor(tensor(kStorage, 0, {INT64_C(1) << 62, 8}, {0, 0})), Contains("overflow"));
  CHECK_THAT(checkTensor(tensor(kStorage, 0, {2}, {-3})), Contains("stride -3 is negative"));
  CHECK_THAT(checkTensor(tensor(kStorage, 0, {2}, {INT64_C(1) << 50})), Contains("out of storage"));
  CHECK_THAT(checkTensor(tensor(kStorage, 1, {6}, {1})), Contains("out of storage"));
  CHECK_THAT(checkTensor(tensor(kStorage, 0, {6}, {1, 1})), Contains("1 sizes but 2 strides"));
  std::vector<int64_t> many(65, 1);
  CHECK_THAT(checkTensor(tensor(kStorage, 0, many, many)), Contains("rank 65 is above 64"));
}

TEST_CASE("storages described twice", "[tensor]") {
  auto both = [](const std::string &second) {
    return checkPickle(
        module(str("a") + tensor(kStorage, 0, {6}, {1}) + str("b") + tensor(second, 0, {3}, {1})));
  };
  CHECK(both(kStorage) == "ok");
  CHECK_THAT(both(storage("DoubleStorage", "0", 3)), Contains("described twice differently"));
  CHECK_THAT(both(storage("FloatStorage", "0", 3)), Contains("described twice differently"));
}

TEST_CASE("devices and keys", "[tensor]") {
  auto on = [](const char *device) {
    return checkTensor(tensor(storage("FloatStorage", "0", 6, device), 0, {6}, {1}));
  };
  CHECK(on("cuda:9") == "ok");
  CHECK(on("xla:0") == "ok");
  CHECK_THAT(on("xyz"), Contains("unknown device 'xyz'"));
  CHECK_THAT(on("cuda:x"), Contains("unknown device"));
  CHECK_THAT(on("meta"), Contains("meta tensor has no data"));
  CHECK_THAT(checkTensor(tensor(storage("FloatStorage", "../../etc/passwd", 6), 0, {6}, {1})),
             Contains("storage key must be a plain record name"));
  CHECK_THAT(
      checkTensor(tensor("(" + str("storage") + "ctorch\nFloatStorage\nK\1" + str("cpu") + "K\6tQ",
                         0, {6}, {1})),
      Contains("storage key must be a plain record name"));
}

static std::string quantized(const std::string &parameters) {
  return "ctorch._utils\n_rebuild_qtensor\n(" + storage("QInt8Storage", "0", 24) + "K\1" +
         ints({2, 3}) + ints({3, 1}) + "(" + parameters + "t\x89" +
         "ccollections\nOrderedDict\n)RtR";
}

TEST_CASE("quantization parameters", "[tensor]") {
  auto perTensor = [](double scale, int64_t zero) {
    return checkTensor(quantized("ctorch\nper_tensor_affine\n" + dbl(scale) + num(zero)));
  };
  CHECK(perTensor(0.5, -128) == "ok");
  for (double scale : {0.0, -1.0, double(NAN), double(INFINITY)})
    CHECK_THAT(perTensor(scale, 0), Contains("quantization parameters invalid"));
  CHECK_THAT(perTensor(0.5, 128), Contains("zero point is out of the dtype's range"));
  auto perChannel = [](int64_t count, int64_t axis) {
    std::string list = "(", zeros = "(";
    for (int64_t i = 0; i < count; ++i) {
      list += dbl(0.5 + i);
      zeros += lit("K\0");
    }
    return checkTensor(
        quantized("ctorch\nper_channel_affine\n" + list + "l" + zeros + "l" + num(axis)));
  };
  CHECK(perChannel(2, 0) == "ok");
  CHECK(perChannel(3, 1) == "ok");
  CHECK_THAT(perChannel(3, 0), Contains("not as many scales"));
  CHECK_THAT(perChannel(3, 2), Contains("axis is out of range"));
  CHECK_THAT(perChannel(3, -1), Contains("axis is out of range"));
}

TEST_CASE("sparse tensors", "[tensor]") {
  auto longs = [](const std::vector<int64_t> &values) {
    std::string out;
    for (int64_t v : values)
      ZipBuilder::put(out, v, 8);
    return out;
  };
  auto coo = [&](const std::vector<int64_t> &indices) {
    ZipBuilder zip =
        archive(module(str("w") + "ctorch._utils\n_rebuild_sparse_tensor\n(K\1" + ints({3, 3}) +
                       "\x89" + tensor(storage("LongStorage", "1", 4), 0, {2, 2}, {2, 1}) +
                       tensor(kStorage, 0, {2}, {1}) + "tR"));
    zip.add("m/data/1", longs(indices));
    return check(zip.bytes());
  };
  CHECK(coo({0, 2, 1, 0}) == "ok");
  CHECK_THAT(coo({0, 3, 1, 0}), Contains("sparse tensor invalid: an index is out of range"));
  CHECK_THAT(coo({0, -1, 1, 0}), Contains("an index is out of range"));
  auto csr = [&](const std::vector<int64_t> &rows, const std::vector<int64_t> &columns) {
    ZipBuilder zip =
        archive(module(str("w") + "ctorch._utils\n_rebuild_sparse_tensor\n(K\2" + ints({3, 3}) +
                       "\x89" + tensor(storage("LongStorage", "1", 4), 0, {4}, {1}) +
                       tensor(storage("LongStorage", "2", 2), 0, {2}, {1}) +
                       tensor(kStorage, 0, {2}, {1}) + "tR"));
    zip.add("m/data/1", longs(rows));
    zip.add("m/data/2", longs(columns));
    return check(zip.bytes());
  };
  CHECK(csr({0, 1, 1, 2}, {0, 2}) == "ok");
  CHECK_THAT(csr({0, 2, 1, 2}, {0, 2}), Contains("not ascending"));
  CHECK_THAT(csr({0, 1, 1, 3}, {0, 2}), Contains("do not span"));
  CHECK_THAT(csr({0, 1, 1, 2}, {0, 3}), Contains("an index is out of range"));
}
