#include "src/source/kinesis/kpl_aggregate.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "src/base/md5.h"
#include "src/base/protobuf_wire.h"

namespace avocet {
namespace {

// Layout: magic, a message AggregatedRecord, and the MD5 of the message.
//   AggregatedRecord { repeated string partition_key_table = 1; repeated string
//     explicit_hash_key_table = 2; repeated Record records = 3; }
//   Record { uint64 partition_key_index = 1; uint64 explicit_hash_key_index = 2; bytes data = 3; }
constexpr std::string_view kMagic = "\xF3\x89\x9A\xC2";
constexpr size_t kDigestBytes = 16;
using Type = ProtobufField::Type;

struct Entry {
  std::optional<uint64_t> key_index;
  std::optional<std::string_view> data;
};

bool ReadEntry(std::string_view message, Entry* entry) {
  ProtobufReader reader(message);
  while (const auto field = reader.Next()) {
    if (field->number == 1 && field->type == Type::kVarint) entry->key_index = field->value;
    if (field->number == 3 && field->type == Type::kBytes) entry->data = field->bytes;
  }
  return reader.ok() && entry->key_index.has_value() && entry->data.has_value();
}

bool HasDigest(std::string_view message, std::string_view digest) {
  const auto own = Md5(message);
  return digest == std::string_view(reinterpret_cast<const char*>(own.data()), own.size());
}

}  // namespace

bool SplitKplAggregate(std::string_view payload, std::vector<KplRecord>* records) {
  records->clear();
  if (!payload.starts_with(kMagic) || payload.size() < kMagic.size() + kDigestBytes) return false;
  payload.remove_prefix(kMagic.size());
  const std::string_view message = payload.substr(0, payload.size() - kDigestBytes);
  if (!HasDigest(message, payload.substr(message.size()))) return false;
  std::vector<std::string_view> keys;
  std::vector<Entry> entries;
  ProtobufReader reader(message);
  while (const auto field = reader.Next()) {
    if (field->type != Type::kBytes) continue;
    if (field->number == 1) keys.push_back(field->bytes);
    if (field->number == 3 && !ReadEntry(field->bytes, &entries.emplace_back())) return false;
  }
  if (!reader.ok()) return false;
  // The table of keys may stand behind the records.
  for (const Entry& entry : entries) {
    if (*entry.key_index >= keys.size()) return false;
    records->push_back({keys[*entry.key_index], *entry.data});
  }
  return true;
}

}  // namespace avocet
