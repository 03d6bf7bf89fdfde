#include "src/source/kafka/kafka_trust.h"

#include <utility>

#include "src/net/certificate_fault.h"

namespace avocet {
namespace {

constexpr const char* kAuthorities = "the option ssl.ca.location";

}  // namespace

KafkaTrust::KafkaTrust(const KafkaSourceConfig& config)
    : login_advice_("; check the option sasl.username, and the password in " +
                    (config.password_file.empty() ? "password_file" : config.password_file)) {}

bool KafkaTrust::Judge(const char* broker, int error, const char* der, size_t size) {
  if (error == 0) return true;
  std::string fault = std::string(broker) + ": " + CertificateFault(error, der, size, kAuthorities);
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
  return false;
}

std::string KafkaTrust::Explain(int code, const std::string& reason) {
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION) return reason + login_advice_;
  const std::lock_guard lock(mutex_);
  if (code != RD_KAFKA_RESP_ERR__SSL || fault_.empty()) return reason;
  return std::exchange(fault_, std::string());
}

}  // namespace avocet
