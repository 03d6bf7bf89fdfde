// AlertsConfig: which anomalies become alerts, and who is told.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "src/config/device_config.h"
#include "src/config/duration.h"

namespace avocet {

/// In the order of the detectors' severities.
enum class AlertSeverity : uint8_t { kInfo, kWarning, kCritical };

enum class AlertRuleType : uint8_t {
  kAnomaly,      ///< anomalies of one series
  kDeviceSpike,  ///< unusually many anomalies of one device
  kFleetSpike,   ///< unusually many anomalies of all devices together
};

/// One entry of `alerts.rules`. What it keeps of an alert follows event time alone.
struct AlertRuleConfig {
  std::string name;  ///< unique; part of an alert's id
  AlertRuleType type = AlertRuleType::kAnomaly;
  AlertSeverity min_severity = AlertSeverity::kWarning;
  std::vector<std::string> detectors;           ///< names; empty: all
  std::vector<std::string> metrics;             ///< empty: all, and devices as a whole
  std::vector<std::string> devices;             ///< patterns with * and ?; empty: all
  std::vector<std::string> exclude_devices;     ///< patterns
  Labels labels;                                ///< patterns by label; all must match
  double fire_score = 1;                        ///< an anomaly at least this strange counts
  std::optional<double> clear_score;            ///< a weaker one ends it; default: fire_score
  int64_t count = 1;                            ///< so many ...
  int64_t of = 1;                               ///< ... of so many readings in a row
  Duration duration{0};                         ///< `for`: how long that must hold
  Duration hold_on{0};                          ///< an alert fires at least so long
  Duration hold_off = std::chrono::minutes(5);  ///< and clears after so long without an anomaly
  int64_t flap_fires = 4;                       ///< 0: flapping is not looked for
  Duration flap_window = std::chrono::minutes(30);
  Duration spike_window = std::chrono::minutes(5);
  double spike_sigma = 4;  ///< standard deviations above the usual number in a window
  int64_t spike_min_count = 10;
  Duration spike_history = std::chrono::hours(24);
  std::vector<std::string> channels;  ///< names; empty: all
  int line = 0;                       ///< in the configuration file, for messages
};

struct LogChannelConfig {};

struct WebhookChannelConfig {
  std::string url, url_file;
  std::string secret, secret_file;  ///< key of the HMAC-SHA256 signature; empty: none
  std::string body;                 ///< template; empty: the JSON described in docs/alerts.md
  std::string content_type = "application/json";
  Duration timeout = std::chrono::seconds(10);
  bool allow_private = false;  ///< addresses that are not of the public internet
};

struct SlackChannelConfig {
  std::string webhook_url, webhook_url_file;
  std::string bot_token, bot_token_file;
  std::string channel;  ///< with a bot token: "#ops" or an id
  std::string api_url = "https://slack.com/api";
  bool chart = true;  ///< with a bot token: a picture of the readings before the alert
  Duration timeout = std::chrono::seconds(10);
  bool allow_private = false;
};

struct TeamsChannelConfig {
  std::string webhook_url, webhook_url_file;
  Duration timeout = std::chrono::seconds(10);
  bool allow_private = false;
};

struct PagerDutyChannelConfig {
  std::string routing_key, routing_key_file;
  std::string api_url = "https://events.pagerduty.com";
  Duration timeout = std::chrono::seconds(10);
  bool allow_private = false;
};

struct EmailChannelConfig {
  std::string server;  ///< smtps://host:465, or smtp://host:587 with STARTTLS
  std::string username;
  std::string password, password_file;
  std::string ca_file;  ///< empty: the system's authorities
  std::string from;
  std::vector<std::string> to;
  Duration timeout = std::chrono::seconds(30);
  bool allow_private = false;
};

struct MqttChannelConfig {
  std::string broker;  ///< mqtt://host:1883 or mqtts://host:8883
  std::string topic = "avocet/alerts/{{rule}}/{{device}}";  ///< template, as `body`
  std::string body;           ///< template; empty: the JSON described in docs/alerts.md
  bool retain = false;        ///< the broker keeps the newest message of each topic
  std::string version = "5";  ///< 5 | 3.1.1
  std::string client_id;      ///< empty: the broker gives one
  std::string username;
  std::string password, password_file;
  std::string ca_file;  ///< empty: the system's authorities
  std::string certificate_file;
  std::string key_file;
  Duration timeout = std::chrono::seconds(10);
  bool allow_private = false;
};

/// One entry of `alerts.channels`.
struct AlertChannelConfig {
  std::string name;  ///< unique; defaults to the type, then type_2, ...
  AlertSeverity min_severity = AlertSeverity::kInfo;
  bool send_cleared = true;
  int64_t rate_limit = 20;  ///< messages a minute; more become digests. 0: no limit
  /// Messages an hour that name the same device; more become a digest of it. 0: no limit.
  int64_t device_rate_limit = 20;
  /// `rule`, `device`, `metric` or labels: alerts alike in these are one message. Empty: none.
  std::vector<std::string> group_by;
  Duration group_wait = std::chrono::seconds(30);  ///< how long a group waits for more
  std::variant<LogChannelConfig, WebhookChannelConfig, SlackChannelConfig, TeamsChannelConfig,
               PagerDutyChannelConfig, EmailChannelConfig, MqttChannelConfig>
      options;
  int line = 0;
};

/// `alerts.pipeline`: trouble of avocet itself, by the clock on the wall.
struct PipelineAlertConfig {
  bool enabled = true;
  Duration lag = std::chrono::minutes(5);
  double rejected_share = 0.1;
  size_t free_space_bytes = size_t{1} << 30;
  Duration duration = std::chrono::minutes(1);  ///< `for`
  Duration hold_off = std::chrono::minutes(5);
};

struct AlertsConfig {
  std::vector<AlertRuleConfig> rules;
  std::vector<AlertChannelConfig> channels;
  PipelineAlertConfig pipeline;
};

}  // namespace avocet
