//! The page, with ordinary text and with hostile text in every place a log can reach.

use super::*;
use crate::sample;
use sha2::{Digest as _, Sha256};

fn page(text: impl Fn(&str) -> String) -> String {
    let view = View::of(&sample::answer(text));
    [head(&view), article(&view, 1), foot()].concat()
}

/// Every tag, with its attributes.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|tag| tag.split('>').next().unwrap()).collect()
}

#[test]
fn hostile_text_adds_no_tag_and_no_attribute() {
    let (hostile, ordinary) = (page(|_| sample::HOSTILE.to_string()), page(|_| "x".to_string()));
    assert_eq!(tags(&hostile), tags(&ordinary));
    assert!(hostile.chars().all(|c| c == '\n' || !c.is_control()) && !hostile.contains(['\u{202e}', '\u{200b}']));
}

#[test]
fn the_page_lets_in_nothing_but_its_own_style() {
    let page = page(ToString::to_string);
    let digest: [u8; 32] = Sha256::digest(STYLE.as_bytes()).into();
    assert_eq!(STYLE_DIGEST, format!("sha256-{}", base64(&digest)), "the style changed; this is its new digest");
    assert!(page.contains("content=\"default-src 'none'; style-src 'sha256-"), "{page}");
    for never in ["<script", "http://", "https://", " style=", " on", "url(", "@import", "<a "] {
        assert!(!tags(&page).iter().any(|tag| format!("<{tag}").contains(never)), "{never}");
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !STYLE.contains('<'));
}

#[test]
fn tags_are_closed_in_order_and_ids_are_met_once() {
    let page = page(ToString::to_string);
    let mut open = Vec::new();
    for tag in tags(&page) {
        let name = tag.split([' ', '\n']).next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{page}"),
            None if matches!(name, "!doctype" | "meta") => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    assert_eq!(page.matches("id=\"answer-1\"").count(), 1);
}

#[test]
fn strength_is_a_word_as_well_as_a_line() {
    let page = page(ToString::to_string);
    for said in [
        "<li class=\"hop asserted d0\"><strong>asserted</strong> 1 triggered",
        "<li class=\"hop inferred d0\"><strong>inferred weak</strong> 4 triggered",
        "<li class=\"hop proven d0\"><strong>proven</strong> 5 assumed",
        "<li class=\"node d1\">and <span class=\"kind\">model_call</span>",
        "<li class=\"gap d0\"><strong>gap</strong> issuance of the credential <code>not_collected</code>",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            (0..4).map(
                move |n| {
                    if n > chunk.len() { '=' } else { char::from(ALPHABET[(bits >> (18 - 6 * n)) as usize & 63]) }
                },
            )
        })
        .collect()
}
