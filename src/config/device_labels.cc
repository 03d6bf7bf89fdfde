#include "src/config/device_labels.h"

#include <algorithm>
#include <set>

#include "src/base/glob.h"
#include "src/base/utf8.h"
#include "src/config/quoted.h"

namespace avocet {
namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxValueBytes = 200;

bool Covers(const DeviceLabelsConfig& entry, std::string_view device) {
  return std::any_of(entry.devices.begin(), entry.devices.end(),
                     [&](const std::string& pattern) { return MatchesGlob(pattern, device); });
}

bool IsLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Sequence sequence = FirstUtf8Sequence(text);
    if (!sequence.is_valid) return false;
    text.remove_prefix(sequence.size_bytes);
  }
  return true;
}

/// Calls `use` with the labels of each entry and of each device of the file.
template <typename Use>
void ForEach(const DevicesConfig& devices, Use use) {
  for (const DeviceLabelsConfig& entry : devices.labels) use(entry.labels);
  for (const auto& [device, labels] : devices.listed) use(labels);
}

}  // namespace

Labels LabelsOf(const DevicesConfig& devices, std::string_view device) {
  Labels labels;
  if (device.empty()) return labels;  // the fleet as a whole
  if (const auto listed = devices.listed.find(std::string(device));
      listed != devices.listed.end()) {
    labels = listed->second;
  }
  for (auto entry = devices.labels.rbegin(); entry != devices.labels.rend(); ++entry) {
    if (Covers(*entry, device)) labels.insert(entry->labels.begin(), entry->labels.end());
  }
  return labels;
}

std::string LabelOf(const DevicesConfig& devices, std::string_view device,
                    const std::string& label) {
  const Labels labels = LabelsOf(devices, device);
  const auto found = labels.find(label);
  return found == labels.end() ? std::string() : found->second;
}

bool FitLabels(const Labels& patterns, const Labels& labels) {
  return std::all_of(patterns.begin(), patterns.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return MatchesGlob(wanted.second, found == labels.end() ? std::string_view()
                                                            : std::string_view(found->second));
  });
}

std::vector<std::string> LabelNames(const DevicesConfig& devices) {
  std::set<std::string> names;
  ForEach(devices, [&](const Labels& labels) {
    for (const auto& [name, value] : labels) names.insert(name);
  });
  return {names.begin(), names.end()};
}

std::vector<std::string> LabelValues(const DevicesConfig& devices, const std::string& label) {
  std::set<std::string> values;
  ForEach(devices, [&](const Labels& labels) {
    if (const auto found = labels.find(label); found != labels.end()) values.insert(found->second);
  });
  return {values.begin(), values.end()};
}

std::string LabelsText(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += (text.empty() ? "" : ", ") + name + " " + value;
  }
  return text;
}

std::string LabelNameProblem(std::string_view name) {
  const bool good = !name.empty() && name.size() <= kMaxNameBytes && IsLetter(name[0]) &&
                    std::all_of(name.begin(), name.end(),
                                [](char c) { return IsLetter(c) || (c >= '0' && c <= '9'); });
  if (!good) {
    return "the name of a label has at most 64 letters, digits and \"_\" and begins with no "
           "digit, unlike " +
           Quoted(name);
  }
  // Channels group alerts by these and by labels.
  if (name == "rule" || name == "device" || name == "metric") {
    return "a label cannot have the name " + Quoted(name) + ", which means something else";
  }
  return "";
}

std::string LabelValueProblem(std::string_view value) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (value.empty()) return "the value of a label is not empty";
  if (value.size() > kMaxValueBytes) {
    return "the value of a label has at most 200 bytes, unlike " + Quoted(value);
  }
  if (!IsUtf8(value) || std::any_of(value.begin(), value.end(), is_control)) {
    return "the value of a label is UTF-8 without control characters, unlike " + Quoted(value);
  }
  return "";
}

std::string LabelPatternProblem(std::string_view name, std::string_view pattern) {
  std::string problem = LabelNameProblem(name);
  return problem.empty() && !pattern.empty() ? LabelValueProblem(pattern) : problem;
}

}  // namespace avocet
