#include "src/alert/slack_channel.h"

#include <simdjson.h>
#include <spdlog/spdlog.h>

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

using Outcome = AlertDelivery::Outcome;

// Slack's limits of a header and of the text of a section, in characters; bytes are never fewer.
constexpr size_t kMostHeader = 150;
constexpr size_t kMostText = 2900;

/// Text that Slack does not take for markup, a mention or a link.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string_view Color(const AlertMessage& message) {
  if (message.digest) return "#d50200";
  const AlertChange& change = message.change();
  if (change.state == AlertState::kCleared) return "#2eb886";
  if (change.severity == AlertSeverity::kCritical) return "#d50200";
  return change.severity == AlertSeverity::kWarning ? "#daa038" : "#439fe0";
}

void Text(std::string_view type, const std::string& text, JsonWriter* json) {
  json->BeginObject().Field("type", type).Field("text", text).EndObject();
}

void Section(const std::string& text, JsonWriter* json) {
  json->BeginObject().Field("type", "section").Key("text");
  Text("mrkdwn", CutText(Escaped(text), kMostText), json);
  json->EndObject();
}

void Fields(const AlertMessage& message, JsonWriter* json) {
  const AlertChange& change = message.change();
  const std::pair<const char*, std::string> fields[] = {
      {"Measured", Measurement(change)},           {"How unusual", Strangeness(change)},
      {"Since", SpokenTime(change.opened_us)},     {"Anomalies", std::to_string(change.anomalies)},
      {"Labels", LabelsText(message.LabelsOf(0))}, {"Seen before", message.seen_before},
  };
  json->BeginObject().Field("type", "section").Key("fields").BeginArray();
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    Text("mrkdwn", "*" + std::string(name) + "*\n" + CutText(Escaped(value), kMostText), json);
  }
  json->EndArray().EndObject();
}

void Link(const AlertMessage& message, JsonWriter* json) {
  const std::string link = AlertLink(message);
  if (link.empty()) return;
  json->BeginObject().Field("type", "section").Key("text");
  Text("mrkdwn", "<" + Escaped(link) + "|Open in the dashboard>", json);
  json->EndObject();
}

void Context(const AlertChange& change, JsonWriter* json) {
  std::string text = "rule " + change.rule;
  if (!change.strongest.detector.empty()) text += ", detector " + change.strongest.detector;
  text += ", alert " + change.id;
  json->BeginObject().Field("type", "context").Key("elements").BeginArray();
  Text("mrkdwn", CutText(Escaped(text), kMostText), json);
  json->EndArray().EndObject();
}

class SlackChannel final : public AlertChannel {
 public:
  SlackChannel(SlackChannelConfig config, Env* env) : config_(std::move(config)), env_(env) {}

  AlertDelivery Send(const AlertMessage& message) override {
    const bool bot = !config_.bot_token.empty() || !config_.bot_token_file.empty();
    const auto secret = bot ? ReadSecret(env_, config_.bot_token, config_.bot_token_file)
                            : ReadSecret(env_, config_.webhook_url, config_.webhook_url_file);
    if (!secret.ok()) return RetryLater(secret.status());
    if (bot) return SendAsBot(message, *secret);
    return DeliveryOf(Post(*secret, "{" + SlackContent(message) + "}", {}));
  }

  bool WantsChart() const override {
    return config_.chart && !(config_.bot_token + config_.bot_token_file).empty();
  }

 private:
  Result<WebReply> Post(const std::string& url, std::string body,
                        std::vector<std::string> headers) const {
    return PostJson(url, std::move(body), config_.timeout, config_.allow_private,
                    std::move(headers));
  }

  /// A reference is "<channel id> <time of the message>", which is how Slack names messages.
  AlertDelivery SendAsBot(const AlertMessage& message, const std::string& token) {
    const size_t space = message.reference.find(' ');
    const bool update = space != std::string::npos;
    std::string target;
    JsonWriter json;
    json.BeginObject();
    json.Field("channel", update ? message.reference.substr(0, space) : config_.channel);
    if (update) json.Field("ts", message.reference.substr(space + 1));
    json.EndObject();
    std::string body = json.Take();
    body.back() = ',';
    body += SlackContent(message) + "}";
    const auto reply = Post(config_.api_url + (update ? "/chat.update" : "/chat.postMessage"),
                            std::move(body), {"Authorization: Bearer " + token});
    AlertDelivery delivery = DeliveryOf(reply);
    if (delivery.outcome == Outcome::kDelivered) delivery = Judge(*reply);
    if (delivery.outcome == Outcome::kDelivered && !message.chart.empty()) {
      const Status uploaded = UploadChart(message, delivery.reference, token);
      TellOfCharts(uploaded);
    }
    return delivery;
  }

  /// Below the message that `reference` names, in its thread.
  Status UploadChart(const AlertMessage& message, const std::string& reference,
                     const std::string& token) const {
    const size_t space = reference.find(' ');
    if (space == std::string::npos)
      return Status::Invalid("Slack does not say where the message is");
    const std::string authorization = "Authorization: Bearer " + token;
    WebRequest request;
    request.url = config_.api_url + "/files.getUploadURLExternal";
    request.headers = {authorization, "Content-Type: application/x-www-form-urlencoded"};
    request.body = "filename=chart.png&length=" + std::to_string(message.chart.size());
    request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(config_.timeout);
    request.allow_private = config_.allow_private;
    AVOCET_ASSIGN_OR_RETURN(const WebReply place, SendToWeb(request));
    AVOCET_RETURN_IF_ERROR(Accepted(place));
    simdjson::dom::parser parser;
    simdjson::dom::element answer;
    std::string_view url, file;
    if (parser.parse(place.body).get(answer) != simdjson::SUCCESS ||
        answer["upload_url"].get(url) != simdjson::SUCCESS ||
        answer["file_id"].get(file) != simdjson::SUCCESS) {
      return Status::Invalid("Slack's answer is not understood");
    }
    request.url = url;
    request.headers = {"Content-Type: application/octet-stream"};
    request.body = message.chart;
    AVOCET_ASSIGN_OR_RETURN(const WebReply taken, SendToWeb(request));
    if (taken.status != 200) {
      return Status::Unavailable("Slack answered " + std::to_string(taken.status));
    }
    JsonWriter json;
    json.BeginObject().Key("files").BeginArray().BeginObject().Field("id", file);
    json.Field("title", AlertTitle(message)).EndObject().EndArray();
    json.Field("channel_id", reference.substr(0, space));
    json.Field("thread_ts", reference.substr(space + 1)).EndObject();
    AVOCET_ASSIGN_OR_RETURN(
        const WebReply shared,
        Post(config_.api_url + "/files.completeUploadExternal", json.Take(), {authorization}));
    return Accepted(shared);
  }

  static Status Accepted(const WebReply& reply) {
    AlertDelivery delivery = DeliveryOf(reply);
    if (delivery.outcome == Outcome::kDelivered) delivery = Judge(reply);
    if (delivery.outcome == Outcome::kDelivered) return Status::Ok();
    return Status::Unavailable(delivery.problem);
  }

  /// The message is there, so it is no failure of the delivery; the log has each problem once.
  void TellOfCharts(const Status& uploaded) {
    if (uploaded.message() == chart_problem_) return;
    chart_problem_ = uploaded.message();
    if (uploaded.ok()) return;
    spdlog::warn("Slack takes no charts of alerts, which need the scope files:write: {}",
                 chart_problem_);
  }

  /// The Web API answers 200 to everything; the body says how it went.
  static AlertDelivery Judge(const WebReply& reply) {
    AlertDelivery delivery;
    simdjson::dom::parser parser;
    simdjson::dom::element answer;
    bool ok = false;
    if (parser.parse(reply.body).get(answer) != simdjson::SUCCESS ||
        answer["ok"].get(ok) != simdjson::SUCCESS) {
      delivery.outcome = Outcome::kRetry;
      delivery.problem = "Slack's answer is not understood";
      return delivery;
    }
    std::string_view channel, time, error = "no reason";
    if (ok) {
      if (answer["channel"].get(channel) == simdjson::SUCCESS &&
          answer["ts"].get(time) == simdjson::SUCCESS) {
        delivery.reference = std::string(channel) + " " + std::string(time);
      }
      return delivery;
    }
    if (answer["error"].get(error) != simdjson::SUCCESS) error = "no reason";
    const bool later = error == "ratelimited" || error == "rate_limited" ||
                       error == "internal_error" || error == "fatal_error" ||
                       error == "service_unavailable" || error == "request_timeout";
    delivery.outcome = later ? Outcome::kRetry : Outcome::kRefused;
    delivery.problem = "Slack answered " + std::string(error);
    return delivery;
  }

  const SlackChannelConfig config_;
  Env* const env_;
  std::string chart_problem_;  // last told
};

}  // namespace

std::string SlackContent(const AlertMessage& message) {
  JsonWriter json;
  json.BeginObject();
  json.Field("text",
             CutText(Escaped(AlertTitle(message) + "\n" + AlertSentence(message)), kMostText));
  json.Key("attachments").BeginArray().BeginObject().Field("color", Color(message));
  json.Key("blocks").BeginArray();
  json.BeginObject().Field("type", "header").Key("text");
  Text("plain_text", CutText(AlertTitle(message), kMostHeader), &json);
  json.EndObject();
  Section(message.digest ? AlertSentence(message) : message.change().reason, &json);
  if (!message.digest) Fields(message, &json);
  Link(message, &json);
  if (!message.digest) Context(message.change(), &json);
  json.EndArray().EndObject().EndArray().EndObject();
  const std::string object = json.Take();
  return object.substr(1, object.size() - 2);
}

std::unique_ptr<AlertChannel> MakeSlackChannel(const SlackChannelConfig& config, Env* env) {
  return std::make_unique<SlackChannel>(config, env);
}

}  // namespace avocet
