// ApiBody: the JSON object that a request brings, read and checked.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/device_config.h"
#include "src/net/http_message.h"

namespace avocet {

/// Reads members one by one and remembers the first mistake.
class ApiBody {
 public:
  explicit ApiBody(const std::string& body);

  /// `missing` when the member is not there or null.
  std::string Text(std::string_view name, std::string missing = "");
  std::string RequiredText(std::string_view name);
  /// Texts; at least one and at most `most`.
  std::vector<std::string> RequiredTexts(std::string_view name, size_t most);
  /// An object of texts; empty when it is not there or null.
  Labels LabelPatterns(std::string_view name);
  std::optional<double> Number(std::string_view name);

  void Fail(std::string message);
  /// 400 with the first mistake; nothing when there was none.
  std::optional<HttpResponse> Mistake() const;

 private:
  /// Null when it is not there.
  std::optional<simdjson::dom::element> Find(std::string_view name);

  simdjson::dom::parser parser_;
  simdjson::padded_string text_;
  simdjson::dom::object object_;
  bool is_object_ = false;
  std::string mistake_;
};

}  // namespace avocet
