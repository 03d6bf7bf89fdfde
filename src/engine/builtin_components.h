// The one list of everything pluggable: sources, detectors and channels of alerts.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "src/alert/alert_channel.h"
#include "src/config/config.h"
#include "src/config/detector_spec.h"
#include "src/detect/detector.h"
#include "src/env/env.h"
#include "src/net/http_hub.h"
#include "src/source/kafka/peer_lakes.h"
#include "src/source/source.h"

namespace avocet {

/// Every detector type, in alphabetical order.
std::span<const DetectorType> DetectorTypes();
const DetectorType* FindDetectorType(std::string_view name);
std::span<const DetectorSpec> DetectorSpecs();

/// What sources need beside their own configuration; borrowed.
struct SourceContext {
  const Config* config = nullptr;
  bool once = false;  ///< finite inputs end instead of being followed
  Env* env = nullptr;
  HttpHub* hub = nullptr;
  PeerLakes* peers = nullptr;  ///< null: sources that share a stream with others cannot be opened
};

/// The source of one configuration entry.
std::unique_ptr<Source> MakeSource(const SourceConfig& source, const SourceContext& context);

/// The channel of one configuration entry.
std::unique_ptr<AlertChannel> MakeAlertChannel(const AlertChannelConfig& config, Env* env);

}  // namespace avocet
