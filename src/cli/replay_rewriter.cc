#include "src/cli/replay_rewriter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/decode/event_time.h"
#include "src/decode/json_members.h"
#include "src/decode/number_text.h"

namespace avocet {
namespace {

constexpr std::string_view kDevice = "device_id";
constexpr std::string_view kTime = "timestamp";

std::string Quoted(std::string_view text) {
  std::string json;
  AppendJsonString(text, &json);
  return json;
}

// Line ends inside of a record are white space, as they cannot be in its strings.
void AppendOnOneLine(std::string_view json, std::string* line) {
  for (const char c : json) line->push_back(c == '\n' || c == '\r' ? ' ' : c);
}

bool HasValue(const std::vector<JsonMember>& members, std::string_view key) {
  return std::any_of(members.begin(), members.end(), [&](const JsonMember& member) {
    return member.Key() == key && !member.is_null();
  });
}

// `whole` with its slice `part` replaced.
std::string Replaced(std::string_view whole, std::string_view part, const std::string& by) {
  const auto begin = static_cast<size_t>(part.data() - whole.data());
  return std::string(whole.substr(0, begin)) + by + std::string(whole.substr(begin + part.size()));
}

}  // namespace

/// The members of the new record, in order.
class ReplayRewriter::Record {
 public:
  void Add(std::string_view key, std::string value) { members_.emplace_back(Quoted(key), value); }

  /// Adds the members of the old one that are not among the new ones or `dropped`.
  void AddRest(const std::vector<JsonMember>& old, const std::vector<size_t>& dropped) {
    const size_t added = members_.size();
    for (size_t i = 0; i < old.size(); ++i) {
      if (std::find(dropped.begin(), dropped.end(), i) != dropped.end()) continue;
      std::string key = Quoted(old[i].Key());
      const bool known =
          std::any_of(members_.begin(), members_.begin() + static_cast<std::ptrdiff_t>(added),
                      [&](const auto& member) { return member.first == key; });
      if (!known) members_.emplace_back("\"" + std::string(old[i].key) + "\"", old[i].value);
    }
  }

  bool Has(std::string_view key) const {
    const std::string quoted = Quoted(key);
    return std::any_of(members_.begin(), members_.end(),
                       [&](const auto& member) { return member.first == quoted; });
  }

  std::string Line() const {
    std::string line;
    for (const auto& [key, value] : members_) {
      line += line.empty() ? '{' : ',';
      line.append(key).append(":");
      AppendOnOneLine(value, &line);
    }
    return line + "}\n";
  }

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

/// A field of a record: its value, and the member at the top that it is or lies in.
struct ReplayRewriter::Place {
  std::optional<JsonMember> member;
  size_t top = 0;
  bool is_top = false;
};

ReplayRewriter::Place ReplayRewriter::FindPlace(const std::vector<JsonMember>& members,
                                                std::string_view path) {
  Place place;
  if (path.empty()) return place;
  place.member = FindMember(members, path, &place.top);
  place.is_top =
      place.member.has_value() && members[place.top].value.data() == place.member->value.data();
  return place;
}

std::optional<int64_t> EventTimeOf(const RewritePlan& plan, std::string_view json) {
  const auto members = SplitJsonObject(json);
  if (!members.has_value()) return std::nullopt;
  size_t top = 0;
  const auto member = FindMember(*members, plan.time_field, &top);
  if (!member.has_value()) return std::nullopt;
  const std::string text = member->Text();
  return plan.times.Read(TrimSpace(text));
}

std::string ReplayRewriter::TimeAsExpected(int64_t time_us) const {
  switch (plan_.expected->time_format) {
    case TimeFormat::kEpochS: {
      std::string text = std::to_string(time_us / 1'000'000);
      const std::string micros = std::to_string(1'000'000 + time_us % 1'000'000);
      if (time_us % 1'000'000 != 0) text += "." + micros.substr(1);
      return text;
    }
    case TimeFormat::kEpochMs: {
      std::string text = std::to_string(time_us / 1'000);
      const std::string micros = std::to_string(1'000 + time_us % 1'000);
      if (time_us % 1'000 != 0) text += "." + micros.substr(1);
      return text;
    }
    case TimeFormat::kEpochUs:
      return std::to_string(time_us);
    case TimeFormat::kEpochNs:
      return std::to_string(time_us) + "000";
    default:
      return Quoted(FormatTimestamp(time_us));
  }
}

std::string ReplayRewriter::Rewrite(std::string_view json, std::optional<int64_t> event_time_us) {
  auto members = SplitJsonObject(json);
  if (!members.has_value() || !event_time_us.has_value() || *event_time_us < 0) {
    ++unchanged_;
    std::string line;
    AppendOnOneLine(json, &line);
    return line + "\n";
  }
  const Place time = FindPlace(*members, plan_.time_field);
  const Place device = FindPlace(*members, plan_.device_field);
  const int64_t time_us = *event_time_us + shift_us_;
  std::string device_json;
  if (device.member.has_value() && !device.member->is_null()) {
    device_json = device.member->value;
  } else if (!plan_.device_constant.empty()) {
    device_json = Quoted(plan_.device_constant);
  }
  Record record;
  const bool keeps_time = plan_.expected.has_value() && KeepsTime(time, time_us, &record);
  const bool keeps_device = plan_.expected.has_value() && KeepsDevice(device, device_json, &record);
  // The configuration of the reader may give the two names another meaning.
  const auto is_free = [&](std::string_view key) {
    return !record.Has(key) && (!plan_.expected.has_value() || !HasValue(*members, key));
  };
  if (!device_json.empty() && is_free(kDevice)) record.Add(kDevice, device_json);
  if (is_free(kTime)) record.Add(kTime, Quoted(FormatTimestamp(time_us)));
  std::string rewritten;
  if (keeps_time && !time.is_top && shift_us_ != 0) {
    rewritten = Replaced((*members)[time.top].value, time.member->value, TimeAsExpected(time_us));
    (*members)[time.top].value = rewritten;
  }
  std::vector<size_t> dropped;
  if (time.is_top && !keeps_time) dropped.push_back(time.top);
  if (device.is_top && !keeps_device) dropped.push_back(device.top);
  record.AddRest(*members, dropped);
  return record.Line();
}

// Adds the time under the name that the reader expects. True: the old field is, or will be, it.
bool ReplayRewriter::KeepsTime(const Place& time, int64_t time_us, Record* record) const {
  const std::string& wanted = plan_.expected->time_field;
  const bool same = wanted == plan_.time_field;
  if (same && (shift_us_ == 0 || !time.is_top)) return true;
  record->Add(wanted, TimeAsExpected(time_us));
  return false;
}

bool ReplayRewriter::KeepsDevice(const Place& device, const std::string& device_json,
                                 Record* record) const {
  if (!plan_.expected->device_constant.empty()) return true;
  const std::string& wanted = plan_.expected->device_field;
  const bool has_own = device.member.has_value() && !device.member->is_null();
  if (wanted == plan_.device_field && has_own) return true;
  if (!device_json.empty()) record->Add(wanted, device_json);
  return false;
}

}  // namespace avocet
