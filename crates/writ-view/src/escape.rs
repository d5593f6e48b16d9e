//! Making text from logs harmless to show. What is hidden or moves the cursor is spelt out.

/// Text for a terminal: control characters, ANSI escapes, direction marks and invisible characters
/// are spelt as `\u{1b}`; line breaks as `\n`. Nothing else is changed.
pub fn terminal(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || is_invisible(c) => out.push_str(&spelt(c)),
            c => out.push(c),
        }
        out
    })
}

/// The same in ASCII alone, for a terminal that cannot show more.
pub fn ascii(text: &str) -> String {
    terminal(text).chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.push_str(&spelt(c));
        }
        out
    })
}

fn spelt(c: char) -> String {
    format!("\\u{{{:x}}}", u32::from(c))
}

/// Characters that show nothing, or change how what follows is shown (Unicode UAX #9 controls,
/// default-ignorable characters, line and paragraph separators, tags).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_and_not_run() {
        let hostile = "a\u{1b}[31mred\u{7}\u{9b}0m\nnext\u{202e}gnp.exe\u{200b}\u{e0041}";
        let shown = terminal(hostile);
        assert_eq!(shown, "a\\u{1b}[31mred\\u{7}\\u{9b}0m\\nnext\\u{202e}gnp.exe\\u{200b}\\u{e0041}");
        assert!(shown.chars().all(|c| !c.is_control() && !is_invisible(c)));
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert_eq!(terminal("José · 日本 <b>&amp;"), "José · 日本 <b>&amp;");
        assert_eq!(ascii("José"), "Jos\\u{e9}");
    }
}
