// SPDX-License-Identifier: Apache-2.0
// Prints where there is speech in a WAV file (16 kHz, mono, 16 bit): one line a stretch, in
// seconds. With
// --probabilities, prints the model's answer for each chunk of 512 samples instead. The model keeps
// its state (an LSTM's, and the last samples as context) in the instance from call to call.
#include "silero_vad.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

static constexpr int kRate = 16000;
static constexpr int64_t kChunk = 512;

static uint32_t read32(const std::string &bytes, size_t at) {
  uint32_t value = 0;
  if (at + 4 <= bytes.size())
    std::memcpy(&value, bytes.data() + at, 4);
  return value;
}

/// The samples of a 16 kHz mono 16-bit RIFF file, -1 to 1; empty, with a message, for any other
/// file.
static std::vector<float> readWav(const char *path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (bytes.size() < 12 || bytes.compare(0, 4, "RIFF") != 0 || bytes.compare(8, 4, "WAVE") != 0) {
    std::fprintf(stderr, "%s: not a WAV file\n", path);
    return {};
  }
  bool isWanted = false;
  for (size_t at = 12; at + 8 <= bytes.size();) {
    size_t size = read32(bytes, at + 4), body = at + 8;
    if (bytes.compare(at, 4, "fmt ") == 0)
      isWanted = read32(bytes, body) == 0x00010001 && read32(bytes, body + 4) == kRate &&
                 (read32(bytes, body + 12) >> 16) == 16;
    if (bytes.compare(at, 4, "data") == 0 && isWanted) {
      std::vector<float> samples(std::min(size, bytes.size() - body) / 2);
      for (size_t i = 0; i < samples.size(); ++i) {
        int16_t sample;
        std::memcpy(&sample, bytes.data() + body + 2 * i, 2);
        samples[i] = static_cast<float>(sample) / 32768.0f;
      }
      return samples;
    }
    at = body + size + (size & 1);
  }
  std::fprintf(stderr, "%s: wanted 16 kHz, mono, 16-bit samples\n", path);
  return {};
}

/// The model's probability of speech for each chunk; false after an error, which is printed.
static bool findProbabilities(std::vector<float> samples, std::vector<float> &probabilities) {
  const tsc_model_api *model = silero_vad_model();
  tsc_error error = {};
  tsc_instance *instance = nullptr;
  bool ok = model->create(nullptr, &instance, &error) == TSC_OK;
  int32_t forward = model->find_method("forward");
  samples.resize((samples.size() + kChunk - 1) / kChunk * kChunk);
  for (size_t at = 0; ok && at < samples.size(); at += kChunk) {
    int64_t sizes[] = {1, kChunk};
    tsc_value arguments[2] = {model->tensor_wrap(&samples[at], TSC_F32, 2, sizes), {}};
    arguments[1].tag = TSC_INT;
    arguments[1].as.i = kRate;
    tsc_value result;
    ok = model->call(instance, static_cast<uint32_t>(forward), arguments, 2, &result, &error) ==
         TSC_OK;
    if (ok) {
      probabilities.push_back(*static_cast<float *>(model->tensor_data(result)));
      model->release(result);
    }
    model->release(arguments[0]);
  }
  if (!ok) {
    std::fprintf(stderr, "%s%s\n", error.traceback ? error.traceback : "",
                 error.message ? error.message : "");
    model->error_clear(&error);
  }
  if (instance)
    model->destroy(instance);
  return ok;
}

/// Speech starts above one half and ends when the probability stays below 0.35 for a quarter of a
/// second.
static void printStretches(const std::vector<float> &probabilities) {
  const double seconds = static_cast<double>(kChunk) / kRate;
  const size_t patience = 8;
  size_t start = 0, quiet = 0;
  bool speaking = false;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (!speaking && probabilities[i] >= 0.5f) {
      speaking = true;
      start = i;
      quiet = 0;
    } else if (speaking) {
      quiet = probabilities[i] < 0.35f ? quiet + 1 : 0;
      if (quiet == patience) {
        std::printf("speech %7.2f s to %7.2f s\n", start * seconds, (i + 1 - patience) * seconds);
        speaking = false;
      }
    }
  }
  if (speaking)
    std::printf("speech %7.2f s to %7.2f s\n", start * seconds,
                (probabilities.size() - quiet) * seconds);
}

int main(int argc, char **argv) {
  bool wantsProbabilities = argc == 3 && std::strcmp(argv[1], "--probabilities") == 0;
  if (argc != 2 && !wantsProbabilities) {
    std::fprintf(stderr, "usage: speech-detection [--probabilities] FILE.wav\n");
    return 2;
  }
  std::vector<float> samples = readWav(argv[argc - 1]), probabilities;
  if (samples.empty() || !findProbabilities(std::move(samples), probabilities))
    return 1;
  if (!wantsProbabilities) {
    printStretches(probabilities);
    return 0;
  }
  for (float probability : probabilities)
    std::printf("%.6f\n", probability);
  return 0;
}
