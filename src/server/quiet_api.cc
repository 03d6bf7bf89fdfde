// The route about when a device is left in peace: maintenance, in which nothing is judged, and
// mutes, of which nobody is told.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "src/base/check.h"
#include "src/base/civil_time.h"
#include "src/base/glob.h"
#include "src/base/json_writer.h"
#include "src/config/device_labels.h"
#include "src/detect/maintenance_calendar.h"
#include "src/server/api.h"
#include "src/server/api_query.h"

namespace avocet {
namespace {

constexpr size_t kMostSpans = 500;
constexpr int64_t kFirstRangeUs = kMicrosPerDay / 4;

/// From the first to the second, which is not included.
using Span = std::pair<int64_t, int64_t>;

/// The parts of the span in which the hours hold; without hours all of it.
std::vector<Span> WithinHours(const std::optional<WeeklySchedule>& hours, Span span) {
  std::vector<Span> parts;
  if (!hours) {
    if (span.first < span.second) parts.push_back(span);
    return parts;
  }
  for (int64_t at_us = span.first; at_us < span.second && parts.size() < kMostSpans;) {
    if (!hours->Contains(at_us)) {
      at_us = hours->NextBegin(at_us);
      continue;
    }
    const int64_t end_us = std::min(hours->EndOf(at_us), span.second);
    if (!parts.empty() && parts.back().second == at_us) {
      parts.back().second = end_us;
    } else {
      parts.emplace_back(at_us, end_us);
    }
    at_us = end_us;
  }
  return parts;
}

class SpanWriter {
 public:
  explicit SpanWriter(Span range) : range_(range) { json_.BeginObject().Key("spans").BeginArray(); }

  /// `metrics` is null when all are meant.
  void Add(std::string_view kind, const std::optional<WeeklySchedule>& hours, Span bounds,
           const std::vector<std::string>* metrics, std::string_view text) {
    const Span within = {std::max(range_.first, bounds.first),
                         std::min(range_.second, bounds.second)};
    for (const auto& [from_us, to_us] : WithinHours(hours, within)) {
      if (count_++ >= kMostSpans) return;
      json_.BeginObject().Field("kind", kind).Field("from_us", from_us).Field("to_us", to_us);
      json_.Key("metrics");
      if (metrics == nullptr) {
        json_.Null();
      } else {
        json_.BeginArray();
        for (const std::string& metric : *metrics) json_.String(metric);
        json_.EndArray();
      }
      json_.Field("text", text).EndObject();
    }
  }

  std::string Take() {
    json_.EndArray().EndObject();
    return json_.Take();
  }

 private:
  const Span range_;
  JsonWriter json_;
  size_t count_ = 0;
};

void AddMaintenance(const Config& config, const std::string& device, SpanWriter* spans) {
  for (const MaintenanceConfig& window : config.maintenance) {
    if (!CoversDevice(window, config.devices, device)) continue;
    std::optional<WeeklySchedule> hours;
    if (!window.every.empty()) {
      auto parsed = WeeklySchedule::Parse(window.every);
      AVOCET_CHECK(parsed.ok());  // as the configuration was checked
      hours = std::move(parsed).value();
    }
    spans->Add("maintenance", hours,
               {window.from_us == 0 ? INT64_MIN : window.from_us,
                window.until_us == 0 ? INT64_MAX : window.until_us},
               window.metrics.empty() ? nullptr : &window.metrics, "maintenance: " + window.name);
  }
}

void AddMutes(const ApiContext& context, const std::vector<Mute>& mutes, const std::string& device,
              SpanWriter* spans) {
  const Labels labels = LabelsOf(context.engine->config().devices, device);
  for (const Mute& mute : mutes) {
    if (!MatchesGlob(mute.device, device) || !FitLabels(mute.labels, labels)) continue;
    std::vector<std::string> metrics = context.fleet->metrics();
    std::erase_if(metrics,
                  [&](const std::string& metric) { return !MatchesGlob(mute.metric, metric); });
    spans->Add("mute", mute.hours, {mute.created_us, mute.until_us},
               mute.metric == "*" ? nullptr : &metrics, mute.Text());
  }
}

HttpResponse QuietReply(const ApiContext& context, const HttpRequest& request) {
  const int64_t now_us = context.NowMicros();
  ApiQuery query(request, now_us);
  const std::string device = query.RequiredText("device");
  const int64_t to_us = query.Instant("to", now_us + 1);
  const int64_t from_us = query.Instant("from", now_us - kFirstRangeUs);
  if (from_us >= to_us) query.Fail("from is not before to");
  if (const auto mistake = query.Mistake()) return *mistake;
  const auto mutes = context.desk->MutesAfter(from_us);
  if (!mutes.ok()) return ErrorResponse(mutes.status());
  SpanWriter spans({from_us, to_us});
  AddMaintenance(context.engine->config(), device, &spans);
  AddMutes(context, *mutes, device, &spans);
  return HttpResponse::Json(200, spans.Take());
}

}  // namespace

std::vector<ApiRoute> QuietRoutes(const ApiContext& c) {
  const auto context = std::make_shared<const ApiContext>(c);
  return {{.method = "GET",
           .path = "/api/v1/quiet",
           .handler = [context](const HttpRequest& request,
                                const auto&) { return QuietReply(*context, request); },
           .work = ApiWork::kTables}};
}

}  // namespace avocet
