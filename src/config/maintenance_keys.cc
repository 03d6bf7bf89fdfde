#include "src/config/maintenance_keys.h"

#include <string>
#include <utility>

#include "src/config/device_keys.h"
#include "src/config/names.h"
#include "src/config/remedies.h"
#include "src/config/weekly_schedule.h"

namespace avocet {
namespace {

using Kind = YamlNode::Kind;

const std::vector<std::string> kNameKey = {"name"};

void CheckTimes(const YamlNode& entry, const std::string& path, const MaintenanceConfig& window,
                KeyReader* reader) {
  const YamlNode* from = entry.Find("from");
  const YamlNode* until = entry.Find("until");
  const YamlNode* every = entry.Find("every");
  if (from == nullptr && until == nullptr && every == nullptr) {
    reader->Error(entry.mark, path +
                                  " needs a time: \"from\" and \"until\", or \"every\", as in "
                                  "every: \"sat 22:00-06:00 Europe/Berlin\"");
    return;
  }
  if (window.from_us != 0 && window.until_us != 0 && window.until_us <= window.from_us) {
    reader->Error(until->mark, path + ".until must be after " + path + ".from");
  }
  if (window.every.empty()) return;
  const Status status = WeeklySchedule::Parse(window.every).status();
  if (!status.ok()) reader->Error(every->mark, path + ".every: " + status.message());
}

}  // namespace

const std::vector<KeySpec>& MaintenanceKeys() {
  using M = MaintenanceConfig;
  static const std::vector<KeySpec> keys = {
      Key<&M::from_us>("from", "Event time at which it begins.")
          .As(KeyKind::kInstant)
          .DefaultNote("not bounded")
          .Example("\"2026-01-31T06:00:00Z\""),
      Key<&M::until_us>("until", "Event time at which it is over.")
          .As(KeyKind::kInstant)
          .DefaultNote("not bounded")
          .Example("\"2026-02-01T18:00:00+01:00\""),
      Key<&M::every>("every",
                     "Only at these hours of each week: days, hours and a time zone; `daily` is "
                     "every day.")
          .DefaultNote("all the time")
          .Example("\"mon-fri 22:00-06:00 Europe/Berlin\""),
      Key<&M::devices>("devices", "Patterns of devices, with `*` and `?`.")
          .DefaultNote("all")
          .Example("[\"press-*\"]"),
      Key<&M::labels>("labels", "Labels that the devices must have: patterns by name.")
          .DefaultNote("any")
          .Example("{site: north}"),
      Key<&M::metrics>("metrics", "Metrics.").DefaultNote("all, and devices as a whole"),
  };
  return keys;
}

void ReadMaintenance(const YamlNode& node, bool metrics_known, KeyReader* reader, Config* config) {
  NameList names("maintenance");
  std::vector<std::string> metrics;
  for (const MetricConfig& metric : config->schema.metrics) metrics.push_back(metric.name);
  for (size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode& entry = *node.items[i];
    const std::string path = "maintenance[" + std::to_string(i) + "]";
    if (entry.kind == Kind::kBroken) continue;
    if (entry.kind != Kind::kMap) {
      reader->Error(entry.mark, path +
                                    " must be a map such as {every: \"sat 22:00-06:00\", devices: "
                                    "\"press-*\"}" +
                                    (entry.kind == Kind::kNull ? "" : ", not " + Shown(entry)));
      continue;
    }
    MaintenanceConfig window;
    window.line = entry.mark.line;
    window.name = names.Read(entry, i, reader);
    reader->ReadSection(entry, MaintenanceKeys(), path, &window, kNameKey);
    CheckTimes(entry, path, window, reader);
    CheckLabels(entry, "labels", path, *config, reader);
    if (metrics_known) {
      CheckNames(entry, "metrics", "metric", window.metrics, metrics, path, reader);
    }
    config->maintenance.push_back(std::move(window));
  }
  for (MaintenanceConfig& window : config->maintenance) {
    if (window.name.empty()) window.name = names.MakeUp("maintenance");
  }
}

}  // namespace avocet
