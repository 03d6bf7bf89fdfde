// The keys of `devices`, and what uses labels elsewhere.
#pragma once

#include <string>
#include <vector>

#include "src/config/config.h"
#include "src/config/key_reader.h"
#include "src/config/key_spec.h"
#include "src/config/load.h"
#include "src/config/yaml_tree.h"

namespace avocet {

KeySpec DevicesSection();

/// An entry of `devices.labels`; its struct is DeviceLabelsConfig.
const std::vector<KeySpec>& DeviceLabelsKeys();

/// Reads what ReadSection leaves: the list `labels`, and with `files` the file of labels. `node` is
/// the map `devices`.
void ReadDevices(const YamlNode& node, const FileReader& files, KeyReader* reader, Config* config);

/// Reports labels that no device has below `key` of the map `entry`, a map from labels or a list of
/// labels and the words `also_known`.
void CheckLabels(const YamlNode& entry, const std::string& key, const std::string& path,
                 const Config& config, KeyReader* reader,
                 const std::vector<std::string>& also_known = {});

}  // namespace avocet
