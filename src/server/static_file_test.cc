#include "src/server/static_file.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

namespace avocet {
namespace {

std::string Gunzip(const std::string& bytes, size_t size) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  std::string in = bytes;
  std::string out(size + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

std::string HeaderOf(const HttpResponse& response, std::string_view name) {
  const auto found = std::find_if(response.headers.begin(), response.headers.end(),
                                  [&](const auto& field) { return field.first == name; });
  return found == response.headers.end() ? "" : found->second;
}

TEST(StaticFile, IsCompressedForWhoTakesThat) {
  const std::string text(5000, 'x');
  const StaticFile file(text, "text/plain");
  HttpRequest request;
  EXPECT_EQ(file.Answer(request).body, text);
  EXPECT_EQ(HeaderOf(file.Answer(request), "Content-Encoding"), "");
  request.headers = {{"Accept-Encoding", "br, gzip"}};
  const HttpResponse response = file.Answer(request);
  EXPECT_EQ(HeaderOf(response, "Content-Encoding"), "gzip");
  EXPECT_LT(response.body.size(), 200U);
  EXPECT_EQ(Gunzip(response.body, text.size()), text);
}

TEST(StaticFile, IsNotSentAgain) {
  const StaticFile file("one", "text/plain");
  HttpRequest request;
  const std::string etag = HeaderOf(file.Answer(request), "ETag");
  request.headers = {{"If-None-Match", etag}};
  EXPECT_EQ(file.Answer(request).status, 304);
  EXPECT_EQ(file.Answer(request).body, "");
  EXPECT_EQ(StaticFile("two", "text/plain").Answer(request).status, 200);
}

TEST(StaticFile, MayBeEmpty) { EXPECT_EQ(Gunzip(Gzip(""), 0), ""); }

}  // namespace
}  // namespace avocet
