// KafkaTrust: why brokers and this client do not believe each other, in words that say what to
// mend. librdkafka itself says only that a verification did not succeed.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "src/config/config.h"

namespace avocet {

/// Any thread.
class KafkaTrust {
 public:
  explicit KafkaTrust(const KafkaSourceConfig& config);

  /// Judges a certificate of the chain of `broker` as OpenSSL has done already, whose verdict is
  /// `error`, and remembers what is wrong. True when it may be trusted.
  bool Judge(const char* broker, int error, const char* der, size_t size);

  /// `reason` of the error `code`, with what to do about it.
  std::string Explain(int code, const std::string& reason);

 private:
  const std::string login_advice_;
  std::mutex mutex_;
  std::string fault_;  // of the last certificate that was refused; guarded by mutex_
};

}  // namespace avocet
