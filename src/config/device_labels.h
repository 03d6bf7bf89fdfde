// Which labels a device has, and which devices labels mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/config/device_config.h"

namespace avocet {

/// Labels of one device at most.
inline constexpr size_t kMostLabels = 16;

/// The labels of a device; a function of its name and of the configuration.
Labels LabelsOf(const DevicesConfig& devices, std::string_view device);

/// The value of one label; empty when the device has none of that name.
std::string LabelOf(const DevicesConfig& devices, std::string_view device,
                    const std::string& label);

/// Whether each of `patterns`, with * and ?, fits the label of its name; a label that is missing
/// counts as an empty one.
bool FitLabels(const Labels& patterns, const Labels& labels);

/// The names of all labels that some device has, ascending.
std::vector<std::string> LabelNames(const DevicesConfig& devices);

/// All values of one label, ascending.
std::vector<std::string> LabelValues(const DevicesConfig& devices, const std::string& label);

/// "line 3, site north"; empty for none.
std::string LabelsText(const Labels& labels);

/// Why a label cannot have this name, or this value; empty when it can.
std::string LabelNameProblem(std::string_view name);
std::string LabelValueProblem(std::string_view value);
/// The same of a pattern, which may be empty: devices without the label.
std::string LabelPatternProblem(std::string_view name, std::string_view pattern);

}  // namespace avocet
