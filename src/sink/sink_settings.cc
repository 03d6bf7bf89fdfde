#include "src/sink/sink_settings.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "src/base/time_format.h"
#include "src/env/secret.h"

namespace avocet {

Result<SinkSettings> SinkSettings::Parse(const std::vector<std::string>& options) {
  SinkSettings settings;
  for (const std::string& option : options) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Status::Usage("--to-option: write it as name=value, not \"" + option + "\"");
    }
    if (!settings.given_.emplace(option.substr(0, equals), option.substr(equals + 1)).second) {
      return Status::Usage("--to-option: " + option.substr(0, equals) + " is given twice");
    }
  }
  return settings;
}

void SinkSettings::Fail(const std::string& name, const std::string& why) {
  if (mistake_.ok()) mistake_ = Status::Usage("--to-option " + name + ": " + why);
}

std::string SinkSettings::Text(const std::string& name) {
  known_.push_back(name);
  const auto node = given_.extract(name);
  return node.empty() ? std::string() : node.mapped();
}

bool SinkSettings::Flag(const std::string& name) {
  const std::string text = Text(name);
  if (!text.empty() && text != "true" && text != "false") Fail(name, "it is true or false");
  return text == "true";
}

size_t SinkSettings::Count(const std::string& name, size_t otherwise) {
  const std::string text = Text(name);
  if (text.empty()) return otherwise;
  size_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || value == 0) {
    Fail(name, "\"" + text + "\" is no whole number from 1 on");
  }
  return value;
}

std::chrono::nanoseconds SinkSettings::Time(const std::string& name,
                                            std::chrono::nanoseconds otherwise) {
  const std::string text = Text(name);
  if (text.empty()) return otherwise;
  const auto micros = ParseDuration(text);
  if (micros.ok()) return std::chrono::microseconds(*micros);
  Fail(name, micros.status().message());
  return otherwise;
}

std::string SinkSettings::Secret(const std::string& name, Env* env) {
  const std::string path = Text(name);
  if (path.empty()) return {};
  auto secret = ReadSecretFile(env, path);
  if (!secret.ok()) {
    Fail(name, secret.status().message());
    return {};
  }
  return *std::move(secret);
}

AwsOptions SinkSettings::Aws() {
  AwsOptions aws;
  aws.region = Text("region");
  aws.endpoint = Text("endpoint");
  aws.profile = Text("profile");
  aws.role_arn = Text("role_arn");
  aws.ca_file = Text("ca_file");
  return aws;
}

std::map<std::string, std::string> SinkSettings::Rest() { return std::exchange(given_, {}); }

Status SinkSettings::Finish(const std::string& sink) const {
  AVOCET_RETURN_IF_ERROR(mistake_);
  if (given_.empty()) return Status::Ok();
  std::string known;
  for (const std::string& name : known_) known += (known.empty() ? "" : ", ") + name;
  return Status::Usage("--to-option: " + sink + " has no option \"" + given_.begin()->first +
                       "\"; " + (known.empty() ? "it has none" : "known: " + known));
}

}  // namespace avocet
