// MqttClient: keeps subscriptions at an MQTT broker alive, acknowledges messages when it is told
// to, and publishes some. Libraries acknowledge a message when it arrives; see docs/design/0012.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/env/env.h"
#include "src/net/mqtt_packet.h"

namespace avocet {

/// From "mqtt://host:1883" or "mqtts://host:8883"; the ports may be left out.
struct MqttAddress {
  std::string host;
  uint16_t port = 1883;
  bool tls = false;
};

/// kConfig for anything else.
Result<MqttAddress> ParseMqttAddress(std::string_view url);

struct MqttClientOptions {
  MqttAddress broker;
  /// Those of the broker's host; empty: it is resolved at each connection.
  std::vector<std::string> addresses;
  std::string ca_file;               ///< PEM; empty: the system's authorities
  std::string ca_option = "tls_ca";  ///< what users call `ca_file`, for messages
  std::string certificate_file;      ///< PEM chain of the client; empty: none
  std::string key_file;
  MqttVersion version = MqttVersion::k5;
  MqttConnect connect;
  /// Gives the password before each connection, so that a new one needs no new client. Null: it is
  /// in `connect`.
  std::function<Result<std::string>()> read_password;
  std::string login_advice;  ///< added when the broker refuses the user, as in "; check ..."
  std::vector<MqttSubscription> subscriptions;  ///< may be empty
  size_t max_payload_bytes = size_t{1} << 20;   ///< of longer ones only the beginning is kept
};

/// Which message, on which connection: a broker uses packet ids again on the next one.
struct MqttReceipt {
  uint64_t connection = 0;
  uint16_t packet_id = 0;
};

struct MqttMessage {
  std::string_view topic;
  std::string_view payload;    ///< at most max_payload_bytes
  uint64_t payload_bytes = 0;  ///< of the whole
  uint8_t qos = 0;             ///< 0 or 1
  bool retained = false;
  bool duplicate = false;  ///< the broker has sent it before
  MqttReceipt receipt;     ///< with qos 1: what to acknowledge
};

class MqttClient {
 public:
  /// Everything is called on the client's thread. Views are valid during the call.
  class Listener {
   public:
    virtual ~Listener() = default;
    /// Connected. `resumed`: the broker goes on with the session it had.
    virtual void OnConnected(bool resumed) = 0;
    /// False: not now. Then nothing is read, and the same message is offered again in a moment.
    virtual bool OnMessage(const MqttMessage& message) = 0;
    /// The broker has taken or refused what was published; IsMqttRefusal(reason) tells.
    virtual void OnPublished(uint16_t packet_id, uint8_t reason) {
      static_cast<void>(packet_id);
      static_cast<void>(reason);
    }
    /// Why nothing arrives; empty: the broker has accepted the subscriptions.
    virtual void OnProblem(const std::string& problem) = 0;
  };

  /// kConfig when a certificate or key cannot be used. Borrows `env` and `listener`.
  static Result<std::unique_ptr<MqttClient>> Make(const MqttClientOptions& options, Env* env,
                                                  Listener* listener);
  /// Sends what waits to be sent, and says good-bye.
  virtual ~MqttClient() = default;

  /// Connects in the background, and again whenever the connection is lost. Called once.
  virtual void Start() = 0;
  /// Reads no more: when this returns, the listener is not called any more.
  virtual void StopReading() = 0;
  /// Runs `task` on the client's thread.
  virtual void Post(std::function<void()> task) = 0;

  // On the client's thread:

  /// False when the connection is gone: the broker sends the message again.
  virtual bool Acknowledge(const MqttReceipt& receipt) = 0;
  /// Nothing happens when the connection is gone.
  virtual void Publish(const MqttPublish& message) = 0;
  /// How many messages with a packet_id the broker lets wait for its answer.
  virtual size_t ReceiveMaximum() const = 0;
  /// Gives up the connection and makes a new one, on which the broker sends again what was not
  /// acknowledged.
  virtual void Reconnect(const std::string& problem) = 0;
};

}  // namespace avocet
