#include "src/cli/source_argument.h"

#include <algorithm>

namespace avocet {

Result<SourceConfig> ParseSourceArgument(const std::string& text,
                                         const std::vector<SourceConfig>& others) {
  if (text.empty()) return Status::Usage("--source needs -, simulate, http or a path");
  SourceConfig source;
  if (text == "-") {
    source.name = "stdin";
    source.options = StdinSourceConfig{};
  } else if (text == "simulate") {
    source.name = "simulate";
    source.options = SimulateSourceConfig{};
  } else if (text == "http") {
    source.name = "http";
    source.options = HttpSourceConfig{};
  } else {
    source.name = "file";
    FileSourceConfig file;
    file.paths.push_back(text);
    source.options = std::move(file);
  }
  const std::string base = source.name;
  const auto taken = [&] {
    return std::any_of(others.begin(), others.end(),
                       [&](const SourceConfig& other) { return other.name == source.name; });
  };
  for (int i = 2; taken(); ++i) source.name = base + "_" + std::to_string(i);
  return source;
}

}  // namespace avocet
