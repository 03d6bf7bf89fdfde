#include "src/net/cloudwatch_client.h"

#include <fmt/format.h>

#include <utility>

#include "src/base/time_format.h"
#include "src/net/aws_service.h"
#include "src/net/s3_client.h"

namespace avocet {
namespace {

// CloudWatch takes a thousand data and a megabyte in one call.
constexpr size_t kMostData = 1'000;
constexpr size_t kMostBytes = 900'000;

void AppendField(std::string_view key, std::string_view value, std::string* form) {
  form->append("&").append(key).append("=").append(UrlEscaped(value, false));
}

std::string FormOf(std::string_view action) {
  return fmt::format("Action={}&Version=2010-08-01", action);
}

void AppendDimensions(std::string_view prefix, std::span<const CloudWatchDimension> dimensions,
                      std::string* form) {
  for (size_t i = 0; i < dimensions.size(); ++i) {
    const std::string member = fmt::format("{}Dimensions.member.{}.", prefix, i + 1);
    AppendField(member + "Name", dimensions[i].name, form);
    AppendField(member + "Value", dimensions[i].value, form);
  }
}

std::string DatumFields(const CloudWatchDatum& datum, size_t number) {
  std::string form;
  const std::string prefix = fmt::format("MetricData.member.{}.", number);
  AppendField(prefix + "MetricName", datum.metric, &form);
  AppendDimensions(prefix, datum.dimensions, &form);
  AppendField(prefix + "Timestamp", FormatTimestamp(datum.time_us), &form);
  AppendField(prefix + "Unit", datum.unit, &form);
  AppendField(prefix + "Value", fmt::format("{}", datum.value), &form);
  return form;
}

}  // namespace

CloudWatchClient::CloudWatchClient(std::shared_ptr<AwsTransport> transport,
                                   const std::string& endpoint)
    : transport_(std::move(transport)),
      url_((endpoint.empty() ? AwsEndpoint("monitoring", transport_->region()) : endpoint) +
           (endpoint.ends_with('/') ? "" : "/")) {}

Status CloudWatchClient::Call(const std::string& form) const {
  AwsRequest request;
  request.service = "monitoring";
  request.url = url_;
  request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body = form;
  AVOCET_ASSIGN_OR_RETURN(const AwsAnswer answer, transport_->Send(request));
  return StatusOfAnswer(answer);
}

Status CloudWatchClient::PutMetricData(std::string_view metrics_namespace,
                                       std::span<const CloudWatchDatum> data, size_t* sent) {
  *sent = 0;
  while (*sent < data.size()) {
    std::string form = FormOf("PutMetricData");
    AppendField("Namespace", metrics_namespace, &form);
    size_t taken = 0;
    while (*sent + taken < data.size() && taken < kMostData) {
      const std::string fields = DatumFields(data[*sent + taken], taken + 1);
      if (taken > 0 && form.size() + fields.size() > kMostBytes) break;
      form += fields;
      ++taken;
    }
    AVOCET_RETURN_IF_ERROR(Call(form));
    *sent += taken;
  }
  return Status::Ok();
}

Status CloudWatchClient::PutDashboard(std::string_view name, std::string_view body) {
  std::string form = FormOf("PutDashboard");
  AppendField("DashboardName", name, &form);
  AppendField("DashboardBody", body, &form);
  return Call(form);
}

Status CloudWatchClient::PutMetricAlarm(std::string_view metrics_namespace,
                                        const CloudWatchAlarm& alarm) {
  std::string form = FormOf("PutMetricAlarm");
  AppendField("AlarmName", alarm.name, &form);
  AppendField("AlarmDescription", alarm.description, &form);
  AppendField("Namespace", metrics_namespace, &form);
  AppendField("MetricName", alarm.metric, &form);
  AppendDimensions("", alarm.dimensions, &form);
  AppendField("Statistic", alarm.statistic, &form);
  AppendField("ComparisonOperator", alarm.comparison, &form);
  AppendField("Threshold", fmt::format("{}", alarm.threshold), &form);
  AppendField("Period", std::to_string(alarm.period_seconds), &form);
  AppendField("EvaluationPeriods", std::to_string(alarm.periods), &form);
  AppendField("TreatMissingData", alarm.rings_without_data ? "breaching" : "notBreaching", &form);
  for (size_t i = 0; i < alarm.actions.size(); ++i) {
    AppendField(fmt::format("AlarmActions.member.{}", i + 1), alarm.actions[i], &form);
    AppendField(fmt::format("OKActions.member.{}", i + 1), alarm.actions[i], &form);
  }
  return Call(form);
}

}  // namespace avocet
