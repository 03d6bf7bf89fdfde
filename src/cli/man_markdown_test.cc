#include "src/cli/man_markdown.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(ManMarkdownTest, WhatRoffTakesForCommandsIsEscaped) {
  EXPECT_EQ(ManEscape(".SH a\\b"), "\\&.SH a\\eb");
  EXPECT_EQ(ManEscape("it's -c ~ ^ `x` \"y\""),
            "it\\(aqs \\-c \\(ti \\(ha \\(gax\\(ga \\(dqy\\(dq");
  EXPECT_EQ(ManFromMarkdown("```\n.PP\n'quoted\n```\n", 2),
            ".PP\n.RS 4\n.EX\n\\&.PP\n\\(aqquoted\n.EE\n.RE\n");
}

TEST(ManMarkdownTest, CodeAndStrongAreBoldAndLinksAreTheirText) {
  EXPECT_EQ(ManFromMarkdown("See `-c` and **not**\nthis [page\nof all](x.md).\n.. and", 2),
            ".PP\nSee \\fB\\-c\\fR and \\fBnot\\fR\nthis page\nof all.\n\\&.. and\n");
  EXPECT_EQ(ManFromMarkdown("[the `run` page](cli.md#run), a_b*c", 2),
            ".PP\nthe \\fBrun\\fR page, a_b*c\n");
}

TEST(ManMarkdownTest, HeadingsListsAndParagraphs) {
  EXPECT_EQ(ManFromMarkdown("## One\n\ntext\nmore\n\n- a\n  b\n- c\n\n### Two\n\n1. d\n", 2),
            ".SH One\n.PP\ntext\nmore\n.IP \\(bu 4\na\nb\n.IP \\(bu 4\nc\n.SS Two\n.IP 1. 4\nd\n");
}

TEST(ManMarkdownTest, RowsOfTablesAreTaggedParagraphs) {
  EXPECT_EQ(ManFromMarkdown("| Key | Type | Default | Meaning |\n|---|---|---|---|\n"
                            "| `a` | text | | Either x \\| y. |\n| `b` | | | |\n",
                            2),
            ".TP\n\\fBa\\fR (type: text)\nEither x | y.\n.TP\n\\fBb\\fR\n\\&\n");
}

TEST(ManMarkdownTest, WhatIsNotClosedDoesNoHarm) {
  EXPECT_EQ(ManFromMarkdown("a ` b [c] d", 2), ".PP\na \\(ga b [c] d\n");
  EXPECT_EQ(ManFromMarkdown("[a] [b](c)", 2), ".PP\n[a] b\n");
  EXPECT_EQ(ManFromMarkdown("[a](b", 2), ".PP\na\n");
  EXPECT_EQ(ManFromMarkdown("", 2), "");
}

}  // namespace
}  // namespace avocet
