// Sparkplug B: payloads of MQTT messages in protobuf, whose metrics have short aliases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/base/status.h"

namespace avocet {

/// What "spBv1.0/GROUP/TYPE/NODE[/DEVICE]" says.
struct SparkplugTopic {
  enum class Type : uint8_t {
    kNodeBirth,
    kNodeData,
    kNodeDeath,
    kDeviceBirth,
    kDeviceData,
    kDeviceDeath,
    kOther,  ///< commands, and the state of host applications
  };
  Type type = Type::kOther;
  std::string_view group, node, device;  ///< device: empty for messages of the node itself

  /// "GROUP/NODE" or "GROUP/NODE/DEVICE": the device in avocet's sense.
  std::string DeviceId() const;
  std::string NodeId() const;
};

/// Nothing for a topic that is not one of Sparkplug B.
std::optional<SparkplugTopic> ParseSparkplugTopic(std::string_view topic);

/// The payload of an NCMD message that asks a node for its birth messages.
std::string EncodeSparkplugRebirth(int64_t now_ms);

struct SparkplugRecords {
  /// JSON objects {"device_id":"plant/node/pump","timestamp":1700000000000,"temp":21.5}, one for
  /// each time stamp (milliseconds since 1970), in the order of the payload.
  std::vector<std::string> records;
  uint64_t skipped_metrics = 0;  ///< null, or of a kind that is no single value
  /// A metric has an alias that no birth message has told: the node is to be asked for a new one.
  bool needs_birth = false;
  uint64_t unknown_metrics = 0;  ///< with such an alias
};

/// Knows the metrics of every edge node that has been born. Owned by one thread.
class SparkplugDecoder {
 public:
  /// So many metrics are known at most, over all nodes.
  static constexpr size_t kMostMetrics = 1'000'000;

  /// Decodes one message. kInvalid: the payload is damaged, or there are too many metrics.
  Result<SparkplugRecords> Decode(const SparkplugTopic& topic, std::string_view payload);

  size_t num_metrics() const { return num_metrics_; }

 private:
  struct Known {
    std::string name;
    uint32_t datatype = 0;
  };
  // Aliases are unique per node, devices included; names are unique per device.
  struct Node {
    std::unordered_map<uint64_t, Known> by_alias;
    std::unordered_map<std::string, uint32_t> datatypes;  // by device and name, for want of aliases
  };

  void Forget(const std::string& node);
  Status Learn(Node* node, const std::string& device, const Known& metric,
               std::optional<uint64_t> alias);
  static Known Resolve(const Node& node, const std::string& device, Known metric,
                       std::optional<uint64_t> alias);

  std::map<std::string, Node, std::less<>> nodes_;  // by NodeId; those that have been born
  size_t num_metrics_ = 0;
};

}  // namespace avocet
