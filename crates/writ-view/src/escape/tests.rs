//! Hostile text in every place it can be shown.

use super::*;

/// What somebody who writes log lines may try: escapes, links of a terminal, direction, hiding,
/// and the markup of every place.
const HOSTILE: &str = "a\u{1b}[31mred\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}\u{9b}0m\r\n\t\u{202e}gnp.exe\u{200b}\u{e0041}\
    <script>alert(1)</script>](javascript:alert(1)) ![x](http://evil.example/x.png) `code` \"; evil [shape=box] // \\N \\";

#[test]
fn nothing_hidden_and_nothing_that_moves_the_cursor_gets_through() {
    let targets: [fn(&str) -> String; 8] =
        [terminal, ascii, tsv, dot, html, markdown, markdown_code, |text| terminal(&shell(text))];
    for (n, shown) in targets.iter().map(|target| target(HOSTILE)).enumerate() {
        assert!(shown.chars().all(|c| !c.is_control() && !is_invisible(c)), "{n}: {shown:?}");
        assert!(shown.contains("{202e") && shown.contains("gnp.exe"), "{n}: {shown}");
    }
    let shown = terminal("a\u{1b}[31mred\u{7}\u{9b}0m\nnext\u{202e}gnp.exe\u{200b}\u{e0041}");
    assert_eq!(shown, "a\\u{1b}[31mred\\u{7}\\u{9b}0m\\nnext\\u{202e}gnp.exe\\u{200b}\\u{e0041}");
}

#[test]
fn ordinary_text_stays_as_it_is() {
    assert_eq!(terminal("José · 日本 <b>&amp;"), "José · 日本 <b>&amp;");
    assert_eq!(ascii("José"), "Jos\\u{e9}");
    assert_eq!(tsv("arn:aws:s3:::bucket/key"), "arn:aws:s3:::bucket/key");
    assert_eq!(
        markdown("done by mira@acme.example: 3 of 4 (proven), e.g. s3:GetObject."),
        "done by mira@acme.example: 3 of 4 (proven), e.g. s3:GetObject."
    );
    assert_eq!(markdown_code("arn:aws:iam::111122223333:user/a_b*c"), "`arn:aws:iam::111122223333:user/a_b*c`");
    assert_eq!(shell("aws.cloudtrail:1f3e-4d@aws:111122223333"), "aws.cloudtrail:1f3e-4d@aws:111122223333");
}

#[test]
fn a_field_of_tsv_is_one_field_and_no_formula() {
    assert_eq!(tsv("a\tb\nc\\n"), "a\\tb\\nc\\\\n");
    assert_eq!(tsv("=cmd|' /C calc'!A0"), "\\u{3d}cmd|' /C calc'!A0");
    assert_eq!((tsv("@SUM(1)").as_str(), tsv("-").as_str(), tsv("-1").as_str()), ("\\u{40}SUM(1)", "-", "\\u{2d}1"));
}

#[test]
fn a_string_of_dot_cannot_be_left() {
    assert_eq!(dot("x\"]; evil [label=\"y"), "x\\\"]; evil [label=\\\"y");
    assert_eq!(dot("\\"), "\\\\");
    assert_eq!(dot("\\\""), "\\\\\\\"");
    assert_eq!(dot("\\N &lt;b&gt;"), "\\\\N &amp;lt;b&amp;gt;");
    // Every quote inside has an odd number of backslashes before it, so it ends nothing.
    let shown = dot(HOSTILE);
    for (at, _) in shown.match_indices('"') {
        assert_eq!(shown[..at].chars().rev().take_while(|c| *c == '\\').count() % 2, 1, "{shown}");
    }
    assert_eq!(shown.chars().rev().take_while(|c| *c == '\\').count() % 2, 0, "{shown}");
}

#[test]
fn html_is_text_in_content_and_in_attributes() {
    assert_eq!(
        html("<img src=x onerror=\"a('b')\">&lt;"),
        "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;lt;"
    );
    assert!(!html(HOSTILE).contains(['<', '>', '"', '\'']));
}

#[test]
fn markdown_marks_nothing_up() {
    for (text, shown) in [
        ("[click](javascript:alert(1))", "\\[click\\](javascript:alert(1))"),
        ("![x](http://evil.example/x.png)", "!\\[x\\](http\\://evil.example/x.png)"),
        ("<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>"),
        ("see https://evil.example or www.evil.example", "see https\\://evil.example or www\\.evil.example"),
        ("WWW.evil.example", "WWW\\.evil.example"),
        ("**bold** _it_ ~~x~~ `code`", "\\*\\*bold\\*\\* \\_it\\_ \\~\\~x\\~\\~ \\`code\\`"),
        ("| a | b |", "\\| a \\| b \\|"),
        ("# heading", "\\# heading"),
        ("1. item", "1\\. item"),
        ("- item", "\\- item"),
        ("--- x", "\\--- x"),
        ("&lt;b&gt; $x$ {{ y }}", "\\&lt;b\\&gt; \\$x\\$ \\{\\{ y \\}\\}"),
        ("@acme/security look", "\\\\u\\{40\\}acme/security look"),
        ("(@mira)", "(\\\\u\\{40\\}mira)"),
        ("acme/web#12", "acme/web\\\\u\\{23\\}12"),
        ("back\\slash", "back\\\\slash"),
        ("a\n\n# b", "a\\\\n\\\\n# b"),
    ] {
        assert_eq!(markdown(text), shown, "{text}");
    }
}

#[test]
fn code_in_markdown_cannot_be_ended_from_inside() {
    assert_eq!(markdown_code("a`b"), "``a`b``");
    assert_eq!(markdown_code("`"), "`` ` ``");
    assert_eq!(markdown_code("a ``` b"), "````a ``` b````");
    assert_eq!(markdown_code(""), "` `");
    assert_eq!(markdown_code(" x"), "`  x `");
}

#[test]
fn what_is_copied_into_a_shell_is_one_word() {
    assert_eq!(shell("#1f3e"), "'#1f3e'");
    assert_eq!(shell("x; rm -rf ~"), "'x; rm -rf ~'");
    assert_eq!(shell("$(id)`id`"), "'$(id)`id`'");
    assert_eq!(shell("it's"), "'it'\\''s'");
    assert_eq!((shell("-rf").as_str(), shell("").as_str()), ("'-rf'", "''"));
}

#[test]
fn json_keeps_its_values_and_shows_what_is_hidden() {
    let hostile = "\u{9b}0m\u{7f}\u{202e}\u{2066}\u{200b}\u{e0041}é";
    let shown = json(&format!("{{\"{hostile}\":\"{hostile}\"}}"));
    let spelt = r"\u009b0m\u007f\u202e\u2066\u200b\udb40\udc41é";
    assert_eq!(shown, format!("{{\"{spelt}\":\"{spelt}\"}}"));
}
