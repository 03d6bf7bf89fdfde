#include "src/env/supervisor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "src/env/file_descriptor.h"

namespace avocet {
namespace {

// Sets variables of the environment for one test.
class SupervisorTest : public testing::Test {
 protected:
  ~SupervisorTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  }
  static void Set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }
};

TEST_F(SupervisorTest, WithoutOneNothingHappens) {
  const Supervisor supervisor = Supervisor::FromEnvironment();
  EXPECT_FALSE(supervisor.is_there());
  EXPECT_TRUE(supervisor.Notify("READY=1").ok());
}

TEST_F(SupervisorTest, AnAbstractSocketGetsTheState) {
  const std::string name = "avocet-supervisor-test-" + std::to_string(getpid());
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  Set("NOTIFY_SOCKET", "@" + name);
  const Status status = Supervisor::FromEnvironment().Notify("READY=1\nSTATUS=well");
  ASSERT_TRUE(status.ok()) << status.message();
  char text[100];
  const ssize_t received = recv(socket.get(), text, sizeof(text), 0);
  ASSERT_GT(received, 0);
  EXPECT_EQ(std::string(text, static_cast<size_t>(received)), "READY=1\nSTATUS=well");
}

TEST_F(SupervisorTest, ASocketThatIsGoneIsAnError) {
  Set("NOTIFY_SOCKET", "/nowhere/at/all");
  EXPECT_EQ(Supervisor::FromEnvironment().Notify("READY=1").code(), StatusCode::kUnavailable);
  Set("NOTIFY_SOCKET", "neither path nor abstract");
  EXPECT_EQ(Supervisor::FromEnvironment().Notify("READY=1").code(), StatusCode::kConfig);
  Set("NOTIFY_SOCKET", "/" + std::string(200, 'x'));
  EXPECT_EQ(Supervisor::FromEnvironment().Notify("READY=1").code(), StatusCode::kConfig);
}

TEST_F(SupervisorTest, TheWatchdogIsForTheProcessThatItNames) {
  Set("WATCHDOG_USEC", "30000000");
  EXPECT_EQ(Supervisor::FromEnvironment().watchdog_timeout(), std::chrono::seconds(30));
  Set("WATCHDOG_PID", std::to_string(getpid()));
  EXPECT_EQ(Supervisor::FromEnvironment().watchdog_timeout(), std::chrono::seconds(30));
  Set("WATCHDOG_PID", std::to_string(getppid()));
  EXPECT_EQ(Supervisor::FromEnvironment().watchdog_timeout().count(), 0);
  unsetenv("WATCHDOG_PID");
  Set("WATCHDOG_USEC", "soon");
  EXPECT_EQ(Supervisor::FromEnvironment().watchdog_timeout().count(), 0);
}

}  // namespace
}  // namespace avocet
