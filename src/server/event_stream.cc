#include "src/server/event_stream.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace avocet {
namespace {

constexpr size_t kMaxClients = 128;
constexpr size_t kAnomaliesAtOnce = 200;
constexpr size_t kAlertsAtOnce = 200;
constexpr std::chrono::milliseconds kLookEvery{100};
constexpr int kPulseEvery = 10;  // looks

std::string Event(std::string_view id, std::string_view name, std::string_view data) {
  std::string event;
  if (!id.empty()) event.append("id: ").append(id).append("\n");
  return event.append("event: ").append(name).append("\ndata: ").append(data).append("\n\n");
}

std::string AnomalyEvent(const AnomalyRow& row) {
  JsonWriter json;
  WriteAnomaly(row, &json);
  return Event(row.id, "anomaly", json.Take());
}

}  // namespace

EventStream::EventStream(const AnomalyFeed* feed, const AlertBoard* board,
                         std::function<std::string()> pulse, AlertWriter write_alert)
    : feed_(feed),
      board_(board),
      pulse_(std::move(pulse)),
      write_alert_(std::move(write_alert)),
      first_of_run_(feed->last() + 1),
      thread_([this] { Loop(); }) {}

EventStream::~EventStream() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void EventStream::Serve(const HttpRequest& request, HttpFields headers, HttpReply reply) {
  std::lock_guard lock(mutex_);
  if (stopping_ || clients_.size() >= kMaxClients) {
    return reply.Send(
        HttpResponse::Busy(503, "too_many_streams", "there are too many streams; try later", 5));
  }
  std::string_view last_id = request.Header("Last-Event-ID");
  if (last_id.empty()) last_id = request.Query("last_event_id").value_or("");
  uint64_t seen = feed_->last();
  std::string begin = "retry: 1000\n\n";
  if (!last_id.empty()) {
    const auto number = feed_->NumberOf(last_id);
    // The order of what an earlier run found is not known any more.
    if (number && *number >= first_of_run_) {
      seen = *number;
    } else {
      begin += Event("", "reset", "{}");
    }
  }
  headers.emplace_back("Cache-Control", "no-store");
  HttpStream stream = reply.Stream({.status = 200,
                                    .content_type = "text/event-stream",
                                    .body = std::move(begin),
                                    .headers = std::move(headers)});
  const uint64_t seen_alert = board_->last();
  clients_.push_back({.stream = std::move(stream),
                      .seen = seen,
                      .seen_alert = seen_alert,
                      .unsent = "",
                      .seen_after = seen,
                      .seen_alert_after = seen_alert});
}

bool EventStream::Feed(Client* client, const std::string& pulse) const {
  for (;;) {
    if (client->unsent.empty()) {
      const AnomalyFeed::Part part = feed_->After(client->seen, kAnomaliesAtOnce);
      if (part.is_gap) client->unsent += Event("", "reset", "{}");
      for (const AnomalyRow& row : part.rows) client->unsent += AnomalyEvent(row);
      client->seen_after = part.last;
      const AlertBoard::Part alerts = board_->ChangedAfter(client->seen_alert, kAlertsAtOnce);
      for (const BoardAlert& alert : alerts.alerts) {
        JsonWriter json;
        write_alert_(alert, &json);
        client->unsent += Event("", "alert", json.Take());
      }
      client->seen_alert_after = alerts.last;
    }
    if (client->unsent.empty()) break;
    // A client that is too slow gets the same again later.
    if (!client->stream.Write(client->unsent)) return !client->stream.IsClosed();
    client->unsent.clear();
    client->seen = client->seen_after;
    client->seen_alert = client->seen_alert_after;
  }
  // A pulse that does not fit is not worth keeping.
  if (!pulse.empty()) static_cast<void>(client->stream.Write(pulse));
  return !client->stream.IsClosed();
}

void EventStream::Loop() {
  std::unique_lock lock(mutex_);
  for (int look = 0; !stopping_; ++look) {
    std::string pulse;
    if (look % kPulseEvery == 0) {
      lock.unlock();
      pulse = Event("", "pulse", pulse_());
      lock.lock();
    }
    std::erase_if(clients_, [&](Client& client) { return !Feed(&client, pulse); });
    changed_.wait_for(lock, kLookEvery, [&] { return stopping_; });
  }
  clients_.clear();
}

}  // namespace avocet
