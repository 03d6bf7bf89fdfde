// The few things that are read from the XML of S3: texts between tags.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace avocet {

/// The escaped text between the first <tag> and the next </tag>; empty when there is none.
std::string_view XmlText(std::string_view xml, std::string_view tag);

/// Takes the first such element away from the front of `*xml`, with everything before it.
std::optional<std::string_view> TakeXmlElement(std::string_view tag, std::string_view* xml);

/// &amp; &lt; &gt; &quot; &apos; and numbers of ASCII characters become what they stand for.
std::string XmlUnescaped(std::string_view text);

}  // namespace avocet
