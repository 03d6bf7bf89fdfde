// ResponseHead: status line and headers of a response as they go over the wire.
#pragma once

#include <string>
#include <string_view>

#include "src/net/http_message.h"

namespace avocet {

enum class BodyFraming {
  kLength,      ///< Content-Length
  kChunks,      ///< Transfer-Encoding: chunked
  kConnection,  ///< the body ends with the connection
};

/// Up to and including the empty line. Header values lose what could begin another header.
std::string ResponseHead(const HttpResponse& response, bool keep_alive, int version,
                         BodyFraming framing);

/// One chunk of a chunked body. REQUIRES: `bytes` is not empty.
std::string Chunk(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace avocet
