// LineageEvents: what OpenLineage is told of one run of avocet, as JSON.
//
// A run of avocet is a run of one job. Its first event has all sources and tables; each commit is
// an event with the versions and rows of the tables that it made; its last says how it ended. What
// an event says of a device is nothing. https://openlineage.io
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/json_writer.h"
#include "src/base/status.h"
#include "src/config/config.h"
#include "src/engine/committer.h"

namespace avocet {

class LineageEvents {
 public:
  /// `run_id`: a UUID. `version`: of avocet.
  LineageEvents(const Config& config, std::string run_id, std::string version);

  // Times are microseconds since 1970 UTC.

  std::string Started(int64_t now_us) const;
  std::string Committed(const EpochCommit& commit, int64_t now_us) const;
  /// COMPLETE, or FAIL for an error.
  std::string Ended(const Status& how, int64_t now_us) const;

 private:
  struct Dataset {
    std::string name_space, name;
  };
  JsonWriter& BeginFacet(std::string_view key, std::string_view version, std::string_view schema,
                         JsonWriter* json) const;
  std::string Event(std::string_view type, int64_t now_us, const std::string& run_facets,
                    const std::string& outputs) const;
  std::string Inputs() const;
  std::string JobFacets() const;
  std::string TablesAtStart() const;

  const std::string run_id_;
  const std::string version_;
  const std::string producer_;  // URI
  const std::string job_namespace_;
  const std::string job_name_;
  const std::string catalog_;
  const bool is_endless_;
  const std::array<TableSpec, kNumTables> specs_;
  std::vector<Dataset> sources_;
  std::array<Dataset, kNumTables> tables_;
};

/// A version 7 UUID: its time, and random bits.
std::string MakeRunId(int64_t now_us, uint64_t random_high, uint64_t random_low);

}  // namespace avocet
