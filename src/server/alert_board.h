// AlertBoard: the alerts of the last weeks in memory, with what people did about them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/alert/alert_change.h"
#include "src/alert/operator_log.h"
#include "src/config/device_config.h"

namespace avocet {

/// As people see an alert: one that fires and that somebody looks after is acknowledged.
enum class AlertStage : uint8_t { kPending, kOpen, kAcknowledged, kCleared };
inline constexpr size_t kNumAlertStages = 4;
inline constexpr size_t kNumAlertSeverities = 3;
std::string_view AlertStageName(AlertStage stage);
std::optional<AlertStage> ParseAlertStage(std::string_view name);

/// One step of an alert's life.
struct AlertStep {
  int64_t number = 0;
  AlertState state = AlertState::kPending;
  AlertSeverity severity = AlertSeverity::kInfo;
  int64_t event_time_us = 0;
  std::string reason;
};

struct BoardAlert {
  AlertChange last;  ///< the newest change
  std::optional<int64_t> fired_us;
  std::vector<AlertStep> steps;        ///< in order
  std::vector<OperatorEntry> entries;  ///< oldest first
  uint64_t touched = 0;                ///< grows with each change of any alert

  AlertStage stage() const;
  /// The newest entry of that kind; null when there is none.
  const OperatorEntry* Newest(OperatorAction action) const;
};

/// Which alerts are wanted.
struct AlertFilter {
  std::optional<AlertStage> stage;
  int64_t from_us = INT64_MIN;                 ///< event time of the newest change, inclusive
  int64_t to_us = INT64_MAX;                   ///< exclusive
  std::string device, metric, rule, severity;  ///< empty: any
  std::string text;                            ///< in device, rule or reason, in any case
  Labels labels;                               ///< patterns that those of its device fit
  const DevicesConfig* devices = nullptr;      ///< has the labels; not null with `labels`

  /// Whatever its stage.
  bool Matches(const BoardAlert& alert) const;
};

/// Earlier alerts that fired because of the same detector and metric.
struct SimilarAlerts {
  bool of_device = false;  ///< of the same device; else of others, because it has none
  size_t found = 0;
  std::vector<BoardAlert> alerts;  ///< of those found, newest first

  /// For people: "3 times on this device, last 2026-01-31T12:00:00Z, which cleared after 20m and
  /// was labelled false-positive"; empty when there are none.
  std::string Sentence() const;
};

/// How often a rule fired.
struct RuleActivity {
  std::vector<int64_t> fires_per_day;  ///< oldest day first
  int64_t fires = 0;
  int64_t never_fired = 0;  ///< pending alerts that did not last
  int64_t flapping = 0;     ///< alerts that came and went
  int64_t open = 0;
  int64_t acknowledged = 0;  ///< of those that fired, as the next two
  int64_t false_positives = 0;
  int64_t true_positives = 0;
  std::optional<int64_t> last_fired_us;
  std::map<std::string, int64_t> devices;  ///< fires of each
};

/// Any thread may use it.
class AlertBoard {
 public:
  /// Beyond `capacity` those are forgotten whose newest change is oldest, cleared ones first.
  explicit AlertBoard(size_t capacity) : capacity_(capacity) {}

  /// Changes of an alert come in any order; one that is known already is ignored.
  void Add(std::span<const AlertChange> changes);
  /// What people did. Entries of alerts that are not here are ignored.
  void AddEntries(std::span<const OperatorEntry> entries);

  struct Page {
    std::vector<BoardAlert> alerts;  ///< newest change first
    size_t matching = 0;
    std::array<size_t, kNumAlertStages> stages{};  ///< matching but for the stage
  };
  Page Find(const AlertFilter& filter, size_t limit) const;
  std::optional<BoardAlert> Get(std::string_view id) const;
  /// How many alerts of each device are in each stage; of devices without any nothing.
  using StageCounts = std::array<uint32_t, kNumAlertStages>;
  std::unordered_map<std::string, StageCounts> CountByDevice() const;
  /// How many alerts of each severity fire, acknowledged or not.
  std::array<uint64_t, kNumAlertSeverities> CountFiring() const;
  /// All alerts of a metric of a device, in no particular order.
  std::vector<BoardAlert> OfSeries(std::string_view device, std::string_view metric) const;
  SimilarAlerts Similar(const AlertChange& alert, size_t limit) const;

  struct Part {
    std::vector<BoardAlert> alerts;
    uint64_t last = 0;  ///< `after` when there are none
  };
  /// Up to `limit` alerts that have changed after `after`, each once, as it stands.
  Part ChangedAfter(uint64_t after, size_t limit) const;
  uint64_t last() const;

  /// What each rule did in the `days` days before `now_us`.
  std::map<std::string, RuleActivity> Activity(int64_t now_us, size_t days) const;
  /// Alerts whose newest change is before this may be forgotten; INT64_MIN: none was.
  int64_t complete_from_us() const;

 private:
  void TouchLocked(BoardAlert* alert);
  void ForgetLocked();

  const size_t capacity_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, BoardAlert> alerts_;  // by id; guarded by mutex_
  std::map<uint64_t, std::string> order_;               // ids by touched; guarded by mutex_
  std::map<uint64_t, std::string> cleared_;             // the same of those; guarded by mutex_
  uint64_t last_ = 0;                                   // guarded by mutex_
  int64_t complete_from_us_ = INT64_MIN;                // guarded by mutex_
};

}  // namespace avocet
