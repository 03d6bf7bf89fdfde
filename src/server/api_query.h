// ApiQuery: the parameters of a request, read and checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/device_config.h"
#include "src/net/http_message.h"

namespace avocet {

/// Reads parameters one by one and remembers the first mistake.
class ApiQuery {
 public:
  /// `now_us` is what "now" means.
  ApiQuery(const HttpRequest& request, int64_t now_us) : request_(request), now_us_(now_us) {}

  std::string Text(std::string_view name);
  /// A text that must be there.
  std::string RequiredText(std::string_view name);
  /// Texts separated by commas; empty when there are none.
  std::vector<std::string> TextList(std::string_view name);
  /// Patterns of labels: every parameter "label.NAME".
  Labels LabelPatterns();
  /// One of `words`, the first one when it is not given.
  std::string Word(std::string_view name, const std::vector<std::string>& words);
  int64_t Integer(std::string_view name, int64_t missing, int64_t min, int64_t max);
  /// Microseconds of an instant: an ISO 8601 text, microseconds since 1970, "now" or "now-6h".
  int64_t Instant(std::string_view name, int64_t missing);

  void Fail(std::string message);
  /// 400 with the first mistake; nothing when there was none.
  std::optional<HttpResponse> Mistake() const;

 private:
  const HttpRequest& request_;
  int64_t now_us_;
  std::string mistake_;
};

}  // namespace avocet
