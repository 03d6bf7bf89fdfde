// StaticFile: a file as HTTP serves it: compressed for who takes that, and not sent again to who
// has it.
#pragma once

#include <string>
#include <string_view>

#include "src/net/http_message.h"

namespace avocet {

/// May be used by any thread at once.
class StaticFile {
 public:
  /// `bytes` is borrowed; a text is in UTF-8.
  StaticFile(std::string_view bytes, std::string_view content_type);

  HttpResponse Answer(const HttpRequest& request) const;

 private:
  const std::string_view bytes_;
  const std::string content_type_;
  const std::string gzip_;
  const std::string etag_;  // with its quotes
};

/// `bytes` as one gzip member.
std::string Gzip(std::string_view bytes);

}  // namespace avocet
