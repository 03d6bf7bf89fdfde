// AlertChannel: one way of telling people. Implementations are listed in
// src/engine/builtin_components.cc; a new one is a new file pair, its options in src/config, and
// one row there.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "src/alert/alert_change.h"

namespace avocet {

/// One message: a change of an alert, or a digest of many.
struct AlertMessage {
  std::vector<const AlertChange*> changes;  ///< in the order in which they happened; not empty
  bool digest = false;
  /// The receiver's name of an earlier message about the same alert; empty: none, or a digest.
  std::string reference;
  std::string dashboard_url = {};   ///< of the dashboard, with a final slash; empty: there is none
  std::string chart = {};           ///< PNG; empty: none, as always for channels that want none
  std::string group = {};           ///< what the alerts of a digest have in common; empty: nothing
  std::vector<Labels> labels = {};  ///< of the device of each change; may be empty
  std::string seen_before = {};     ///< one sentence about earlier alerts like it; empty: none

  const AlertChange& change() const { return *changes.front(); }
  /// Of the device of a change, by its place.
  Labels LabelsOf(size_t index) const { return index < labels.size() ? labels[index] : Labels(); }
};

/// How it went.
struct AlertDelivery {
  enum class Outcome : uint8_t {
    kDelivered,
    kRetry,    ///< it may work later
    kRefused,  ///< it will not work before a person changes something
  };
  Outcome outcome = Outcome::kDelivered;
  std::string problem;  ///< unless delivered
  std::optional<std::chrono::microseconds> retry_after;
  std::string reference;  ///< the receiver's name of the message; empty: it has none
};

/// Used by one thread. Send may block, for as long as the channel's timeout.
class AlertChannel {
 public:
  virtual ~AlertChannel() = default;
  virtual AlertDelivery Send(const AlertMessage& message) = 0;
  /// Whether the first message about an alert is to have a chart.
  virtual bool WantsChart() const { return false; }
};

}  // namespace avocet
