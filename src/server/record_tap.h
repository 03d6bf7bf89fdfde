// RecordTap: records as they pass a stage of the pipeline, for whoever wants to look.
//
// What is looked at must not slow what is looked into: each client has a small buffer, rows that
// find it full are counted and not written, and without clients nothing is done at all.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "src/config/device_config.h"
#include "src/engine/live_observer.h"
#include "src/net/http_reply.h"

namespace avocet {

enum class TapStage : uint8_t {
  kDecode,     ///< records as they arrived, and those that were not accepted
  kSilver,     ///< valid readings with their rolling means
  kAnomalies,  ///< what detectors found
  kAlerts,     ///< alerts that changed
};
inline constexpr size_t kNumTapStages = 4;
std::string_view TapStageName(TapStage stage);
std::optional<TapStage> ParseTapStage(std::string_view name);

struct TapFilter {
  TapStage stage = TapStage::kSilver;
  std::string device = "*";  ///< a pattern with * and ?
  std::string metric;        ///< empty: all; records that have it, and of these only it
  Labels labels;             ///< patterns that those of the device fit
};

class RecordTap : public LiveObserver {
 public:
  /// Passes all it is told on to `next` before it looks at it. `devices` has the labels. Both are
  /// borrowed.
  RecordTap(LiveObserver* next, const DevicesConfig* devices);
  ~RecordTap() override;

  void OnReadings(size_t shard, std::span<Piece* const> pieces, const ShardView& view,
                  std::span<const std::string> metrics) override;
  void OnAnomalies(const ColumnBatch& anomalies) override;
  void OnAlerts(std::span<const AlertChange> changes) override;

  /// Answers with rows as lines of JSON, from now on until the client leaves; an empty line each
  /// second shows that the connection lives, and {"dropped":N} stands for N rows that came too
  /// fast. 503 when there are too many clients. Any thread.
  void Serve(TapFilter filter, HttpFields headers, HttpReply reply);

 private:
  class Client;
  using Clients = std::vector<std::shared_ptr<Client>>;

  /// Those of a stage; costs nearly nothing when there are none.
  Clients ClientsOf(TapStage stage);
  void Loop();

  LiveObserver* const next_;
  const DevicesConfig* const devices_;
  std::array<std::atomic<int>, kNumTapStages> watchers_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  Clients clients_;        // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace avocet
