#include "src/source/push/mqtt_deliveries.h"

namespace avocet {

MqttDeliveries::Known MqttDeliveries::Arrive(const MqttMessage& message, uint64_t content,
                                             uint64_t* serial) {
  const auto at = by_id_.find(message.receipt.packet_id);
  if (at != by_id_.end() && message.duplicate && at->second.content == content) {
    at->second.receipt = message.receipt;
    return at->second.durable ? Known::kDurable : Known::kTaken;
  }
  *serial = ++last_serial_;
  by_id_[message.receipt.packet_id] = {content, *serial, false, message.receipt};
  return Known::kNew;
}

void MqttDeliveries::Forget(uint16_t packet_id, uint64_t serial) {
  const auto at = by_id_.find(packet_id);
  if (at != by_id_.end() && at->second.serial == serial) by_id_.erase(at);
}

std::optional<MqttReceipt> MqttDeliveries::Durable(uint16_t packet_id, uint64_t serial) {
  const auto at = by_id_.find(packet_id);
  if (at == by_id_.end() || at->second.serial != serial) return std::nullopt;
  at->second.durable = true;
  return at->second.receipt;
}

}  // namespace avocet
