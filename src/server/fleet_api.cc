// Routes about the fleet and its devices: status, devices, device, series, records.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "src/base/ascii.h"
#include "src/base/civil_time.h"
#include "src/base/json_writer.h"
#include "src/config/device_labels.h"
#include "src/server/api.h"
#include "src/server/api_query.h"
#include "src/server/label_json.h"

namespace avocet {
namespace {

constexpr int64_t kMaxDevicesPerPage = 500;
constexpr size_t kSparklinePoints = 40;
constexpr int64_t kMaxPoints = 4000;
constexpr int64_t kMaxRecords = 1000;
constexpr size_t kMaxLabelValues = 200;

// As many digits as a chart can show.
double Rounded(double value) {
  if (!std::isfinite(value) || value == 0) return value;
  const double scale = std::pow(10, 7 - std::ceil(std::log10(std::abs(value))));
  return std::isfinite(scale) ? std::round(value * scale) / scale : value;
}

void WriteNumbers(const std::vector<double>& values, JsonWriter* json) {
  json->BeginArray();
  for (const double value : values) json->Double(Rounded(value));
  json->EndArray();
}

void WriteTime(std::string_view key, int64_t time_us, JsonWriter* json) {
  json->Key(key);
  if (time_us == kNoTime) {
    json->Null();
  } else {
    json->Int(time_us);
  }
}

HttpResponse StatusReply(const ApiContext& context, const Caller& caller) {
  const Progress progress = context.engine->progress();
  const Config& config = context.engine->config();
  JsonWriter json;
  json.BeginObject().Field("version", context.version);
  json.Field("user", caller.name).Field("role", RoleName(caller.role));
  json.Field("needs_token", context.access->needs_token());
  json.Field("wall_us", context.env->NowMicros()).Field("now_us", context.NowMicros());
  json.Field("has_readings", context.fleet->fleet_time_us() != kNoTime);
  json.Field("catalog", config.storage.catalog).Field("problem", progress.problem);
  json.Key("metrics").BeginArray();
  for (const std::string& name : context.fleet->metrics()) {
    const auto& known = config.schema.metrics;
    const auto metric = std::find_if(known.begin(), known.end(),
                                     [&](const MetricConfig& m) { return m.name == name; });
    json.BeginObject().Field("name", name);
    json.Field("unit", metric == known.end() ? std::string() : metric->unit).EndObject();
  }
  json.EndArray().Key("detectors").BeginArray();
  for (const DetectorConfig& detector : config.detectors) json.String(detector.name);
  json.EndArray().Key("rules").BeginArray();
  for (const AlertRuleConfig& rule : config.alerts.rules) json.String(rule.name);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

/// A device with what people have to do with it.
struct ListedDevice {
  DeviceSummary summary;
  Labels labels;
  AlertBoard::StageCounts alerts{};
  bool is_muted = false;  ///< nobody is told of any alert of it

  uint32_t Alerts(AlertStage stage) const { return alerts[static_cast<size_t>(stage)]; }
};

/// Adds to devices what is known of them beside their readings.
class DeviceLister {
 public:
  explicit DeviceLister(const ApiContext& context)
      : devices_(context.engine->config().devices),
        now_us_(context.env->NowMicros()),
        alerts_(context.board->CountByDevice()),
        mutes_(context.desk->Mutes()) {}

  ListedDevice List(DeviceSummary summary) const {
    ListedDevice listed;
    listed.summary = std::move(summary);
    const std::string& name = listed.summary.name;
    listed.labels = LabelsOf(devices_, name);
    if (const auto found = alerts_.find(name); found != alerts_.end()) {
      listed.alerts = found->second;
    }
    listed.is_muted = std::any_of(mutes_.begin(), mutes_.end(), [&](const Mute& mute) {
      return mute.Hides(name, devices_, now_us_);
    });
    return listed;
  }

 private:
  const DevicesConfig& devices_;
  const int64_t now_us_;
  const std::unordered_map<std::string, AlertBoard::StageCounts> alerts_;
  const std::vector<Mute> mutes_;
};

void WriteDevice(const ListedDevice& listed, const std::vector<std::string>& metrics,
                 JsonWriter* json) {
  const DeviceSummary& device = listed.summary;
  json->Field("device", device.name).Field("state", DeviceStateName(device.state));
  WriteTime("last_us", device.last_us, json);
  json->Field("period_us", device.period_us).Field("readings", device.readings);
  json->Field("late", device.late).Field("invalid", device.invalid);
  json->Field("quality", device.quality()).Field("anomalies_24h", device.anomalies_24h);
  json->Field("open_alerts", uint64_t{listed.Alerts(AlertStage::kOpen)});
  json->Field("acknowledged_alerts", uint64_t{listed.Alerts(AlertStage::kAcknowledged)});
  json->Field("muted", listed.is_muted);
  WriteLabels(listed.labels, json);
  json->Key("values").BeginObject();
  for (size_t m = 0; m < std::min(metrics.size(), device.values.size()); ++m) {
    json->Field(metrics[m], device.values[m]);
  }
  json->EndObject();
}

/// How many devices have each value of each label.
using LabelCounts = std::map<std::string, std::map<std::string, uint64_t>>;

/// Of a label with very many values those that most devices have.
void WriteLabelCounts(const LabelCounts& counts, JsonWriter* json) {
  json->Key("labels").BeginArray();
  for (const auto& [name, values] : counts) {
    std::vector<std::pair<std::string, uint64_t>> shown(values.begin(), values.end());
    if (shown.size() > kMaxLabelValues) {
      std::stable_sort(shown.begin(), shown.end(),
                       [](const auto& a, const auto& b) { return a.second > b.second; });
      shown.resize(kMaxLabelValues);
    }
    json->BeginObject().Field("name", name).Field("values", uint64_t{values.size()});
    json->Key("devices").BeginObject();
    for (const auto& [value, devices] : shown) json->Field(value, devices);
    json->EndObject().EndObject();
  }
  json->EndArray();
}

/// Whether the text, in small letters, is in the device's name or in the value of a label.
bool Mentions(const std::string& device, const Labels& labels, const std::string& text) {
  if (text.empty() || AsciiLower(device).find(text) != std::string::npos) return true;
  return std::any_of(labels.begin(), labels.end(), [&](const auto& label) {
    return AsciiLower(label.second).find(text) != std::string::npos;
  });
}

// Orders devices as asked; the name decides between equals, so that pages do not overlap.
void Sort(const std::string& by, bool descending, std::vector<ListedDevice>* devices) {
  const auto urgency = [](const DeviceSummary& device) {
    switch (device.state) {
      case DeviceState::kCritical:
        return 0;
      case DeviceState::kWarning:
        return 1;
      case DeviceState::kSilent:
        return 2;
      default:
        return 3;
    }
  };
  const auto key = [&](const ListedDevice& listed) -> double {
    const DeviceSummary& device = listed.summary;
    if (by == "alerts") return listed.Alerts(AlertStage::kOpen);
    if (by == "state") return urgency(device);
    if (by == "last") return static_cast<double>(device.last_us);
    if (by == "anomalies") return device.anomalies_24h;
    if (by == "quality") return device.quality();
    if (by == "readings") return static_cast<double>(device.readings);
    return 0;
  };
  std::sort(devices->begin(), devices->end(), [&](const auto& a, const auto& b) {
    const double x = key(a), y = key(b);
    if (x != y) return descending ? x > y : x < y;
    const std::string &one = a.summary.name, &other = b.summary.name;
    return by == "device" && descending ? one > other : one < other;
  });
}

HttpResponse DevicesReply(const ApiContext& context, const HttpRequest& request) {
  ApiQuery query(request, context.NowMicros());
  std::string text = query.Text("q");
  const Labels patterns = query.LabelPatterns();
  const std::string state =
      query.Word("state", {"any", "ok", "warning", "critical", "silent", "muted"});
  const std::string sort =
      query.Word("sort", {"state", "device", "last", "anomalies", "alerts", "quality", "readings"});
  const bool descending = query.Word("order", {"asc", "desc"}) == "desc";
  const auto offset = static_cast<size_t>(query.Integer("offset", 0, 0, INT64_MAX));
  const auto limit = static_cast<size_t>(query.Integer("limit", 100, 1, kMaxDevicesPerPage));
  const std::vector<std::string> metrics = context.fleet->metrics();
  const std::string metric = query.Text("metric");
  const auto found =
      metric.empty() ? metrics.begin() : std::find(metrics.begin(), metrics.end(), metric);
  if (found == metrics.end() && !metric.empty()) query.Fail("there is no metric " + metric);
  if (const auto mistake = query.Mistake()) return *mistake;

  text = AsciiLower(text);
  const DeviceLister lister(context);
  std::vector<ListedDevice> devices;
  size_t all = 0, muted = 0;
  std::array<uint64_t, kNumDeviceStates> states{};
  LabelCounts counts;
  for (DeviceSummary& device : context.fleet->Devices()) {
    ListedDevice listed = lister.List(std::move(device));
    ++all;
    ++states[static_cast<size_t>(listed.summary.state)];
    muted += listed.is_muted ? 1 : 0;
    for (const auto& [label, value] : listed.labels) ++counts[label][value];
    const bool is_wanted = state == "any" || state == DeviceStateName(listed.summary.state) ||
                           (state == "muted" && listed.is_muted);
    if (is_wanted && FitLabels(patterns, listed.labels) &&
        Mentions(listed.summary.name, listed.labels, text)) {
      devices.push_back(std::move(listed));
    }
  }
  Sort(sort, descending, &devices);
  JsonWriter json;
  json.BeginObject().Field("total", uint64_t{all}).Field("matching", uint64_t{devices.size()});
  json.Field("offset", uint64_t{offset}).Key("states").BeginObject();
  for (size_t i = 0; i < states.size(); ++i) {
    json.Field(DeviceStateName(static_cast<DeviceState>(i)), states[i]);
  }
  json.EndObject().Field("muted", uint64_t{muted});
  WriteLabelCounts(counts, &json);
  json.Key("devices").BeginArray();
  for (size_t i = offset; i < devices.size() && i - offset < limit; ++i) {
    DeviceSummary& summary = devices[i].summary;
    const DeviceState counted = summary.state;
    summary = context.fleet->Device(summary.name).value_or(summary);
    summary.state = counted;
    json.BeginObject();
    WriteDevice(devices[i], metrics, &json);
    json.Key("sparkline");
    const auto index = static_cast<size_t>(found - metrics.begin());
    WriteNumbers(context.fleet->Sparkline(summary.name, index, kSparklinePoints), &json);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

HttpResponse DeviceReply(const ApiContext& context, const HttpRequest& request) {
  ApiQuery query(request, context.NowMicros());
  const std::string name = query.RequiredText("device");
  if (const auto mistake = query.Mistake()) return *mistake;
  const auto device = context.fleet->Device(name);
  if (!device) return HttpResponse::Error(404, "not_found", "there is no device of that name");
  JsonWriter json;
  json.BeginObject();
  const std::vector<std::string> metrics = context.fleet->metrics();
  WriteDevice(DeviceLister(context).List(*device), metrics, &json);
  json.Key("held_back").BeginArray();
  for (const HeldBack& series : device->held_back) {
    if (series.metric >= metrics.size()) continue;
    json.BeginObject().Field("metric", metrics[series.metric]);
    json.FieldOrNull("type", series.type).EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

std::string SeriesJson(const SeriesBuckets::Answer& answer, const std::vector<std::string>& names,
                       int64_t from_us, int64_t to_us, std::string_view problem) {
  JsonWriter json;
  json.BeginObject().Field("from_us", from_us).Field("to_us", to_us);
  json.Field("is_raw", answer.is_raw).Field("bucket_us", answer.bucket_us);
  json.Field("readings", answer.readings).Field("problem", problem).Key("time_us").BeginArray();
  for (const int64_t time : answer.time_us) json.Int(time);
  json.EndArray().Key("metrics").BeginArray();
  for (size_t m = 0; m < names.size(); ++m) {
    const SeriesBuckets::Metric& metric = answer.metrics[m];
    json.BeginObject().Field("metric", names[m]).Field("spread", metric.spread).Key("mean");
    WriteNumbers(metric.mean, &json);
    json.Key("expected");
    WriteNumbers(metric.expected, &json);
    // A single reading is its own minimum and maximum.
    if (!answer.is_raw) {
      json.Key("min");
      WriteNumbers(metric.min, &json);
      json.Key("max");
      WriteNumbers(metric.max, &json);
    }
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

HttpResponse SeriesReply(const ApiContext& context, const HttpRequest& request) {
  const int64_t now_us = context.NowMicros();
  ApiQuery query(request, now_us);
  const std::string device = query.RequiredText("device");
  std::vector<std::string> names = query.TextList("metrics");
  const int64_t to_us = query.Instant("to", now_us + 1);
  const int64_t from_us = query.Instant("from", now_us - kMicrosPerDay / 4);
  const auto points = static_cast<size_t>(query.Integer("points", 800, 10, kMaxPoints));
  if (from_us >= to_us) query.Fail("from is not before to");
  const std::vector<std::string> known = context.fleet->metrics();
  if (names.empty()) names = known;
  std::vector<size_t> metrics;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) query.Fail("there is no metric " + name);
    metrics.push_back(static_cast<size_t>(found - known.begin()));
  }
  if (const auto mistake = query.Mistake()) return *mistake;
  if (!context.fleet->Device(device)) {
    return HttpResponse::Error(404, "not_found", "there is no device of that name");
  }

  SeriesBuckets buckets(from_us, to_us, points, names.size());
  const int64_t memory_from_us = context.fleet->AddReadings(device, metrics, from_us, &buckets);
  std::string problem;
  if (memory_from_us > from_us) {
    const Status status = context.history->AddReadings(device, names, from_us,
                                                       std::min(to_us, memory_from_us), &buckets);
    // What is in memory is worth showing on its own.
    if (!status.ok() && status.code() != StatusCode::kNotFound) problem = status.message();
  }
  return HttpResponse::Json(200, SeriesJson(buckets.Finish(), names, from_us, to_us, problem));
}

HttpResponse RecordsReply(const ApiContext& context, const HttpRequest& request) {
  const int64_t now_us = context.NowMicros();
  ApiQuery query(request, now_us);
  const std::string device = query.RequiredText("device");
  const int64_t to_us = query.Instant("to", now_us + 1);
  const int64_t from_us = query.Instant("from", now_us - kMicrosPerDay / 4);
  const auto limit = static_cast<size_t>(query.Integer("limit", 100, 1, kMaxRecords));
  if (from_us >= to_us) query.Fail("from is not before to");
  if (const auto mistake = query.Mistake()) return *mistake;
  // One more says whether there are more.
  const auto records = context.history->Records(device, from_us, to_us, limit + 1);
  if (!records.ok() && records.status().code() != StatusCode::kNotFound) {
    return ErrorResponse(records.status());
  }
  const size_t found = records.ok() ? records->size() : 0;
  JsonWriter json;
  json.BeginObject().Field("is_complete", found <= limit).Key("records").BeginArray();
  for (size_t i = 0; i < std::min(found, limit); ++i) {
    const StoredRecord& record = (*records)[i];
    json.BeginObject().Field("time_us", record.event_time_us);
    json.Field("received_us", record.received_us).Field("epoch", record.epoch);
    json.Field("sequence", record.sequence).Field("payload", record.payload);
    json.Key("position").BeginObject().Field("source", record.source);
    json.Field("partition", record.partition).Field("offset", record.offset).EndObject();
    json.EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, json.Take());
}

}  // namespace

int64_t ApiContext::NowMicros() const {
  const int64_t newest = fleet->fleet_time_us();
  return newest == kNoTime ? env->NowMicros() : newest;
}

HttpResponse ErrorResponse(const Status& status) {
  switch (status.code()) {
    case StatusCode::kNotFound:
      return HttpResponse::Error(404, "not_found", status.message());
    case StatusCode::kUnavailable:
    case StatusCode::kConflict:
      return HttpResponse::Busy(503, "unavailable", status.message(), 1);
    default:
      return HttpResponse::Error(500, "internal", status.message());
  }
}

std::vector<ApiRoute> FleetRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  return {{.method = "GET",
           .path = "/api/v1/status",
           .handler = [context](const auto&,
                                const Caller& caller) { return StatusReply(*context, caller); }},
          {.method = "GET",
           .path = "/api/v1/devices",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return DevicesReply(*context, request); },
           .work = ApiWork::kMemory},
          {.method = "GET",
           .path = "/api/v1/device",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return DeviceReply(*context, request); }},
          {.method = "GET",
           .path = "/api/v1/series",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return SeriesReply(*context, request); },
           .work = ApiWork::kTables},
          {.method = "GET",
           .path = "/api/v1/records",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return RecordsReply(*context, request); },
           .work = ApiWork::kTables}};
}

}  // namespace avocet
