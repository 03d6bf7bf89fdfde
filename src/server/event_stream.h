// EventStream: server-sent events for the dashboard: every anomaly once, and a pulse each second.
//
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
#include "src/server/anomaly_feed.h"

namespace avocet {

class EventStream {
 public:
  /// `pulse` makes the JSON of an event "pulse"; called on the stream's own thread. The feed is
  /// borrowed; what is in it already is of an earlier run.
  EventStream(const AnomalyFeed* feed, std::function<std::string()> pulse);
  ~EventStream();

  /// Answers with the stream, or with 503 when there are too many. Any thread.
  void Serve(const HttpRequest& request, HttpFields headers, HttpReply reply);

 private:
  struct Client {
    HttpStream stream;
    uint64_t seen = 0;        ///< number of the last anomaly that was sent
    std::string unsent;       ///< what a slow client did not take yet
    uint64_t seen_after = 0;  ///< `seen` once `unsent` is taken
  };

  void Loop();
  /// False when the client is gone.
  bool Feed(Client* client, const std::string& pulse) const;

  const AnomalyFeed* const feed_;
  const std::function<std::string()> pulse_;
  const uint64_t first_of_run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Client> clients_;  // guarded by mutex_
  bool stopping_ = false;        // guarded by mutex_
  std::thread thread_;
};

}  // namespace avocet
