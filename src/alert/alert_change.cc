#include "src/alert/alert_change.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "src/alert/finding_io.h"
#include "src/base/hash.h"
#include "src/state/state_io.h"

namespace avocet {
namespace {
constexpr uint8_t kVersion = 1;
}  // namespace

std::string_view AlertStateName(AlertState state) {
  constexpr std::array<std::string_view, 5> kNames = {"idle", "pending", "firing", "flapping",
                                                      "cleared"};
  return kNames[static_cast<size_t>(state)];
}

std::string_view AlertSeverityName(AlertSeverity severity) {
  constexpr std::array<std::string_view, 3> kNames = {"info", "warning", "critical"};
  return kNames[static_cast<size_t>(severity)];
}

void SortChanges(std::vector<AlertChange>* changes) {
  std::stable_sort(changes->begin(), changes->end(),
                   [](const AlertChange& a, const AlertChange& b) {
                     return std::tie(a.event_time_us, a.id, a.number) <
                            std::tie(b.event_time_us, b.id, b.number);
                   });
}

std::string MakeAlertId(std::string_view rule, std::string_view device, std::string_view metric,
                        int64_t opened_us, int64_t repeat) {
  StateWriter key;
  key.PutString(rule);
  key.PutString(device);
  key.PutString(metric);
  key.Put(opened_us);
  key.Put(repeat);
  return Hash128Hex(key.bytes());
}

std::string EncodeAlertChange(const AlertChange& change) {
  StateWriter out;
  out.Put(kVersion);
  for (const std::string* text :
       {&change.id, &change.rule, &change.device, &change.metric, &change.label, &change.reason}) {
    out.PutString(*text);
  }
  out.Put(change.number);
  out.Put(change.state);
  out.Put(change.event_time_us);
  out.Put(change.opened_us);
  out.Put(change.severity);
  out.Put(change.anomalies);
  out.Put<uint8_t>(change.fired ? 1 : 0);
  SaveFinding(change.strongest, &out);
  return out.Take();
}

Result<AlertChange> DecodeAlertChange(std::string_view bytes) {
  StateReader in(bytes);
  uint8_t version = 0;
  AVOCET_RETURN_IF_ERROR(in.Get(&version));
  if (version != kVersion) return Status::Corrupt("an alert has an unknown version");
  AlertChange change;
  for (std::string* text :
       {&change.id, &change.rule, &change.device, &change.metric, &change.label, &change.reason}) {
    AVOCET_RETURN_IF_ERROR(in.GetString(text));
  }
  AVOCET_RETURN_IF_ERROR(in.Get(&change.number));
  AVOCET_RETURN_IF_ERROR(in.Get(&change.state));
  AVOCET_RETURN_IF_ERROR(in.Get(&change.event_time_us));
  AVOCET_RETURN_IF_ERROR(in.Get(&change.opened_us));
  AVOCET_RETURN_IF_ERROR(in.Get(&change.severity));
  AVOCET_RETURN_IF_ERROR(in.Get(&change.anomalies));
  uint8_t fired = 0;
  AVOCET_RETURN_IF_ERROR(in.Get(&fired));
  change.fired = fired != 0;
  AVOCET_RETURN_IF_ERROR(LoadFinding(&in, &change.strongest));
  const bool fits = in.AtEnd() && change.state <= AlertState::kCleared &&
                    change.severity <= AlertSeverity::kCritical;
  if (!fits) return Status::Corrupt("an alert's bytes do not fit");
  return change;
}

}  // namespace avocet
