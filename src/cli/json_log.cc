#include "src/cli/json_log.h"

#include <spdlog/details/log_msg.h>

#include <chrono>
#include <string>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"

namespace avocet {
namespace {

class JsonFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto micros =
        std::chrono::duration_cast<std::chrono::microseconds>(message.time.time_since_epoch());
    const auto level = spdlog::level::to_string_view(message.level);
    JsonWriter json;
    json.BeginObject().Field("ts", FormatTimestamp(micros.count()));
    json.Field("level", std::string_view(level.data(), level.size()));
    json.Field("msg", std::string_view(message.payload.data(), message.payload.size()));
    json.EndObject();
    const std::string line = json.Take() + "\n";
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }
};

}  // namespace

std::unique_ptr<spdlog::formatter> MakeJsonLogFormatter() {
  return std::make_unique<JsonFormatter>();
}

}  // namespace avocet
