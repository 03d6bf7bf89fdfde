#include "src/state/device_table.h"

#include "src/base/hash.h"

namespace avocet {
namespace {
constexpr size_t kInitialBuckets = 64;
}  // namespace

uint64_t DeviceHash(std::string_view name) { return Hash64(name); }

DeviceTable::DeviceTable() : name_begin_{0}, buckets_(kInitialBuckets, 0) {}

std::optional<uint32_t> DeviceTable::Find(std::string_view device, uint64_t hash) const {
  const size_t mask = buckets_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const uint32_t entry = buckets_[i];
    if (entry == 0) return std::nullopt;
    const uint32_t slot = entry - 1;
    if (hashes_[slot] == hash && name(slot) == device) return slot;
  }
}

uint32_t DeviceTable::FindOrAdd(std::string_view device, uint64_t hash) {
  if (const auto known = Find(device, hash)) return *known;
  const auto slot = static_cast<uint32_t>(hashes_.size());
  names_.append(device);
  name_begin_.push_back(names_.size());
  hashes_.push_back(hash);
  newest_us.push_back(kNoTime);
  if (hashes_.size() * 2 > buckets_.size()) {
    Rehash(buckets_.size() * 2);
  } else {
    Insert(slot);
  }
  return slot;
}

void DeviceTable::Insert(uint32_t slot) {
  const size_t mask = buckets_.size() - 1;
  size_t i = hashes_[slot] & mask;
  while (buckets_[i] != 0) i = (i + 1) & mask;
  buckets_[i] = slot + 1;
}

void DeviceTable::Rehash(size_t buckets) {
  buckets_.assign(buckets, 0);
  for (uint32_t slot = 0; slot < hashes_.size(); ++slot) Insert(slot);
}

size_t DeviceTable::StateBytes() const {
  return names_.size() + name_begin_.size() * sizeof(uint64_t) + hashes_.size() * sizeof(uint64_t) +
         buckets_.size() * sizeof(uint32_t) + newest_us.size() * sizeof(int64_t);
}

void DeviceTable::Save(StateWriter* out) const {
  out->PutString(names_);
  out->PutArray<uint64_t>(name_begin_);
  out->PutArray<int64_t>(newest_us);
}

Status DeviceTable::Load(StateReader* in) {
  AVOCET_RETURN_IF_ERROR(in->GetString(&names_));
  AVOCET_RETURN_IF_ERROR(in->GetArray(&name_begin_));
  AVOCET_RETURN_IF_ERROR(in->GetArray(&newest_us));
  if (name_begin_.empty() || name_begin_.size() != newest_us.size() + 1 ||
      name_begin_.front() != 0 || name_begin_.back() != names_.size()) {
    return Status::Corrupt("the device table does not fit together");
  }
  for (size_t i = 1; i < name_begin_.size(); ++i) {
    if (name_begin_[i] < name_begin_[i - 1]) return Status::Corrupt("device names out of order");
  }
  hashes_.clear();
  for (uint32_t slot = 0; slot < newest_us.size(); ++slot) {
    hashes_.push_back(DeviceHash(name(slot)));
  }
  size_t buckets = kInitialBuckets;
  while (buckets < hashes_.size() * 2 + 2) buckets *= 2;
  Rehash(buckets);
  return Status::Ok();
}

}  // namespace avocet
