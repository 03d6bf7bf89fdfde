// Reading `alerts`.
#pragma once

#include "src/config/config.h"
#include "src/config/key_reader.h"
#include "src/config/yaml_tree.h"

namespace avocet {

/// Reads the lists of the map `node` into config->alerts. `metrics_known`: schema.metrics is
/// complete, so a name that is not in it is an error. REQUIRES: config->detectors is read.
void ReadAlerts(const YamlNode& node, bool metrics_known, KeyReader* reader, Config* config);

/// The rules of a configuration without `alerts.rules`: one, with every default.
std::vector<AlertRuleConfig> DefaultAlertRules();

}  // namespace avocet
