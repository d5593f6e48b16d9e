//! Figures, and the two ways they are shown.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// One measured figure.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// The same figure of the bare append, where it has one.
    pub(crate) baseline: Option<f64>,
}

impl Figure {
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.baseline.filter(|baseline| *baseline > 0.0).map(|baseline| self.value / baseline)
    }
}

/// `{name: {value, unit, baseline, ratio}}`
pub(crate) fn as_json(figures: &[Figure]) -> Value {
    let members = figures.iter().map(|figure| {
        let value = json!({
            "value": rounded(figure.value),
            "unit": figure.unit,
            "baseline": figure.baseline.map(rounded),
            "ratio": figure.ratio().map(rounded),
        });
        (figure.name.clone(), value)
    });
    Value::Object(members.collect::<Map<_, _>>())
}

/// A table of at most 80 columns, as long as no name is longer than 38 letters. `beside` is what the
/// baseline is a figure of.
pub(crate) fn as_table(figures: &[Figure], beside: &str) -> String {
    let width = figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0).max(22);
    let mut table = format!("{:<width$} {:>10} {:>12} {:>7}  unit\n", "", "writ", beside, "ratio");
    for figure in figures {
        let baseline = figure.baseline.map_or_else(|| "-".to_owned(), number);
        let ratio = figure.ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        let _ = writeln!(
            table,
            "{:<width$} {:>10} {baseline:>12} {ratio:>7}  {}",
            figure.name,
            number(figure.value),
            figure.unit
        );
    }
    table
}

fn number(value: f64) -> String {
    if value.abs() >= 1_000.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// Three places are more than any figure here is good for.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// The value that a share of the values does not exceed: 0.5 is the median. 0 where there are none.
pub(crate) fn quantile(values: &[f64], per_cent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len() * per_cent).div_ceil(100).saturating_sub(1);
    sorted.get(index).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_has_the_agreed_form() {
        let figures = [
            Figure { name: "ingest_best".to_owned(), value: 50_000.0, unit: "records/s", baseline: Some(150_000.0) },
            Figure { name: "why_p50".to_owned(), value: 6.123_456, unit: "ms", baseline: None },
        ];
        let expected = json!({
            "ingest_best": {"value": 50_000.0, "unit": "records/s", "baseline": 150_000.0, "ratio": 0.333},
            "why_p50": {"value": 6.123, "unit": "ms", "baseline": null, "ratio": null},
        });
        assert_eq!(as_json(&figures), expected);
        assert!(as_table(&figures, "bare append").lines().all(|line| line.len() <= 80));
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        let found = [50, 99, 100, 1, 0].map(|share| quantile(&values, share).to_string());
        assert_eq!(found, ["3", "5", "5", "1", "1"]);
        assert!(quantile(&[], 50).abs() < f64::EPSILON);
    }
}
