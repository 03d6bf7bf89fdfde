// PngImage: a small picture, drawn pixel by pixel. The same drawing gives the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace avocet {

struct Rgb {
  uint8_t red = 0, green = 0, blue = 0;
};

/// Coordinates are pixels from the left upper corner; what lies outside is left out.
class PngImage {
 public:
  /// REQUIRES: positive sizes.
  PngImage(int width, int height, Rgb background);

  int width() const { return width_; }
  int height() const { return height_; }

  void Set(int x, int y, Rgb color);
  /// Both corners belong to it, in any order.
  void Fill(int x1, int y1, int x2, int y2, Rgb color);
  /// Two pixels wide.
  void Line(int x1, int y1, int x2, int y2, Rgb color);
  /// Digits and . - + : e, with the left upper corner there; other characters are blanks.
  void Text(int x, int y, std::string_view text, Rgb color);
  static int TextWidth(std::string_view text);
  static constexpr int kTextHeight = 10;

  /// As a file in the format PNG.
  std::string Encode() const;

 private:
  int width_, height_;
  std::vector<uint8_t> pixels_;  // rows of red, green, blue
};

}  // namespace avocet
