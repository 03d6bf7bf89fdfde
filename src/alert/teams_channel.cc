#include "src/alert/teams_channel.h"

#include <algorithm>
#include <utility>

#include "src/alert/alert_text.h"
#include "src/alert/web_delivery.h"
#include "src/alert/web_sender.h"
#include "src/base/json_writer.h"
#include "src/base/spoken_time.h"
#include "src/config/device_labels.h"
#include "src/env/secret.h"

namespace avocet {
namespace {

std::string_view Color(const AlertMessage& message) {
  if (message.digest) return "attention";
  const AlertChange& change = message.change();
  if (change.state == AlertState::kCleared) return "good";
  return change.severity == AlertSeverity::kCritical ? "attention" : "warning";
}

/// Text that Teams does not take for Markdown.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>#|").find(c) != std::string_view::npos) out += '\\';
    out += c;
    // Two line ends make a line of a card.
    if (c == '\n') out += '\n';
  }
  return out;
}

void Block(const std::string& text, JsonWriter* json) {
  json->BeginObject().Field("type", "TextBlock").Field("text", Escaped(text));
  json->Field("wrap", true).EndObject();
}

void Facts(const AlertMessage& message, JsonWriter* json) {
  const AlertChange& change = message.change();
  const std::pair<const char*, std::string> facts[] = {
      {"Measured", Measurement(change)},
      {"How unusual", Strangeness(change)},
      {"Since", SpokenTime(change.opened_us)},
      {"Anomalies", std::to_string(change.anomalies)},
      {"Labels", LabelsText(message.LabelsOf(0))},
      {"Seen before", message.seen_before},
      {"Rule", change.rule},
      {"Alert", change.id},
  };
  json->BeginObject().Field("type", "FactSet").Key("facts").BeginArray();
  for (const auto& [title, value] : facts) {
    if (value.empty()) continue;
    json->BeginObject().Field("title", title).Field("value", Escaped(value)).EndObject();
  }
  json->EndArray().EndObject();
}

std::string Card(const AlertMessage& message) {
  JsonWriter json;
  json.BeginObject().Field("type", "message").Key("attachments").BeginArray().BeginObject();
  json.Field("contentType", "application/vnd.microsoft.card.adaptive");
  json.Key("content").BeginObject().Field("type", "AdaptiveCard").Field("version", "1.4");
  json.Field("$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
  json.Key("body").BeginArray();
  json.BeginObject().Field("type", "TextBlock").Field("text", Escaped(AlertTitle(message)));
  json.Field("weight", "bolder").Field("size", "large").Field("color", Color(message));
  json.Field("wrap", true).EndObject();
  Block(message.digest ? AlertSentence(message) : message.change().reason, &json);
  if (!message.digest) Facts(message, &json);
  json.EndArray();
  if (const std::string link = AlertLink(message); !link.empty()) {
    json.Key("actions").BeginArray().BeginObject().Field("type", "Action.OpenUrl");
    json.Field("title", "Open in the dashboard").Field("url", link).EndObject().EndArray();
  }
  json.EndObject().EndObject().EndArray().EndObject();
  return json.Take();
}

class TeamsChannel final : public AlertChannel {
 public:
  TeamsChannel(TeamsChannelConfig config, Env* env) : config_(std::move(config)), env_(env) {}

  AlertDelivery Send(const AlertMessage& message) override {
    const auto url = ReadSecret(env_, config_.webhook_url, config_.webhook_url_file);
    if (!url.ok()) return RetryLater(url.status());
    return DeliveryOf(PostJson(*url, Card(message), config_.timeout, config_.allow_private));
  }

 private:
  const TeamsChannelConfig config_;
  Env* const env_;
};

}  // namespace

std::unique_ptr<AlertChannel> MakeTeamsChannel(const TeamsChannelConfig& config, Env* env) {
  return std::make_unique<TeamsChannel>(config, env);
}

}  // namespace avocet
