#include "src/server/anomaly_feed.h"

#include <algorithm>

namespace avocet {

void AnomalyFeed::Add(std::vector<AnomalyRow> rows) {
  std::lock_guard lock(mutex_);
  for (AnomalyRow& row : rows) {
    if (!numbers_.try_emplace(row.id, last_ + 1).second) continue;
    ++last_;
    rows_.push_back(std::move(row));
    if (rows_.size() <= capacity_) continue;
    complete_from_us_ = std::max(complete_from_us_, rows_.front().event_time_us + 1);
    numbers_.erase(rows_.front().id);
    rows_.pop_front();
  }
}

int64_t AnomalyFeed::complete_from_us() const {
  std::lock_guard lock(mutex_);
  return complete_from_us_;
}

void AnomalyFeed::set_complete_from_us(int64_t time_us) {
  std::lock_guard lock(mutex_);
  complete_from_us_ = time_us;
}

AnomalyFeed::Part AnomalyFeed::After(uint64_t after, size_t limit) const {
  std::lock_guard lock(mutex_);
  const uint64_t first = last_ - rows_.size() + 1;
  Part part{.rows = {}, .last = after, .is_gap = after + 1 < first};
  const uint64_t begin = std::max(first, after + 1);
  for (uint64_t number = begin; number <= last_ && part.rows.size() < limit; ++number) {
    part.rows.push_back(rows_[number - first]);
    part.last = number;
  }
  return part;
}

std::optional<uint64_t> AnomalyFeed::NumberOf(std::string_view id) const {
  std::lock_guard lock(mutex_);
  const auto found = numbers_.find(std::string(id));
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

std::optional<AnomalyRow> AnomalyFeed::Find(std::string_view id) const {
  std::lock_guard lock(mutex_);
  const auto found = numbers_.find(std::string(id));
  if (found == numbers_.end()) return std::nullopt;
  return rows_[found->second - (last_ - rows_.size() + 1)];
}

uint64_t AnomalyFeed::last() const {
  std::lock_guard lock(mutex_);
  return last_;
}

std::vector<AnomalyRow> AnomalyFeed::Newest(const AnomalyFilter& filter, size_t limit) const {
  std::vector<AnomalyRow> found;
  {
    std::lock_guard lock(mutex_);
    for (const AnomalyRow& row : rows_) {
      if (filter.Matches(row)) found.push_back(row);
    }
  }
  KeepNewest(&found, limit);
  return found;
}

void KeepNewest(std::vector<AnomalyRow>* rows, size_t limit) {
  const size_t kept = std::min(limit, rows->size());
  std::partial_sort(rows->begin(), rows->begin() + static_cast<std::ptrdiff_t>(kept), rows->end(),
                    [](const AnomalyRow& a, const AnomalyRow& b) {
                      if (a.event_time_us != b.event_time_us) {
                        return a.event_time_us > b.event_time_us;
                      }
                      return a.id < b.id;
                    });
  rows->resize(kept);
}

}  // namespace avocet
