#include "src/alert/log_channel.h"

#include <spdlog/spdlog.h>

#include "src/alert/alert_text.h"

namespace avocet {
namespace {

class LogChannel final : public AlertChannel {
 public:
  AlertDelivery Send(const AlertMessage& message) override {
    const bool over = !message.digest && message.change().state == AlertState::kCleared;
    spdlog::log(over ? spdlog::level::info : spdlog::level::warn, "alert: {}: {}",
                AlertTitle(message), AlertSentence(message));
    return {};
  }
};

}  // namespace

std::unique_ptr<AlertChannel> MakeLogChannel() { return std::make_unique<LogChannel>(); }

}  // namespace avocet
