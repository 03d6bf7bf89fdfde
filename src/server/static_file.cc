#include "src/server/static_file.h"

#include <zlib.h>

#include "src/base/check.h"
#include "src/net/bearer_tokens.h"

namespace avocet {
namespace {

constexpr size_t kETagDigits = 16;

}  // namespace

std::string Gzip(std::string_view bytes) {
  constexpr int kGzipWindow = MAX_WBITS + 16;
  constexpr int kMemoryLevel = 8;
  z_stream stream{};
  AVOCET_CHECK(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                            Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  // zlib's interface has no const; it does not write there.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  AVOCET_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

StaticFile::StaticFile(std::string_view bytes, std::string_view content_type)
    : bytes_(bytes),
      content_type_(std::string(content_type) +
                    (content_type.starts_with("text/") ? "; charset=utf-8" : "")),
      gzip_(Gzip(bytes)),
      etag_('"' + Sha256Hex(bytes).substr(0, kETagDigits) + '"') {}

HttpResponse StaticFile::Answer(const HttpRequest& request) const {
  HttpResponse response{
      .status = 200,
      .content_type = content_type_,
      .body = "",
      .headers = {{"ETag", etag_}, {"Vary", "Accept-Encoding"}, {"Cache-Control", "no-cache"}}};
  if (request.Header("If-None-Match") == etag_) {
    response.status = 304;
  } else if (request.Header("Accept-Encoding").find("gzip") != std::string_view::npos) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = gzip_;
  } else {
    response.body = bytes_;
  }
  return response;
}

}  // namespace avocet
