#include "src/source/kafka/kafka_options.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "src/env/secret.h"

namespace avocet {
namespace {

using Option = std::pair<const char*, const char*>;

// Exactly-once rests on these.
constexpr std::array kFixed = {
    Option{"enable.auto.commit", "false"},
    Option{"enable.auto.offset.store", "false"},
    Option{"auto.offset.reset", "error"},
    Option{"enable.partition.eof", "true"},
    Option{"partition.assignment.strategy", "cooperative-sticky"},
};

// Better than librdkafka's own defaults for a process that heartbeats in a thread of its own.
constexpr std::array kDefaults = {
    Option{"client.id", "avocet"},
    Option{"session.timeout.ms", "10000"},
    Option{"topic.metadata.refresh.interval.ms", "10000"},
    Option{"queued.max.messages.kbytes", "32768"},
};

Status SetAll(rd_kafka_conf_t* conf, const KafkaSourceConfig& config) {
  for (const auto& [name, value] : kDefaults)
    AVOCET_RETURN_IF_ERROR(SetKafkaOption(conf, name, value));
  for (const auto& [name, value] : config.options) {
    const auto is_name = [&](const Option& option) { return name == option.first; };
    if (std::any_of(kFixed.begin(), kFixed.end(), is_name)) {
      return Status::Config("cannot set the option " + name +
                            " of Kafka: avocet sets it, because exactly-once depends on it");
    }
    if (name == "bootstrap.servers" || name == "metadata.broker.list" || name == "group.id") {
      return Status::Config("cannot set the option " + name + " of Kafka: use the key " +
                            (name == "group.id" ? "group" : "brokers"));
    }
    AVOCET_RETURN_IF_ERROR(SetKafkaOption(conf, name, value));
  }
  for (const auto& [name, value] : kFixed)
    AVOCET_RETURN_IF_ERROR(SetKafkaOption(conf, name, value));
  return Status::Ok();
}

}  // namespace

Status SetKafkaOption(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> reason{};
  const auto result =
      rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size());
  if (result == RD_KAFKA_CONF_OK) return Status::Ok();
  // librdkafka repeats the value, which may be a secret, only for names that are not.
  return Status::Config("cannot set the option " + name + " of Kafka: " + reason.data());
}

Result<KafkaConf> MakeKafkaConf(const KafkaSourceConfig& config, Env* env) {
  KafkaConf conf(rd_kafka_conf_new());
  AVOCET_RETURN_IF_ERROR(SetAll(conf.get(), config));
  std::string brokers;
  for (const std::string& broker : config.brokers) {
    brokers += (brokers.empty() ? "" : ",") + broker;
  }
  AVOCET_RETURN_IF_ERROR(SetKafkaOption(conf.get(), "bootstrap.servers", brokers));
  AVOCET_RETURN_IF_ERROR(SetKafkaOption(conf.get(), "group.id", config.group));
  if (config.password_file.empty()) return conf;
  const auto password = ReadSecretFile(env, config.password_file);
  if (!password.ok()) return Status::Config(password.status().message());
  AVOCET_RETURN_IF_ERROR(SetKafkaOption(conf.get(), "sasl.password", *password));
  return conf;
}

}  // namespace avocet
