// Loading and checking the YAML configuration: strict, with every error in one run.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/config/detector_spec.h"
#include "src/config/named_file.h"

namespace avocet {

class Env;

/// One mistake. Printed as `file:line:col: error: message`, then the source line and a caret.
struct ConfigError {
  int line = 0;    ///< from 1; 0 when the file as a whole is meant
  int column = 0;  ///< from 1
  std::string message;
};

struct LoadedConfig {
  Config config;                    ///< meaningful only without errors
  std::vector<ConfigError> errors;  ///< all of them, in file order
  std::vector<NamedFile> files;     ///< certificates, keys and secrets, in the order of the keys
};

/// The value of an environment variable, or nothing.
using Lookup = std::function<std::optional<std::string>(std::string_view)>;

/// The bytes of a file that the configuration names.
using FileReader = std::function<Result<std::string>(const std::string& path)>;
/// Reads those of `env`, which is borrowed.
FileReader FilesOf(Env* env);

/// Parses and validates `text`. `file` is only for messages; `detectors` are the known types. With
/// `files` also what devices.labels_file names is read, and wrong when it is not there.
LoadedConfig ParseConfig(std::string_view text, const std::string& file, const Lookup& environment,
                         std::span<const DetectorSpec> detectors, const FileReader& files = {});

/// The built-in configuration of `avocet run` without a file.
Config DefaultConfig(std::span<const DetectorSpec> detectors);

/// Errors as text for people; `source_text` gives the quoted lines.
std::string FormatErrors(const std::vector<ConfigError>& errors, const std::string& file,
                         std::string_view source_text);

/// JSON Schema (2020-12) of the configuration, and the reference page generated from the same list.
std::string ConfigJsonSchema(std::span<const DetectorSpec> detectors);
std::string ConfigReferenceMarkdown(std::span<const DetectorSpec> detectors);

/// The configuration in force as YAML that ParseConfig reads back. With the types of its detectors,
/// their parameters are written as what they are; without, a yes-or-no parameter is 1 or 0.
std::string DumpConfig(const Config& config, std::span<const DetectorSpec> detectors = {});

/// A line of DumpConfig, and where its value is from.
struct DumpedLine {
  std::string text;  ///< without the line end
  std::string key;   ///< "storage.commit.rows"; empty: the line has no value
  int line = 0;      ///< of the configuration file; 0: it is a default
};
std::vector<DumpedLine> DumpLines(const Config& config,
                                  std::span<const DetectorSpec> detectors = {});

/// kConfig when `lake` is a URL rather than a directory.
Status CheckLakePath(std::string_view lake);

}  // namespace avocet
