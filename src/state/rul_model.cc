#include "src/state/rul_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "src/base/hash.h"

namespace avocet {
namespace {

constexpr std::string_view kFormat = "avocet-rul ";
constexpr std::string_view kVersion = "1";
constexpr size_t kMaxMetrics = 10'000, kMaxErrors = 1'000;

// Shortest text from which the same number is read.
void AppendNumber(double value, std::string* out) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out->append(buffer.data(), end);
}

void WriteNumbers(std::string_view name, const std::vector<double>& values, std::string* out) {
  out->append(name);
  for (const double value : values) {
    out->push_back(' ');
    AppendNumber(value, out);
  }
  out->push_back('\n');
}

Status Damaged() { return Status::Corrupt("it is no model of avocet fit-rul, or it is damaged"); }

// Takes what comes before the next `separator`, which must be there, from `text`.
Result<std::string_view> Take(char separator, std::string_view* text) {
  const size_t end = text->find(separator);
  if (end == std::string_view::npos) return Damaged();
  const std::string_view taken = text->substr(0, end);
  text->remove_prefix(end + 1);
  return taken;
}

Result<double> ReadNumber(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return Damaged();
  return value;
}

// The numbers of the next line, which begins with `name`.
Result<std::vector<double>> ReadNumbers(std::string_view name, size_t count,
                                        std::string_view* text) {
  AVOCET_ASSIGN_OR_RETURN(std::string_view line, Take('\n', text));
  if (!line.starts_with(name)) return Damaged();
  line.remove_prefix(name.size());
  std::vector<double> values;
  while (!line.empty()) {
    if (line.front() != ' ' || values.size() == count) return Damaged();
    line.remove_prefix(1);
    const size_t end = std::min(line.find(' '), line.size());
    AVOCET_ASSIGN_OR_RETURN(const double value, ReadNumber(line.substr(0, end)));
    values.push_back(value);
    line.remove_prefix(end);
  }
  if (values.size() != count) return Damaged();
  return values;
}

Result<size_t> ReadCount(std::string_view name, size_t most, std::string_view* text) {
  AVOCET_ASSIGN_OR_RETURN(const auto numbers, ReadNumbers(name, 1, text));
  const double count = numbers[0];
  if (!(count >= 0 && count <= static_cast<double>(most)) || count != std::floor(count)) {
    return Damaged();
  }
  return static_cast<size_t>(count);
}

}  // namespace

double RulModel::Part(const std::vector<double>& features, size_t index) const {
  if (std::isnan(features[index])) return 0;
  return weights_[index] * (features[index] - means_[index]) * scales_[index];
}

double RulModel::Predict(const std::vector<double>& features) const {
  double sum = bias_;
  for (size_t i = 0; i < features.size(); ++i) sum += Part(features, i);
  return std::clamp(sum, 0.0, cap_hours_);
}

std::pair<double, double> RulModel::Interval(double estimate) const {
  const auto found = std::find_if(errors_.begin(), errors_.end(),
                                  [&](const Errors& errors) { return estimate <= errors.below; });
  const Errors& errors = found == errors_.end() ? errors_.back() : *found;
  return {std::clamp(estimate + errors.low, 0.0, cap_hours_),
          std::clamp(estimate + errors.high, 0.0, cap_hours_)};
}

RulEstimate RulModel::Estimate(const LifeFeatures& life) const {
  const std::vector<double> features = life.Values();
  RulEstimate estimate{.hours = Predict(features), .cap = cap_hours_, .shares = {}};
  const auto [low, high] = Interval(estimate.hours);
  estimate.low = std::min(low, estimate.hours);
  estimate.high = std::max(high, estimate.hours);
  for (size_t m = 0; m < metrics_.size(); ++m) {
    LifeShare share{metrics_[m], 0};
    for (size_t i = 0; i < LifeFeatures::kPerMetric; ++i) {
      share.hours += Part(features, m * LifeFeatures::kPerMetric + i);
    }
    estimate.shares.push_back(std::move(share));
  }
  std::stable_sort(estimate.shares.begin(), estimate.shares.end(),
                   [](const LifeShare& a, const LifeShare& b) { return a.hours < b.hours; });
  return estimate;
}

std::string RulModel::Encode() const {
  std::string body;
  WriteNumbers("metrics", {static_cast<double>(metrics_.size())}, &body);
  for (const std::string& metric : metrics_) body += metric + "\n";
  WriteNumbers("cap_hours", {cap_hours_}, &body);
  WriteNumbers("quality",
               {quality_.rmse_hours, quality_.coverage, static_cast<double>(quality_.lives)},
               &body);
  WriteNumbers("bias", {bias_}, &body);
  WriteNumbers("means", means_, &body);
  WriteNumbers("scales", scales_, &body);
  WriteNumbers("weights", weights_, &body);
  WriteNumbers("errors", {static_cast<double>(errors_.size())}, &body);
  for (const Errors& errors : errors_) {
    WriteNumbers("up_to", {errors.below, errors.low, errors.high}, &body);
  }
  return fmt::format("{}{} {}\n{}", kFormat, kVersion, Hash128Hex(body), body);
}

Result<RulModel> RulModel::Decode(std::string_view text) {
  if (!text.starts_with(kFormat)) return Damaged();
  text.remove_prefix(kFormat.size());
  AVOCET_ASSIGN_OR_RETURN(const std::string_view version, Take(' ', &text));
  if (version != kVersion) {
    return Status::Unsupported(fmt::format(
        "it has version {} of the format, and this avocet reads version {}", version, kVersion));
  }
  AVOCET_ASSIGN_OR_RETURN(const std::string_view checksum, Take('\n', &text));
  if (checksum != Hash128Hex(text)) return Damaged();
  RulModel model;
  AVOCET_ASSIGN_OR_RETURN(const size_t num_metrics, ReadCount("metrics", kMaxMetrics, &text));
  for (size_t i = 0; i < num_metrics; ++i) {
    AVOCET_ASSIGN_OR_RETURN(const std::string_view metric, Take('\n', &text));
    model.metrics_.emplace_back(metric);
  }
  const size_t num_features = LifeFeatures::CountFor(num_metrics);
  AVOCET_ASSIGN_OR_RETURN(const auto cap, ReadNumbers("cap_hours", 1, &text));
  AVOCET_ASSIGN_OR_RETURN(const auto quality, ReadNumbers("quality", 3, &text));
  AVOCET_ASSIGN_OR_RETURN(const auto bias, ReadNumbers("bias", 1, &text));
  AVOCET_ASSIGN_OR_RETURN(model.means_, ReadNumbers("means", num_features, &text));
  AVOCET_ASSIGN_OR_RETURN(model.scales_, ReadNumbers("scales", num_features, &text));
  AVOCET_ASSIGN_OR_RETURN(model.weights_, ReadNumbers("weights", num_features, &text));
  AVOCET_ASSIGN_OR_RETURN(const size_t num_errors, ReadCount("errors", kMaxErrors, &text));
  for (size_t i = 0; i < num_errors; ++i) {
    AVOCET_ASSIGN_OR_RETURN(const auto errors, ReadNumbers("up_to", 3, &text));
    model.errors_.push_back({errors[0], errors[1], errors[2]});
  }
  if (!(cap[0] > 0) || !(quality[2] >= 0 && quality[2] < 1e9) || num_errors == 0) return Damaged();
  model.cap_hours_ = cap[0];
  model.quality_ = {quality[0], quality[1], static_cast<size_t>(quality[2])};
  model.bias_ = bias[0];
  return model;
}

}  // namespace avocet
