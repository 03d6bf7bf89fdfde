// TopModel: what `avocet top` shows, as the API of a running avocet tells it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "src/cli/running_avocet.h"

namespace avocet {

struct TopSource {
  std::string name;
  std::string problem;
  bool ended = false;
  uint64_t records = 0;
  double records_per_second = 0;
  uint64_t lag_bytes = 0;
  uint64_t lag_records = 0;
};

struct TopDevice {
  std::string name;
  std::string state;   ///< ok, warning, critical or silent
  int64_t age_us = 0;  ///< of its newest reading on the stream's clock; negative: none
  uint64_t anomalies_24h = 0;
  double quality = 1;
  std::string values;  ///< "temperature 21.3  humidity 45"
};

struct TopAlert {
  std::string id;
  std::string severity;
  std::string rule;
  std::string device;  ///< empty: the fleet
  int64_t age_us = 0;  ///< since it was opened
  std::string reason;  ///< why it fired
};

struct TopAnomaly {
  std::string severity;
  std::string device;
  int64_t age_us = 0;
  std::string reason;
};

struct TopModel {
  std::string version, user, role;
  std::string problem;
  int64_t wall_us = 0;
  int64_t started_us = 0;
  uint64_t received = 0, accepted = 0, quarantined = 0, duplicates = 0, late = 0, anomalies = 0;
  std::deque<double> rates;  ///< records received per second, newest last
  double anomalies_per_minute = 0;
  double median_ms = 0, p99_ms = 0;  ///< from arrival to verdict
  uint64_t commits = 0;
  int64_t epoch = 0;
  int64_t last_commit_us = 0;
  double cpu_share = 0;  ///< of one processor
  uint64_t memory_bytes = 0;
  std::vector<TopSource> sources;
  std::map<std::string, uint64_t> states;  ///< devices in each
  std::map<std::string, uint64_t> stages;  ///< alerts in each
  uint64_t devices_matching = 0, devices_total = 0;
  std::vector<TopDevice> devices;
  std::vector<TopAlert> alerts;  ///< open ones
  std::vector<TopAnomaly> newest;

  // For what follows from two answers.
  int64_t asked_us = 0;
  double cpu_seconds = 0;
};

/// Which devices are wanted, and in which order.
struct TopQuery {
  std::string sort = "state";  ///< as the API has it
  bool descending = false;
  std::string text;  ///< in the name
  size_t most_devices = 100;
};

/// Asks `avocet` and brings `*model`, which knows what was before, up to date.
Status UpdateTopModel(const RunningAvocet& avocet, const TopQuery& query, TopModel* model);

}  // namespace avocet
