// SinkSettings: the options of a sink, `name=value` on the command line.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/net/aws_options.h"

namespace avocet {

/// Each setting is taken by its name; the first mistake is told by Finish.
class SinkSettings {
 public:
  /// kUsage for a text without "=", or a name that comes twice.
  static Result<SinkSettings> Parse(const std::vector<std::string>& options);

  /// Empty when it is not given.
  std::string Text(const std::string& name);
  bool Flag(const std::string& name);
  /// A whole number from 1 on.
  size_t Count(const std::string& name, size_t otherwise);
  std::chrono::nanoseconds Time(const std::string& name, std::chrono::nanoseconds otherwise);
  /// What the file that is named has, without the end of its last line.
  std::string Secret(const std::string& name, Env* env);
  AwsOptions Aws();
  /// Everything that has not been taken.
  std::map<std::string, std::string> Rest();

  /// kUsage when a value cannot be read, or when `sink` has no setting of some name.
  Status Finish(const std::string& sink) const;

 private:
  void Fail(const std::string& name, const std::string& why);

  std::map<std::string, std::string> given_;
  std::vector<std::string> known_;
  Status mistake_;
};

}  // namespace avocet
