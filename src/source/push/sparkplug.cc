#include "src/source/push/sparkplug.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <set>
#include <utility>

#include "src/base/json_writer.h"
#include "src/base/protobuf_wire.h"

namespace avocet {
namespace {

// Field numbers of sparkplug_b.proto.
enum PayloadField : uint32_t { kPayloadTimestamp = 1, kPayloadMetric = 2 };
enum MetricField : uint32_t {
  kName = 1,
  kAlias = 2,
  kTimestamp = 3,
  kDatatype = 4,
  kIsNull = 7,
  kIntValue = 10,
  kLongValue = 11,
  kFloatValue = 12,
  kDoubleValue = 13,
  kBooleanValue = 14,
  kStringValue = 15,
};
enum Datatype : uint32_t { kInt8 = 1, kInt16 = 2, kInt32 = 3, kInt64 = 4 };

struct Metric {
  std::string_view name;
  std::optional<uint64_t> alias;
  std::optional<uint64_t> timestamp;
  uint32_t datatype = 0;
  bool is_null = false;
  std::optional<ProtobufField> value;
};

struct Payload {
  std::optional<uint64_t> timestamp;
  std::vector<Metric> metrics;
};

// Whether a field of a metric is of the type that the schema gives it.
bool HasRightType(const ProtobufField& field) {
  using Type = ProtobufField::Type;
  switch (field.number) {
    case kName:
    case kStringValue:
      return field.type == Type::kBytes;
    case kFloatValue:
      return field.type == Type::kFixed32;
    case kDoubleValue:
      return field.type == Type::kFixed64;
    case kAlias:
    case kTimestamp:
    case kDatatype:
    case kIsNull:
    case kIntValue:
    case kLongValue:
    case kBooleanValue:
      return field.type == Type::kVarint;
    default:
      return true;
  }
}

bool ReadMetric(std::string_view bytes, Metric* metric) {
  ProtobufReader reader(bytes);
  while (const auto field = reader.Next()) {
    if (!HasRightType(*field)) return false;
    switch (field->number) {
      case kName:
        metric->name = field->bytes;
        break;
      case kAlias:
        metric->alias = field->value;
        break;
      case kTimestamp:
        metric->timestamp = field->value;
        break;
      case kDatatype:
        metric->datatype = static_cast<uint32_t>(field->value);
        break;
      case kIsNull:
        metric->is_null = field->value != 0;
        break;
      case kIntValue:
      case kLongValue:
      case kFloatValue:
      case kDoubleValue:
      case kBooleanValue:
      case kStringValue:
        metric->value = *field;
        break;
      default:  // Metadata, properties, data sets, templates.
        break;
    }
  }
  return reader.ok();
}

bool ReadPayload(std::string_view bytes, Payload* payload) {
  ProtobufReader reader(bytes);
  while (const auto field = reader.Next()) {
    if (field->number == kPayloadTimestamp) {
      if (field->type != ProtobufField::Type::kVarint) return false;
      payload->timestamp = field->value;
    } else if (field->number == kPayloadMetric) {
      if (field->type != ProtobufField::Type::kBytes) return false;
      if (!ReadMetric(field->bytes, &payload->metrics.emplace_back())) return false;
    }
  }
  return reader.ok();
}

// Signed integers of up to 32 bits stand in an unsigned field, as two's complement.
int64_t IntValue(uint64_t value, uint32_t datatype) {
  switch (datatype) {
    case kInt8:
      return static_cast<int8_t>(value);
    case kInt16:
      return static_cast<int16_t>(value);
    case kInt32:
      return static_cast<int32_t>(value);
    default:
      return static_cast<int64_t>(value & 0xFFFFFFFFU);
  }
}

std::string ValueText(const ProtobufField& value, uint32_t datatype) {
  std::string text;
  switch (value.number) {
    case kIntValue:
      return std::to_string(IntValue(value.value, datatype));
    case kLongValue:
      return datatype == kInt64 ? std::to_string(static_cast<int64_t>(value.value))
                                : std::to_string(value.value);
    case kFloatValue: {
      // The shortest text of the float, not of the double that is equal to it.
      const auto number = std::bit_cast<float>(static_cast<uint32_t>(value.value));
      if (number - number != 0) return "null";
      std::array<char, 32> digits;
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
      return {digits.data(), end.ptr};
    }
    case kDoubleValue:
      AppendJsonDouble(std::bit_cast<double>(value.value), &text);
      return text;
    case kBooleanValue:
      return value.value != 0 ? "true" : "false";
    default:
      AppendJsonString(value.bytes, &text);
      return text;
  }
}

// What a node tells about itself rather than about the plant.
bool IsHousekeeping(std::string_view name) {
  return name.starts_with("Node Control/") || name.starts_with("Device Control/") ||
         name == "bdSeq";
}

// Makes records of metrics that come one by one.
class RecordWriter {
 public:
  RecordWriter(std::string device_id, std::vector<std::string>* out)
      : device_id_(std::move(device_id)), out_(out) {}

  void Add(std::optional<uint64_t> timestamp, const std::string& name, const std::string& value) {
    // A name that comes again is a second reading, also at the same time.
    const bool fits = open_ && timestamp == timestamp_ && !names_.contains(name);
    if (!fits) {
      Finish();
      Begin(timestamp);
    }
    names_.insert(name);
    json_.Key(name).Raw(value);
  }

  void Finish() {
    if (!open_) return;
    out_->push_back(json_.EndObject().Take());
    open_ = false;
  }

 private:
  void Begin(std::optional<uint64_t> timestamp) {
    open_ = true;
    timestamp_ = timestamp;
    names_ = {"device_id", "timestamp"};
    json_.BeginObject().Field("device_id", device_id_);
    if (timestamp) json_.Field("timestamp", *timestamp);
  }

  const std::string device_id_;
  std::vector<std::string>* const out_;
  JsonWriter json_;
  std::set<std::string> names_;
  std::optional<uint64_t> timestamp_;
  bool open_ = false;
};

}  // namespace

std::string EncodeSparkplugRebirth(int64_t now_ms) {
  constexpr std::string_view kRebirth = "Node Control/Rebirth";
  constexpr uint32_t kBooleanType = 11;
  std::string metric;
  AppendProtobufBytes(kName, kRebirth, &metric);
  AppendProtobufVarint(kDatatype, kBooleanType, &metric);
  AppendProtobufVarint(kBooleanValue, 1, &metric);
  std::string payload;
  AppendProtobufVarint(kPayloadTimestamp, static_cast<uint64_t>(now_ms), &payload);
  AppendProtobufBytes(kPayloadMetric, metric, &payload);
  return payload;
}

std::string SparkplugTopic::NodeId() const { return std::string(group) + "/" + std::string(node); }

std::string SparkplugTopic::DeviceId() const {
  return device.empty() ? NodeId() : NodeId() + "/" + std::string(device);
}

std::optional<SparkplugTopic> ParseSparkplugTopic(std::string_view topic) {
  using Type = SparkplugTopic::Type;
  constexpr std::string_view kNamespace = "spBv1.0/";
  constexpr std::array<std::pair<std::string_view, Type>, 6> kTypes = {{
      {"NBIRTH", Type::kNodeBirth},
      {"NDATA", Type::kNodeData},
      {"NDEATH", Type::kNodeDeath},
      {"DBIRTH", Type::kDeviceBirth},
      {"DDATA", Type::kDeviceData},
      {"DDEATH", Type::kDeviceDeath},
  }};
  if (!topic.starts_with(kNamespace)) return std::nullopt;
  std::vector<std::string_view> levels;
  for (std::string_view rest = topic.substr(kNamespace.size());;) {
    const size_t slash = rest.find('/');
    levels.push_back(rest.substr(0, slash));
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
  }
  const auto is_empty = [](std::string_view level) { return level.empty(); };
  if (std::any_of(levels.begin(), levels.end(), is_empty)) return std::nullopt;
  if (levels.size() < 3 || levels.size() > 4) return SparkplugTopic{};
  SparkplugTopic parsed{.group = levels[0], .node = levels[2]};
  if (levels.size() == 4) parsed.device = levels[3];
  for (const auto& [name, type] : kTypes) {
    // Types of nodes have three levels, types of devices four.
    if (levels[1] == name && (name[0] == 'D') == (levels.size() == 4)) parsed.type = type;
  }
  return parsed;
}

void SparkplugDecoder::Forget(const std::string& node) {
  const auto at = nodes_.find(node);
  if (at == nodes_.end()) return;
  num_metrics_ -= at->second.by_alias.size() + at->second.datatypes.size();
  nodes_.erase(at);
}

Status SparkplugDecoder::Learn(Node* node, const std::string& device, const Known& metric,
                               std::optional<uint64_t> alias) {
  if (num_metrics_ >= kMostMetrics) {
    return Status::Invalid("the nodes of Sparkplug have more than " + std::to_string(kMostMetrics) +
                           " metrics");
  }
  const bool added =
      alias ? node->by_alias.insert_or_assign(*alias, metric).second
            : node->datatypes.insert_or_assign(device + "/" + metric.name, metric.datatype).second;
  num_metrics_ += added ? 1 : 0;
  return Status::Ok();
}

// Fills in what a birth message has told and a data message leaves out.
SparkplugDecoder::Known SparkplugDecoder::Resolve(const Node& node, const std::string& device,
                                                  Known metric, std::optional<uint64_t> alias) {
  if (alias) {
    const auto known = node.by_alias.find(*alias);
    if (known == node.by_alias.end()) return metric;
    if (metric.name.empty()) metric.name = known->second.name;
    if (metric.datatype == 0) metric.datatype = known->second.datatype;
  } else if (metric.datatype == 0) {
    const auto known = node.datatypes.find(device + "/" + metric.name);
    if (known != node.datatypes.end()) metric.datatype = known->second;
  }
  return metric;
}

Result<SparkplugRecords> SparkplugDecoder::Decode(const SparkplugTopic& topic,
                                                  std::string_view payload_bytes) {
  using Type = SparkplugTopic::Type;
  SparkplugRecords result;
  if (topic.type == Type::kOther) return result;
  Payload payload;
  if (!ReadPayload(payload_bytes, &payload)) {
    return Status::Invalid("the payload of " + topic.DeviceId() +
                           " is damaged: it is no Sparkplug B protobuf");
  }
  const std::string node_id = topic.NodeId();
  // Nothing of a node that has died is valid any more; a birth tells all of its metrics anew.
  if (topic.type == Type::kNodeBirth || topic.type == Type::kNodeDeath) Forget(node_id);
  if (topic.type == Type::kNodeDeath || topic.type == Type::kDeviceDeath) return result;
  const bool birth = topic.type == Type::kNodeBirth || topic.type == Type::kDeviceBirth;
  static const Node kUnborn;
  Node* const born = birth ? &nodes_[node_id] : nullptr;
  const auto at = nodes_.find(node_id);
  const Node& node = at == nodes_.end() ? kUnborn : at->second;
  const std::string device(topic.device);
  RecordWriter writer(topic.DeviceId(), &result.records);
  for (const Metric& metric : payload.metrics) {
    Known known{std::string(metric.name), metric.datatype};
    if (birth && !known.name.empty()) {
      AVOCET_RETURN_IF_ERROR(Learn(born, device, known, metric.alias));
    } else {
      known = Resolve(node, device, std::move(known), metric.alias);
    }
    if (known.name.empty()) {
      result.needs_birth = true;
      ++result.unknown_metrics;
      continue;
    }
    if (IsHousekeeping(known.name)) continue;
    if (metric.is_null || !metric.value) {
      ++result.skipped_metrics;
      continue;
    }
    writer.Add(metric.timestamp ? metric.timestamp : payload.timestamp, known.name,
               ValueText(*metric.value, known.datatype));
  }
  writer.Finish();
  return result;
}

}  // namespace avocet
