// The terminal of this process: its size, and a screen of its own for programs that draw.
#pragma once

#include <termios.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace avocet {

struct TerminalSize {
  size_t columns = 80;
  size_t rows = 24;
};

/// Of the terminal at standard output; 80 x 24 when there is none.
TerminalSize SizeOfTerminal();

/// While it lives, keys come as they are pressed, without an echo, and what is drawn is on a second
/// screen; afterwards the terminal is as before. Ctrl-C still sends its signal. Owned by one
/// thread. REQUIRES: standard input and output are terminals.
class TerminalScreen {
 public:
  TerminalScreen();
  ~TerminalScreen();
  TerminalScreen(const TerminalScreen&) = delete;
  TerminalScreen& operator=(const TerminalScreen&) = delete;

  /// The bytes of keys that were pressed, waiting at most so long for the first. `*ended`: there
  /// will be no more.
  std::string ReadKeys(std::chrono::milliseconds wait, bool* ended);
  /// Writes all of `bytes` as they are.
  void Write(std::string_view bytes);

 private:
  termios before_{};
};

}  // namespace avocet
