#include "src/engine/snapshot.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/state/state_io.h"

namespace avocet {
namespace {

constexpr std::string_view kMagic = "AVOCSNAP";
constexpr uint32_t kVersion = 2;
constexpr uint64_t kBeginBytes = 8 + 4;  // magic, version
constexpr uint64_t kEndBytes = 8 + 8;    // payload size, checksum
constexpr size_t kBlockBytes = size_t{1} << 20;

template <typename T>
std::string Encoded(T value) {
  StateWriter out;
  out.Put(value);
  return out.Take();
}

std::string EncodeHeader(const SnapshotHeader& header) {
  StateWriter out;
  out.PutString(header.fingerprint);
  out.PutString(header.bronze_id);
  out.Put(header.epoch);
  out.Put(header.fleet_time_us);
  out.Put<uint64_t>(header.metrics.size());
  for (const std::string& metric : header.metrics) out.PutString(metric);
  out.PutString(header.commit_info);
  return out.Take();
}

Status DecodeHeader(std::string_view bytes, SnapshotHeader* header) {
  StateReader in(bytes);
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
  return in.AtEnd() ? Status::Ok() : Status::Corrupt("its header has bytes left over");
}

std::span<std::byte> BytesOf(std::string* text) { return std::as_writable_bytes(std::span(*text)); }

}  // namespace

Status SnapshotWriter::Put(std::string_view bytes) {
  checksum_.Add(bytes);
  payload_bytes_ += bytes.size();
  return sink_(bytes);
}

Status SnapshotWriter::Begin(const SnapshotHeader& header, size_t num_shards) {
  AVOCET_RETURN_IF_ERROR(sink_(std::string(kMagic) + Encoded(kVersion)));
  StateWriter out;
  out.PutString(EncodeHeader(header));
  out.Put<uint64_t>(num_shards);
  return Put(out.bytes());
}

Status SnapshotWriter::AddShard(std::string_view state) {
  AVOCET_RETURN_IF_ERROR(Put(Encoded<uint64_t>(state.size())));
  return Put(state);
}

Status SnapshotWriter::End() { return sink_(Encoded(payload_bytes_) + Encoded(checksum_.value())); }

Result<SnapshotReader> SnapshotReader::Open(Source source, uint64_t size_bytes) {
  SnapshotReader reader(std::move(source));
  AVOCET_RETURN_IF_ERROR(reader.CheckFrame(size_bytes));
  AVOCET_RETURN_IF_ERROR(reader.ReadContents());
  return reader;
}

Status SnapshotReader::CheckFrame(uint64_t size_bytes) {
  std::string bytes(std::min(size_bytes, kBeginBytes), '\0');
  AVOCET_RETURN_IF_ERROR(source_(0, BytesOf(&bytes)));
  if (!bytes.starts_with(kMagic) || bytes.size() < kBeginBytes) {
    return Status::Corrupt("it does not begin as a snapshot");
  }
  uint32_t version = 0;
  AVOCET_RETURN_IF_ERROR(StateReader(std::string_view(bytes).substr(kMagic.size())).Get(&version));
  if (version != kVersion) {
    return Status::Corrupt(fmt::format("its version {} is not {}", version, kVersion));
  }
  if (size_bytes < kBeginBytes + kEndBytes) return Status::Corrupt("it ends too early");
  end_ = size_bytes - kEndBytes;
  RunningChecksum64 checksum;
  for (uint64_t at = kBeginBytes; at < end_; at += bytes.size()) {
    bytes.resize(std::min<uint64_t>(kBlockBytes, end_ - at));
    AVOCET_RETURN_IF_ERROR(source_(at, BytesOf(&bytes)));
    checksum.Add(bytes);
  }
  bytes.resize(kEndBytes);
  AVOCET_RETURN_IF_ERROR(source_(end_, BytesOf(&bytes)));
  StateReader end(bytes);
  uint64_t size = 0, expected = 0;
  AVOCET_RETURN_IF_ERROR(end.Get(&size));
  AVOCET_RETURN_IF_ERROR(end.Get(&expected));
  if (size != end_ - kBeginBytes) {
    return Status::Corrupt("it does not end as a snapshot: bytes are missing");
  }
  return checksum.value() == expected ? Status::Ok()
                                      : Status::Corrupt("its checksum does not match");
}

Status SnapshotReader::ReadContents() {
  uint64_t offset = kBeginBytes;
  AVOCET_ASSIGN_OR_RETURN(const Range header, FindString(&offset));
  AVOCET_ASSIGN_OR_RETURN(const std::string header_bytes, Read(header));
  AVOCET_RETURN_IF_ERROR(DecodeHeader(header_bytes, &header_));
  AVOCET_ASSIGN_OR_RETURN(const uint64_t num_shards, ReadNumber(&offset));
  for (uint64_t i = 0; i < num_shards; ++i) {
    AVOCET_ASSIGN_OR_RETURN(const Range shard, FindString(&offset));
    shards_.push_back(shard);
  }
  return offset == end_ ? Status::Ok() : Status::Corrupt("it has bytes left over");
}

Result<uint64_t> SnapshotReader::ReadNumber(uint64_t* offset) const {
  uint64_t number = 0;
  if (end_ - *offset < sizeof(number)) return Status::Corrupt("it ends too early");
  AVOCET_RETURN_IF_ERROR(source_(*offset, std::as_writable_bytes(std::span(&number, 1))));
  *offset += sizeof(number);
  return number;
}

Result<SnapshotReader::Range> SnapshotReader::FindString(uint64_t* offset) const {
  AVOCET_ASSIGN_OR_RETURN(const uint64_t size, ReadNumber(offset));
  if (end_ - *offset < size) return Status::Corrupt("it ends too early");
  const Range range{*offset, size};
  *offset += size;
  return range;
}

Result<std::string> SnapshotReader::Read(Range range) const {
  std::string bytes(range.size, '\0');
  AVOCET_RETURN_IF_ERROR(source_(range.offset, BytesOf(&bytes)));
  return bytes;
}

Result<std::string> SnapshotReader::ReadShard(size_t index) const { return Read(shards_[index]); }

}  // namespace avocet
