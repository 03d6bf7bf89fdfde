// The keys of the configuration. One list for the parser, the dump, the schema and the reference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/config/config.h"
#include "src/config/detector_spec.h"
#include "src/config/key_spec.h"

namespace avocet {

/// The top level; its struct is Config.
const std::vector<KeySpec>& RootKeys();

/// An entry of schema.metrics; its struct is MetricConfig.
const std::vector<KeySpec>& MetricKeys();

/// The keys that every entry of `detectors` has, besides the parameters of its type. They have no
/// struct.
const std::vector<KeySpec>& DetectorKeys();

/// A parameter of a detector as a key, without a struct.
KeySpec DetectorParamKey(const DetectorParam& param);

/// A type of source, the one key of an entry of `sources` besides `name`.
struct SourceType {
  std::string name;
  std::string help;
  bool only_once = false;           ///< a second one makes no sense
  bool needs_aws = false;           ///< it is there only in a build with AWS
  std::vector<KeySpec> keys;        ///< their struct is what `options` returns
  void (*make)(SourceConfig*);      ///< sets default options of this type
  void* (*options)(SourceConfig*);  ///< null when the source is of another type
};

/// Every type of source. A new one is one row here and one alternative of SourceConfig::options.
const std::vector<SourceType>& SourceTypes();

/// The type of `source`.
const SourceType& TypeOf(const SourceConfig& source);

}  // namespace avocet
