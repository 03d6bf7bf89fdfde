#include "src/engine/contributors.h"

#include <cmath>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

constexpr double kSmallestShown = 0.005;

void WriteShares(std::span<const Contribution> shares, std::span<const std::string> metrics,
                 JsonWriter* json) {
  json->BeginObject();
  for (const Contribution& part : shares) {
    const double share = static_cast<double>(part.share);
    if (!(share >= kSmallestShown)) break;
    json->Key(part.signal.empty() ? std::string_view(metrics[part.metric]) : part.signal);
    json->Double(std::round(share * 100) / 100);
  }
  json->EndObject();
}

}  // namespace

std::string ContributorsJson(const Anomaly& anomaly, std::span<const std::string> metrics) {
  if (!(anomaly.signals[0].share > 0) && !(anomaly.metrics[0].share > 0)) return "";
  JsonWriter json;
  json.BeginObject();
  json.Key("metrics");
  WriteShares(anomaly.metrics, metrics, &json);
  json.Key("signals");
  WriteShares(anomaly.signals, metrics, &json);
  json.EndObject();
  return json.Take();
}

}  // namespace avocet
