#include "python/src/record_cutter.h"

#include <nanobind/stl/string.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "python/src/arrow_input.h"
#include "python/src/arrow_table.h"
#include "python/src/failure.h"
#include "python/src/python_engine.h"
#include "python/src/records.h"
#include "src/detect/fleet.h"
#include "src/state/device_table.h"

namespace nb = nanobind;

namespace avocet {
namespace {

constexpr size_t kTickRecords = 8192;
// Of one batch of a part: far below the 2 GiB that a column of strings, and a value in Spark, hold.
constexpr size_t kBatchBytes = size_t{64} << 20;
// So that what has no offset counts on below zero.
constexpr int64_t kUnknownOffset = std::numeric_limits<int64_t>::min() / 2;

enum CutColumn : size_t { kPayload, kOffset, kStretch, kNumber, kWithin };

std::shared_ptr<ColumnBatch> MakeCutBatch() {
  auto batch = std::make_shared<ColumnBatch>();
  batch->AddColumn("payload", ColumnType::kString);
  batch->AddColumn("offset", ColumnType::kInt64);
  batch->AddColumn("stretch", ColumnType::kInt64);
  batch->AddColumn("number", ColumnType::kInt64);
  batch->AddColumn("within_us", ColumnType::kInt64);
  return batch;
}

bool IsSameBucket(int64_t before_us, int64_t after_us) {
  return before_us != kNoTime && FleetBucketOf(before_us) == FleetBucketOf(after_us);
}

}  // namespace

RecordCutter::RecordCutter(Config config, size_t parts, int64_t now_us)
    : config_(std::move(config)),
      layout_(config_, ConfiguredMetrics(config_)),
      metrics_(ConfiguredMetrics(config_)),
      now_us_(now_us),
      decoder_(MakeDecoder(config_.schema)),
      parts_(parts),
      refused_(MakeEpoch(layout_, metrics_, 0, 0)) {
  decoder_->SetMetrics(metrics_);
}

void RecordCutter::Feed(nb::handle capsules, bool splits) {
  ArrowInput input(capsules);
  const nb::gil_scoped_release release;
  const std::lock_guard lock(mutex_);
  const auto take = [&](const RecordTick& tick) {
    for (const RawBatch& batch : tick.batches) TakeBatch(batch);
    return Status::Ok();
  };
  ThrowUnlessOk(ForEachTick(&input, config_.schema,
                            {.payload_column = "payload",
                             .fleet_time_column = "",
                             .splits_payload = splits,
                             .tick_records = kTickRecords,
                             .first_offset = kUnknownOffset},
                            take)
                    .status());
}

void RecordCutter::TakeBatch(const RawBatch& batch) {
  decoder_->Decode(batch, 0, batch.records.size(), now_us_, &readings_);
  AppendQuarantine(readings_.rejected, now_us_, refused_.get());
  if (readings_.rows == 0) return;
  const bool goes_on = !stretches_.empty() && stretches_.back().source == batch.source &&
                       stretches_.back().partition == batch.partition;
  if (!goes_on) stretches_.push_back({batch.source, batch.partition, 0, kNoTime, {}});
  TakeReadings();
}

void RecordCutter::TakeReadings() {
  Stretch& stretch = stretches_.back();
  const auto id = static_cast<int64_t>(stretches_.size()) - 1;
  for (size_t row = 0; row < readings_.rows; ++row) {
    ColumnBatch& out = *BatchOf(readings_.device[row]);
    out.column(kPayload).AppendBytes(readings_.payload[row]);
    out.column(kOffset).AppendInt(readings_.offset[row]);
    out.column(kStretch).AppendInt(id);
    out.column(kNumber).AppendInt(stretch.records);
    out.column(kWithin).AppendInt(stretch.newest_us);
    const int64_t newest_us = std::max(stretch.newest_us, readings_.event_time_us[row]);
    if (!IsSameBucket(stretch.newest_us, newest_us)) {
      stretch.steps.push_back({stretch.records, stretch.newest_us, newest_us});
    }
    stretch.newest_us = newest_us;
    ++stretch.records;
  }
}

ColumnBatch* RecordCutter::BatchOf(std::string_view device) {
  Batches& batches = parts_[DeviceHash(device) % parts_.size()];
  if (batches.empty() || batches.back()->size_bytes() >= kBatchBytes) {
    batches.push_back(MakeCutBatch());
  }
  return batches.back().get();
}

nb::dict RecordCutter::Take() {
  std::vector<Batches> parts(parts_.size());
  std::vector<Stretch> found;
  std::unique_ptr<Epoch> refused = MakeEpoch(layout_, metrics_, 0, 0);
  {
    const nb::gil_scoped_release release;
    const std::lock_guard lock(mutex_);
    parts.swap(parts_);
    found.swap(stretches_);
    refused.swap(refused_);
  }
  nb::dict tables;
  for (size_t part = 0; part < parts.size(); ++part) {
    if (parts[part].empty()) continue;
    tables[nb::int_(part)] = ArrowTable({parts[part].begin(), parts[part].end()});
  }
  nb::list stretches;
  for (const Stretch& one : found) {
    nb::list steps;
    for (const Step& step : one.steps) {
      steps.append(nb::make_tuple(step.number, step.before_us, step.after_us));
    }
    stretches.append(
        nb::make_tuple(one.source, one.partition, one.records, one.newest_us, nb::tuple(steps)));
  }
  nb::dict all;
  all["parts"] = tables;
  all["stretches"] = stretches;
  all["refused"] = ArrowTable({refused->rows[kQuarantine]});
  return all;
}

void BindRecordCutter(nb::module_* module) {
  nb::class_<RecordCutter>(*module, "Cutter")
      .def(
          "__init__",
          [](RecordCutter* self, const std::string& text, const std::string& file, size_t parts,
             int64_t now_us) {
            if (parts == 0) throw nb::value_error("a fleet has one part at least");
            new (self) RecordCutter(ConfigOf(text, file), parts, now_us);
          },
          nb::arg("text"), nb::arg("file"), nb::arg("parts"), nb::arg("now_us"))
      .def("feed", &RecordCutter::Feed, nb::arg("capsules"), nb::arg("splits") = false)
      .def("take", &RecordCutter::Take);
  // Where its records go.
  module->def(
      "part_of", [](const std::string& device, size_t parts) { return DeviceHash(device) % parts; },
      nb::arg("device"), nb::arg("parts"));
}

}  // namespace avocet
