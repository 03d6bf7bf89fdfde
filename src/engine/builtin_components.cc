#include "src/engine/builtin_components.h"

#include <utility>
#include <variant>

#include "src/alert/email_channel.h"
#include "src/alert/log_channel.h"
#include "src/alert/mqtt_channel.h"
#include "src/alert/pagerduty_channel.h"
#include "src/alert/slack_channel.h"
#include "src/alert/teams_channel.h"
#include "src/alert/webhook_channel.h"
#include "src/engine/decoding_judge.h"
#include "src/engine/owned_lake.h"
#include "src/source/file/file_source.h"
#include "src/source/file/stdin_source.h"
#include "src/source/kafka/kafka_source.h"
#include "src/source/kinesis/kinesis_source.h"
#include "src/source/push/http_source.h"
#include "src/source/push/mqtt_source.h"
#include "src/source/s3/s3_source.h"
#include "src/source/simulate/simulate_source.h"

namespace avocet {

std::unique_ptr<Source> MakeSource(const SourceConfig& source, const SourceContext& context) {
  struct Maker {
    const SourceConfig& source;
    const SourceContext& context;
    std::unique_ptr<Source> operator()(const FileSourceConfig& options) const {
      return MakeFileSource(options, source.name, context.once, context.env);
    }
    std::unique_ptr<Source> operator()(const StdinSourceConfig& options) const {
      return MakeStdinSource(options, source.name, context.env);
    }
    std::unique_ptr<Source> operator()(const SimulateSourceConfig& options) const {
      return MakeSimulateSource(options, source.name, context.once, context.env);
    }
    std::unique_ptr<Source> operator()(const HttpSourceConfig& options) const {
      const SchemaConfig& schema = context.config->schema;
      HttpSourceContext http;
      http.env = context.env;
      http.hub = context.hub;
      http.directory = JournalDir(*context.config, source.name);
      http.make_judge = [&schema] { return MakeDecodingJudge(schema); };
      http.line_protocol = {schema.time_field, schema.time_format};
      http.once = context.once;
      return MakeHttpSource(options, source.name, std::move(http));
    }
    std::unique_ptr<Source> operator()(const KinesisSourceConfig& options) const {
      return MakeKinesisSource(options, source.name, context.once, context.env, context.peers);
    }
    std::unique_ptr<Source> operator()(const S3SourceConfig& options) const {
      return MakeS3Source(options, source.name, context.once, context.env);
    }
    std::unique_ptr<Source> operator()(const KafkaSourceConfig& options) const {
      return MakeKafkaSource(options, source.name, context.once, context.env, context.peers);
    }
    std::unique_ptr<Source> operator()(const MqttSourceConfig& options) const {
      return MakeMqttSource(options, source.name, JournalDir(*context.config, source.name),
                            context.once, context.env);
    }
  };
  return std::visit(Maker{source, context}, source.options);
}

std::unique_ptr<AlertChannel> MakeAlertChannel(const AlertChannelConfig& config, Env* env) {
  struct Maker {
    Env* env;
    std::unique_ptr<AlertChannel> operator()(const LogChannelConfig&) const {
      return MakeLogChannel();
    }
    std::unique_ptr<AlertChannel> operator()(const WebhookChannelConfig& options) const {
      return MakeWebhookChannel(options, env);
    }
    std::unique_ptr<AlertChannel> operator()(const SlackChannelConfig& options) const {
      return MakeSlackChannel(options, env);
    }
    std::unique_ptr<AlertChannel> operator()(const TeamsChannelConfig& options) const {
      return MakeTeamsChannel(options, env);
    }
    std::unique_ptr<AlertChannel> operator()(const PagerDutyChannelConfig& options) const {
      return MakePagerDutyChannel(options, env);
    }
    std::unique_ptr<AlertChannel> operator()(const EmailChannelConfig& options) const {
      return MakeEmailChannel(options, env);
    }
    std::unique_ptr<AlertChannel> operator()(const MqttChannelConfig& options) const {
      return MakeMqttChannel(options, env);
    }
  };
  return std::visit(Maker{env}, config.options);
}

}  // namespace avocet
