// What the HTML reports of the commands share: one file each, which loads nothing and follows the
// reader's light or dark theme.
#pragma once

#include <string>
#include <string_view>

namespace avocet {

/// Text as it may stand in an element or an attribute in double quotes.
std::string EscapeHtml(std::string_view text);

/// Everything before the content. `title` is HTML.
std::string ReportHead(std::string_view title);

/// Everything after it.
inline constexpr std::string_view kReportEnd = "</main></body></html>\n";

}  // namespace avocet
