// AlertDesk: what people do about alerts while avocet runs: in the log of operators, and on the
// board.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "src/alert/gate_log.h"
#include "src/alert/operator_log.h"
#include "src/alert/outbox.h"
#include "src/alert/reset_log.h"
#include "src/env/env.h"
#include "src/server/alert_board.h"

namespace avocet {

/// Any thread may use it; a call may take as long as the disk does.
class AlertDesk {
 public:
  /// Opens the log, or creates it; `board` gets what is in it. `devices` has the labels. All are
  /// borrowed.
  static Result<std::unique_ptr<AlertDesk>> Open(const std::string& path, Env* env,
                                                 AlertBoard* board, const DevicesConfig* devices);

  /// Notes the same for several alerts. kNotFound names the first that is not on the board; then
  /// nothing is noted.
  Status Act(const std::vector<std::string>& alert_ids, OperatorAction action,
             const std::string& actor, const std::string& text);

  Result<int64_t> AddMute(Mute mute);
  Status EndMute(int64_t id);
  /// Those that have not ended.
  std::vector<Mute> Mutes() const;
  /// Those that have not, or ended after `after_us`.
  Result<std::vector<Mute>> MutesAfter(int64_t after_us) const;
  /// Whether somebody has muted what changes the alert now.
  bool IsMuted(const AlertChange& change) const;

  /// How the messages about alerts stand.
  Result<std::vector<OutboxStanding>> Standings() const;

  /// Moves the gate of a series; the engine takes it over within a second.
  Result<int64_t> AddGate(const AlertGate& gate);
  Status RevertGate(int64_t id);
  Result<std::vector<AlertGate>> Gates() const;

  /// Lets detectors say of a series again what they had muted; the engine takes it over within a
  /// second.
  Result<int64_t> AddReset(const SeriesReset& reset);
  Result<std::vector<SeriesReset>> Resets() const;

  /// Takes over what other programs have noted.
  Status Refresh();

 private:
  AlertDesk(std::unique_ptr<Outbox> outbox, std::unique_ptr<OperatorLog> log,
            std::unique_ptr<GateLog> gates, std::unique_ptr<ResetLog> resets, Env* env,
            AlertBoard* board, const DevicesConfig* devices)
      : outbox_(std::move(outbox)),
        log_(std::move(log)),
        gates_(std::move(gates)),
        resets_(std::move(resets)),
        env_(env),
        board_(board),
        devices_(devices) {}
  Status RefreshLocked();

  mutable std::mutex mutex_;
  const std::unique_ptr<Outbox> outbox_;
  const std::unique_ptr<OperatorLog> log_;  // guarded by mutex_
  const std::unique_ptr<GateLog> gates_;    // guarded by mutex_
  const std::unique_ptr<ResetLog> resets_;  // guarded by mutex_
  Env* const env_;
  AlertBoard* const board_;
  const DevicesConfig* const devices_;
  int64_t last_entry_ = 0;   // guarded by mutex_
  std::vector<Mute> mutes_;  // guarded by mutex_
};

}  // namespace avocet
