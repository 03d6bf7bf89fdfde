//! Text that came from data or from a library, made safe to print.

use std::borrow::Cow;
use std::fmt::Write;

/// Replaces control characters, which could drive a terminal, by escapes such as `\n`, `\u{1b}`.
pub fn escape_control(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c.is_control() {
            true => {
                let _ = write!(escaped, "{}", c.escape_default());
            }
            false => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Joins the lines of a message and removes control characters.
pub fn one_line(message: &str) -> String {
    let words: Vec<&str> = message.split_whitespace().collect();
    escape_control(&words.join(" ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            escape_control("a\tb\u{1b}[31m\u{9b}"),
            "a\\tb\\u{1b}[31m\\u{9b}"
        );
        assert!(matches!(escape_control("Grüße"), Cow::Borrowed("Grüße")));
        assert_eq!(one_line(" first\n  second\r\n"), "first second");
    }
}
