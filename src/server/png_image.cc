#include "src/server/png_image.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "src/base/check.h"

namespace avocet {
namespace {

constexpr int kGlyphWidth = 3, kGlyphHeight = 5, kGlyphScale = 2;
constexpr int kGlyphStep = (kGlyphWidth + 1) * kGlyphScale;
static_assert(PngImage::kTextHeight == kGlyphHeight * kGlyphScale);

// Rows from the top, three bits each.
constexpr std::pair<char, uint16_t> kGlyphs[] = {
    {'0', 0b111'101'101'101'111}, {'1', 0b010'110'010'010'111}, {'2', 0b111'001'111'100'111},
    {'3', 0b111'001'111'001'111}, {'4', 0b101'101'111'001'001}, {'5', 0b111'100'111'001'111},
    {'6', 0b111'100'111'101'111}, {'7', 0b111'001'001'001'001}, {'8', 0b111'101'111'101'111},
    {'9', 0b111'101'111'001'111}, {'.', 0b000'000'000'000'010}, {'-', 0b000'000'111'000'000},
    {'+', 0b000'010'111'010'000}, {':', 0b000'010'000'010'000}, {'e', 0b000'111'111'100'111},
};

void AppendUint32(uint32_t value, std::string* out) {
  for (int shift = 24; shift >= 0; shift -= 8) *out += static_cast<char>(value >> shift & 0xFFU);
}

void AppendChunk(std::string_view type, const std::string& data, std::string* out) {
  AppendUint32(static_cast<uint32_t>(data.size()), out);
  const std::string checked = std::string(type) + data;
  *out += checked;
  const uLong sum =
      crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()));
  AppendUint32(static_cast<uint32_t>(sum), out);
}

std::string Compressed(const std::string& bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, '\0');
  const int result = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()),
                               static_cast<uLong>(bytes.size()), Z_DEFAULT_COMPRESSION);
  AVOCET_CHECK(result == Z_OK);
  out.resize(size);
  return out;
}

}  // namespace

PngImage::PngImage(int width, int height, Rgb background) : width_(width), height_(height) {
  pixels_.resize(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  Fill(0, 0, width - 1, height - 1, background);
}

void PngImage::Set(int x, int y, Rgb color) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
  const size_t at = (static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x));
  pixels_[at * 3] = color.red;
  pixels_[at * 3 + 1] = color.green;
  pixels_[at * 3 + 2] = color.blue;
}

void PngImage::Fill(int x1, int y1, int x2, int y2, Rgb color) {
  const auto [left, right] = std::minmax(x1, x2);
  const auto [top, bottom] = std::minmax(y1, y2);
  for (int y = std::max(top, 0); y <= std::min(bottom, height_ - 1); ++y) {
    for (int x = std::max(left, 0); x <= std::min(right, width_ - 1); ++x) Set(x, y, color);
  }
}

// Bresenham's.
void PngImage::Line(int x1, int y1, int x2, int y2, Rgb color) {
  const int dx = std::abs(x2 - x1), dy = -std::abs(y2 - y1);
  const int step_x = x1 < x2 ? 1 : -1, step_y = y1 < y2 ? 1 : -1;
  for (int error = dx + dy;;) {
    Fill(x1, y1, x1 + 1, y1 + 1, color);
    if (x1 == x2 && y1 == y2) return;
    const int twice = 2 * error;
    if (twice >= dy) {
      error += dy;
      x1 += step_x;
    }
    if (twice <= dx) {
      error += dx;
      y1 += step_y;
    }
  }
}

void PngImage::Text(int x, int y, std::string_view text, Rgb color) {
  for (const char c : text) {
    const auto* const glyph = std::find_if(std::begin(kGlyphs), std::end(kGlyphs),
                                           [c](const auto& entry) { return entry.first == c; });
    for (int bit = 0; glyph != std::end(kGlyphs) && bit < kGlyphWidth * kGlyphHeight; ++bit) {
      if ((glyph->second >> (kGlyphWidth * kGlyphHeight - 1 - bit) & 1U) == 0) continue;
      const int left = x + bit % kGlyphWidth * kGlyphScale,
                top = y + bit / kGlyphWidth * kGlyphScale;
      Fill(left, top, left + kGlyphScale - 1, top + kGlyphScale - 1, color);
    }
    x += kGlyphStep;
  }
}

int PngImage::TextWidth(std::string_view text) {
  return static_cast<int>(text.size()) * kGlyphStep;
}

std::string PngImage::Encode() const {
  std::string rows;
  const size_t row_bytes = static_cast<size_t>(width_) * 3;
  for (size_t y = 0; y < static_cast<size_t>(height_); ++y) {
    rows += '\0';  // no filter
    rows.append(reinterpret_cast<const char*>(pixels_.data() + y * row_bytes), row_bytes);
  }
  std::string header;
  AppendUint32(static_cast<uint32_t>(width_), &header);
  AppendUint32(static_cast<uint32_t>(height_), &header);
  // Eight bits of red, green and blue; the only compression and filters there are; not interlaced.
  header.append({8, 2, 0, 0, 0});
  std::string file = "\x89PNG\r\n\x1a\n";
  AppendChunk("IHDR", header, &file);
  AppendChunk("IDAT", Compressed(rows), &file);
  AppendChunk("IEND", "", &file);
  return file;
}

}  // namespace avocet
