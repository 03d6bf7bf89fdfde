#include <nanobind/stl/string.h>

#include <memory>
#include <utility>
#include <vector>

#include "python/src/arrow_input.h"
#include "python/src/arrow_table.h"
#include "python/src/failure.h"
#include "python/src/functions.h"
#include "python/src/python_engine.h"
#include "python/src/records.h"
#include "src/engine/detection_run.h"
#include "src/engine/scored_rows.h"
#include "src/env/env.h"

namespace nb = nanobind;

namespace avocet {
namespace {

constexpr size_t kBatchRows = 500'000;

using Batches = std::vector<std::shared_ptr<ColumnBatch>>;

Result<DetectionReport> Run(const Config& config, const std::string& payload, ArrowInput* input,
                            Batches* batches) {
  const TableSpec spec = ScoredSpec();
  batches->push_back(std::make_shared<ColumnBatch>(spec.MakeBatch()));
  DetectionRun run(config, Env::Posix(), [&](const ScoredReading& reading) {
    if (batches->back()->rows() == kBatchRows) {
      batches->push_back(std::make_shared<ColumnBatch>(spec.MakeBatch()));
    }
    AppendScored(reading, batches->back().get());
    return Status::Ok();
  });
  AVOCET_RETURN_IF_ERROR(
      ForEachTick(input, config.schema,
                  {.payload_column = payload, .tick_records = kDetectionTickRecords},
                  [&](const RecordTick& tick) { return run.Process(tick.batches); })
          .status());
  return run.Report();
}

nb::tuple Detect(nb::handle capsules, const std::string& text, const std::string& file,
                 const std::string& payload) {
  const Config config = ConfigOf(text, file);
  if (config.detectors.empty()) throw InputFailure(file + " has no detectors");
  ArrowInput input(capsules);
  Batches batches;
  DetectionReport report;
  {
    const nb::gil_scoped_release release;
    report = ValueOrThrow(Run(config, payload, &input, &batches));
  }
  nb::dict counts;
  counts["received"] = report.received;
  counts["quarantined"] = report.quarantined;
  counts["duplicates"] = report.duplicates;
  counts["devices"] = report.devices;
  counts["values"] = report.values;
  counts["anomalies"] = report.anomalies;
  counts["first_rejection"] = report.first_rejection;
  return nb::make_tuple(ArrowTable({batches.begin(), batches.end()}), counts);
}

}  // namespace

void BindDetect(nb::module_* module) {
  module->def("detect", &Detect, nb::arg("capsules"), nb::arg("text"), nb::arg("file"),
              nb::arg("payload"));
}

}  // namespace avocet
