#include "src/source/kinesis/kinesis_lease.h"

#include <simdjson.h>

#include <charconv>
#include <limits>
#include <utility>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

using simdjson::SUCCESS;

// What stands for a sequence number in the attribute "checkpoint".
constexpr std::string_view kTrimHorizon = "TRIM_HORIZON";
constexpr std::string_view kAtTimestamp = "AT_TIMESTAMP";
constexpr std::string_view kShardEnd = "SHARD_END";

std::string Text(std::string_view value) {
  JsonWriter json;
  return json.BeginObject().Field("S", value).EndObject().Take();
}

std::string Number(int64_t value) {
  JsonWriter json;
  return json.BeginObject().Field("N", std::to_string(value)).EndObject().Take();
}

std::string Set(const std::vector<std::string>& values) {
  JsonWriter json;
  json.BeginObject().Key("SS").BeginArray();
  for (const std::string& value : values) json.String(value);
  return json.EndArray().EndObject().Take();
}

// How the Kinesis Client Library writes a position.
std::string_view Checkpoint(const KinesisLease& lease) {
  if (lease.position.done) return kShardEnd;
  if (!lease.position.sequence.empty()) return lease.position.sequence;
  return lease.start_ms.value_or(0) > 0 ? kAtTimestamp : kTrimHorizon;
}

std::string TextOf(simdjson::dom::element item, std::string_view name) {
  std::string_view text;
  return item[name]["S"].get_string().get(text) == SUCCESS ? std::string(text) : std::string();
}

std::optional<int64_t> NumberOf(simdjson::dom::element item, std::string_view name) {
  std::string_view text;
  int64_t number = 0;
  if (item[name]["N"].get_string().get(text) != SUCCESS) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Of an item that another program has written. Its number of records is not known.
KinesisPosition PositionOfCheckpoint(const std::string& checkpoint, int64_t inside) {
  KinesisPosition position;
  position.done = checkpoint == kShardEnd;
  if (!checkpoint.empty() && checkpoint.find_first_not_of("0123456789") == std::string::npos) {
    position.sequence = checkpoint;
    // The number of the user record that was processed last. 0 is also that of a record which
    // stands for itself.
    if (inside > 0 && inside < std::numeric_limits<uint32_t>::max()) {
      position.delivered_inside = static_cast<uint32_t>(inside) + 1;
    }
  }
  return position;
}

Result<KinesisLease> ReadLease(simdjson::dom::element item) {
  KinesisLease lease;
  lease.shard = TextOf(item, "leaseKey");
  const auto counter = NumberOf(item, "leaseCounter");
  if (lease.shard.empty() || !counter) return Status::Corrupt("an item is no lease of a shard");
  simdjson::dom::array parents;
  if (item["parentShardId"]["SS"].get_array().get(parents) == SUCCESS) {
    for (const simdjson::dom::element parent : parents) {
      std::string_view text;
      if (parent.get_string().get(text) == SUCCESS) lease.parents.emplace_back(text);
    }
  }
  lease.first_hash = TextOf(item, "startingHashKey");
  lease.last_hash = TextOf(item, "endingHashKey");
  lease.owner = TextOf(item, "leaseOwner");
  lease.counter = *counter;
  lease.owner_switches = NumberOf(item, "ownerSwitchesSinceCheckpoint").value_or(0);
  lease.stream = TextOf(item, "avocetStream");
  lease.claim = ParseLakeClaim(TextOf(item, "avocetClaim"));
  lease.start_ms = NumberOf(item, "avocetStart");
  const std::string position = TextOf(item, "avocetPosition");
  if (position.empty()) {
    lease.position = PositionOfCheckpoint(
        TextOf(item, "checkpoint"), NumberOf(item, "checkpointSubSequenceNumber").value_or(0));
    return lease;
  }
  auto decoded = DecodeKinesisPosition(position);
  if (!decoded.ok()) return decoded.status().WithContext("the position of shard " + lease.shard);
  lease.position = std::move(decoded).value();
  return lease;
}

}  // namespace

bool KinesisLease::operator==(const KinesisLease& other) const {
  return FixedAttributes(*this) == FixedAttributes(other) &&
         ChangingAttributes(*this) == ChangingAttributes(other);
}

LeaseAttributes FixedAttributes(const KinesisLease& lease) {
  LeaseAttributes attributes = {{"leaseKey", Text(lease.shard)}};
  if (!lease.parents.empty()) attributes.emplace_back("parentShardId", Set(lease.parents));
  if (!lease.first_hash.empty()) {
    attributes.emplace_back("startingHashKey", Text(lease.first_hash));
    attributes.emplace_back("endingHashKey", Text(lease.last_hash));
  }
  if (!lease.stream.empty()) attributes.emplace_back("avocetStream", Text(lease.stream));
  if (lease.start_ms) attributes.emplace_back("avocetStart", Number(*lease.start_ms));
  return attributes;
}

LeaseAttributes ChangingAttributes(const KinesisLease& lease) {
  LeaseAttributes attributes = {
      {"leaseOwner", lease.owner.empty() ? "" : Text(lease.owner)},
      {"leaseCounter", Number(lease.counter)},
      {"ownerSwitchesSinceCheckpoint", Number(lease.owner_switches)},
      {"avocetPosition", Text(EncodeKinesisPosition(lease.position))},
      {"avocetClaim", lease.claim ? Text(EncodeLakeClaim(*lease.claim)) : ""},
  };
  // Of a record that was read in part other programs count in other ways what was: they are told of
  // whole records.
  if (lease.position.delivered_inside == 0) {
    attributes.emplace_back("checkpoint", Text(Checkpoint(lease)));
    attributes.emplace_back("checkpointSubSequenceNumber", Number(0));
  }
  return attributes;
}

Result<LeasePage> ReadLeasePage(const std::string& answer) {
  simdjson::dom::parser parser;
  simdjson::dom::element page;
  simdjson::dom::array items;
  if (parser.parse(answer).get(page) != SUCCESS ||
      page["Items"].get_array().get(items) != SUCCESS) {
    return Status::Unavailable("cannot read the list of leases: " + answer.substr(0, 200));
  }
  LeasePage read;
  for (const simdjson::dom::element item : items) {
    AVOCET_ASSIGN_OR_RETURN(KinesisLease lease, ReadLease(item));
    read.leases.push_back(std::move(lease));
  }
  simdjson::dom::element last;
  if (page["LastEvaluatedKey"].get(last) == SUCCESS) read.last_shard = TextOf(last, "leaseKey");
  return read;
}

bool IsBefore(const KinesisPosition& a, const KinesisPosition& b) {
  return a.records != b.records ? a.records < b.records : !a.done && b.done;
}

}  // namespace avocet
