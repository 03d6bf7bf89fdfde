// The one list of everything pluggable: sources, channels of alerts and, in builtin_detectors,
// detectors.
#pragma once

#include <memory>

#include "src/alert/alert_channel.h"
#include "src/config/config.h"
#include "src/engine/builtin_detectors.h"
#include "src/env/env.h"
#include "src/net/http_hub.h"
#include "src/source/peer_lakes.h"
#include "src/source/source.h"

namespace avocet {

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
