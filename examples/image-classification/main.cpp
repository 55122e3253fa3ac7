// SPDX-License-Identifier: Apache-2.0
// Says of each image (32x32 grey PGM) whether it shows a circle, a square or a triangle. All images
// go through the model in one call; its result is a tuple of a list of labels and a tensor of
// probabilities.
#include "shapes.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

static constexpr int64_t kSide = 32;

/// Appends the pixels of a PGM file, 0 to 1; false for any other file.
static bool readImage(const char *path, std::vector<float> &pixels) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  int width = 0, height = 0, maximum = 0;
  file >> magic >> width >> height >> maximum;
  file.get();
  std::vector<char> bytes(kSide * kSide);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file || magic != "P5" || width != kSide || height != kSide || maximum != 255)
    return false;
  for (char byte : bytes)
    pixels.push_back(static_cast<float>(static_cast<uint8_t>(byte)) / 255.0f);
  return true;
}

int main(int argc, char **argv) {
  std::vector<float> pixels;
  for (int i = 1; i < argc; ++i)
    if (!readImage(argv[i], pixels)) {
      std::fprintf(stderr, "%s: wanted a binary PGM image of 32 by 32 pixels\n", argv[i]);
      return 1;
    }
  const tsc_model_api *model = shapes_model();
  tsc_instance *instance = nullptr;
  tsc_error error = {};
  tsc_value result;
  int64_t sizes[] = {argc - 1, 1, kSide, kSide};
  tsc_value images = model->tensor_wrap(pixels.data(), TSC_F32, 4, sizes);
  if (model->create(nullptr, &instance, &error) ||
      model->call(instance, 0, &images, 1, &result, &error)) {
    std::fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  tsc_value labels = model->tuple_get(result, 0), probabilities = model->tuple_get(result, 1);
  const float *p = static_cast<const float *>(model->tensor_data(probabilities));
  for (int i = 1; i < argc; ++i, p += 3) {
    tsc_value label = model->list_get(labels, i - 1);
    std::printf("%s: %s (circle %.3f, square %.3f, triangle %.3f)\n", argv[i],
                model->string_get(label, nullptr), p[0], p[1], p[2]);
    model->release(label);
  }
  for (tsc_value value : {labels, probabilities, result, images})
    model->release(value);
  model->destroy(instance);
  return 0;
}
