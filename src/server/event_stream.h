// EventStream: server-sent events for the dashboard: every anomaly once, alerts that change, and a
// pulse each second.
//
// The event of an alert is the alert as it stands, so that a client which asks for the list when it
// has connected misses nothing and may ignore repetitions.
// The id of an anomaly's event is the anomaly's own. A client that comes back with the last one it
// saw gets what it missed; when that cannot be said, it gets an event "reset" and asks for the
// list.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "src/net/http_reply.h"
#include "src/server/alert_board.h"
#include "src/server/anomaly_feed.h"

namespace avocet {

class EventStream {
 public:
  using AlertWriter = std::function<void(const BoardAlert& alert, JsonWriter* json)>;

  /// `pulse` makes the JSON of an event "pulse", `write_alert` that of an "alert"; called on the
  /// stream's own thread. Feed and board are borrowed; what is in the feed already is of an earlier
  /// run.
  EventStream(const AnomalyFeed* feed, const AlertBoard* board, std::function<std::string()> pulse,
              AlertWriter write_alert);
  ~EventStream();

  /// Answers with the stream, or with 503 when there are too many. Any thread.
  void Serve(const HttpRequest& request, HttpFields headers, HttpReply reply);

 private:
  struct Client {
    HttpStream stream;
    uint64_t seen = 0;        ///< number of the last anomaly that was sent
    uint64_t seen_alert = 0;  ///< the same of alerts
    std::string unsent;       ///< what a slow client did not take yet
    uint64_t seen_after = 0;  ///< `seen` once `unsent` is taken
    uint64_t seen_alert_after = 0;
  };

  void Loop();
  /// False when the client is gone.
  bool Feed(Client* client, const std::string& pulse) const;

  const AnomalyFeed* const feed_;
  const AlertBoard* const board_;
  const std::function<std::string()> pulse_;
  const AlertWriter write_alert_;
  const uint64_t first_of_run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Client> clients_;  // guarded by mutex_
  bool stopping_ = false;        // guarded by mutex_
  std::thread thread_;
};

}  // namespace avocet
