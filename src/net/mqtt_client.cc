#include "src/net/mqtt_client.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <thread>
#include <utility>

#include "src/env/retry_pause.h"
#include "src/net/certificate_fault.h"
#include "src/net/mqtt_inbox.h"

namespace avocet {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ErrorCode = boost::system::error_code;
using PlainStream = tcp::socket;
using TlsStream = asio::ssl::stream<tcp::socket>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr size_t kReadBytes = size_t{64} << 10;
constexpr seconds kConnectTime{15};
constexpr milliseconds kOfferAgain{20};
constexpr RetryPauses kRetryPauses{milliseconds(250), seconds(15)};
// How long the end of the program waits for acknowledgements to be sent.
constexpr milliseconds kLastWords{500};
constexpr uint16_t kSubscribeId = 1;

Status UseFile(const char* what, const std::string& file, const ErrorCode& error) {
  if (!error) return Status::Ok();
  return Status::Config(std::string("cannot use the ") + what + " " + file + ": " +
                        error.message());
}

Status SetUpTls(const MqttClientOptions& options, asio::ssl::context* tls) {
  ErrorCode error;
  tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                       asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1,
                   error);
  tls->set_verify_mode(asio::ssl::verify_peer, error);
  if (options.ca_file.empty()) {
    tls->set_default_verify_paths(error);
  } else {
    tls->load_verify_file(options.ca_file, error);
    AVOCET_RETURN_IF_ERROR(UseFile("authorities", options.ca_file, error));
  }
  if (options.certificate_file.empty()) return Status::Ok();
  tls->use_certificate_chain_file(options.certificate_file, error);
  AVOCET_RETURN_IF_ERROR(UseFile("certificate", options.certificate_file, error));
  tls->use_private_key_file(options.key_file, asio::ssl::context::pem, error);
  return UseFile("private key", options.key_file, error);
}

// The certificate must be for `host`, a name or an address.
void DemandHost(const std::string& host, SSL* tls) {
  X509_VERIFY_PARAM* const demands = SSL_get0_param(tls);
  X509_VERIFY_PARAM_set_hostflags(demands, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(demands, host.c_str()) == 1) return;
  X509_VERIFY_PARAM_set1_host(demands, host.data(), host.size());
  // The function takes text that it does not change as plain memory.
  SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(host.c_str()));
}

// What one connection tells the client.
struct Shared {
  MqttClientOptions options;
  MqttClient::Listener* listener = nullptr;
  bool reading = true;                  // false: the listener is not called any more
  bool stopping = false;                // the client ends
  bool subscribed = false;              // in this process
  size_t receive_maximum = UINT16_MAX;  // of the broker
  std::chrono::nanoseconds pause{0};    // before the next connection
  std::string problem;                  // of the last connection
};

class Link {
 public:
  virtual ~Link() = default;
  virtual uint64_t number() const = 0;
  virtual void Send(std::string bytes) = 0;
  virtual void Close(const std::string& problem) = 0;
  /// Closes when everything has been sent.
  virtual void Finish() = 0;
  /// From the first byte to the last.
  virtual asio::awaitable<void> Run() = 0;
};

template <typename Stream>
class Connection : public Link, public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Stream stream, uint64_t number, Shared* shared)
      : stream_(std::move(stream)),
        number_(number),
        shared_(*shared),
        inbox_(shared->options.version, shared->options.max_payload_bytes),
        watch_(stream_.get_executor()),
        again_(stream_.get_executor()) {}

  uint64_t number() const override { return number_; }

  void Send(std::string bytes) override {
    waiting_ += bytes;
    sent_something_ = true;
    if (sending_.empty() && !closed_) Write();
  }

  void Close(const std::string& problem) override {
    if (closed_) return;
    closed_ = true;
    if (!problem.empty()) shared_.problem = problem;
    ErrorCode ignored;
    socket().close(ignored);
    watch_.cancel();
    again_.cancel();
  }

  void Finish() override {
    finishing_ = true;
    Send(EncodeMqttDisconnect(shared_.options.version));
  }

  asio::awaitable<void> Run() override {
    asio::co_spawn(stream_.get_executor(), Watch(), asio::detached);
    const std::string problem = co_await Connect();
    if (!problem.empty()) {
      Close("cannot connect: " + problem);
      co_return;
    }
    MqttConnect hello = shared_.options.connect;
    if (shared_.options.read_password != nullptr) {
      auto password = shared_.options.read_password();
      if (!password.ok()) {
        Close(password.status().message());
        co_return;
      }
      hello.password = std::move(*password);
    }
    Send(EncodeMqttConnect(shared_.options.version, hello));
    co_await Read();
    Close("");
  }

 private:
  tcp::socket& socket() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  // Why not; empty when it is connected.
  asio::awaitable<std::string> Connect() {
    const MqttAddress& broker = shared_.options.broker;
    tcp::resolver resolver(stream_.get_executor());
    std::vector<tcp::endpoint> places;
    for (const std::string& address : shared_.options.addresses) {
      places.emplace_back(asio::ip::make_address(address), broker.port);
    }
    if (places.empty()) {
      const auto [unknown, found] =
          co_await resolver.async_resolve(broker.host, std::to_string(broker.port), kAwait);
      if (unknown) co_return unknown.message();
      for (const auto& entry : found) places.push_back(entry.endpoint());
    }
    const auto [refused, place] = co_await asio::async_connect(socket(), places, kAwait);
    if (refused) co_return refused.message();
    ErrorCode ignored;
    socket().set_option(tcp::no_delay(true), ignored);
    if constexpr (std::is_same_v<Stream, TlsStream>) co_return co_await ShakeHands();
    co_return std::string();
  }

  asio::awaitable<std::string> ShakeHands() {
    DemandHost(shared_.options.broker.host, stream_.native_handle());
    ErrorCode ignored;
    stream_.set_verify_callback(
        [this](bool ok, asio::ssl::verify_context& context) {
          X509_STORE_CTX* const chain = context.native_handle();
          if (!ok) {
            fault_ =
                CertificateFault(X509_STORE_CTX_get_error(chain),
                                 X509_STORE_CTX_get_current_cert(chain), shared_.options.ca_option);
          }
          return ok;
        },
        ignored);
    const auto [failed] = co_await stream_.async_handshake(asio::ssl::stream_base::client, kAwait);
    if (!fault_.empty()) co_return fault_;
    if (failed) co_return "no TLS connection comes about: " + failed.message();
    co_return std::string();
  }

  asio::awaitable<void> Read() {
    std::string bytes(kReadBytes, '\0');
    while (!closed_) {
      while (true) {
        const auto packet = inbox_.Next();
        if (!packet.ok()) {
          Close(packet.status().message());
          co_return;
        }
        if (!packet->has_value()) break;
        co_await Take(**packet);
        if (closed_) co_return;
      }
      const auto [error, size] = co_await stream_.async_read_some(asio::buffer(bytes), kAwait);
      if (error) {
        Close(connected_ ? "the connection was lost: " + error.message()
                         : "the broker closes the connection: " + error.message());
        co_return;
      }
      quiet_seconds_ = 0;
      inbox_.Add(std::string_view(bytes).substr(0, size));
    }
  }

  asio::awaitable<void> Take(const MqttPacket& packet) {
    if (!connected_ && packet.type != MqttPacket::Type::kConnack) {
      Close("what the broker sends is not MQTT: its first packet is no CONNACK");
      co_return;
    }
    switch (packet.type) {
      case MqttPacket::Type::kConnack:
        OnConnack(packet);
        break;
      case MqttPacket::Type::kPuback:
        if (shared_.reading) shared_.listener->OnPublished(packet.packet_id, packet.reason);
        break;
      case MqttPacket::Type::kSuback:
        OnSuback(packet);
        break;
      case MqttPacket::Type::kPublish:
        co_await Offer(packet);
        break;
      case MqttPacket::Type::kDisconnect:
        Close("the broker ends the connection: " +
              (packet.reason_string.empty() ? MqttReasonText(shared_.options.version, packet.reason)
                                            : std::string(packet.reason_string)));
        break;
      case MqttPacket::Type::kPingresp:
        break;
    }
  }

  void OnConnack(const MqttPacket& packet) {
    if (packet.reason != 0) {
      const std::string reason = MqttReasonText(shared_.options.version, packet.reason);
      const bool is_login = IsMqttLoginRefusal(shared_.options.version, packet.reason);
      Close("the broker refuses the connection: " + reason +
            (is_login ? shared_.options.login_advice : std::string()));
      return;
    }
    connected_ = true;
    keep_alive_seconds_ =
        packet.server_keep_alive_seconds.value_or(shared_.options.connect.keep_alive_seconds);
    shared_.receive_maximum = packet.receive_maximum.value_or(uint16_t{UINT16_MAX});
    if (shared_.reading) shared_.listener->OnConnected(packet.session_present);
    const bool subscribed = packet.session_present && shared_.subscribed;
    if (subscribed || shared_.options.subscriptions.empty()) return Well();
    Send(EncodeMqttSubscribe(shared_.options.version, kSubscribeId, shared_.options.subscriptions));
  }

  void OnSuback(const MqttPacket& packet) {
    const auto& asked = shared_.options.subscriptions;
    for (size_t i = 0; i < std::min(packet.reasons.size(), asked.size()); ++i) {
      if (!IsMqttRefusal(packet.reasons[i])) continue;
      return Close("the broker refuses the topic " + asked[i].filter + ": " +
                   MqttReasonText(shared_.options.version, packet.reasons[i]));
    }
    shared_.subscribed = true;
    Well();
  }

  void Well() {
    shared_.pause = std::chrono::nanoseconds(0);
    shared_.problem.clear();
    if (shared_.reading) shared_.listener->OnProblem("");
  }

  asio::awaitable<void> Offer(const MqttPacket& packet) {
    const MqttMessage message{.topic = packet.topic,
                              .payload = packet.payload,
                              .payload_bytes = packet.payload.size() + inbox_.cut_bytes(),
                              .qos = packet.qos,
                              .retained = packet.retained,
                              .duplicate = packet.duplicate,
                              .receipt = {number_, packet.packet_id}};
    offering_ = true;
    while (!closed_) {
      // What is not read any more stays with the broker.
      if (shared_.reading && shared_.listener->OnMessage(message)) break;
      again_.expires_after(kOfferAgain);
      co_await again_.async_wait(kAwait);
    }
    offering_ = false;
  }

  // Once a second: sends pings, and gives up when nothing comes back.
  asio::awaitable<void> Watch() {
    const auto self = this->shared_from_this();
    int age = 0;
    while (!closed_) {
      watch_.expires_after(seconds(1));
      co_await watch_.async_wait(kAwait);
      if (closed_) co_return;
      ++age;
      if (!connected_ && age >= kConnectTime.count()) Close("the broker does not answer");
      if (!connected_) continue;
      // While a message waits to be taken, nothing is read, so that nothing can be heard.
      quiet_seconds_ = offering_ ? 0 : quiet_seconds_ + 1;
      const int interval = std::max(1, keep_alive_seconds_ / 2);
      if (age % interval == 0 && !std::exchange(sent_something_, false)) Send(EncodeMqttPing());
      if (keep_alive_seconds_ > 0 && quiet_seconds_ > 2 * keep_alive_seconds_) {
        Close("nothing was heard from the broker for " + std::to_string(quiet_seconds_) +
              " seconds");
      }
    }
  }

  void Write() {
    sending_.swap(waiting_);
    asio::async_write(stream_, asio::buffer(sending_),
                      [self = this->shared_from_this()](const ErrorCode& error, size_t) {
                        self->sending_.clear();
                        if (error)
                          return self->Close("the connection was lost: " + error.message());
                        if (self->closed_) return;
                        if (!self->waiting_.empty()) return self->Write();
                        if (self->finishing_) self->Close("");
                      });
  }

  Stream stream_;
  const uint64_t number_;
  Shared& shared_;
  MqttInbox inbox_;
  asio::steady_timer watch_, again_;
  std::string sending_, waiting_;
  std::string fault_;  // of the broker's certificate
  bool connected_ = false;
  bool closed_ = false;
  bool finishing_ = false;
  bool offering_ = false;
  bool sent_something_ = false;
  int keep_alive_seconds_ = 60;
  int quiet_seconds_ = 0;
};

class AsioMqttClient : public MqttClient {
 public:
  AsioMqttClient(const MqttClientOptions& options, Env* env, Listener* listener)
      : env_(env), tls_(asio::ssl::context::tls_client), pause_(context_) {
    shared_.options = options;
    shared_.listener = listener;
  }
  ~AsioMqttClient() override {
    if (!thread_.joinable()) return;
    asio::post(context_, [this] { Stop(); });
    thread_.join();
  }

  Status UseCertificates() {
    return shared_.options.broker.tls ? SetUpTls(shared_.options, &tls_) : Status::Ok();
  }

  void Start() override {
    asio::co_spawn(context_, Loop(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }

  void StopReading() override {
    std::promise<void> done;
    asio::post(context_, [this, &done] {
      shared_.reading = false;
      done.set_value();
    });
    done.get_future().wait();
  }
  void Post(std::function<void()> task) override { asio::post(context_, std::move(task)); }

  bool Acknowledge(const MqttReceipt& receipt) override {
    if (link_ == nullptr || link_->number() != receipt.connection) return false;
    link_->Send(EncodeMqttPuback(receipt.packet_id));
    return true;
  }
  void Publish(const MqttPublish& message) override {
    if (link_ == nullptr) return;
    link_->Send(EncodeMqttPublish(shared_.options.version, message));
  }
  size_t ReceiveMaximum() const override { return shared_.receive_maximum; }
  void Reconnect(const std::string& problem) override {
    if (link_ != nullptr) link_->Close(problem);
  }

 private:
  asio::awaitable<void> Loop() {
    while (!shared_.stopping) {
      ++connections_;
      if (shared_.options.broker.tls) {
        link_ = std::make_shared<Connection<TlsStream>>(TlsStream(context_, tls_), connections_,
                                                        &shared_);
      } else {
        link_ = std::make_shared<Connection<PlainStream>>(PlainStream(context_), connections_,
                                                          &shared_);
      }
      co_await link_->Run();
      link_ = nullptr;
      if (shared_.stopping) {
        pause_.cancel();
        co_return;
      }
      if (shared_.reading) shared_.listener->OnProblem(shared_.problem);
      pause_.expires_after(NextRetryPause(kRetryPauses, env_, &shared_.pause));
      co_await pause_.async_wait(kAwait);
    }
  }

  void Stop() {
    shared_.reading = false;
    shared_.stopping = true;
    pause_.cancel();
    if (link_ == nullptr) return;
    link_->Finish();
    pause_.expires_after(kLastWords);
    pause_.async_wait([this](const ErrorCode&) {
      if (link_ != nullptr) link_->Close("");
    });
  }

  Env* const env_;
  Shared shared_;
  asio::io_context context_;
  asio::ssl::context tls_;
  asio::steady_timer pause_;
  std::shared_ptr<Link> link_;  // null between two connections
  uint64_t connections_ = 0;
  std::thread thread_;
};

}  // namespace

Result<MqttAddress> ParseMqttAddress(std::string_view url) {
  const Status wrong = Status::Config("cannot read the address \"" + std::string(url) +
                                      "\": write it as mqtt://host:1883 or mqtts://host:8883");
  MqttAddress address;
  std::string_view rest = url;
  if (rest.starts_with("mqtts://")) {
    address.tls = true;
    address.port = 8883;
    rest.remove_prefix(8);
  } else if (rest.starts_with("mqtt://")) {
    rest.remove_prefix(7);
  } else {
    return wrong;
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t bracket = rest.find(']');  // of an IPv6 address
  const size_t colon = rest.find(':', bracket == rest.npos ? 0 : bracket);
  std::string_view host = rest.substr(0, colon);
  if (colon != rest.npos) {
    const std::string port(rest.substr(colon + 1));
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != port.npos) {
      return wrong;
    }
    const int number = std::stoi(port);
    if (number < 1 || number > 65535) return wrong;
    address.port = static_cast<uint16_t>(number);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.find_first_of("/@? []") != host.npos) return wrong;
  address.host = host;
  return address;
}

Result<std::unique_ptr<MqttClient>> MqttClient::Make(const MqttClientOptions& options, Env* env,
                                                     Listener* listener) {
  auto client = std::make_unique<AsioMqttClient>(options, env, listener);
  AVOCET_RETURN_IF_ERROR(client->UseCertificates());
  return std::unique_ptr<MqttClient>(std::move(client));
}

}  // namespace avocet
