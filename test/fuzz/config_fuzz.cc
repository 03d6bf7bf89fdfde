// Fuzzes the configuration: any bytes give errors with places, or a configuration whose dump reads
// back as itself.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/check.h"
#include "src/base/utf8.h"
#include "src/config/config_testing.h"
#include "src/config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace avocet;
  const std::string text(data, data + size);
  const LoadedConfig loaded = ParseConfig(text, "fuzz.yaml", TestEnvironment, TestDetectors());
  for (const ConfigError& error : loaded.errors) {
    AVOCET_CHECK(!error.message.empty() && IsValidUtf8(error.message));
    AVOCET_CHECK(error.message.find('\n') == std::string::npos);
    AVOCET_CHECK((error.line == 0) == (error.column == 0));
  }
  AVOCET_CHECK(IsValidUtf8(FormatErrors(loaded.errors, "fuzz.yaml", text)));
  if (!loaded.errors.empty()) return 0;
  const std::string dump = DumpConfig(loaded.config, TestDetectors());
  const LoadedConfig again = ParseConfig(dump, "dump.yaml", TestEnvironment, TestDetectors());
  AVOCET_CHECK(again.errors.empty());
  AVOCET_CHECK(DumpConfig(again.config, TestDetectors()) == dump);
  return 0;
}
