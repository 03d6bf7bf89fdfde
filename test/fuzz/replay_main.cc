// Runs a fuzz target over its corpus without libFuzzer: every file as it is, every file with
// deterministic damage, and the empty input. The last line printed before a crash names the input.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kDamagedCopies = 64;
// A target may be slow for a long input, and its damaged copies are as long.
constexpr size_t kMaxDamagedBytes = 64 * 1024;

using Bytes = std::vector<uint8_t>;

// A heap copy of exactly the input's size lets AddressSanitizer see a read past its end.
void RunOne(const Bytes& input) {
  const Bytes exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Bytes ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return Bytes(text.begin(), text.end());
}

// Cuts, flips a bit, repeats or removes a part: what disks and networks do to bytes.
Bytes Damage(Bytes input, std::mt19937_64& random) {
  if (input.empty()) return {static_cast<uint8_t>(random())};
  const size_t at = random() % input.size();
  const size_t length = std::min<size_t>(1 + random() % 16, input.size() - at);
  const auto begin = input.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = begin + static_cast<std::ptrdiff_t>(length);
  switch (random() % 5) {
    case 0:
      input.resize(at);
      break;
    case 1:
      input[at] = static_cast<uint8_t>(input[at] ^ (1U << (random() % 8)));
      break;
    case 2:
      input[at] = static_cast<uint8_t>(random());
      break;
    case 3:
      input.erase(begin, end);
      break;
    default: {
      const Bytes part(begin, end);
      input.insert(begin, part.begin(), part.end());
    }
  }
  return input;
}

std::vector<std::filesystem::path> FilesOf(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::filesystem::path> files = FilesOf(argc, argv);
  if (files.empty()) {
    std::fprintf(stderr, "usage: %s FILE|DIRECTORY...; no input file found\n", argv[0]);
    return 2;
  }
  RunOne({});
  size_t num_inputs = 1;
  for (const auto& path : files) {
    if (!std::filesystem::is_regular_file(path)) {
      std::fprintf(stderr, "cannot read %s\n", path.c_str());
      return 2;
    }
    std::fprintf(stderr, "%s\n", path.c_str());
    const Bytes input = ReadAll(path);
    RunOne(input);
    ++num_inputs;
    if (input.size() > kMaxDamagedBytes) continue;
    std::mt19937_64 random(1);  // the same damage on every run
    for (int copy = 0; copy < kDamagedCopies; ++copy, ++num_inputs) {
      std::fprintf(stderr, "%s, damaged copy %d\n", path.c_str(), copy);
      RunOne(Damage(input, random));
    }
  }
  std::fprintf(stderr, "%zu inputs of %zu files\n", num_inputs, files.size());
  return 0;
}
