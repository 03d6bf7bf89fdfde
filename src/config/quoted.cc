#include "src/config/quoted.h"

#include "src/base/json_writer.h"
#include "src/base/utf8.h"

namespace avocet {

std::string Quoted(std::string_view text) {
  constexpr size_t kMaxBytes = 60;
  std::string quoted;
  if (text.size() <= kMaxBytes) {
    AppendJsonString(text, &quoted);
    return quoted;
  }
  size_t end = 0;
  while (end < kMaxBytes) end += FirstUtf8Sequence(text.substr(end)).size_bytes;
  AppendJsonString(std::string(text.substr(0, end)) + "...", &quoted);
  return quoted;
}

}  // namespace avocet
