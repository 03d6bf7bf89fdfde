#include "src/net/http_connection.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <memory>
#include <thread>
#include <utility>

#include "src/net/http_client_testing.h"

namespace avocet {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// The server tells a connection to finish as it is accepted, and once more with all others.
TEST(HttpConnectionTest, NewClientHasAMomentHoweverOftenItIsToFinish) {
  asio::io_context context;
  tcp::acceptor acceptor(context, {asio::ip::make_address("127.0.0.1"), 0});
  HttpTestClient client(acceptor.local_endpoint().port());
  ASSERT_TRUE(client.connected());
  tcp::socket socket(asio::make_strand(context));
  acceptor.accept(socket);
  const auto shared = std::make_shared<HttpServerShared>();
  shared->router = std::make_shared<HttpRouter>();
  shared->router->Add({"GET", "/", [](HttpRequest, HttpReply reply) {
                         reply.Send(HttpResponse::Text(200, "served"));
                       }});
  shared->stopping = true;
  const auto connection = MakeHttpConnection(std::move(socket), shared, [](HttpConnection*) {});
  connection->Run();
  connection->Finish();
  connection->Finish();
  context.poll();
  ASSERT_TRUE(client.Send(MakeRequest("GET", "/")));
  std::thread server([&] { context.run(); });
  EXPECT_EQ(client.Receive().body, "served");
  server.join();
}

}  // namespace
}  // namespace avocet
