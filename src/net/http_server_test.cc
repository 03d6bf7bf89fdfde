#include "src/net/http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "src/net/http_client_testing.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;

class HttpServerTest : public testing::Test {
 protected:
  void Start(HttpServerOptions options = {}) {
    server_ = std::make_unique<HttpServer>(std::move(options));
    server_->router().Add(
        {"GET", "/hello/{name}", [](HttpRequest request, HttpReply reply) {
           const auto loud = request.Query("loud");
           reply.Send(HttpResponse::Text(200, "hello " + request.parameters["name"] +
                                                  (loud.has_value() ? std::string(*loud) : "")));
         }});
    server_->router().Add({.method = "POST",
                           .pattern = "/echo",
                           .handler =
                               [this](HttpRequest request, HttpReply reply) {
                                 ++calls_;
                                 reply.Send(HttpResponse::Text(200, request.body));
                               },
                           .max_body_bytes = 1000});
    ASSERT_TRUE(server_->Start().ok());
  }

  uint16_t port() const { return server_->port(); }

  std::unique_ptr<HttpServer> server_;
  std::atomic<int> calls_ = 0;
};

TEST_F(HttpServerTest, AnswersByMethodAndPath) {
  Start();
  HttpTestClient client(port());
  ClientResponse response = client.Exchange(MakeRequest("GET", "/hello/a%20b?x=1&loud=%21+"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello a b! ");
  EXPECT_EQ(response.headers["content-type"], "text/plain; charset=utf-8");
  // The connection is kept.
  response = client.Exchange(MakeRequest("POST", "/echo", "abc"));
  EXPECT_EQ(response.body, "abc");
  EXPECT_EQ(client.Exchange(MakeRequest("GET", "/nowhere")).status, 404);
  response = client.Exchange(MakeRequest("GET", "/echo"));
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers["allow"], "POST");
  EXPECT_EQ(client.Exchange(MakeRequest("GET", "/hello/%zz")).status, 400);
  client.Send(MakeRequest("HEAD", "/hello/x"));
  response = client.Receive(/*head_only=*/true);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers["content-length"], "7");
  EXPECT_EQ(server_->stats().connections_total, 1u);
  EXPECT_EQ(server_->stats().requests[2], 3u);
  EXPECT_EQ(server_->stats().requests[4], 3u);
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Start();
  HttpTestClient client(port());
  client.Send(MakeRequest("POST", "/echo", "1") + MakeRequest("POST", "/echo", "2") +
              MakeRequest("GET", "/hello/3"));
  EXPECT_EQ(client.Receive().body, "1");
  EXPECT_EQ(client.Receive().body, "2");
  EXPECT_EQ(client.Receive().body, "hello 3");
}

TEST_F(HttpServerTest, ChunkedBodiesAndExpectContinue) {
  Start();
  HttpTestClient client(port());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
  client.Send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "abcde");
}

TEST_F(HttpServerTest, LargeBodiesAreRefusedAndTheAnswerArrives) {
  Start();
  {
    HttpTestClient client(port());
    const ClientResponse response =
        client.Exchange(MakeRequest("POST", "/echo", std::string(200'000, 'x')));
    EXPECT_EQ(response.status, 413);
    EXPECT_NE(response.body.find("1000 bytes"), std::string::npos);
  }
  HttpTestClient client(port());
  client.Send("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send("800\r\n" + std::string(0x800, 'x') + "\r\n");
  EXPECT_EQ(client.Receive().status, 413);
  EXPECT_EQ(calls_, 0);
}

// Closed at once, the connection would be reset, and the answer lost to a client that still sends.
TEST_F(HttpServerTest, WhoIsRefusedBeforeItsBodyMaySendIt) {
  Start();
  HttpTestClient client(port());
  client.Send("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 404);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(client.Send(std::string(10'000, 'x'))) << i;
}

TEST_F(HttpServerTest, AllBodiesTogetherAreLimited) {
  HttpServerOptions options;
  options.max_body_bytes_total = 1500;
  Start(options);
  HttpTestClient first(port());
  first.Send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nx");
  while (server_->stats().body_bytes_held < 900) std::this_thread::yield();
  HttpTestClient second(port());
  const ClientResponse refused =
      second.Exchange(MakeRequest("POST", "/echo", std::string(900, 'y')));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  first.Send(std::string(899, 'x'));
  EXPECT_EQ(first.Receive().status, 200);
  HttpTestClient third(port());
  EXPECT_EQ(third.Exchange(MakeRequest("POST", "/echo", std::string(900, 'y'))).status, 200);
}

TEST_F(HttpServerTest, BadRequestsAndLargeHeaders) {
  Start();
  {
    HttpTestClient client(port());
    EXPECT_EQ(client.Exchange("NONSENSE\r\n\r\n").status, 400);
    EXPECT_TRUE(client.IsClosedWithin(5000));
  }
  {
    HttpTestClient client(port());
    const std::string field = "X: " + std::string(20'000, 'a') + "\r\n";
    EXPECT_EQ(client.Exchange(MakeRequest("GET", "/hello/x", {}, field)).status, 431);
  }
  // Two ways to say where the body ends are a way to smuggle a request.
  HttpTestClient client(port());
  EXPECT_EQ(client
                .Exchange("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                          "Transfer-Encoding: chunked\r\n\r\nabc")
                .status,
            400);
  EXPECT_EQ(calls_, 0);
}

TEST_F(HttpServerTest, SlowClientsAreCutOff) {
  HttpServerOptions options;
  options.header_timeout = milliseconds(50);
  options.body_timeout = milliseconds(50);
  Start(options);
  HttpTestClient in_header(port());
  in_header.Send("GET /hel");
  EXPECT_TRUE(in_header.IsClosedWithin(5000));
  HttpTestClient in_body(port());
  in_body.Send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(in_body.IsClosedWithin(5000));
  // The client may see the end before it is counted.
  for (int i = 0; i < 5000 && server_->stats().timeouts < 2; ++i) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(server_->stats().timeouts, 2u);
  EXPECT_EQ(calls_, 0);
}

TEST_F(HttpServerTest, ConnectionsAreLimited) {
  HttpServerOptions options;
  options.max_connections = 2;
  Start(options);
  HttpTestClient first(port());
  EXPECT_EQ(first.Exchange(MakeRequest("GET", "/hello/1")).status, 200);
  auto second = std::make_unique<HttpTestClient>(port());
  EXPECT_EQ(second->Exchange(MakeRequest("GET", "/hello/2")).status, 200);
  HttpTestClient third(port());
  const ClientResponse refused = third.Receive();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.body.back(), '}');
  second.reset();
  while (server_->stats().connections_open > 1) std::this_thread::yield();
  HttpTestClient fourth(port());
  EXPECT_EQ(fourth.Exchange(MakeRequest("GET", "/hello/4")).status, 200);
}

TEST_F(HttpServerTest, TokensGuardARoute) {
  auto tokens = std::make_shared<BearerTokens>();
  tokens->Add("s3cret", {"hall", "hall-"});
  Start();
  server_->router().Add(
      {.method = "GET",
       .pattern = "/private",
       .handler =
           [](HttpRequest request, HttpReply reply) {
             reply.Send(HttpResponse::Text(200, request.token_name + " " + request.device_prefix));
           },
       .tokens = tokens});
  HttpTestClient client(port());
  const ClientResponse refused = client.Exchange(MakeRequest("GET", "/private"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.headers.at("www-authenticate"), "Bearer");
  const auto with = [&](std::string_view authorization) {
    return client.Exchange(MakeRequest("GET", "/private", {},
                                       "Authorization: " + std::string(authorization) + "\r\n"));
  };
  EXPECT_EQ(with("Bearer wrong").status, 401);
  EXPECT_EQ(with("Basic s3cret").status, 401);
  EXPECT_EQ(with("bearer s3cret").body, "hall hall-");
}

TEST_F(HttpServerTest, PagesOfOtherSitesAreRefused) {
  HttpServerOptions options;
  options.loopback_hosts_only = true;
  Start(options);
  HttpTestClient client(port());
  EXPECT_EQ(client.Exchange("GET /hello/x HTTP/1.1\r\nHost: evil.example:80\r\n\r\n").status, 403);
  EXPECT_EQ(client.Exchange("GET /hello/x HTTP/1.1\r\nHost: [::1]:80\r\n\r\n").status, 200);
  EXPECT_EQ(
      client.Exchange(MakeRequest("POST", "/echo", {}, "Origin: https://evil.example\r\n")).status,
      403);
  EXPECT_EQ(
      client.Exchange(MakeRequest("POST", "/echo", {}, "Origin: http://localhost\r\n")).status,
      200);
}

TEST_F(HttpServerTest, AnswersFromAnotherThreadAndNeverIsAnError) {
  Start();
  std::promise<HttpReply> promise;
  server_->router().Add({"GET", "/later", [&promise](HttpRequest, HttpReply reply) {
                           promise.set_value(std::move(reply));
                         }});
  server_->router().Add({"GET", "/never", [](HttpRequest, HttpReply) {}});
  HttpTestClient client(port());
  client.Send(MakeRequest("GET", "/later"));
  std::thread([reply = promise.get_future().get()]() mutable {
    reply.Send(HttpResponse::Text(200, "at last"));
  }).join();
  EXPECT_EQ(client.Receive().body, "at last");
  EXPECT_EQ(client.Exchange(MakeRequest("GET", "/never")).status, 500);
}

TEST_F(HttpServerTest, WhoAnswersSeesThatTheClientHasLeft) {
  Start();
  std::promise<HttpReply> promise;
  server_->router().Add({"GET", "/later", [&promise](HttpRequest, HttpReply reply) {
                           promise.set_value(std::move(reply));
                         }});
  HttpTestClient client(port());
  client.Send(MakeRequest("GET", "/later"));
  HttpReply reply = promise.get_future().get();
  EXPECT_FALSE(reply.IsClosed());
  client.CloseSending();
  while (!reply.IsClosed()) std::this_thread::yield();
  // It may still be listening.
  reply.Send(HttpResponse::Text(200, "at last"));
  EXPECT_EQ(client.Receive().body, "at last");
}

TEST_F(HttpServerTest, StreamsUntilOneSideEnds) {
  Start();
  std::promise<HttpStream> promise;
  server_->router().Add({"GET", "/events", [&promise](HttpRequest, HttpReply reply) {
                           HttpResponse head = HttpResponse::Text(200, "first");
                           head.content_type = "text/event-stream";
                           promise.set_value(reply.Stream(std::move(head)));
                         }});
  HttpTestClient client(port());
  client.Send(MakeRequest("GET", "/events"));
  std::optional<HttpStream> stream = promise.get_future().get();
  ClientResponse head = client.Receive(/*head_only=*/true);
  EXPECT_EQ(head.headers["content-type"], "text/event-stream");
  EXPECT_EQ(client.ReceiveChunk(), "first");
  EXPECT_TRUE(stream->Write("data: 1\n\n"));
  EXPECT_EQ(client.ReceiveChunk(), "data: 1\n\n");
  // Nobody reads: in the end there is no room.
  const std::string much(size_t{1} << 16, 'x');
  int written = 0;
  while (written < 1000 && stream->Write(much)) ++written;
  EXPECT_LT(written, 1000);
  EXPECT_GT(written, 10);
  stream.reset();
  size_t received = 0;
  for (std::string chunk = client.ReceiveChunk(); !chunk.empty(); chunk = client.ReceiveChunk()) {
    received += chunk.size();
  }
  EXPECT_EQ(received, much.size() * static_cast<size_t>(written));
  EXPECT_EQ(client.Exchange(MakeRequest("GET", "/hello/again")).status, 200);
}

TEST_F(HttpServerTest, StopLetsRunningRequestsFinish) {
  Start();
  std::promise<HttpReply> promise;
  std::promise<HttpStream> stream_promise;
  server_->router().Add({"GET", "/later", [&](HttpRequest, HttpReply reply) {
                           promise.set_value(std::move(reply));
                         }});
  server_->router().Add({"GET", "/events", [&](HttpRequest, HttpReply reply) {
                           stream_promise.set_value(reply.Stream(HttpResponse::Text(200, "")));
                         }});
  HttpTestClient idle(port()), busy(port()), watching(port());
  EXPECT_EQ(idle.Exchange(MakeRequest("GET", "/hello/x")).status, 200);
  busy.Send(MakeRequest("GET", "/later"));
  watching.Send(MakeRequest("GET", "/events"));
  HttpReply reply = promise.get_future().get();
  HttpStream stream = stream_promise.get_future().get();
  std::thread stopping([&] { server_->Stop(milliseconds(20'000)); });
  EXPECT_TRUE(idle.IsClosedWithin(5000));
  while (!stream.IsClosed()) std::this_thread::yield();
  reply.Send(HttpResponse::Text(200, "done"));
  const ClientResponse response = busy.Receive();
  EXPECT_EQ(response.body, "done");
  EXPECT_EQ(response.headers.at("connection"), "close");
  stopping.join();
  EXPECT_FALSE(HttpTestClient(port()).connected());
}

TEST_F(HttpServerTest, StopCutsOffWhatDoesNotFinish) {
  Start();
  std::promise<HttpReply> promise;
  server_->router().Add({"GET", "/later", [&](HttpRequest, HttpReply reply) {
                           promise.set_value(std::move(reply));
                         }});
  HttpTestClient busy(port());
  busy.Send(MakeRequest("GET", "/later"));
  HttpReply reply = promise.get_future().get();
  server_->Stop(milliseconds(10));
  EXPECT_EQ(busy.Receive().status, 0);
  server_.reset();
  reply.Send(HttpResponse::Text(200, "too late"));  // goes nowhere
}

TEST_F(HttpServerTest, ManyConnectionsAtOnce) {
  HttpServerOptions options;
  options.threads = 2;
  Start(options);
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        HttpTestClient client(port());
        for (int j = 0; j < 5; ++j) {
          const std::string body = std::to_string(t * 1000 + i * 10 + j);
          if (client.Exchange(MakeRequest("POST", "/echo", body)).body == body) ++good;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 1000);
  EXPECT_EQ(calls_, 1000);
  // A body is given back after its answer has gone out.
  for (int i = 0; i < 5000 && server_->stats().body_bytes_held != 0; ++i) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_EQ(server_->stats().body_bytes_held, 0u);
}

TEST(HttpServerStart, SaysWhenTheAddressIsTaken) {
  HttpServer first{HttpServerOptions{}};
  ASSERT_TRUE(first.Start().ok());
  HttpServerOptions options;
  options.listen.port = first.port();
  HttpServer second(options);
  const Status status = second.Start();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("another program"), std::string::npos) << status.message();
  options.listen.host = "192.0.2.1";
  EXPECT_EQ(HttpServer(options).Start().code(), StatusCode::kConfig);
  options.listen = {};
  options.tls_certificate_file = "no/such.pem";
  EXPECT_EQ(HttpServer(options).Start().code(), StatusCode::kConfig);
}

TEST(ListenAddressTest, ReadsAddressesOnly) {
  const auto good = [](std::string_view text, const char* host, int port, bool loopback) {
    const auto address = ParseListenAddress(text);
    ASSERT_TRUE(address.ok()) << address.status().message();
    EXPECT_EQ(address->host, host);
    EXPECT_EQ(address->port, port);
    EXPECT_EQ(address->IsLoopback(), loopback);
  };
  good("127.0.0.1:8080", "127.0.0.1", 8080, true);
  good("localhost:0", "127.0.0.1", 0, true);
  good("0.0.0.0:80", "0.0.0.0", 80, false);
  good("[::1]:8080", "::1", 8080, true);
  good("[::]:8080", "::", 8080, false);
  EXPECT_EQ(ParseListenAddress("[::1]:8080")->Text(), "[::1]:8080");
  for (const char* bad : {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
                          "example.org:80", "127.0.0.1:80x", "[127.0.0.1]:80"}) {
    EXPECT_EQ(ParseListenAddress(bad).status().code(), StatusCode::kInvalid) << bad;
  }
}

}  // namespace
}  // namespace avocet
