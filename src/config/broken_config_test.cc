// test/config/broken: each file beside the exact messages that it must produce.
// With AVOCET_UPDATE_EXPECTED set the messages are written instead of compared.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "src/config/config_testing.h"
#include "src/config/load.h"

namespace avocet {
namespace {

std::vector<std::string> BrokenFiles() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(RepositoryPath("test/config/broken"))) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(BrokenConfigTest, EveryFileGivesItsExactMessages) {
  const std::vector<std::string> names = BrokenFiles();
  EXPECT_GE(names.size(), 100U);
  for (const std::string& name : names) {
    const std::string path = "test/config/broken/" + name;
    const std::string text = ReadTestFile(RepositoryPath(path));
    const LoadedConfig loaded = ParseConfig(text, path, TestEnvironment, TestDetectors());
    EXPECT_FALSE(loaded.errors.empty()) << path;
    const std::string messages = FormatErrors(loaded.errors, path, text);
    std::string expected_path = RepositoryPath(path);
    expected_path.replace(expected_path.size() - 5, 5, ".expected");
    if (std::getenv("AVOCET_UPDATE_EXPECTED") != nullptr) {
      std::ofstream(expected_path, std::ios::binary) << messages;
    }
    EXPECT_EQ(messages, ReadTestFile(expected_path)) << path;
  }
}

TEST(BrokenConfigTest, MessagesAreOneLineAndNeverShowTheValueOfAVariable) {
  for (const std::string& name : BrokenFiles()) {
    const std::string text = ReadTestFile(RepositoryPath("test/config/broken/" + name));
    for (const ConfigError& error :
         ParseConfig(text, name, TestEnvironment, TestDetectors()).errors) {
      EXPECT_EQ(error.message.find('\n'), std::string::npos) << error.message;
      EXPECT_EQ(error.message.find("s3cret"), std::string::npos) << error.message;
      EXPECT_EQ(error.message.find("8080"), std::string::npos) << error.message;
    }
  }
}

TEST(BrokenConfigTest, EveryPrefixOfAGoodFileIsHandled) {
  const std::string text = ReadTestFile(RepositoryPath("test/config/good/full.yaml"));
  for (size_t size = 0; size < text.size(); ++size) {
    const std::string prefix = text.substr(0, size);
    const LoadedConfig loaded = ParseConfig(prefix, "f", TestEnvironment, TestDetectors());
    for (const ConfigError& error : loaded.errors) {
      EXPECT_FALSE(error.message.empty());
      EXPECT_GE(error.line, 1) << error.message;
      EXPECT_GE(error.column, 1) << error.message;
    }
    static_cast<void>(FormatErrors(loaded.errors, "f", prefix));
  }
}

TEST(BrokenConfigTest, TooLargeFileIsRefusedAsAWhole) {
  const std::string text(size_t{3} << 20, '#');
  const LoadedConfig loaded = ParseConfig(text, "big.yaml", TestEnvironment, TestDetectors());
  EXPECT_EQ(FormatErrors(loaded.errors, "big.yaml", text),
            "big.yaml: error: the file has 3145728 bytes, more than the 1 MiB that a configuration "
            "can have\n");
}

}  // namespace
}  // namespace avocet
