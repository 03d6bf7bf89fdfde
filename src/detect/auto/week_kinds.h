// WeekKinds: which of two kinds of day each four hours of a week are like.
//
// What was so once at a time of the week is perhaps so the next time, and what was so twice in a
// row is usual. A usual kind that failed once is perhaps still so. Days are UTC days, but
// a weekend may begin at any time of them. Raw bytes of a snapshot; zero-initialised is a week of
// usual days.
#pragma once

#include <cstdint>

namespace avocet::auto_detect {

class WeekKinds {
 public:
  static constexpr int kDays = 7;
  static constexpr int kPerDay = 6;

  enum Kind : uint8_t {
    kUsual,
    kPerhapsOther,  ///< usual, but other the last time
    kPerhapsUsual,  ///< other, but usual the last time
    kOther,
  };
  /// What was seen of four hours: any of these.
  enum Seen : uint8_t {
    kSeenUsual = 1,
    kSeenOther = 2,
    kSeenFirst = 4,  ///< what the other kind is like is new
    kSeenHabit = 8,  ///< what was other is usual from now on
  };

  Kind Get(int day, int part) const {
    const int at = day * kPerDay + part;
    return static_cast<Kind>(kinds_[at / kPerByte] >> (at % kPerByte * kBits) & kMask);
  }

  /// Learns what was `seen` of four hours.
  void Learn(int day, int part, uint8_t seen) {
    if ((seen & kSeenHabit) != 0) {
      for (int each = 0; each < kDays; ++each) Set(each, part, kUsual);
    } else {
      Set(day, part, After(Get(day, part), seen));
    }
  }

  /// Whether days are of the other kind as a rule at this part of some day, or of any.
  bool HasOther(int part) const { return AnyAbove(part, kPerhapsOther); }
  bool HasOther() const {
    constexpr unsigned kOtherBits = 0xAA;  // the upper bit of each kind
    unsigned any = 0;
    for (const uint8_t byte : kinds_) any |= byte;
    return (any & kOtherBits) != 0;
  }

  /// Whether all days are usual at this part of them, and were so the last time.
  bool AreUsual(int part) const { return !AnyAbove(part, kUsual); }

 private:
  static constexpr int kBits = 2;
  static constexpr unsigned kMask = 3;
  static constexpr int kPerByte = 4;

  static Kind After(Kind before, uint8_t seen) {
    if ((seen & kSeenFirst) != 0) return kPerhapsOther;
    const bool was_other = before == kPerhapsUsual || before == kOther;
    if ((seen & kSeenOther) == 0) return before == kOther ? kPerhapsUsual : kUsual;
    if ((seen & kSeenUsual) == 0) return before == kUsual ? kPerhapsOther : kOther;
    return was_other ? kPerhapsUsual : kPerhapsOther;
  }

  void Set(int day, int part, Kind kind) {
    const int at = day * kPerDay + part;
    const auto shift = static_cast<unsigned>(at % kPerByte * kBits);
    uint8_t& byte = kinds_[at / kPerByte];
    byte = static_cast<uint8_t>((byte & ~(kMask << shift)) | unsigned{kind} << shift);
  }

  bool AnyAbove(int part, Kind kind) const {
    for (int day = 0; day < kDays; ++day) {
      if (Get(day, part) > kind) return true;
    }
    return false;
  }

  uint8_t kinds_[(kDays * kPerDay + kPerByte - 1) / kPerByte];
};

}  // namespace avocet::auto_detect
