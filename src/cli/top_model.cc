#include "src/cli/top_model.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace avocet {
namespace {

constexpr size_t kMaxRates = 60;
constexpr size_t kMaxAlerts = 50;
constexpr size_t kMaxNewest = 5;
constexpr double kMicrosPerSecond = 1e6;

using Element = simdjson::dom::element;

/// One answer of the API. Members that are missing or null read as empty, as those of an older
/// avocet may be.
class Answer {
 public:
  static Result<Answer> Of(Result<std::string> json) {
    if (!json.ok()) return json.status();
    Answer answer;
    answer.parser_ = std::make_unique<simdjson::dom::parser>();
    if (answer.parser_->parse(*json).get(answer.root_) != simdjson::SUCCESS) {
      return Status::Unavailable("its answer is no JSON; is that an avocet?");
    }
    return answer;
  }
  const Element& root() const { return root_; }

 private:
  std::unique_ptr<simdjson::dom::parser> parser_;
  Element root_;
};

std::string Text(const Element& object, const char* name) {
  std::string_view text;
  return object[name].get_string().get(text) == simdjson::SUCCESS ? std::string(text)
                                                                  : std::string();
}
double Number(const Element& object, const char* name, double missing = 0) {
  double number = 0;
  return object[name].get_double().get(number) == simdjson::SUCCESS ? number : missing;
}
int64_t Integer(const Element& object, const char* name, int64_t missing = 0) {
  int64_t number = 0;
  return object[name].get_int64().get(number) == simdjson::SUCCESS ? number : missing;
}
uint64_t Count(const Element& object, const char* name) {
  return static_cast<uint64_t>(std::max<int64_t>(0, Integer(object, name)));
}
template <typename Take>
void ForEach(const Element& object, const char* name, const Take& take) {
  simdjson::dom::array list;
  if (object[name].get_array().get(list) != simdjson::SUCCESS) return;
  for (const Element item : list) take(item);
}
template <typename Take>
void ForEachMember(const Element& object, const char* name, const Take& take) {
  simdjson::dom::object members;
  if (object[name].get_object().get(members) != simdjson::SUCCESS) return;
  for (const auto& [key, value] : members) take(std::string(key), value);
}

std::map<std::string, uint64_t> Counts(const Element& object, const char* name) {
  std::map<std::string, uint64_t> counts;
  ForEachMember(object, name, [&](const std::string& key, const Element& value) {
    uint64_t count = 0;
    if (value.get_uint64().get(count) == simdjson::SUCCESS) counts[key] = count;
  });
  return counts;
}

void ReadSources(const Element& system, double seconds, TopModel* model) {
  const std::vector<TopSource> before = std::exchange(model->sources, {});
  ForEach(system, "sources", [&](const Element& item) {
    bool ended = false;
    TopSource source{.name = Text(item, "name"),
                     .problem = Text(item, "problem"),
                     .records = Count(item, "records"),
                     .lag_bytes = Count(item, "lag_bytes"),
                     .lag_records = Count(item, "lag_records")};
    if (item["ended"].get_bool().get(ended) == simdjson::SUCCESS) source.ended = ended;
    const size_t index = model->sources.size();
    if (seconds > 0 && index < before.size() && before[index].records <= source.records) {
      source.records_per_second =
          static_cast<double>(source.records - before[index].records) / seconds;
    }
    model->sources.push_back(std::move(source));
  });
}

void ReadSystem(const Element& system, TopModel* model) {
  const bool is_same_run =
      model->started_us != 0 && model->started_us == Integer(system, "started_us");
  const uint64_t received_before = model->received;
  const uint64_t anomalies_before = model->anomalies;
  model->version = Text(system, "version");
  model->problem = Text(system, "problem");
  model->started_us = Integer(system, "started_us");
  model->commits = Count(system, "commits");
  model->epoch = Integer(system, "epoch");
  model->last_commit_us = Integer(system, "last_commit_us");
  model->memory_bytes = Count(system, "peak_memory_bytes");
  Element totals;
  if (system["totals"].get(totals) == simdjson::SUCCESS) {
    model->received = Count(totals, "received");
    model->accepted = Count(totals, "accepted");
    model->quarantined = Count(totals, "quarantined");
    model->duplicates = Count(totals, "duplicates");
    model->late = Count(totals, "late");
    model->anomalies = Count(totals, "anomalies");
  }
  Element judgement;
  if (system["judgement_ms"].get(judgement) == simdjson::SUCCESS) {
    model->median_ms = Number(judgement, "p50");
    model->p99_ms = Number(judgement, "p99");
  }
  const double cpu_seconds = Number(system, "cpu_seconds");
  const double seconds =
      is_same_run ? static_cast<double>(model->wall_us - model->asked_us) / kMicrosPerSecond : 0;
  ReadSources(system, seconds, model);
  if (seconds > 0) {
    const auto more = [&](uint64_t before, uint64_t now) {
      return now >= before ? static_cast<double>(now - before) / seconds : 0;
    };
    model->rates.push_back(more(received_before, model->received));
    if (model->rates.size() > kMaxRates) model->rates.pop_front();
    model->anomalies_per_minute = 60 * more(anomalies_before, model->anomalies);
    model->cpu_share = std::max(0.0, cpu_seconds - model->cpu_seconds) / seconds;
  } else {
    model->rates.clear();
  }
  model->cpu_seconds = cpu_seconds;
  model->asked_us = model->wall_us;
}

TopDevice DeviceOf(const Element& item, int64_t now_us) {
  const int64_t last_us = Integer(item, "last_us", INT64_MIN);
  TopDevice device{.name = Text(item, "device"),
                   .state = Text(item, "state"),
                   .age_us = last_us == INT64_MIN ? -1 : std::max<int64_t>(0, now_us - last_us),
                   .anomalies_24h = Count(item, "anomalies_24h"),
                   .quality = Number(item, "quality", 1),
                   .values = ""};
  ForEachMember(item, "values", [&](const std::string& metric, const Element& value) {
    double number = 0;
    if (value.get_double().get(number) != simdjson::SUCCESS) return;
    device.values += fmt::format("{}{} {:.4g}", device.values.empty() ? "" : "  ", metric, number);
  });
  return device;
}

}  // namespace

Status UpdateTopModel(const RunningAvocet& avocet, const TopQuery& query, TopModel* model) {
  AVOCET_ASSIGN_OR_RETURN(const Answer status, Answer::Of(avocet.Get("status")));
  AVOCET_ASSIGN_OR_RETURN(const Answer system, Answer::Of(avocet.Get("system")));
  AVOCET_ASSIGN_OR_RETURN(
      const Answer devices,
      Answer::Of(avocet.Get("devices", {{"sort", query.sort},
                                        {"order", query.descending ? "desc" : "asc"},
                                        {"q", query.text},
                                        {"limit", std::to_string(query.most_devices)}})));
  AVOCET_ASSIGN_OR_RETURN(
      const Answer alerts,
      Answer::Of(avocet.Get("alerts", {{"stage", "open"}, {"limit", std::to_string(kMaxAlerts)}})));
  AVOCET_ASSIGN_OR_RETURN(
      const Answer anomalies,
      Answer::Of(
          avocet.Get("anomalies", {{"from", "now-1h"}, {"limit", std::to_string(kMaxNewest)}})));
  model->user = Text(status.root(), "user");
  model->role = Text(status.root(), "role");
  model->wall_us = Integer(status.root(), "wall_us");
  const int64_t now_us = Integer(status.root(), "now_us");
  ReadSystem(system.root(), model);
  model->states = Counts(devices.root(), "states");
  model->devices_matching = Count(devices.root(), "matching");
  model->devices_total = Count(devices.root(), "total");
  model->devices.clear();
  ForEach(devices.root(), "devices",
          [&](const Element& item) { model->devices.push_back(DeviceOf(item, now_us)); });
  model->stages = Counts(alerts.root(), "stages");
  model->alerts.clear();
  ForEach(alerts.root(), "alerts", [&](const Element& item) {
    model->alerts.push_back({.id = Text(item, "id"),
                             .severity = Text(item, "severity"),
                             .rule = Text(item, "rule"),
                             .device = Text(item, "device"),
                             .age_us = std::max<int64_t>(0, now_us - Integer(item, "opened_us")),
                             .reason = Text(item, "cause")});
  });
  model->newest.clear();
  ForEach(anomalies.root(), "anomalies", [&](const Element& item) {
    model->newest.push_back({.severity = Text(item, "severity"),
                             .device = Text(item, "device"),
                             .age_us = std::max<int64_t>(0, now_us - Integer(item, "time_us")),
                             .reason = Text(item, "reason")});
  });
  return Status::Ok();
}

}  // namespace avocet
