#include "src/alert/mute_schedule.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace avocet {
namespace {

constexpr int kDay = 24 * 60;
constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    if (end > begin || separator != ' ') parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<size_t> DayOf(std::string_view word) {
  const auto* const found = std::find(kDays.begin(), kDays.end(), word);
  if (found == kDays.end()) return std::nullopt;
  return static_cast<size_t>(found - kDays.begin());
}

bool ReadDays(std::string_view text, std::array<bool, 7>* days) {
  if (text == "daily") {
    days->fill(true);
    return true;
  }
  for (const std::string_view part : Split(text, ',')) {
    const std::vector<std::string_view> ends = Split(part, '-');
    const auto first = DayOf(ends.front());
    const auto last = DayOf(ends.back());
    if (ends.size() > 2 || !first || !last) return false;
    for (size_t day = *first;; day = (day + 1) % kDays.size()) {
      (*days)[day] = true;
      if (day == *last) break;
    }
  }
  return true;
}

std::optional<int> MinuteOf(std::string_view text) {
  const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  const bool fits =
      text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4);
  if (!fits) return std::nullopt;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (minute > 59 || hour * 60 + minute > kDay) return std::nullopt;
  return hour * 60 + minute;
}

}  // namespace

Result<MuteSchedule> MuteSchedule::Parse(std::string_view text) {
  const std::vector<std::string_view> words = Split(text, ' ');
  const Status wrong = Status::Invalid("cannot read the schedule \"" + std::string(text) +
                                       "\": write it as mon-fri 22:00-06:00 Europe/Berlin");
  if (words.size() < 2 || words.size() > 3) return wrong;
  AVOCET_ASSIGN_OR_RETURN(TimeZone zone,
                          TimeZone::Load(words.size() == 3 ? std::string(words[2]) : "UTC"));
  MuteSchedule schedule(std::move(zone));
  const std::vector<std::string_view> times = Split(words[1], '-');
  if (times.size() != 2 || !ReadDays(words[0], &schedule.days_)) return wrong;
  const auto from = MinuteOf(times[0]);
  const auto to = MinuteOf(times[1]);
  if (!from || !to || *from == kDay) return wrong;
  schedule.from_ = *from;
  schedule.to_ = *to > *from ? *to : *to + kDay;
  return schedule;
}

bool MuteSchedule::Contains(int64_t time_us) const {
  const LocalTime now = zone_.At(time_us);
  const auto today = static_cast<size_t>(now.weekday);
  if (days_[today] && now.minute >= from_ && now.minute < to_) return true;
  const int since_yesterday = now.minute + kDay;
  return days_[(today + 6) % 7] && since_yesterday < to_;
}

}  // namespace avocet
