// DeviceBudgets: how many messages of a channel may name each device at the moment.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "src/alert/send_budget.h"

namespace avocet {

/// Keeps only devices that were named within about an hour. One thread at a time.
class DeviceBudgets {
 public:
  /// 0: no limit.
  explicit DeviceBudgets(int64_t per_hour) : per_hour_(per_hour) {}

  /// Whole messages that may name the device now. The fleet, an empty name, has no limit.
  int64_t Available(const std::string& device, std::chrono::nanoseconds now) {
    if (per_hour_ == 0 || device.empty()) return INT64_MAX;
    const auto found = budgets_.find(device);
    return found == budgets_.end() ? per_hour_ : found->second.Available(now);
  }
  void Spend(const std::string& device, std::chrono::nanoseconds now) {
    if (per_hour_ == 0 || device.empty()) return;
    if (budgets_.size() >= next_sweep_) Sweep(now);
    SendBudget& budget =
        budgets_.try_emplace(device, per_hour_, std::chrono::hours(1)).first->second;
    budget.Available(now);  // time counts from here
    budget.Spend();
  }
  /// Until one more may name the device.
  std::chrono::nanoseconds UntilNext(const std::string& device) const {
    const auto found = budgets_.find(device);
    return found == budgets_.end() ? std::chrono::nanoseconds(0) : found->second.UntilNext();
  }
  /// Devices that are kept.
  size_t size() const { return budgets_.size(); }

 private:
  static constexpr size_t kFirstSweep = 1'000;

  void Sweep(std::chrono::nanoseconds now) {
    for (auto& [device, budget] : budgets_) budget.Available(now);
    std::erase_if(budgets_, [](const auto& entry) { return entry.second.IsWhole(); });
    next_sweep_ = std::max(kFirstSweep, 2 * budgets_.size());
  }

  int64_t per_hour_;
  std::unordered_map<std::string, SendBudget> budgets_;  // one that is not here has spent nothing
  size_t next_sweep_ = kFirstSweep;
};

}  // namespace avocet
