#include "src/config/alert_keys.h"

#include <chrono>

#include "src/base/check.h"

namespace avocet {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

KeySpec List(KeyKind kind, std::string name, std::string help) {
  KeySpec key;
  key.kind = kind;
  key.name = std::move(name);
  key.help = std::move(help);
  return key;
}

KeySpec FlappingSection() {
  using R = AlertRuleConfig;
  return Section(
      "flapping", "An alert that comes and goes is told once, until it is calm.",
      {
          Key<&R::flap_fires>("fires", "So many firings; 0 turns this off.").Between(0, 100),
          Key<&R::flap_window>("window",
                               "Within so much time; also how long it must be "
                               "calm afterwards.")
              .Between(seconds(1), days(30)),
      });
}

KeySpec SpikeSection() {
  using R = AlertRuleConfig;
  return Section("spike", "What is unusually much, for the types `device_spike` and `fleet_spike`.",
                 {
                     Key<&R::spike_window>("window", "Anomalies are counted over so much time.")
                         .Between(seconds(6), days(7)),
                     Key<&R::spike_sigma>("sigma", "Standard deviations above the usual number.")
                         .Between(0.1, 1000),
                     Key<&R::spike_min_count>("min_count", "Fewer anomalies are never a spike.")
                         .Between(1, 1'000'000'000),
                     Key<&R::spike_history>("history",
                                            "How far back the usual number remembers; it is known "
                                            "after three windows.")
                         .Between(minutes(1), days(365)),
                 });
}

KeySpec PipelineSection() {
  using P = PipelineAlertConfig;
  constexpr double kTiB = 1024.0 * 1024 * 1024 * 1024;
  return Section<&AlertsConfig::pipeline>(
      "pipeline",
      "Trouble of avocet itself, told to all channels while `avocet run` follows its sources: a "
      "source is down, the tables cannot be written, and what is below.",
      {
          Key<&P::enabled>("enabled", "Whether it is told of."),
          Key<&P::lag>("lag", "A source is so far behind its broker.")
              .Between(milliseconds(1), days(30)),
          Key<&P::rejected_share>("rejected_share",
                                  "So many of the records of the last five minutes, as a share of "
                                  "1, went to quarantine.")
              .Between(0, 1)
              .Above(0),
          Key<&P::free_space_bytes>("free_space", "The disk of the data directory has less room.")
              .As(KeyKind::kBytes)
              .Between(0, 1024 * kTiB),
          Key<&P::duration>("for", "How long that must hold.").Between(Duration(0), days(30)),
          Key<&P::hold_off>("hold_off", "How long it must be well before the alert clears.")
              .Between(Duration(0), days(30)),
      });
}

template <typename Options>
AlertChannelType MakeType(std::string name, std::string help, std::vector<KeySpec> keys) {
  AlertChannelType type;
  type.name = std::move(name);
  type.help = std::move(help);
  type.keys = std::move(keys);
  type.make = [](AlertChannelConfig* channel) { channel->options = Options(); };
  type.options = [](AlertChannelConfig* channel) -> void* {
    return std::get_if<Options>(&channel->options);
  };
  return type;
}

template <typename Options>
KeySpec TimeoutKey() {
  return Key<&Options::timeout>("timeout", "How long one attempt may take.")
      .Between(milliseconds(10), minutes(5));
}

template <typename Options>
KeySpec AllowPrivateKey() {
  return Key<&Options::allow_private>(
      "allow_private",
      "Whether it may be in a private network or on this machine; otherwise such addresses are "
      "refused.");
}

AlertChannelType LogType() {
  return MakeType<LogChannelConfig>("log", "Writes alerts into avocet's own log.", {});
}

AlertChannelType WebhookType() {
  using W = WebhookChannelConfig;
  return MakeType<W>(
      "webhook", "Sends alerts to an HTTP server.",
      {
          Key<&W::url>("url", "Where to send them.").Secret().Example("https://example.com/alerts"),
          Key<&W::url_file>("url_file", "A file that holds `url`.")
              .Names(FileContent::kSecret)
              .CommentOut()
              .Example("url.txt"),
          Key<&W::secret>("secret", "Key of the signature in the header `X-Avocet-Signature`.")
              .Secret()
              .DefaultNote("not signed")
              .Example("\"${WEBHOOK_SECRET:-example}\""),
          Key<&W::secret_file>("secret_file", "A file that holds `secret`.")
              .Names(FileContent::kSecret)
              .CommentOut()
              .Example("secret.txt"),
          Key<&W::body>("body",
                        "Template of the body: `{{device}}` and other fields are replaced, as JSON "
                        "text where the content type is JSON.")
              .DefaultNote("a JSON object with all alerts")
              .Example("'{\"text\": \"{{sentence}}\"}'"),
          Key<&W::content_type>("content_type", "Content type of the body."),
          TimeoutKey<W>(),
          AllowPrivateKey<W>(),
      });
}

AlertChannelType SlackType() {
  using S = SlackChannelConfig;
  return MakeType<S>(
      "slack", "Posts to Slack through an incoming webhook, or as a bot.",
      {
          Key<&S::webhook_url>("webhook_url", "The incoming webhook.")
              .Secret()
              .Example("https://hooks.slack.com/services/T000/B000/XXXX"),
          Key<&S::webhook_url_file>("webhook_url_file", "A file that holds `webhook_url`.")
              .Names(FileContent::kSecret)
              .CommentOut()
              .Example("webhook.txt"),
          Key<&S::bot_token>("bot_token",
                             "Token of a bot with the scope `chat:write`; its messages are updated "
                             "when the alert clears.")
              .Secret()
              .CommentOut()
              .Example("xoxb-1"),
          Key<&S::bot_token_file>("bot_token_file", "A file that holds `bot_token`.")
              .Names(FileContent::kSecret)
              .CommentOut()
              .Example("token.txt"),
          Key<&S::channel>("channel", "Where the bot posts: a channel's name or id.")
              .CommentOut()
              .Example("\"#alerts\""),
          Key<&S::api_url>("api_url", "Where Slack's Web API is."),
          Key<&S::chart>(
              "chart", "Whether a bot with the scope `files:write` adds a chart of the readings."),
          TimeoutKey<S>(),
          AllowPrivateKey<S>(),
      });
}

AlertChannelType TeamsType() {
  using T = TeamsChannelConfig;
  return MakeType<T>(
      "teams", "Posts cards to Microsoft Teams.",
      {
          Key<&T::webhook_url>("webhook_url", "The webhook of a channel or a workflow.")
              .Secret()
              .Example("https://example.webhook.office.com/XXXX"),
          Key<&T::webhook_url_file>("webhook_url_file", "A file that holds `webhook_url`.")
              .Names(FileContent::kSecret)
              .CommentOut()
              .Example("webhook.txt"),
          TimeoutKey<T>(),
          AllowPrivateKey<T>(),
      });
}

AlertChannelType PagerDutyType() {
  using P = PagerDutyChannelConfig;
  return MakeType<P>(
      "pagerduty", "Opens and resolves incidents of PagerDuty.",
      {
          Key<&P::routing_key>("routing_key", "Integration key of the service, Events API v2.")
              .Secret()
              .Example("R0123456789"),
          Key<&P::routing_key_file>("routing_key_file", "A file that holds `routing_key`.")
              .Names(FileContent::kSecret)
              .CommentOut()
              .Example("key.txt"),
          Key<&P::api_url>("api_url", "Where the Events API is."),
          TimeoutKey<P>(),
          AllowPrivateKey<P>(),
      });
}

AlertChannelType MqttType() {
  using M = MqttChannelConfig;
  return MakeType<M>(
      "mqtt", "Publishes alerts to an MQTT broker, with quality of service 1.",
      {
          Key<&M::broker>("broker", "`mqtt://host:1883`, or `mqtts://host:8883` with TLS.")
              .Required()
              .Example("\"mqtts://broker.example.com:8883\""),
          Key<&M::topic>("topic", "Template of the topic, with the fields of a webhook's `body`."),
          Key<&M::body>("body", "Template of the message, as JSON text.")
              .DefaultNote("a JSON object with all alerts")
              .Example("'{\"text\": \"{{sentence}}\"}'"),
          Key<&M::retain>("retain", "Whether the broker keeps the newest message of each topic."),
          Key<&M::version>("version", "Version of the protocol.").Words({"5", "3.1.1"}),
          Key<&M::client_id>("client_id", "Name of the connection.")
              .DefaultNote("the broker gives one")
              .Example("avocet-alerts"),
          Key<&M::username>("username", "For brokers that want a login.")
              .DefaultNote("no login")
              .Example("avocet"),
          Key<&M::password>("password", "Of `username`.").Secret().Example("example"),
          Key<&M::password_file>("password_file", "A file that holds `password`.")
              .Names(FileContent::kSecret)
              .CommentOut()
              .Example("password.txt"),
          Key<&M::ca_file>("tls_ca", "Certificates to trust instead of the system's.")
              .Names(FileContent::kCertificates)
              .CommentOut()
              .Example("ca.pem"),
          Key<&M::certificate_file>("tls_certificate", "Certificate of the client, with `tls_key`.")
              .Names(FileContent::kCertificates)
              .With("tls_key")
              .CommentOut()
              .Example("client.pem"),
          Key<&M::key_file>("tls_key", "Private key of the client.")
              .Names(FileContent::kPrivateKey)
              .With("tls_certificate")
              .CommentOut()
              .Example("client.key"),
          TimeoutKey<M>(),
          AllowPrivateKey<M>(),
      });
}

AlertChannelType EmailType() {
  using E = EmailChannelConfig;
  return MakeType<E>(
      "email", "Sends mail through an SMTP server, always with TLS.",
      {
          Key<&E::server>("server", "`smtps://host:465`, or `smtp://host:587` with STARTTLS.")
              .Required()
              .Example("\"smtps://smtp.example.com:465\""),
          Key<&E::username>("username", "For servers that want a login.")
              .DefaultNote("no login")
              .Example("avocet"),
          Key<&E::password>("password", "Of `username`.").Secret().Example("example"),
          Key<&E::password_file>("password_file", "A file that holds `password`.")
              .Names(FileContent::kSecret)
              .CommentOut()
              .Example("password.txt"),
          Key<&E::ca_file>("ca_file", "Certificates to trust instead of the system's.")
              .Names(FileContent::kCertificates)
              .CommentOut()
              .Example("ca.pem"),
          Key<&E::from>("from", "Address of the sender.").Required().Example("avocet@example.com"),
          Key<&E::to>("to", "Addresses of the receivers.").Required().Example("[ops@example.com]"),
          TimeoutKey<E>(),
          AllowPrivateKey<E>(),
      });
}

}  // namespace

KeySpec AlertsSection() {
  return Section<&Config::alerts>(
      "alerts", "Which anomalies become alerts, and who is told.",
      {
          List(KeyKind::kAlertRules, "rules", "What is an alert: a list of rules."),
          List(KeyKind::kAlertChannels, "channels",
               "Who is told: a list of entries with one type each."),
          PipelineSection(),
      });
}

const std::vector<KeySpec>& AlertRuleKeys() {
  using R = AlertRuleConfig;
  static const std::vector<KeySpec> keys = {
      Key<&R::type>("type",
                    "`anomaly` follows each metric of each device; `device_spike` and "
                    "`fleet_spike` look for unusually many anomalies.")
          .Words({"anomaly", "device_spike", "fleet_spike"}),
      Key<&R::min_severity>("min_severity", "Weaker anomalies do not count.")
          .Words({"info", "warning", "critical"}),
      Key<&R::detectors>("detectors", "Names of detectors.").DefaultNote("all"),
      Key<&R::metrics>("metrics", "Metrics.").DefaultNote("all, and devices as a whole"),
      Key<&R::devices>("devices", "Patterns of devices, with `*` and `?`.")
          .DefaultNote("all")
          .Example("[\"press-*\"]"),
      Key<&R::exclude_devices>("exclude_devices", "Patterns of devices that do not count.")
          .DefaultNote("none")
          .Example("[\"*-test\"]"),
      Key<&R::labels>("labels", "Labels that the devices must have: patterns by name.")
          .DefaultNote("any")
          .Example("{site: north}"),
      Key<&R::fire_score>("fire_score",
                          "An anomaly counts from this score on; detectors flag at 1.")
          .Between(0, 1e9),
      Key<&R::clear_score>("clear_score", "An anomaly from this score on keeps an alert firing.")
          .Between(0, 1e9)
          .DefaultNote("`fire_score`")
          .Example("1"),
      Key<&R::count>("count", "So many anomalous readings ...").Between(1, 64),
      Key<&R::of>("of", "... among so many in a row make an alert.")
          .Between(1, 64)
          .DefaultNote("`count`")
          .Example("1"),
      Key<&R::duration>("for", "How long that must hold.").Between(Duration(0), days(30)),
      Key<&R::hold_on>("hold_on", "An alert fires at least so long.")
          .Between(Duration(0), days(30)),
      Key<&R::hold_off>("hold_off", "An alert clears after so much time without an anomaly.")
          .Between(Duration(0), days(30)),
      FlappingSection(),
      SpikeSection(),
      Key<&R::channels>("channels", "Names of the channels that are told.").DefaultNote("all"),
  };
  return keys;
}

const std::vector<KeySpec>& AlertChannelKeys() {
  using C = AlertChannelConfig;
  static const std::vector<KeySpec> keys = {
      Key<&C::min_severity>("min_severity", "Weaker alerts are not sent.")
          .Words({"info", "warning", "critical"}),
      Key<&C::send_cleared>("send_cleared", "Whether it is also told when an alert clears."),
      Key<&C::rate_limit>("rate_limit",
                          "Messages a minute; alerts beyond are gathered into digests, none is "
                          "left out. 0: no limit.")
          .Between(0, 100'000),
      Key<&C::device_rate_limit>("device_rate_limit",
                                 "Messages an hour that name the same device; its alerts beyond "
                                 "are gathered into a digest, none is left out. 0: no limit.")
          .Between(0, 100'000)
          .DefaultNote("20, or no limit when `rate_limit` is 0")
          .Example("20"),
      Key<&C::group_by>("group_by",
                        "`rule`, `device`, `metric` or labels: alerts that are alike in all of "
                        "these go out as one message.")
          .DefaultNote("each alert is a message")
          .Example("[rule, site]"),
      Key<&C::group_wait>("group_wait", "How long the first alert of a group waits for more.")
          .Between(Duration(0), minutes(60)),
  };
  return keys;
}

const std::vector<AlertChannelType>& AlertChannelTypes() {
  static const std::vector<AlertChannelType> types = {
      EmailType(), LogType(), MqttType(), PagerDutyType(), SlackType(), TeamsType(), WebhookType()};
  return types;
}

const AlertChannelType& TypeOf(const AlertChannelConfig& channel) {
  AlertChannelConfig copy = channel;
  for (const AlertChannelType& type : AlertChannelTypes()) {
    if (type.options(&copy) != nullptr) return type;
  }
  AVOCET_CHECK(false);
}

}  // namespace avocet
