#include "src/config/weekly_schedule.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "src/base/civil_time.h"
#include "src/base/floor_divide.h"

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

Result<WeeklySchedule> WeeklySchedule::Parse(std::string_view text) {
  const std::vector<std::string_view> words = Split(text, ' ');
  const Status wrong = Status::Invalid("cannot read the schedule \"" + std::string(text) +
                                       "\": write it as mon-fri 22:00-06:00 Europe/Berlin");
  if (words.size() < 2 || words.size() > 3) return wrong;
  AVOCET_ASSIGN_OR_RETURN(TimeZone zone,
                          TimeZone::Load(words.size() == 3 ? std::string(words[2]) : "UTC"));
  WeeklySchedule schedule(std::move(zone));
  const std::vector<std::string_view> times = Split(words[1], '-');
  if (times.size() != 2 || !ReadDays(words[0], &schedule.days_)) return wrong;
  const auto from = MinuteOf(times[0]);
  const auto to = MinuteOf(times[1]);
  if (!from || !to || *from == kDay) return wrong;
  schedule.from_ = *from;
  schedule.to_ = *to > *from ? *to : *to + kDay;
  return schedule;
}

bool WeeklySchedule::BeganToday(const LocalTime& now) const {
  return days_[static_cast<size_t>(now.weekday)] && now.minute >= from_ && now.minute < to_;
}

bool WeeklySchedule::BeganYesterday(const LocalTime& now) const {
  return days_[static_cast<size_t>(now.weekday + 6) % kDays.size()] && now.minute + kDay < to_;
}

bool WeeklySchedule::Contains(int64_t time_us) const {
  const LocalTime now = zone_.At(time_us);
  return BeganToday(now) || BeganYesterday(now);
}

int64_t WeeklySchedule::EndOf(int64_t time_us) const {
  const LocalTime now = zone_.At(time_us);
  int64_t end = Later(time_us, to_ - now.minute - (BeganToday(now) ? 0 : kDay), to_ % kDay);
  if (end > time_us && Contains(end - kMicrosPerMinute)) return end;
  // The clocks skip the end.
  end = FloorDivide(time_us, kMicrosPerMinute) * kMicrosPerMinute;
  do {
    end += kMicrosPerMinute;
  } while (Contains(end) && end - time_us < kMicrosPerDay);
  return end;
}

int64_t WeeklySchedule::NextBegin(int64_t time_us) const {
  const LocalTime now = zone_.At(time_us);
  for (int day = 0;; ++day) {
    if (!days_[static_cast<size_t>(now.weekday + day) % kDays.size()]) continue;
    const int64_t begin = Later(time_us, day * kDay + from_ - now.minute, from_);
    if (begin > time_us) return begin;
  }
}

// The beginning of the minute that is `minutes` after that of `time_us`, when the clock on the wall
// shows `minute_of_day`: the clocks may have been changed in between.
int64_t WeeklySchedule::Later(int64_t time_us, int minutes, int minute_of_day) const {
  const int64_t minute = FloorDivide(time_us, kMicrosPerMinute) + minutes;
  int shift = minute_of_day - zone_.At(minute * kMicrosPerMinute).minute;
  if (shift > kDay / 2) shift -= kDay;
  if (shift < -kDay / 2) shift += kDay;
  return (minute + shift) * kMicrosPerMinute;
}

}  // namespace avocet
