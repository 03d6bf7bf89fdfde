#include "src/alert/pagerduty_channel.h"

#include <algorithm>
#include <utility>

#include "src/alert/alert_text.h"
#include "src/alert/web_delivery.h"
#include "src/alert/web_sender.h"
#include "src/base/hash.h"
#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/env/secret.h"

namespace avocet {
namespace {

constexpr size_t kMostSummary = 1024;

std::string Trigger(const std::string& key, const AlertMessage& message,
                    const std::string& dedup_key) {
  AlertSeverity severity = AlertSeverity::kInfo;
  for (const AlertChange* change : message.changes) severity = std::max(severity, change->severity);
  const AlertChange& change = message.change();
  std::string summary = AlertTitle(message);
  summary += message.digest ? "" : ": " + change.reason;
  JsonWriter json;
  json.BeginObject().Field("routing_key", key).Field("event_action", "trigger");
  json.Field("dedup_key", dedup_key).Field("client", "avocet");
  if (const std::string link = AlertLink(message); !link.empty()) json.Field("client_url", link);
  json.Key("payload").BeginObject();
  json.Field("summary", CutText(summary, kMostSummary));
  json.Field("source", message.digest || change.device.empty() ? "fleet" : change.device);
  json.Field("severity", AlertSeverityName(severity));
  json.Field("timestamp", FormatTimestamp(change.event_time_us));
  json.Field("class", message.digest ? "digest" : change.rule);
  if (!change.metric.empty() && !message.digest) json.Field("component", change.metric);
  json.Key("custom_details").BeginObject().Field("sentence", AlertSentence(message));
  if (!message.digest) {
    json.Field("measured", Measurement(change)).Field("score", change.strongest.score);
    json.Field("detector", change.strongest.detector);
    json.Field("since", FormatTimestamp(change.opened_us)).Field("anomalies", change.anomalies);
    json.FieldOrNull("seen_before", message.seen_before).Key("labels").BeginObject();
    for (const auto& [name, value] : message.LabelsOf(0)) json.Field(name, value);
    json.EndObject();
  }
  json.EndObject().EndObject().EndObject();
  return json.Take();
}

std::string Resolve(const std::string& key, const AlertChange& change) {
  JsonWriter json;
  json.BeginObject().Field("routing_key", key).Field("event_action", "resolve");
  json.Field("dedup_key", change.id).EndObject();
  return json.Take();
}

class PagerDutyChannel final : public AlertChannel {
 public:
  PagerDutyChannel(PagerDutyChannelConfig config, Env* env)
      : config_(std::move(config)), env_(env) {}

  // Of a digest, what fires is one incident; what clears resolves the incident that it may have.
  AlertDelivery Send(const AlertMessage& message) override {
    const auto key = ReadSecret(env_, config_.routing_key, config_.routing_key_file);
    if (!key.ok()) return RetryLater(key.status());
    AlertMessage firing = message;
    firing.changes.clear();
    firing.labels.clear();
    std::string ids;
    for (size_t i = 0; i < message.changes.size(); ++i) {
      const AlertChange* change = message.changes[i];
      if (change->state == AlertState::kCleared) {
        AlertDelivery delivery = Post(Resolve(*key, *change));
        if (delivery.outcome != AlertDelivery::Outcome::kDelivered) return delivery;
      } else {
        firing.changes.push_back(change);
        firing.labels.push_back(message.LabelsOf(i));
        ids += change->id;
      }
    }
    if (firing.changes.empty()) return {};
    return Post(Trigger(*key, firing, firing.digest ? Hash128Hex(ids) : firing.change().id));
  }

 private:
  AlertDelivery Post(std::string body) const {
    return DeliveryOf(PostJson(config_.api_url + "/v2/enqueue", std::move(body), config_.timeout,
                               config_.allow_private));
  }

  const PagerDutyChannelConfig config_;
  Env* const env_;
};

}  // namespace

std::unique_ptr<AlertChannel> MakePagerDutyChannel(const PagerDutyChannelConfig& config, Env* env) {
  return std::make_unique<PagerDutyChannel>(config, env);
}

}  // namespace avocet
