#include "src/source/push/mqtt_records.h"

#include <algorithm>
#include <array>

#include "src/source/kafka/message_fields.h"
#include "src/source/records/record_splitter.h"

namespace avocet {
namespace {

constexpr std::array<std::string_view, 4> kParts = {"topic", "received_at", "retained", "qos"};

std::string PartOf(std::string_view part, const MqttMessage& message, int64_t received_us) {
  if (part == "topic") return JsonText(message.topic);
  if (part == "received_at") return std::to_string(received_us / 1000);
  if (part == "retained") return message.retained ? "true" : "false";
  return std::to_string(message.qos);
}

Status WrongTopic(const std::string& text, const char* why) {
  return Status::Config("cannot subscribe to the topic \"" + text + "\": " + why);
}

// Adds one level of a filter; false when it is none.
bool AddLevel(std::string_view level, MqttTopicPattern* pattern) {
  if (level.starts_with('{') && level.ends_with('}')) {
    level = level.substr(1, level.size() - 2);
    if (level.empty() || level.find_first_of("{}+#") != level.npos) return false;
    pattern->levels.emplace_back(level);
    pattern->filter += '+';
    return true;
  }
  if (level == "+") pattern->levels.emplace_back();
  if (level.size() > 1 && level.find_first_of("+#{}") != level.npos) return false;
  pattern->filter += level;
  return true;
}

}  // namespace

Result<MqttTopicPattern> ParseMqttTopicPattern(const std::string& text) {
  constexpr size_t kMostBytes = 65'535;
  if (text.empty() || text.size() > kMostBytes) return WrongTopic(text, "it is empty or too long");
  MqttTopicPattern pattern;
  for (std::string_view rest = text;;) {
    const size_t slash = rest.find('/');
    if (!AddLevel(rest.substr(0, slash), &pattern)) {
      return WrongTopic(text, "+, # and {name} stand for whole levels, between two /");
    }
    if (slash == rest.npos) break;
    if (rest.substr(0, slash) == "#") return WrongTopic(text, "nothing can follow a #");
    pattern.filter += '/';
    rest.remove_prefix(slash + 1);
  }
  return pattern;
}

Result<MqttRecords> MqttRecords::Make(const MqttSourceConfig& config, size_t max_record_bytes) {
  MqttRecords records(config, max_record_bytes);
  for (const std::string& topic : config.topics) {
    AVOCET_ASSIGN_OR_RETURN(MqttTopicPattern pattern, ParseMqttTopicPattern(topic));
    records.patterns_.push_back(std::move(pattern));
  }
  for (const auto& [field, part] : config.fields) {
    if (std::find(kParts.begin(), kParts.end(), part) != kParts.end()) continue;
    return Status::Config("the field " + field + " cannot be the \"" + part +
                          "\" of a message; a message has topic, received_at, retained and qos");
  }
  return records;
}

MqttRecords::Entry MqttRecords::Convert(const MqttMessage& message, int64_t received_us) {
  Entry entry;
  entry.label.received_us = received_us;
  entry.label.partition = message.topic;
  // An empty payload takes a retained message back.
  if (message.payload_bytes == 0) return entry;
  if (message.payload_bytes > max_record_bytes_) {
    Refuse("record_too_long",
           "the record has " + std::to_string(message.payload_bytes) +
               " bytes, more than max_record_bytes " + std::to_string(max_record_bytes_),
           message.payload.substr(0, RecordSplitter::kRejectBytes), &entry);
  } else if (config_.payload == "sparkplug") {
    ConvertSparkplug(message, &entry);
  } else {
    entry.records.push_back(Record(message, received_us));
  }
  return entry;
}

std::string MqttRecords::Record(const MqttMessage& message, int64_t received_us) const {
  std::vector<std::pair<std::string, std::string>> fields;
  std::string value_name = config_.value_name;
  std::vector<std::string_view> levels;
  for (const MqttTopicPattern& pattern : patterns_) {
    levels.clear();
    if (!MqttTopicMatches(pattern.filter, message.topic, &levels)) continue;
    for (size_t i = 0; i < std::min(levels.size(), pattern.levels.size()); ++i) {
      const std::string& name = pattern.levels[i];
      if (name.empty()) continue;
      if (config_.value_name == "{" + name + "}") {
        value_name = levels[i];
      } else {
        fields.emplace_back(name, JsonText(levels[i]));
      }
    }
    break;
  }
  for (const auto& [field, part] : config_.fields) {
    fields.emplace_back(field, PartOf(part, message, received_us));
  }
  std::string record;
  AppendWithFields(fields, message.payload, value_name, &record);
  return record;
}

void MqttRecords::ConvertSparkplug(const MqttMessage& message, Entry* entry) {
  const auto topic = ParseSparkplugTopic(message.topic);
  if (!topic) {
    return Refuse("invalid_sparkplug", "the topic is not one of Sparkplug B", message.payload,
                  entry);
  }
  auto decoded = sparkplug_.Decode(*topic, message.payload);
  if (!decoded.ok()) {
    return Refuse("invalid_sparkplug", decoded.status().message(), message.payload, entry);
  }
  if (decoded->needs_birth) entry->birth_wanted_of = topic->NodeId();
  if (decoded->unknown_metrics > 0) {
    // The message is kept whole; metrics with names come again with the birth.
    return Refuse("unknown_sparkplug_metric",
                  std::to_string(decoded->unknown_metrics) +
                      " metrics have aliases that no birth message has told yet",
                  message.payload, entry);
  }
  entry->records = std::move(decoded->records);
}

void MqttRecords::Refuse(const char* code, std::string reason, std::string_view payload,
                         Entry* entry) {
  entry->label.refusal_code = code;
  entry->label.refusal = std::move(reason);
  entry->records = {std::string(payload)};
}

}  // namespace avocet
