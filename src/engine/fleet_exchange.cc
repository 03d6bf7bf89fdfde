#include "src/engine/fleet_exchange.h"

#include <cstdint>

#include "src/detect/fleet_medians.h"
#include "src/state/state_io.h"

namespace avocet {
namespace {

Status AddSamples(std::string_view part, std::vector<FleetSamples>* all) {
  StateReader reader(part);
  uint32_t detectors = 0;
  AVOCET_RETURN_IF_ERROR(reader.Get(&detectors));
  if (all->size() < detectors) all->resize(detectors);
  for (uint32_t detector = 0; detector < detectors; ++detector) {
    FleetSamples& samples = (*all)[detector];
    uint32_t metrics = 0;
    AVOCET_RETURN_IF_ERROR(reader.Get(&metrics));
    if (samples.size() < metrics) samples.resize(metrics);
    for (uint32_t metric = 0; metric < metrics; ++metric) {
      std::vector<float> values;
      AVOCET_RETURN_IF_ERROR(reader.GetArray(&values));
      samples[metric].insert(samples[metric].end(), values.begin(), values.end());
    }
  }
  return reader.AtEnd() ? Status::Ok() : Status::Corrupt("samples of a fleet have bytes left over");
}

}  // namespace

std::string EncodeSamples(std::span<const FleetSamples> samples) {
  StateWriter writer;
  writer.Put(static_cast<uint32_t>(samples.size()));
  for (const FleetSamples& detector : samples) {
    writer.Put(static_cast<uint32_t>(detector.size()));
    for (const std::vector<float>& values : detector) {
      writer.PutArray(std::span<const float>(values));
    }
  }
  return writer.Take();
}

Result<std::string> MediansOfParts(std::span<const std::string_view> parts) {
  std::vector<FleetSamples> all;
  for (const std::string_view part : parts) AVOCET_RETURN_IF_ERROR(AddSamples(part, &all));
  StateWriter writer;
  writer.Put(static_cast<uint32_t>(all.size()));
  for (FleetSamples& samples : all) {
    writer.PutArray(std::span<const FleetMedian>(MediansOf(&samples)));
  }
  return writer.Take();
}

Result<std::vector<std::vector<FleetMedian>>> DecodeMedians(std::string_view bytes) {
  StateReader reader(bytes);
  uint32_t detectors = 0;
  AVOCET_RETURN_IF_ERROR(reader.Get(&detectors));
  std::vector<std::vector<FleetMedian>> medians;
  for (uint32_t detector = 0; detector < detectors; ++detector) {
    AVOCET_RETURN_IF_ERROR(reader.GetArray(&medians.emplace_back()));
  }
  if (!reader.AtEnd()) return Status::Corrupt("medians of a fleet have bytes left over");
  return medians;
}

}  // namespace avocet
