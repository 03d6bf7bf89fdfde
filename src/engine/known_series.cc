#include "src/engine/known_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "src/base/edit_distance.h"
#include "src/engine/lake_tables.h"
#include "src/engine/table_scan.h"

namespace avocet {
namespace {

Status Unknown(std::string_view what, const std::string& name,
               const std::vector<std::string>& known) {
  const auto meant = ClosestWord(name, known);
  return Status::NotFound(fmt::format("the lake knows no {} \"{}\"{}", what, name,
                                      meant ? fmt::format("; did you mean \"{}\"?", *meant) : ""));
}

// Adds the devices of a file; true when the one that is looked for is among them.
Result<bool> AddDevices(Table* silver, const std::string& file, const std::string& device,
                        std::set<std::string, std::less<>>* devices) {
  AVOCET_ASSIGN_OR_RETURN(const auto reader, silver->Read(file, {"device_id"}));
  for (;;) {
    AVOCET_ASSIGN_OR_RETURN(const RecordBatchView* view, reader->Next());
    if (view == nullptr) return false;
    for (size_t row = 0; row < view->rows(); ++row) {
      const std::string_view name = view->Bytes(0, row);
      if (name == device) return true;
      if (!devices->contains(name)) devices->emplace(name);
    }
  }
}

Status RequireDevice(Table* silver, const std::string& device) {
  AVOCET_ASSIGN_OR_RETURN(auto files, silver->Files());
  SortNewestFirst(&files);
  std::set<std::string, std::less<>> devices;
  for (const TableFile& file : files) {
    if (!MayHoldDevice(file, device)) continue;
    AVOCET_ASSIGN_OR_RETURN(const bool found, AddDevices(silver, file.path, device, &devices));
    if (found) return Status::Ok();
  }
  // Names like it may be in files that cannot hold it: the newest one has most devices.
  if (!files.empty()) {
    AVOCET_RETURN_IF_ERROR(AddDevices(silver, files[0].path, device, &devices).status());
  }
  return Unknown("device", device, {devices.begin(), devices.end()});
}

}  // namespace

Result<std::vector<std::string>> MetricsOfSilver(const Config& config, Table* silver) {
  std::vector<std::string> metrics = ConfiguredMetrics(config);
  const std::string suffix = "_avg_" + WindowSuffix(config.rolling_window);
  AVOCET_ASSIGN_OR_RETURN(const auto columns, silver->ColumnNames());
  for (const std::string& column : columns) {
    if (!column.ends_with(suffix)) continue;
    const std::string metric = column.substr(0, column.size() - suffix.size());
    if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) {
      metrics.push_back(metric);
    }
  }
  return metrics;
}

Status RequireSeries(const Config& config, Env* env, const std::string& device,
                     const std::string& metric) {
  AVOCET_ASSIGN_OR_RETURN(const auto lake, Lake::Open(env, config.storage));
  AVOCET_ASSIGN_OR_RETURN(LakeTables tables, LakeTables::OpenExisting(lake.get(), config));
  Table* const silver = &tables.table(kSilver);
  AVOCET_ASSIGN_OR_RETURN(const auto metrics, MetricsOfSilver(config, silver));
  if (!metric.empty() && std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) {
    return Unknown("metric", metric, metrics);
  }
  return RequireDevice(silver, device);
}

}  // namespace avocet
