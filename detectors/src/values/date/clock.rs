//! The time of day behind a date: it is recognised, so that nothing else hides there, and left as it is.

/// `.123`, `+0500` and what else HL7 has after the seconds; the digits of the time itself come first.
pub(super) fn is_hl7_time(rest: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let clock = digits(rest);
    let mut rest = &rest[clock..];
    if let [b'.', fraction @ ..] = rest {
        rest = &fraction[digits(fraction)..];
    }
    let zone = matches!(rest, [b'+' | b'-', hours @ ..] if hours.len() == 4 && digits(hours) == 4);
    clock <= 6 && (rest.is_empty() || zone)
}

/// Nothing, or a time of day: ` 10:11`, `T10:11:12.5Z`, ` at 3 pm`, `, 1430 hrs`.
pub(super) fn is_time(rest: &[u8]) -> bool {
    if rest.is_empty() {
        return true;
    }
    let text = String::from_utf8_lossy(rest).to_ascii_lowercase();
    let text = text.trim_end_matches([' ', '.', ',']);
    if text.is_empty() {
        return true;
    }
    let start = text.trim_start_matches([' ', ',', 't', '@', '\t']);
    let marked = text.starts_with('t');
    if start.len() == text.len() {
        return false;
    }
    let start = start.strip_prefix("at ").map_or(start, str::trim_start);
    let (hours, mut rest) = leading_digits(start);
    let mut colons = 0;
    while let Some(next) = rest.strip_prefix(':') {
        let (digits, after) = leading_digits(next);
        if digits.len() != 2 || digits > "60" {
            return false;
        }
        colons += 1;
        rest = after;
    }
    if let Some(fraction) = rest.strip_prefix(['.', ',']).filter(|_| colons == 2) {
        rest = leading_digits(fraction).1;
    }
    let unit = rest.trim_start().replace('.', "");
    let mut zone = unit.as_str();
    let mut named = false;
    for name in ["am", "pm", "hrs", "hours", "h"] {
        if let Some(after) =
            zone.strip_prefix(name).filter(|after| !after.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            (zone, named) = (after.trim_start(), true);
            break;
        }
    }
    let offset = zone.strip_prefix(['+', '-']).map(|offset| offset.replace(':', ""));
    let zone_known = zone.is_empty()
        || offset
            .is_some_and(|offset| [2, 4].contains(&offset.len()) && offset.bytes().all(|byte| byte.is_ascii_digit()))
        || ZONES.contains(&zone);
    let hour_known = match hours.len() {
        1 | 2 => (colons > 0 || named || marked) && hours.parse::<u8>().is_ok_and(|hour| hour <= 24),
        4 | 6 => colons == 0 && (named || marked) && &hours[..2] <= "24" && &hours[2..4] < "60",
        _ => false,
    };
    colons <= 2 && hour_known && zone_known
}

fn leading_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

const ZONES: [&str; 22] = [
    "z", "utc", "gmt", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "akst", "akdt", "hst", "et", "ct", "mt",
    "pt", "bst", "cet", "cest", "ast",
];
