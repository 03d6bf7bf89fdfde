// Checks for bugs: they stop the process, in release builds too.
#pragma once

namespace avocet {

/// Prints "BUG: <condition> at <file>:<line>" on stderr and aborts.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace avocet

#define AVOCET_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::avocet::CheckFailed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define AVOCET_DCHECK(condition) static_cast<void>(0)
#else
#define AVOCET_DCHECK(condition) AVOCET_CHECK(condition)
#endif
