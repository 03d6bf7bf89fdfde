// Notifier: takes changes of alerts, keeps them in the outbox and delivers them.
//
// One thread stores what is published; each channel has a thread of its own, so that a slow
// receiver delays nobody else. Publish never waits for the disk or the network. A channel gets its
// changes in order; beyond its rate limit they are gathered into digests. What is beyond the limit
// of a device is held until that allows a digest of it, and others go on. Delivery is at least
// once.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "src/alert/alert_channel.h"
#include "src/alert/device_budgets.h"
#include "src/alert/message_latency.h"
#include "src/alert/operator_log.h"
#include "src/alert/outbox.h"
#include "src/alert/send_budget.h"
#include "src/config/alert_config.h"
#include "src/env/env.h"

namespace avocet {

/// Makes the channel of one configuration entry.
using AlertChannelMaker =
    std::function<std::unique_ptr<AlertChannel>(const AlertChannelConfig& config, Env* env)>;

struct NotifierOptions {
  AlertsConfig config;
  DevicesConfig devices = {};  ///< has the labels
  Env* env = nullptr;          ///< borrowed
  std::string outbox_path;
  AlertChannelMaker make_channel;
  std::string dashboard_url = {};     ///< as in AlertMessage
  MessageLatency* latency = nullptr;  ///< borrowed; null: nobody wants to know
  /// Draws the readings before an alert, as in AlertMessage; null: there are no charts. Any thread,
  /// until StopDeliveries.
  std::function<std::string(const AlertChange&)> draw_chart = {};
  /// What looked like an alert before, as in AlertMessage; null: nobody knows. As draw_chart.
  std::function<std::string(const AlertChange&)> look_back = {};
  /// Between two attempts after a failure: doubles from the first to the longest, with jitter.
  std::chrono::milliseconds first_retry{500};
  std::chrono::milliseconds longest_retry{60'000};
};

/// What became of the messages of one channel since the notifier started.
struct ChannelCounts {
  std::string channel;
  uint64_t delivered = 0;  ///< messages that the receiver took
  uint64_t retried = 0;    ///< attempts that failed
  uint64_t failed = 0;     ///< alerts that the receiver will never take
  uint64_t silenced = 0;   ///< alerts of which nobody is told
  int64_t waiting = 0;     ///< alerts in the outbox
};

class Notifier {
 public:
  /// Opens the outbox and starts to deliver what waits in it.
  static Result<std::unique_ptr<Notifier>> Start(NotifierOptions options);
  /// Stops; what is not delivered stays in the outbox.
  ~Notifier();

  /// Takes changes over, with when the readings arrived that made them (0: no reading did). Any
  /// thread; changes of one alert come from one. What is taken and not stored is bounded by the
  /// caller, who lets no more readings in while WaitUntilStored fails.
  void Publish(std::span<const AlertChange> changes, int64_t arrived_us = 0);
  /// Waits until all that was published is stored. An error means that it is not; the next call
  /// tries again.
  Status WaitUntilStored();
  /// Waits until nothing waits for delivery, at most so long; groups wait for no more alerts, and
  /// what is held of a device goes out.
  /// Returns what still waits.
  Result<int64_t> Drain(std::chrono::milliseconds limit);

  /// Nothing more is delivered; what is published is still stored.
  void StopDeliveries();

  Outbox& outbox() { return *outbox_; }
  /// In the order of the configuration. Any thread.
  Result<std::vector<ChannelCounts>> Counts();

 private:
  struct Lane {
    const AlertChannelConfig* config = nullptr;
    std::unique_ptr<AlertChannel> channel;
    SendBudget budget{0};
    DeviceBudgets devices{0};
    int failures = 0;                   // in a row
    std::chrono::nanoseconds pause{0};  // before the last retry
    std::string problem;                // last told
    bool idle = false;  // guarded by mutex_: it found nothing since the last was stored
    std::atomic<uint64_t> delivered = 0, retried = 0, failed = 0, silenced = 0;
    std::thread thread;
  };

  struct Published {
    AlertChange change;
    int64_t arrived_us = 0;
    int64_t published_us = 0;
  };

  explicit Notifier(NotifierOptions options) : options_(std::move(options)) {}
  void StoreLoop();
  Status StoreQueued(const std::vector<Published>& queued);
  /// A message that a reading brought about, arrived at `arrived_us`, has passed `stage`.
  void Pass(MessageStage stage, int64_t arrived_us, int64_t now_us);
  /// The devices of which people were told within the last hour begin with what is left.
  Status ResumeBudgets(Lane* lane);
  void DeliverLoop(Lane* lane);
  /// How long a lane sleeps, and whether something new in the outbox, or Drain, wakes it.
  struct Pause {
    std::chrono::nanoseconds duration{0};
    bool until_stored = false;
    bool until_drained = false;
    bool holds = false;  ///< something waits all the same
  };
  /// Sends the next message.
  Result<Pause> DeliverSome(Lane* lane);
  /// How long the group of the oldest entry waits for more.
  std::chrono::nanoseconds GroupWait(const Lane& lane, const OutboxEntry& oldest) const;
  /// `group` is what the entries have in common; empty: they are alone or of several groups.
  std::chrono::nanoseconds SendOne(Lane* lane, std::span<const OutboxEntry> entries, bool digest,
                                   std::string group);
  std::chrono::nanoseconds AfterFailure(Lane* lane, std::span<const OutboxEntry> entries,
                                        const AlertDelivery& delivery);
  void Sleep(Lane* lane, Pause pause, uint64_t seen);

  const NotifierOptions options_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<OperatorLog> operators_;  // store thread only, once started
  std::vector<std::unique_ptr<Lane>> lanes_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Published> queue_;  // guarded by mutex_
  bool storing_ = false;          // guarded by mutex_
  Status store_error_;            // guarded by mutex_
  int64_t retry_store_ = 0;       // guarded by mutex_: times that somebody asked for a retry
  uint64_t stored_ = 0;           // guarded by mutex_: times that something was stored
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> deliveries_stop_ = false;
  std::atomic<bool> drains_ = false;  // nothing is held, groups do not wait
  std::thread store_thread_;
};

/// Whether a channel is to be told of the change.
bool Wants(const AlertsConfig& config, const AlertChannelConfig& channel,
           const AlertChange& change);

}  // namespace avocet
