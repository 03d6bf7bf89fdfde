#include "src/env/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace avocet {
namespace {

constexpr std::string_view kEnter = "\033[?1049h\033[?25l\033[2J";  // second screen, no cursor
constexpr std::string_view kLeave = "\033[?25h\033[?1049l";

}  // namespace

TerminalSize SizeOfTerminal() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {.columns = size.ws_col, .rows = size.ws_row};
}

TerminalScreen::TerminalScreen() {
  tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  Write(kEnter);
}

TerminalScreen::~TerminalScreen() {
  Write(kLeave);
  tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

std::string TerminalScreen::ReadKeys(std::chrono::milliseconds wait, bool* ended) {
  pollfd input = {STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, static_cast<int>(wait.count())) <= 0) return {};
  std::array<char, 256> bytes;
  const ssize_t size = read(STDIN_FILENO, bytes.data(), bytes.size());
  *ended = size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN);
  return size > 0 ? std::string(bytes.data(), static_cast<size_t>(size)) : std::string();
}

void TerminalScreen::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(size));
  }
}

}  // namespace avocet
