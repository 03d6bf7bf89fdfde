// Manual pages from Markdown, as far as docs/cli.md and the configuration reference use it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace avocet {

/// `text` with what roff takes for commands escaped; nothing in it is a request.
std::string ManEscape(std::string_view text);

/// The body of a manual page, in the macros of man(7): headings, paragraphs, lists, tables (as
/// lists of tagged paragraphs), fenced code, `code`, **strong** and [links](to). Headings with
/// `section_level` signs (2 for `##`) are sections, deeper ones are subsections.
std::string ManFromMarkdown(std::string_view markdown, size_t section_level);

}  // namespace avocet
