#include "src/engine/health_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "src/model/table_spec.h"

namespace avocet {
namespace {

// From here on nothing is worth a sentence.
constexpr double kLeastLoss = 0.01;

double Loss(double share) { return std::isnan(share) ? 0 : 1 - share; }
double Known(double share) { return std::isnan(share) ? 0 : share; }

// What takes most of the health away.
std::string Reason(const HealthRow& row, std::span<const std::string> labels) {
  const double unavailable = Loss(row.availability);
  const double stale = Loss(row.freshness);
  const double invalid = Loss(row.quality);
  const double anomalous = Known(row.anomaly_share);
  const double drift = Known(row.drift) / 2;
  const double most = std::max({unavailable, stale, invalid, anomalous, drift});
  if (most < kLeastLoss) return "";
  if (row.device.readings == 0) return "sent nothing";
  if (most == stale) return fmt::format("was silent for {:.0f} % of the time", 100 * stale);
  if (most == unavailable) {
    return fmt::format("sent {} of {} expected readings", row.device.readings, row.expected);
  }
  if (most == invalid) {
    return fmt::format("{} of {} readings broke a quality rule", row.device.invalid,
                       row.device.readings);
  }
  if (most == anomalous) {
    return fmt::format("was anomalous for {:.0f} % of the time", 100 * anomalous);
  }
  return fmt::format("{} has left its usual level", labels[row.drift_metric]);
}

}  // namespace

void AppendHealthRow(const HealthRow& row, std::string_view device,
                     std::span<const std::string> metrics, std::span<const std::string> labels,
                     ColumnBatch* out) {
  out->column(device_health::kDevice).AppendBytes(device);
  out->column(device_health::kHour).AppendInt(row.hour_us);
  out->column(device_health::kUntil).AppendInt(row.until_us);
  out->column(device_health::kHealth).AppendDouble(row.health);
  out->column(device_health::kAvailability).AppendDouble(row.availability);
  out->column(device_health::kFreshness).AppendDouble(row.freshness);
  out->column(device_health::kQuality).AppendDouble(row.quality);
  out->column(device_health::kAnomalyShare).AppendDouble(row.anomaly_share);
  out->column(device_health::kDrift).AppendDouble(row.drift);
  if (row.drift_metric == HealthRow::kNoDrift) {
    out->column(device_health::kDriftMetric).AppendNull();
  } else {
    out->column(device_health::kDriftMetric).AppendBytes(metrics[row.drift_metric]);
  }
  out->column(device_health::kReadings).AppendInt(row.device.readings);
  if (row.expected < 0) {
    out->column(device_health::kExpected).AppendNull();
  } else {
    out->column(device_health::kExpected).AppendInt(row.expected);
  }
  out->column(device_health::kLate).AppendInt(row.device.late);
  out->column(device_health::kInvalid).AppendInt(row.device.invalid);
  out->column(device_health::kAnomalies).AppendInt(row.device.anomalies);
  const std::string reason = Reason(row, labels);
  if (reason.empty()) {
    out->column(device_health::kReason).AppendNull();
  } else {
    out->column(device_health::kReason).AppendBytes(reason);
  }
}

}  // namespace avocet
