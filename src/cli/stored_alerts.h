// The alerts of a lake, with what people did about them.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/alert/alert_change.h"
#include "src/alert/operator_log.h"
#include "src/config/config.h"

namespace avocet {

/// One alert: its changes in order, and what people did.
struct StoredAlert {
  std::vector<AlertChange> changes;
  std::vector<OperatorEntry> entries;

  const AlertChange& last() const { return changes.back(); }
  bool IsOpen() const { return last().state != AlertState::kCleared; }
  /// As people see it: a firing alert that somebody has acknowledged is acknowledged.
  std::string State() const;
  /// The stage that it is in: pending, open, acknowledged or cleared.
  std::string Stage() const;
  /// The newest one; empty: nobody said what it was.
  std::string Label() const;
};

/// Every alert by its id. kNotFound without a lake.
Result<std::map<std::string, StoredAlert>> ReadStoredAlerts(const Config& config);

/// Those whose ids begin so, several with commas between them; each once. As below.
Result<std::vector<StoredAlert>> FindStoredAlerts(const std::map<std::string, StoredAlert>& alerts,
                                                  const std::string& prefixes);
/// The one alert whose id begins so. kNotFound, or kUsage when there are several.
Result<StoredAlert> FindStoredAlert(const std::map<std::string, StoredAlert>& alerts,
                                    const std::string& prefix);

Result<std::unique_ptr<OperatorLog>> OpenOperatorLog(const Config& config);

/// Who does it: as given, else the user of the system.
std::string ActorOr(const std::string& given);

/// The commands about mutes, below `avocet alerts`.
void AddMuteCommands(CLI::App* app, int* exit_code);
/// The commands about gates, below `avocet alerts`.
void AddGateCommands(CLI::App* app, int* exit_code);
/// The command about resets, below `avocet alerts`.
void AddResetCommand(CLI::App* app, int* exit_code);

/// Prints where the gate of the alert's series should be, and what it would have changed in the
/// last seven days; `apply` moves it there.
Status ProposeStoredGate(const Config& config, const std::map<std::string, StoredAlert>& alerts,
                         const StoredAlert& alert, bool apply, const std::string& actor);

}  // namespace avocet
