// The options of librdkafka: those that a `kafka` source sets, and those that a user may.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "src/base/status.h"
#include "src/config/config.h"
#include "src/env/env.h"

namespace avocet {

struct KafkaConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using KafkaConf = std::unique_ptr<rd_kafka_conf_t, KafkaConfDeleter>;

/// kConfig for an option that does not exist, or a wrong value.
Status SetKafkaOption(rd_kafka_conf_t* conf, const std::string& name, const std::string& value);

/// kConfig for an option that does not exist, is wrong, or that avocet sets itself, and when the
/// password file cannot be read.
Result<KafkaConf> MakeKafkaConf(const KafkaSourceConfig& config, Env* env);

}  // namespace avocet
