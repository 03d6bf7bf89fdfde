#include "src/net/listen_sockets.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "src/net/http_client_testing.h"
#include "src/net/http_server.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<HttpServer> StartServer(const std::string& answer, ListenSockets* sockets) {
  auto server = std::make_unique<HttpServer>(HttpServerOptions{}, sockets);
  server->router().Add({"GET", "/", [answer](HttpRequest, HttpReply reply) {
                          reply.Send(HttpResponse::Text(200, answer));
                        }});
  EXPECT_TRUE(server->Start().ok());
  return server;
}

TEST(ListenSocketsTest, ClientsWaitFromOneServerToTheNext) {
  ListenSockets sockets;
  auto server = StartServer("first", &sockets);
  const uint16_t port = server->port();
  EXPECT_EQ(HttpTestClient(port).Exchange(MakeRequest("GET", "/")).body, "first");
  server.reset();
  HttpTestClient client(port);
  ASSERT_TRUE(client.connected());
  ASSERT_TRUE(client.Send(MakeRequest("GET", "/")));
  server = StartServer("second", &sockets);
  EXPECT_EQ(server->port(), port);
  EXPECT_EQ(client.Receive().body, "second");
}

TEST(ListenSocketsTest, SocketsOfTheRoundBeforeAreClosed) {
  ListenSockets sockets;
  auto server = StartServer("first", &sockets);
  const uint16_t port = server->port();
  sockets.StartRound();
  server.reset();
  EXPECT_TRUE(HttpTestClient(port).connected());
  sockets.EndRound();
  EXPECT_FALSE(HttpTestClient(port).connected());
}

// Who comes while a server stops is answered by it, or by the next one.
TEST(ListenSocketsTest, NoRequestIsLostWhileServersChange) {
  ListenSockets sockets;
  auto server = StartServer("x", &sockets);
  const uint16_t port = server->port();
  std::atomic<bool> done = false;
  std::atomic<int> answered = 0, lost = 0;
  std::thread clients([&] {
    while (!done) {
      HttpTestClient client(port);
      const bool good = client.connected() && client.Exchange(MakeRequest("GET", "/")).body == "x";
      ++(good ? answered : lost);
    }
  });
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(milliseconds(5));
    server->Stop(milliseconds(5'000));
    server = StartServer("x", &sockets);
  }
  done = true;
  clients.join();
  EXPECT_EQ(lost, 0);
  EXPECT_GT(answered, 20);
}

}  // namespace
}  // namespace avocet
