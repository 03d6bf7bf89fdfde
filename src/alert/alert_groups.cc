#include "src/alert/alert_groups.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string_view>

#include "src/config/device_labels.h"

namespace avocet {
namespace {

std::string Named(std::string_view name, std::string_view value) {
  std::string text = value.empty() ? "no " : "";
  text += name;
  if (!value.empty()) text.append(" ").append(value);
  return text;
}

size_t CountMessages(std::span<const std::string> groups) {
  std::set<std::string_view> distinct;
  size_t alone = 0;
  for (const std::string& group : groups) {
    if (group.empty()) {
      ++alone;
    } else {
      distinct.insert(group);
    }
  }
  return alone + distinct.size();
}

}  // namespace

std::string GroupOf(const AlertChannelConfig& channel, const AlertChange& change,
                    const DevicesConfig& devices) {
  std::string group;
  for (const std::string& by : channel.group_by) {
    if (!group.empty()) group += ", ";
    if (by == "rule") {
      group += Named(by, change.rule);
    } else if (by == "device") {
      group += Named(by, change.device);
    } else if (by == "metric") {
      group += Named(by, change.metric);
    } else {
      group += Named(by, LabelOf(devices, change.device, by));
    }
  }
  return group;
}

void GroupBeyondBudget(std::span<const std::string> devices,
                       const std::function<int64_t(const std::string& device)>& budget,
                       std::vector<std::string>* groups) {
  std::map<std::string, std::vector<size_t>> entries;
  for (size_t i = 0; i < devices.size(); ++i) entries[devices[i]].push_back(i);
  for (const auto& [device, places] : entries) {
    std::vector<std::string> own;
    for (const size_t place : places) own.push_back((*groups)[place]);
    if (static_cast<int64_t>(CountMessages(own)) <= budget(device)) continue;
    for (const size_t place : places) (*groups)[place] = Named("device", device);
  }
}

NextMessage PlanMessage(std::span<const std::string> groups, int64_t budget) {
  NextMessage next;
  const size_t messages = CountMessages(groups);
  // The last message of the budget is a digest when more than one waits for it.
  if (messages > kMostAlone || static_cast<int64_t>(messages) > budget) {
    next.entries.resize(std::min(groups.size(), kMostInDigest));
    std::iota(next.entries.begin(), next.entries.end(), size_t{0});
    next.is_digest = next.is_mixed = true;
    return next;
  }
  next.entries.push_back(0);
  for (size_t i = 1; i < groups.size() && next.entries.size() < kMostInDigest; ++i) {
    if (!groups[0].empty() && groups[i] == groups[0]) next.entries.push_back(i);
  }
  next.is_digest = next.entries.size() > 1;
  return next;
}

}  // namespace avocet
