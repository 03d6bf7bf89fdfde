#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "python/src/arrow_table.h"
#include "python/src/failure.h"
#include "python/src/functions.h"
#include "src/base/time_format.h"
#include "src/config/instant.h"
#include "src/decode/decoder.h"
#include "src/engine/processor.h"
#include "src/model/column_batch.h"
#include "src/source/simulate/simulator.h"

namespace nb = nanobind;

namespace avocet {
namespace {

// Records that are decoded, and rows that are lent on, at a time.
constexpr size_t kBatchRows = 100'000;

using Batches = std::vector<std::shared_ptr<const ColumnBatch>>;

Result<SimulateSourceConfig> FleetOf(int64_t devices, const std::string& period,
                                     const std::string& duration,
                                     const std::vector<std::string>& faults, uint64_t seed,
                                     const std::string& start) {
  SimulateSourceConfig fleet;
  fleet.devices = devices;
  fleet.seed = seed;
  fleet.speed = 0;
  AVOCET_ASSIGN_OR_RETURN(const int64_t period_us, ParseDuration(period));
  AVOCET_ASSIGN_OR_RETURN(const int64_t duration_us, ParseDuration(duration));
  if (duration_us == 0) return Status::Invalid("the duration of a simulation must end");
  fleet.period = Duration(period_us);
  fleet.duration = Duration(duration_us);
  for (const std::string& fault : faults) {
    if (fault == "all") {
      fleet.faults = FaultKindNames();
      break;
    }
    fleet.faults.push_back(fault);
  }
  const auto start_us = ParseInstant(start);
  if (!start_us.has_value()) {
    return Status::Invalid("\"" + start + "\" is no time; write it as in 2021-06-15T00:00:00Z");
  }
  fleet.start_time_us = *start_us;
  AVOCET_RETURN_IF_ERROR(Simulator::Check(fleet).WithContext("cannot simulate"));
  return fleet;
}

std::vector<std::string> Metrics() {
  std::vector<std::string> names;
  for (size_t i = 0; i < kSimMetrics; ++i) {
    names.emplace_back(SimMetricName(static_cast<SimMetric>(i)));
  }
  return names;
}

std::shared_ptr<ColumnBatch> EmptyReadings() {
  auto batch = std::make_shared<ColumnBatch>();
  batch->AddColumn("device_id", ColumnType::kString);
  batch->AddColumn("timestamp", ColumnType::kTimestamp);
  for (const std::string& metric : Metrics()) batch->AddColumn(metric, ColumnType::kDouble);
  return batch;
}

// The next records as a batch; false when there are none.
bool NextRecords(Simulator* simulator, RawBatch* raw) {
  raw->records.clear();
  auto bytes = SharedBytes::Allocate(kBatchRows * Simulator::kMostRecordBytes);
  char* const begin = bytes->data.get();
  char* at = begin;
  while (raw->records.size() < kBatchRows) {
    char* const end = simulator->Next(at);
    if (end == nullptr) break;
    raw->records.push_back({.begin = static_cast<uint32_t>(at - begin),
                            .size = static_cast<uint32_t>(end - at),
                            .offset = 0});
    at = end;
  }
  bytes->size = static_cast<size_t>(at - begin);
  raw->bytes = std::move(bytes);
  return !raw->records.empty();
}

std::shared_ptr<ColumnBatch> RowsOf(const ReadingBatch& readings) {
  auto batch = EmptyReadings();
  for (size_t row = 0; row < readings.rows; ++row) {
    batch->column(0).AppendBytes(readings.device[row]);
    batch->column(1).AppendInt(readings.event_time_us[row]);
  }
  for (size_t m = 0; m < kSimMetrics; ++m) batch->column(2 + m).doubles() = readings.metrics[m];
  return batch;
}

std::shared_ptr<ColumnBatch> RowsOf(const std::vector<FaultWindow>& truth) {
  auto batch = std::make_shared<ColumnBatch>();
  for (const char* name : {"device_id", "metric", "fault"}) {
    batch->AddColumn(name, ColumnType::kString);
  }
  for (const char* name : {"start", "end"}) batch->AddColumn(name, ColumnType::kTimestamp);
  batch->AddColumn("severity", ColumnType::kDouble);
  for (const FaultWindow& window : truth) {
    batch->column(0).AppendBytes(window.device_id);
    if (window.metric.empty()) {
      batch->column(1).AppendNull();
    } else {
      batch->column(1).AppendBytes(window.metric);
    }
    batch->column(2).AppendBytes(window.fault);
    batch->column(3).AppendInt(window.start_us);
    batch->column(4).AppendInt(window.end_us);
    batch->column(5).AppendDouble(window.severity);
  }
  return batch;
}

nb::tuple Simulate(int64_t devices, const std::string& period, const std::string& duration,
                   const std::vector<std::string>& faults, uint64_t seed,
                   const std::string& start) {
  Batches readings, truth;
  {
    const nb::gil_scoped_release release;
    const SimulateSourceConfig fleet =
        ValueOrThrow(FleetOf(devices, period, duration, faults, seed, start));
    Simulator simulator(fleet, fleet.start_time_us);
    const auto decoder = MakeDecoder(SchemaConfig());
    decoder->SetMetrics(Metrics());
    RawBatch raw;
    ReadingBatch decoded;
    while (NextRecords(&simulator, &raw)) {
      decoder->Decode(raw, 0, raw.records.size(), kNoFuture, &decoded);
      readings.push_back(RowsOf(decoded));
    }
    if (readings.empty()) readings.push_back(EmptyReadings());
    truth.push_back(RowsOf(simulator.Truth()));
  }
  return nb::make_tuple(ArrowTable(std::move(readings)), ArrowTable(std::move(truth)));
}

}  // namespace

void BindSimulate(nb::module_* module) {
  module->def("simulate", &Simulate, nb::arg("devices"), nb::arg("period"), nb::arg("duration"),
              nb::arg("faults"), nb::arg("seed"), nb::arg("start"));
}

}  // namespace avocet
