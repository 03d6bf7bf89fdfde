// The file of labels: CSV with the column device_id, then a column for each label.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/device_config.h"
#include "src/config/load.h"

namespace avocet {

struct LabelsFile {
  std::map<std::string, Labels> devices;
  std::vector<ConfigError> errors;  ///< the first ones, in file order; in the file's own lines
};

/// Reads it. An empty field is no label.
LabelsFile ParseLabelsFile(std::string_view text);

}  // namespace avocet
