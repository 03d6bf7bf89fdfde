#include "src/alert/alert_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "src/base/json_writer.h"
#include "src/base/spoken_time.h"
#include "src/base/time_format.h"
#include "src/config/device_labels.h"

namespace avocet {
namespace {

constexpr size_t kMostListed = 10;
const std::string kLabelField = "label.";

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return upper;
}

std::string SubjectOf(const AlertChange& change) {
  if (change.device.empty()) return change.metric.empty() ? "the fleet" : change.label;
  if (change.metric.empty()) return change.device;
  return fmt::format("{} of {}", change.label, change.device);
}

std::string StateWord(const AlertChange& change) {
  if (change.state == AlertState::kFiring) return Upper(AlertSeverityName(change.severity));
  if (change.state == AlertState::kFlapping) return "FLAPPING";
  return change.state == AlertState::kCleared ? "CLEARED" : "PENDING";
}

/// "3 heat (2 critical)" per rule and state, then the devices with the most.
std::string DigestLines(const AlertMessage& message) {
  struct Count {
    size_t all = 0, critical = 0;
  };
  std::map<std::pair<std::string, std::string>, Count> by_rule;
  std::map<std::string, size_t> by_device;
  for (const AlertChange* change : message.changes) {
    Count& count = by_rule[{std::string(AlertStateName(change->state)), change->rule}];
    ++count.all;
    if (change->severity == AlertSeverity::kCritical) ++count.critical;
    if (!change->device.empty()) ++by_device[change->device];
  }
  std::string lines;
  for (const auto& [key, count] : by_rule) {
    lines += fmt::format("{} {}: {}", count.all, key.first, key.second);
    if (count.critical > 0) lines += fmt::format(" ({} critical)", count.critical);
    lines += "\n";
  }
  std::vector<std::pair<size_t, std::string>> devices;
  devices.reserve(by_device.size());
  for (const auto& [device, count] : by_device) devices.emplace_back(count, device);
  std::stable_sort(devices.begin(), devices.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (devices.empty()) return lines;
  lines += fmt::format("{} {}: ", devices.size(), devices.size() == 1 ? "device" : "devices");
  for (size_t i = 0; i < std::min(devices.size(), kMostListed); ++i) {
    lines += fmt::format("{}{}", i == 0 ? "" : ", ", devices[i].second);
  }
  if (devices.size() > kMostListed) lines += ", ...";
  return lines;
}

void WriteChange(const AlertMessage& message, size_t index, JsonWriter* json) {
  const AlertChange& change = *message.changes[index];
  AlertMessage alone;
  alone.changes = {&change};
  alone.dashboard_url = message.dashboard_url;
  json->BeginObject().Field("id", change.id).Field("change", change.number);
  json->Field("rule", change.rule);
  json->FieldOrNull("device_id", change.device);
  json->FieldOrNull("metric", change.metric);
  json->Key("labels").BeginObject();
  for (const auto& [name, value] : message.LabelsOf(index)) json->Field(name, value);
  json->EndObject();
  json->Field("state", AlertStateName(change.state));
  json->Field("severity", AlertSeverityName(change.severity));
  json->Field("event_time", FormatTimestamp(change.event_time_us));
  json->Field("opened_at", FormatTimestamp(change.opened_us));
  json->Field("anomalies", change.anomalies);
  json->Field("title", AlertTitle(alone)).Field("sentence", AlertSentence(alone));
  json->Field("reason", change.reason);
  json->FieldOrNull("detector", change.strongest.detector);
  json->Field("value", change.strongest.value).Field("expected", change.strongest.expected);
  json->Field("lower", change.strongest.lower).Field("upper", change.strongest.upper);
  json->Field("score", change.strongest.score);
  json->FieldOrNull("anomaly_id", change.strongest.anomaly_id);
  json->FieldOrNull("seen_before", message.digest ? std::string() : message.seen_before);
  json->FieldOrNull("url", AlertLink(alone));
  json->EndObject();
}

std::string NumberText(double number) {
  return std::isnan(number) ? std::string() : fmt::format("{:.6g}", number);
}

std::map<std::string, std::string> FieldsOf(const AlertMessage& message) {
  std::map<std::string, std::string> fields = {{"title", AlertTitle(message)},
                                               {"sentence", AlertSentence(message)},
                                               {"url", AlertLink(message)},
                                               {"count", std::to_string(message.changes.size())}};
  const bool one = !message.digest;
  const AlertChange& change = message.change();
  const auto add = [&](const std::string& name, std::string value) {
    fields[name] = one ? std::move(value) : std::string();
  };
  add("id", change.id);
  add("change", std::to_string(change.number));
  add("rule", change.rule);
  add("device", change.device);
  add("metric", change.metric);
  add("state", std::string(AlertStateName(change.state)));
  add("severity", std::string(AlertSeverityName(change.severity)));
  add("event_time", FormatTimestamp(change.event_time_us));
  add("opened_at", FormatTimestamp(change.opened_us));
  add("anomalies", std::to_string(change.anomalies));
  add("reason", change.reason);
  add("detector", change.strongest.detector);
  add("value", NumberText(change.strongest.value));
  add("expected", NumberText(change.strongest.expected));
  add("lower", NumberText(change.strongest.lower));
  add("upper", NumberText(change.strongest.upper));
  add("score", NumberText(change.strongest.score));
  add("labels", LabelsText(message.LabelsOf(0)));
  add("seen_before", message.seen_before);
  for (const auto& [name, value] : message.LabelsOf(0)) add(kLabelField + name, value);
  return fields;
}

std::string Embedded(const std::string& value, TemplateKind kind) {
  switch (kind) {
    case TemplateKind::kPlain:
      return value;
    case TemplateKind::kJson: {
      std::string quoted;
      AppendJsonString(value, &quoted);
      return quoted.substr(1, quoted.size() - 2);
    }
    case TemplateKind::kTopic: {
      std::string level = value.empty() ? "-" : value;
      std::replace_if(
          level.begin(), level.end(),
          [](char c) { return c == '/' || c == '+' || c == '#' || c == '\0'; }, '_');
      return level;
    }
  }
  return value;
}

}  // namespace

std::string AlertTitle(const AlertMessage& message) {
  if (message.digest) {
    return fmt::format("{} alerts {}", message.changes.size(),
                       message.group.empty() ? "at once" : "of " + message.group);
  }
  const AlertChange& change = message.change();
  return fmt::format("{}: {}", StateWord(change), SubjectOf(change));
}

std::string Measurement(const AlertChange& change) {
  const AlertFinding& finding = change.strongest;
  std::string text;
  if (!std::isnan(finding.value)) text = fmt::format("measured {:.6g}", finding.value);
  const std::string comma = text.empty() ? "" : ", ";
  const bool low = std::isfinite(finding.lower), high = std::isfinite(finding.upper);
  if (low && high) {
    text += fmt::format("{}expected {:.6g} to {:.6g}", comma, finding.lower, finding.upper);
  } else if (low || high) {
    text += fmt::format("{}expected {} {:.6g}", comma, low ? "at least" : "at most",
                        low ? finding.lower : finding.upper);
  } else if (!std::isnan(finding.expected)) {
    text += fmt::format("{}expected {:.6g}", comma, finding.expected);
  }
  return text;
}

std::string Strangeness(const AlertChange& change) {
  if (!(change.strongest.score > 1)) return "";
  return fmt::format("{:.2g} times what makes an anomaly", change.strongest.score);
}

std::string AlertSentence(const AlertMessage& message) {
  if (message.digest) return DigestLines(message);
  const AlertChange& change = message.change();
  return fmt::format("{}: {} (rule {}, since {}).", SubjectOf(change), change.reason, change.rule,
                     SpokenTime(change.opened_us));
}

std::string AlertLink(const AlertMessage& message) {
  if (message.dashboard_url.empty()) return "";
  // A digest has no one moment; ids are hexadecimal digits.
  if (message.digest) return message.dashboard_url + "alerts";
  const AlertChange& change = message.change();
  return fmt::format("{}alerts?id={}&at={}", message.dashboard_url, change.id,
                     change.event_time_us);
}

std::string CutText(std::string_view text, size_t limit) {
  if (text.size() <= limit) return std::string(text);
  size_t end = limit - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string AlertJson(const AlertMessage& message) {
  JsonWriter json;
  json.BeginObject().Field("version", 1).Field("digest", message.digest);
  json.Field("title", AlertTitle(message)).Field("sentence", AlertSentence(message));
  json.Key("alerts").BeginArray();
  for (size_t i = 0; i < message.changes.size(); ++i) WriteChange(message, i, &json);
  json.EndArray().EndObject();
  return json.Take();
}

std::string FillTemplate(const std::string& text, const AlertMessage& message, TemplateKind kind) {
  const std::map<std::string, std::string> fields = FieldsOf(message);
  std::string out;
  size_t at = 0;
  for (;;) {
    const size_t open = text.find("{{", at);
    const size_t close = open == std::string::npos ? open : text.find("}}", open);
    if (close == std::string::npos) return out + text.substr(at);
    const std::string name = text.substr(open + 2, close - open - 2);
    const auto field = fields.find(name);
    out += text.substr(at, open - at);
    at = close + 2;
    if (field != fields.end()) {
      out += Embedded(field->second, kind);
    } else if (name.starts_with(kLabelField)) {
      // A label that this device does not have.
      out += Embedded("", kind);
    } else {
      out += text.substr(open, at - open);
    }
  }
}

}  // namespace avocet
