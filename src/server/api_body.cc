#include "src/server/api_body.h"

#include <utility>

#include "src/config/device_labels.h"

namespace avocet {

ApiBody::ApiBody(const std::string& body) : text_(body) {
  simdjson::dom::element root;
  is_object_ = parser_.parse(text_).get(root) == simdjson::SUCCESS &&
               root.get_object().get(object_) == simdjson::SUCCESS;
  if (!is_object_) Fail("the body must be a JSON object");
}

std::optional<simdjson::dom::element> ApiBody::Find(std::string_view name) {
  simdjson::dom::element value;
  if (!is_object_ || object_.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) {
    return std::nullopt;
  }
  return value;
}

std::string ApiBody::Text(std::string_view name, std::string missing) {
  const auto value = Find(name);
  if (!value) return missing;
  std::string_view text;
  if (value->get_string().get(text) != simdjson::SUCCESS) {
    Fail("\"" + std::string(name) + "\" must be a text");
    return missing;
  }
  return std::string(text);
}

std::string ApiBody::RequiredText(std::string_view name) {
  std::string text = Text(name);
  if (text.empty()) Fail("\"" + std::string(name) + "\" is missing");
  return text;
}

std::vector<std::string> ApiBody::RequiredTexts(std::string_view name, size_t most) {
  std::vector<std::string> texts;
  const auto value = Find(name);
  simdjson::dom::array array;
  if (value && value->get_array().get(array) == simdjson::SUCCESS) {
    for (const simdjson::dom::element item : array) {
      std::string_view text;
      if (item.get_string().get(text) != simdjson::SUCCESS || text.empty()) {
        texts.clear();
        break;
      }
      texts.emplace_back(text);
    }
  }
  if (texts.empty() || texts.size() > most) {
    Fail("\"" + std::string(name) + "\" must be a list of 1 to " + std::to_string(most) + " texts");
  }
  return texts;
}

Labels ApiBody::LabelPatterns(std::string_view name) {
  Labels patterns;
  const auto value = Find(name);
  if (!value) return patterns;
  simdjson::dom::object members;
  if (value->get_object().get(members) != simdjson::SUCCESS) {
    Fail("\"" + std::string(name) + "\" must be an object of texts");
    return patterns;
  }
  for (const auto& [key, member] : members) {
    std::string_view pattern;
    if (member.get_string().get(pattern) != simdjson::SUCCESS) {
      Fail("\"" + std::string(name) + "\" must be an object of texts");
    } else if (std::string problem = LabelPatternProblem(key, pattern); !problem.empty()) {
      Fail(std::move(problem));
    } else {
      patterns.emplace(std::string(key), std::string(pattern));
    }
  }
  return patterns;
}

std::optional<double> ApiBody::Number(std::string_view name) {
  const auto value = Find(name);
  if (!value) return std::nullopt;
  double number = 0;
  if (value->get_double().get(number) == simdjson::SUCCESS) return number;
  Fail("\"" + std::string(name) + "\" must be a number");
  return std::nullopt;
}

void ApiBody::Fail(std::string message) {
  if (mistake_.empty()) mistake_ = std::move(message);
}

std::optional<HttpResponse> ApiBody::Mistake() const {
  if (mistake_.empty()) return std::nullopt;
  return HttpResponse::Error(400, "bad_body", mistake_);
}

}  // namespace avocet
