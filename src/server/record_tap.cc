#include "src/server/record_tap.h"

#include <cmath>
#include <map>
#include <utility>

#include "src/base/glob.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/config/device_labels.h"
#include "src/server/anomaly_row.h"

namespace avocet {
namespace {

constexpr size_t kMaxClients = 16;
constexpr size_t kMaxBufferBytes = size_t{256} << 10;
constexpr std::chrono::milliseconds kLookEvery{100};
constexpr int kSignOfLifeEvery = 10;  // looks
// Blank lines, and more than the one byte a second below which clients think a stream is stuck.
constexpr std::string_view kSignOfLife = "\n\n\n\n\n\n\n\n";

constexpr std::string_view kStageNames[kNumTapStages] = {"decode", "silver", "anomalies", "alerts"};

void WritePosition(const std::string& source, const std::string& partition, int64_t offset,
                   JsonWriter* json) {
  json->Field("source", source).Field("partition", partition).Field("offset", offset);
}

std::string DecodedLine(const Piece& piece, uint32_t row) {
  const ReadingBatch& readings = piece.readings;
  JsonWriter json;
  json.BeginObject().Field("device_id", readings.device[row]);
  json.Field("event_time", FormatTimestamp(readings.event_time_us[row]));
  WritePosition(readings.source, readings.partition, readings.offset[row], &json);
  json.Field("duplicate", piece.fate[row] == RowFate::kDuplicate);
  json.Key("payload").Raw(readings.payload[row]).EndObject();
  return json.Take();
}

std::string RejectedLine(const RejectedRecord& record) {
  JsonWriter json;
  json.BeginObject().Field("error", record.code).Field("message", record.message);
  WritePosition(record.source, record.partition, record.offset, &json);
  json.Field("payload", record.payload).EndObject();
  return json.Take();
}

/// `wanted`: the metric to write, by index; nothing: all.
std::string SilverLine(const Piece& piece, uint32_t row, std::span<const std::string> metrics,
                       std::optional<size_t> wanted) {
  const ReadingBatch& readings = piece.readings;
  const auto numbers = [&](const std::vector<std::vector<double>>& columns, JsonWriter* json) {
    json->BeginObject();
    for (size_t m = 0; m < columns.size(); ++m) {
      if ((wanted && *wanted != m) || std::isnan(columns[m][row])) continue;
      json->Field(metrics[m], columns[m][row]);
    }
    json->EndObject();
  };
  JsonWriter json;
  json.BeginObject().Field("device_id", readings.device[row]);
  json.Field("event_time", FormatTimestamp(readings.event_time_us[row]));
  json.Field("late", piece.late[row] != 0).Key("values");
  numbers(readings.metrics, &json);
  json.Key("means");
  numbers(piece.means, &json);
  WritePosition(readings.source, readings.partition, readings.offset[row], &json);
  json.EndObject();
  return json.Take();
}

std::string AlertLine(const AlertChange& change) {
  JsonWriter json;
  json.BeginObject().Field("id", change.id).Field("rule", change.rule);
  json.Field("device", change.device).Field("metric", change.metric);
  json.Field("state", AlertStateName(change.state));
  json.Field("severity", AlertSeverityName(change.severity));
  json.Field("event_time", FormatTimestamp(change.event_time_us));
  json.Field("opened_at", FormatTimestamp(change.opened_us));
  json.Field("anomalies", change.anomalies).Field("score", change.strongest.score);
  json.Field("reason", change.reason).EndObject();
  return json.Take();
}

}  // namespace

std::string_view TapStageName(TapStage stage) { return kStageNames[static_cast<size_t>(stage)]; }

std::optional<TapStage> ParseTapStage(std::string_view name) {
  for (size_t i = 0; i < kNumTapStages; ++i) {
    if (kStageNames[i] == name) return static_cast<TapStage>(i);
  }
  return std::nullopt;
}

class RecordTap::Client {
 public:
  /// `devices` has the labels, and is borrowed.
  Client(TapFilter filter, const DevicesConfig* devices, HttpStream stream)
      : filter_(std::move(filter)), devices_(devices), stream_(std::move(stream)) {}

  const TapFilter& filter() const { return filter_; }
  bool WantsDevice(std::string_view device) {
    return MatchesGlob(filter_.device, device) && (filter_.labels.empty() || HasLabels(device));
  }
  bool WantsMetric(std::string_view metric) const {
    return filter_.metric.empty() || filter_.metric == metric;
  }

  /// Adds the line that `make` makes, or counts it. Any thread.
  template <typename Make>
  void Add(const Make& make) {
    if (buffered_bytes_ >= kMaxBufferBytes) {
      ++dropped_;
      return;
    }
    const std::string line = make();
    std::lock_guard lock(mutex_);
    lines_.append(line).append("\n");
    buffered_bytes_ = lines_.size();
  }

  /// Sends what has gathered; false when the client is gone. By one thread.
  bool Pump(bool show_life) {
    if (unsent_.empty()) {
      {
        std::lock_guard lock(mutex_);
        unsent_.swap(lines_);
        buffered_bytes_ = 0;
      }
      if (const uint64_t dropped = dropped_.exchange(0); dropped > 0) {
        unsent_ += "{\"dropped\":" + std::to_string(dropped) + "}\n";
      }
      if (unsent_.empty() && show_life) unsent_ = kSignOfLife;
    }
    // A client that is too slow gets the same again later.
    if (!unsent_.empty() && stream_.Write(unsent_)) unsent_.clear();
    return !stream_.IsClosed();
  }

 private:
  // Looking labels up is too slow for each record.
  bool HasLabels(std::string_view device) {
    std::lock_guard lock(mutex_);
    const auto known = has_labels_.find(device);
    if (known != has_labels_.end()) return known->second;
    const bool fits = FitLabels(filter_.labels, LabelsOf(*devices_, device));
    has_labels_.emplace(device, fits);
    return fits;
  }

  const TapFilter filter_;
  const DevicesConfig* const devices_;
  HttpStream stream_;   // of the pump
  std::string unsent_;  // of the pump
  std::atomic<size_t> buffered_bytes_ = 0;
  std::atomic<uint64_t> dropped_ = 0;
  std::mutex mutex_;
  std::string lines_;                                    // guarded by mutex_
  std::map<std::string, bool, std::less<>> has_labels_;  // by device; guarded by mutex_
};

RecordTap::RecordTap(LiveObserver* next, const DevicesConfig* devices)
    : next_(next), devices_(devices), thread_([this] { Loop(); }) {}

RecordTap::~RecordTap() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

RecordTap::Clients RecordTap::ClientsOf(TapStage stage) {
  Clients found;
  if (watchers_[static_cast<size_t>(stage)] == 0) return found;
  std::lock_guard lock(mutex_);
  for (const auto& client : clients_) {
    if (client->filter().stage == stage) found.push_back(client);
  }
  return found;
}

void RecordTap::OnReadings(size_t shard, std::span<Piece* const> pieces, const ShardView& view,
                           std::span<const std::string> metrics) {
  next_->OnReadings(shard, pieces, view, metrics);
  for (const auto& client : ClientsOf(TapStage::kDecode)) {
    for (const Piece* piece : pieces) {
      // What was not accepted belongs to no shard.
      if (shard == 0 && client->WantsDevice("")) {
        for (const RejectedRecord& record : piece->readings.rejected) {
          client->Add([&] { return RejectedLine(record); });
        }
      }
      for (const uint32_t row : piece->shard_rows[shard]) {
        if (!client->WantsDevice(piece->readings.device[row])) continue;
        client->Add([&] { return DecodedLine(*piece, row); });
      }
    }
  }
  for (const auto& client : ClientsOf(TapStage::kSilver)) {
    std::optional<size_t> wanted;
    for (size_t m = 0; m < metrics.size(); ++m) {
      if (metrics[m] == client->filter().metric) wanted = m;
    }
    if (!client->filter().metric.empty() && !wanted) continue;
    for (const Piece* piece : pieces) {
      for (const uint32_t row : piece->shard_rows[shard]) {
        if (piece->fate[row] != RowFate::kKept) continue;
        if (wanted &&
            (*wanted >= piece->means.size() || std::isnan(piece->readings.metrics[*wanted][row]))) {
          continue;
        }
        if (!client->WantsDevice(piece->readings.device[row])) continue;
        client->Add([&] { return SilverLine(*piece, row, metrics, wanted); });
      }
    }
  }
}

void RecordTap::OnAnomalies(const ColumnBatch& anomalies) {
  next_->OnAnomalies(anomalies);
  for (const auto& client : ClientsOf(TapStage::kAnomalies)) {
    for (size_t row = 0; row < anomalies.rows(); ++row) {
      const AnomalyRow anomaly = AnomalyAt(anomalies, row);
      if (!client->WantsDevice(anomaly.device) || !client->WantsMetric(anomaly.metric)) continue;
      client->Add([&] {
        JsonWriter json;
        WriteAnomaly(anomaly, &json);
        return json.Take();
      });
    }
  }
}

void RecordTap::OnAlerts(std::span<const AlertChange> changes) {
  next_->OnAlerts(changes);
  for (const auto& client : ClientsOf(TapStage::kAlerts)) {
    for (const AlertChange& change : changes) {
      if (!client->WantsDevice(change.device) || !client->WantsMetric(change.metric)) continue;
      client->Add([&] { return AlertLine(change); });
    }
  }
}

void RecordTap::Serve(TapFilter filter, HttpFields headers, HttpReply reply) {
  std::lock_guard lock(mutex_);
  if (stopping_ || clients_.size() >= kMaxClients) {
    return reply.Send(
        HttpResponse::Busy(503, "too_many_streams", "there are too many streams; try later", 5));
  }
  headers.emplace_back("Cache-Control", "no-store");
  HttpStream stream = reply.Stream({.status = 200,
                                    .content_type = "application/x-ndjson",
                                    .body = "\n",
                                    .headers = std::move(headers)});
  ++watchers_[static_cast<size_t>(filter.stage)];
  clients_.push_back(std::make_shared<Client>(std::move(filter), devices_, std::move(stream)));
}

void RecordTap::Loop() {
  std::unique_lock lock(mutex_);
  for (int look = 0; !stopping_; ++look) {
    std::erase_if(clients_, [&](const std::shared_ptr<Client>& client) {
      if (client->Pump(look % kSignOfLifeEvery == 0)) return false;
      --watchers_[static_cast<size_t>(client->filter().stage)];
      return true;
    });
    changed_.wait_for(lock, kLookEvery, [&] { return stopping_; });
  }
  clients_.clear();
}

}  // namespace avocet
