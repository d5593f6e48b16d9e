//! The answer as one static page: complete, without scripts, readable by a screen reader, printable.
//!
//! The markup is written by hand rather than with a template crate: there is one page, and every
//! text has to pass [`crate::escape::html`] anyway, which spells out what is hidden too. The policy in
//! its head lets nothing in but the page's own style, by digest.

mod part;

use crate::escape::html as text;
use crate::model::View;
use part::{code, controls, draw, rest};
use std::fmt::Write as _;

/// The page's style.
const STYLE: &str = include_str!("html/style.css");
/// SHA-256 of [`STYLE`] in base64, as the policy names it. A test says what it must be.
const STYLE_DIGEST: &str = "sha256-yiexsxA+WCpBRn9oq02MuJVyZcZINLtBesjIJELRpWo=";

/// The beginning of a page whose first answer is this.
pub fn head(first: &View) -> String {
    let policy = format!("default-src 'none'; style-src '{STYLE_DIGEST}'; base-uri 'none'; form-action 'none'");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
        <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
        <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
        <title>{} – Writ</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n",
        text(&first.action)
    )
}

/// One answer; `n` tells answers on one page apart.
pub fn article(view: &View, n: usize) -> String {
    let resource = view.resources.first().map_or_else(String::new, |resource| format!(" {}", code(resource)));
    let mut page = format!(
        "<article aria-labelledby=\"answer-{n}\">\n<h1 id=\"answer-{n}\">{}{resource}</h1>\n",
        code(&view.action)
    );
    let _ = writeln!(page, "<p class=\"sentence\">{}</p>\n<dl class=\"facts\">", text(&view.sentence));
    let mut fact = |label: &str, shown: &str| {
        let _ = writeln!(page, "<dt>{label}</dt><dd>{shown}</dd>");
    };
    fact("Event", &code(&view.reference));
    for resource in view.resources.iter().skip(1) {
        fact("Also done to", &code(resource));
    }
    fact("Recorded", &format!("by {} of {}, {}", code(&view.source), code(&view.recorder), text(&view.time)));
    fact("Outcome", &text(&view.outcome));
    fact("Risk", &text(&view.risk));
    for party in &view.parties {
        let id = party.id.as_ref().map_or_else(String::new, |id| format!(" {}", code(id)));
        let shown = if party.name.is_empty() {
            text(&party.remark)
        } else {
            format!("{}{id} ({})", code(&party.name), text(&party.remark))
        };
        fact(party.label.trim(), &shown);
    }
    page.push_str("</dl>\n");
    page.push_str(&controls(view));
    view.chains.iter().for_each(|chain| page.push_str(&draw(chain)));
    page.push_str(&rest(view));
    page.push_str("</article>\n");
    page
}

/// The end of a page.
pub fn foot() -> String {
    "</main>\n</body>\n</html>\n".to_string()
}

#[cfg(test)]
mod tests;
