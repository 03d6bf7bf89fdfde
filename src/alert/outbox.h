// Outbox: what is to be sent to whom, durable, in SQLite. Layout: docs/formats/alert-outbox.md.
//
// One row for each channel and change of an alert; a change that is stored again, as after a crash,
// is not sent again. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/alert/alert_change.h"
#include "src/alert/sqlite_db.h"

namespace avocet {

/// A change on its way to one channel.
struct OutboxEntry {
  int64_t sequence = 0;  ///< in the order of arrival
  AlertChange change;
  int64_t stored_us = 0;
  int64_t arrived_us = 0;  ///< as in OutboxOrder
};

/// What became of an entry.
enum class OutboxFate : uint8_t {
  kWaiting = 0,
  kDelivered = 1,
  kDigested = 2,  ///< delivered within a digest
  kFailed = 3,    ///< the channel will never take it; the note says why
  kSilenced = 4,  ///< not to be sent; the note says why
};

/// For whom a change is, and `silence`, why it is not sent after all (empty: it is).
struct OutboxOrder {
  const AlertChange* change = nullptr;
  std::string channel;
  std::string silence;
  int64_t arrived_us = 0;  ///< when the reading arrived that made it; 0: none did
};

/// How one channel stands.
struct OutboxStanding {
  std::string channel;
  int64_t waiting = 0;
  int64_t delivered = 0;
  int64_t failed = 0;
  int64_t silenced = 0;
};

class Outbox {
 public:
  /// Opens or creates the file.
  static Result<std::unique_ptr<Outbox>> Open(const std::string& path);

  /// Stores orders, all or none, durably. Those that are there already are left as they are.
  Status Store(std::span<const OutboxOrder> orders, int64_t now_us);

  /// The oldest waiting entries of the channel, without those of devices that are held.
  Result<std::vector<OutboxEntry>> Waiting(
      const std::string& channel, size_t limit,
      const std::function<bool(const std::string& device)>& is_held);
  /// Settles entries of the channel that were waiting. `reference` is the receiver's name of the
  /// message, kept for the alerts of the entries unless empty.
  Status Settle(const std::string& channel, std::span<const OutboxEntry> entries, OutboxFate fate,
                const std::string& note, const std::string& reference, int64_t now_us);
  /// The receiver's name of the newest message about the alert; empty when there is none.
  Result<std::string> ReferenceOf(const std::string& channel, const std::string& alert_id);

  /// How many messages of the channel have named each device from `from_us` until `now_us`; none
  /// of a device without any.
  Result<std::map<std::string, int64_t>> CountTold(const std::string& channel, int64_t from_us,
                                                   int64_t now_us);

  /// The newest change of each alert of `rule` about no device that has fired and not cleared.
  Result<std::vector<AlertChange>> OpenAlerts(std::string_view rule);

  Result<std::vector<OutboxStanding>> Standings();
  /// How many entries of each channel wait; none of a channel without any. Quick.
  Result<std::map<std::string, int64_t>> CountWaiting();

  /// Erases everything about a device, also what waits and messages about others that name it, down
  /// to the bytes of the file.
  Status ForgetDevice(const std::string& device,
                      const std::function<bool(std::string_view text)>& is_named);

  /// Forgets what was settled before `before_us`.
  Status Prune(int64_t before_us);

 private:
  explicit Outbox(std::unique_ptr<SqliteDb> db) : db_(std::move(db)) {}

  std::mutex mutex_;
  std::unique_ptr<SqliteDb> db_;  // guarded by mutex_
};

}  // namespace avocet
