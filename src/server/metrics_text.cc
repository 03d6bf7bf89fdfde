#include "src/server/metrics_text.h"

#include "src/base/check.h"
#include "src/base/json_writer.h"

namespace avocet {

MetricsWriter& MetricsWriter::Begin(std::string_view name, Type type, std::string_view help) {
  AVOCET_CHECK((type == Type::kCounter) == name.ends_with("_total"));
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name);
  text_.append(type == Type::kCounter ? " counter\n" : " gauge\n");
  return *this;
}

void MetricsWriter::BeginSample(Labels labels) {
  text_ += name_;
  char separator = '{';
  for (const auto& [key, value] : labels) {
    text_ += separator;
    text_.append(key).append("=\"");
    for (const char c : value) {
      if (c == '\\' || c == '"') text_ += '\\';
      c == '\n' ? text_ += "\\n" : text_ += c;
    }
    text_ += '"';
    separator = ',';
  }
  text_ += separator == ',' ? "} " : " ";
}

MetricsWriter& MetricsWriter::Sample(double value, Labels labels) {
  BeginSample(labels);
  AppendJsonDouble(value, &text_);
  text_ += '\n';
  return *this;
}

MetricsWriter& MetricsWriter::Sample(uint64_t value, Labels labels) {
  BeginSample(labels);
  text_.append(std::to_string(value)).append("\n");
  return *this;
}

}  // namespace avocet
