// ClipRun: whether readings pile up at a ceiling or a floor that they do not cross.
//
// Counts how many of the last readings were exactly the extreme of a short window, against the most
// that was ordinary. Raw bytes of a snapshot; zero-initialised is empty.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace avocet::auto_detect {

class ClipRun {
 public:
  /// The pile in units of what is tolerated. `judges` false: every pile is ordinary.
  float Update(double x, bool judges) {
    return std::max(top_.Update(x, judges), bottom_.Update(-x, judges));
  }
  bool IsPlausible() const { return top_.IsPlausible() && bottom_.IsPlausible(); }

 private:
  class Side {
   public:
    float Update(double x, bool judges) {
      if (length_ == 0 || x > extreme_) {
        Learn(judges);
        extreme_ = x;
        length_ = pile_ = 1;
        return 0;
      }
      ++length_;
      if (x == extreme_) ++pile_;
      const float limit = kTolerated * std::max(usual_, kLeast);
      // One is no pile. Nothing but the extreme is a value that is stuck.
      const bool is_pile = pile_ > 1 && length_ > pile_ + pile_ / 4;
      const float ratio = judges && is_pile ? static_cast<float>(pile_) / limit : 0;
      if (length_ >= kWindow) {
        Learn(judges);
        length_ = 0;
      }
      return ratio;
    }
    bool IsPlausible() const {
      return std::abs(extreme_) < 1e60 && length_ <= kWindow && pile_ <= length_ && usual_ >= 0 &&
             usual_ <= kWindow;
    }

   private:
    static constexpr uint16_t kWindow = 60;
    static constexpr float kTolerated = 3;
    static constexpr float kLeast = 5;
    static constexpr float kMemory = 0.9995F;

    void Learn(bool judges) {
      float pile = pile_;
      if (judges) pile = std::min(pile, 1.5F * std::max(usual_, kLeast));
      usual_ = std::max(usual_ * kMemory, pile);
      pile_ = 0;
    }

    double extreme_;
    uint16_t length_, pile_;
    float usual_;  // largest ordinary pile
  };

  Side top_, bottom_;
};

}  // namespace avocet::auto_detect
