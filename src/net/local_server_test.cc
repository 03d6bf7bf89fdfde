#include "src/net/local_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace avocet {
namespace {

int Connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int connection = ::socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  return connection;
}

std::string Ask(int connection, const std::string& request) {
  const char size = static_cast<char>(request.size());
  const std::string bytes = std::string{size, 0, 0, 0} + request;
  EXPECT_EQ(::send(connection, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  std::string answer(4, '\0');
  if (::recv(connection, answer.data(), 4, MSG_WAITALL) != 4) return "closed";
  answer.resize(static_cast<unsigned char>(answer[0]));
  EXPECT_EQ(::recv(connection, answer.data(), answer.size(), MSG_WAITALL),
            static_cast<ssize_t>(answer.size()));
  return answer;
}

TEST(LocalServer, AnswersSeveralConnectionsAndGoesWithItsSocket) {
  std::string path;
  {
    auto server =
        LocalServer::Start([](std::string_view request) { return std::string(request) + "!"; });
    ASSERT_TRUE(server.ok()) << server.status().message();
    path = (*server)->path();
    struct stat info {};
    ASSERT_EQ(::stat(path.substr(0, path.rfind('/')).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U);
    const int one = Connect(path), two = Connect(path);
    EXPECT_EQ(Ask(one, "a"), "a!");
    EXPECT_EQ(Ask(two, "b"), "b!");
    EXPECT_EQ(Ask(one, ""), "!");
    // A length that nobody honest sends ends the connection.
    const std::string wild(4, '\xff');
    EXPECT_EQ(::send(two, wild.data(), wild.size(), 0), 4);
    char byte = 0;
    EXPECT_EQ(::recv(two, &byte, 1, 0), 0);
    ::close(two);
    // The other one is still open when the server ends.
    EXPECT_EQ(Ask(one, "c"), "c!");
    ::close(one);
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace avocet
