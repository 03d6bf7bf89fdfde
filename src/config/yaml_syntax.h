// What yaml-cpp's syntax errors mean for a person who edits a configuration.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "src/config/load.h"
#include "src/config/source_text.h"

namespace avocet {

/// Explains `message` of yaml-cpp at byte `offset`. `open_flow` is the byte of the innermost `[` or
/// `{` that is not closed yet, or npos.
ConfigError ExplainSyntaxError(const SourceText& source, std::string_view message, size_t offset,
                               size_t open_flow);

/// What to say of a line with a key and nothing else.
std::string MissingColon(std::string_view word);

/// True when the quoted scalar at byte `offset` has its closing quote. yaml-cpp takes the end of
/// the file for one.
bool IsQuoteClosed(std::string_view text, size_t offset);

}  // namespace avocet
