// MqttRecords: messages of MQTT as entries of the journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/net/mqtt_client.h"
#include "src/source/push/push_entry.h"
#include "src/source/push/sparkplug.h"

namespace avocet {

/// One entry of `topics`: a filter in which a level can have a name, "plant/{site}/{device_id}/#".
struct MqttTopicPattern {
  std::string filter;               ///< as the broker wants it
  std::vector<std::string> levels;  ///< names of its wildcards +, empty for one without
};
/// kConfig when it is no filter.
Result<MqttTopicPattern> ParseMqttTopicPattern(const std::string& text);

/// Owned by one thread.
class MqttRecords {
 public:
  struct Entry {
    PushLabel label;
    std::vector<std::string> records;  ///< none: the message has nothing to keep
    std::string birth_wanted_of;       ///< a Sparkplug node that must say what its metrics are
  };

  /// kConfig when topics or fields make no sense. Longer records than `max_record_bytes` are
  /// rejected.
  static Result<MqttRecords> Make(const MqttSourceConfig& config, size_t max_record_bytes);

  const std::vector<MqttTopicPattern>& patterns() const { return patterns_; }
  Entry Convert(const MqttMessage& message, int64_t received_us);

 private:
  MqttRecords(const MqttSourceConfig& config, size_t max_record_bytes)
      : config_(config), max_record_bytes_(max_record_bytes) {}

  std::string Record(const MqttMessage& message, int64_t received_us) const;
  void ConvertSparkplug(const MqttMessage& message, Entry* entry);
  static void Refuse(const char* code, std::string reason, std::string_view payload, Entry* entry);

  MqttSourceConfig config_;
  size_t max_record_bytes_;
  std::vector<MqttTopicPattern> patterns_;
  SparkplugDecoder sparkplug_;
};

}  // namespace avocet
