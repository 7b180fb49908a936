//! Which operator makes sense for which kind.

use blackbar_engine::operator::{MAX_KIND, Operator, main_kind};

/// The reason is for people: it says what to take instead.
pub(super) fn fits(operator: Operator, kind: &str) -> Result<(), &'static str> {
    let kind = main_kind(kind);
    let unbounded = matches!(kind, "biometric" | "image");
    match operator {
        Operator::Drop | Operator::Tag | Operator::Mask | Operator::Keep => Ok(()),
        Operator::Generalise if matches!(kind, "date" | "age" | "zip" | "location") => Ok(()),
        Operator::Generalise => Err("only dates, ages, ZIP codes and locations have a more general form; use tag"),
        Operator::Shift if kind == "date" => Ok(()),
        Operator::Shift => Err("only dates can be shifted"),
        Operator::Surrogate if unbounded => Err("there is no realistic stand-in for an image; use tag or drop"),
        Operator::Surrogate if kind == "age" => Err("an age above 89 has no stand-in that says less; use generalise"),
        Operator::Surrogate => Ok(()),
        Operator::Token if unbounded => Err("the value is longer than a token may be; use tag or drop"),
        Operator::Token if kind.len() > MAX_KIND => Err("the kind's id is longer than a token may carry"),
        Operator::Token => Ok(()),
        Operator::Fpe if is_fpe_kind(kind) => Ok(()),
        Operator::Fpe if kind == "zip" => Err("a ZIP code has fewer than the million values that FF1 needs; use token"),
        Operator::Fpe => Err("fpe is for identifiers made of digits and letters; use token"),
    }
}

/// Identifiers made of digits and letters, among them every kind that a site defines for itself.
pub(super) fn is_fpe_kind(kind: &str) -> bool {
    !matches!(
        kind,
        "name" | "location" | "facility" | "zip" | "date" | "age" | "email" | "url" | "ip" | "biometric" | "image"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        const KINDS: [&str; 24] = [
            "name",
            "location",
            "facility",
            "zip",
            "date",
            "age",
            "phone",
            "fax",
            "email",
            "ssn",
            "mrn",
            "health-plan",
            "account",
            "card",
            "license",
            "npi",
            "dea",
            "vehicle",
            "device",
            "url",
            "ip",
            "mac",
            "biometric",
            "image",
        ];
        let kinds =
            |operator| KINDS.into_iter().filter(|kind| fits(operator, kind).is_ok()).collect::<Vec<_>>().join(" ");
        for always in [Operator::Drop, Operator::Tag, Operator::Mask, Operator::Keep] {
            assert_eq!(kinds(always), KINDS.join(" "));
        }
        assert_eq!(kinds(Operator::Generalise), "location zip date age");
        assert_eq!(kinds(Operator::Shift), "date");
        assert_eq!(
            kinds(Operator::Fpe),
            "phone fax ssn mrn health-plan account card license npi dea vehicle device mac"
        );
        assert_eq!(kinds(Operator::Token), KINDS[..22].join(" "));
        assert_eq!(kinds(Operator::Surrogate), KINDS[..22].join(" ").replace(" age", ""));
        assert!(fits(Operator::Fpe, "clinic-badge").is_ok() && fits(Operator::Shift, "date:birth").is_ok());
        assert!(fits(Operator::Token, "a-kind-with-a-very-long-id").is_err());
    }
}
