#include "src/engine/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "src/base/hash.h"
#include "src/state/state_io.h"

namespace avocet {
namespace {

constexpr std::string_view kMagic = "AVOCSNAP";
constexpr uint32_t kVersion = 1;
constexpr std::string_view kSuffix = ".snapshot";
constexpr size_t kFrameBytes = 8 + 4 + 8 + 8;  // magic, version, payload size, checksum
constexpr size_t kKept = 2;

std::string SnapshotPath(const std::string& dir, int64_t epoch) {
  return fmt::format("{}/{:012}{}", dir, epoch, kSuffix);
}

}  // namespace

std::string EncodeSnapshot(const SnapshotHeader& header, const std::vector<std::string>& shards) {
  StateWriter out;
  out.PutString(header.fingerprint);
  out.PutString(header.bronze_id);
  out.Put(header.epoch);
  out.Put(header.fleet_time_us);
  out.Put<uint64_t>(header.metrics.size());
  for (const std::string& metric : header.metrics) out.PutString(metric);
  out.PutString(header.commit_info);
  out.Put<uint64_t>(shards.size());
  for (const std::string& shard : shards) out.PutString(shard);
  return out.Take();
}

Status DecodeSnapshot(std::string_view payload, SnapshotHeader* header,
                      std::vector<std::string_view>* shards) {
  StateReader in(payload);
  AVOCET_RETURN_IF_ERROR(in.GetString(&header->fingerprint));
  AVOCET_RETURN_IF_ERROR(in.GetString(&header->bronze_id));
  AVOCET_RETURN_IF_ERROR(in.Get(&header->epoch));
  AVOCET_RETURN_IF_ERROR(in.Get(&header->fleet_time_us));
  uint64_t count = 0;
  AVOCET_RETURN_IF_ERROR(in.Get(&count));
  for (uint64_t i = 0; i < count; ++i) {
    header->metrics.emplace_back();
    AVOCET_RETURN_IF_ERROR(in.GetString(&header->metrics.back()));
  }
  AVOCET_RETURN_IF_ERROR(in.GetString(&header->commit_info));
  AVOCET_RETURN_IF_ERROR(in.Get(&count));
  for (uint64_t i = 0; i < count; ++i) {
    shards->emplace_back();
    AVOCET_RETURN_IF_ERROR(in.GetView(&shards->back()));
  }
  return in.AtEnd() ? Status::Ok() : Status::Corrupt("the snapshot has bytes left over");
}

std::string FrameSnapshot(std::string_view payload) {
  StateWriter frame;
  for (const char c : kMagic) frame.Put(c);
  frame.Put(kVersion);
  frame.Put<uint64_t>(payload.size());
  frame.Put(Checksum64(payload));
  return frame.Take().append(payload);
}

Result<std::string_view> UnframeSnapshot(std::string_view framed) {
  if (framed.size() < kFrameBytes || !framed.starts_with(kMagic)) {
    return Status::Corrupt("it does not begin as a snapshot");
  }
  StateReader frame(framed.substr(kMagic.size(), kFrameBytes - kMagic.size()));
  uint32_t version = 0;
  uint64_t size = 0, checksum = 0;
  AVOCET_RETURN_IF_ERROR(frame.Get(&version));
  AVOCET_RETURN_IF_ERROR(frame.Get(&size));
  AVOCET_RETURN_IF_ERROR(frame.Get(&checksum));
  if (version != kVersion) {
    return Status::Corrupt(fmt::format("its version {} is not {}", version, kVersion));
  }
  const std::string_view payload = framed.substr(kFrameBytes);
  if (payload.size() != size) {
    return Status::Corrupt(fmt::format("it has {} of {} bytes", payload.size(), size));
  }
  if (Checksum64(payload) != checksum) return Status::Corrupt("its checksum does not match");
  return payload;
}

Status SaveSnapshotFile(Env* env, const std::string& dir, int64_t epoch, std::string_view payload) {
  const std::string bytes = FrameSnapshot(payload);
  AVOCET_RETURN_IF_ERROR(env->PutDurably(SnapshotPath(dir, epoch), bytes, PutMode::kReplace));
  AVOCET_ASSIGN_OR_RETURN(const auto epochs, ListSnapshots(env, dir));
  for (size_t i = kKept; i < epochs.size(); ++i) {
    AVOCET_RETURN_IF_ERROR(env->Remove(SnapshotPath(dir, epochs[i])));
  }
  return Status::Ok();
}

Result<std::vector<int64_t>> ListSnapshots(Env* env, const std::string& dir) {
  auto entries = env->List(dir);
  if (!entries.ok()) {
    if (entries.status().code() == StatusCode::kNotFound) return std::vector<int64_t>();
    return entries.status();
  }
  std::vector<int64_t> epochs;
  for (const DirectoryEntry& entry : *entries) {
    if (!entry.name.ends_with(kSuffix)) continue;
    int64_t epoch = 0;
    const char* end = entry.name.data() + entry.name.size() - kSuffix.size();
    const auto parsed = std::from_chars(entry.name.data(), end, epoch);
    if (parsed.ec == std::errc() && parsed.ptr == end) epochs.push_back(epoch);
  }
  std::sort(epochs.rbegin(), epochs.rend());
  return epochs;
}

Status RemoveSnapshot(Env* env, const std::string& dir, int64_t epoch) {
  return env->Remove(SnapshotPath(dir, epoch));
}

Result<std::string> LoadSnapshotFile(Env* env, const std::string& dir, int64_t epoch) {
  const std::string path = SnapshotPath(dir, epoch);
  AVOCET_ASSIGN_OR_RETURN(const std::string bytes, env->ReadFile(path));
  const auto payload = UnframeSnapshot(bytes);
  if (!payload.ok()) return payload.status().WithContext("cannot use snapshot " + path);
  return std::string(*payload);
}

}  // namespace avocet
