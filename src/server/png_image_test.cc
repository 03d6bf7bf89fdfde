#include "src/server/png_image.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace avocet {
namespace {

constexpr Rgb kWhite{255, 255, 255}, kRed{200, 22, 29};

uint32_t Uint32(const std::string& file, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(file[at + i]);
  return value;
}

// The rows of a file as PngImage writes it, without the filters in front of them.
std::string Pixels(const std::string& file, size_t width, size_t height) {
  EXPECT_EQ(file.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(Uint32(file, 16), width);
  EXPECT_EQ(Uint32(file, 20), height);
  const size_t data = 8 + 25;  // after the signature and IHDR
  EXPECT_EQ(file.substr(data + 4, 4), "IDAT");
  std::string rows((width * 3 + 1) * height, '\0');
  uLongf size = rows.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(rows.data()), &size,
                       reinterpret_cast<const Bytef*>(file.data() + data + 8), Uint32(file, data)),
            Z_OK);
  EXPECT_EQ(size, rows.size());
  std::string pixels;
  for (size_t y = 0; y < height; ++y) {
    pixels += rows.substr(y * (width * 3 + 1) + 1, width * 3);
  }
  return pixels;
}

size_t CountRed(const PngImage& image) {
  const auto width = static_cast<size_t>(image.width());
  const auto height = static_cast<size_t>(image.height());
  const std::string pixels = Pixels(image.Encode(), width, height);
  size_t count = 0;
  for (size_t i = 0; i < pixels.size(); i += 3) count += pixels.substr(i, 3) == "\xC8\x16\x1D";
  return count;
}

TEST(PngImage, HasThePixelsThatWereSet) {
  PngImage image(4, 3, kWhite);
  image.Set(1, 2, kRed);
  const std::string pixels = Pixels(image.Encode(), 4, 3);
  EXPECT_EQ(pixels.substr((2 * 4 + 1) * 3, 3), "\xC8\x16\x1D");
  EXPECT_EQ(CountRed(image), 1U);
  EXPECT_EQ(image.Encode(), image.Encode());
}

TEST(PngImage, WhatIsOutsideIsLeftOut) {
  PngImage image(10, 10, kWhite);
  image.Set(-1, 0, kRed);
  image.Set(10, 10, kRed);
  EXPECT_EQ(CountRed(image), 0U);
  image.Fill(8, 8, 100, 100, kRed);
  EXPECT_EQ(CountRed(image), 4U);
  image.Fill(1, 1, 0, 0, kRed);
  EXPECT_EQ(CountRed(image), 8U);
  image.Line(-50, 5, 50, 5, kRed);
  EXPECT_EQ(CountRed(image), 8U + 20U);
}

TEST(PngImage, TextIsDigits) {
  PngImage image(40, 10, kWhite);
  image.Text(0, 0, "x ", kRed);
  EXPECT_EQ(CountRed(image), 0U);
  image.Text(0, 0, "1", kRed);
  EXPECT_EQ(CountRed(image), 8U * 4);
  EXPECT_EQ(PngImage::TextWidth("12.5"), 32);
}

TEST(PngImage, ChecksumsAreRight) {
  const std::string file = PngImage(1, 1, kWhite).Encode();
  EXPECT_EQ(file.substr(file.size() - 12), std::string("\0\0\0\0IEND\xAE\x42\x60\x82", 12));
}

}  // namespace
}  // namespace avocet
