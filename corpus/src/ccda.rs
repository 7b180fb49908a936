//! Clinical documents in XML (C-CDA), and pages of a portal in HTML.

use crate::mould::Mould;
use crate::scribe::Scribe;
use crate::writer::{Encoding, Syntax, Writer};

/// A summary of care.
pub(crate) fn document(scribe: &mut Scribe) -> Writer {
    let encoding = Encoding { xml: true, syntax: Syntax::Plain };
    let mould = Mould { encoding, trim: &|text| *text = text.replace('\n', " ") };
    let mut out = Writer::default();
    let prefix = if scribe.rng.chance(20) { "cda:" } else { "" };
    let mut put = |scribe: &mut Scribe, part: &str| {
        let part = part.replace("<~", &format!("<{prefix}")).replace("</~", &format!("</{prefix}"));
        mould.write(scribe, &part, &mut out);
    };
    put(scribe, HEAD);
    put(scribe, PATIENT);
    if scribe.rng.chance(50) {
        put(scribe, GUARDIAN);
    }
    put(
        scribe,
        "</~patient>\n<~providerOrganization><~id root=\"2.16.840.1.113883.4.6\" extension=\"{dr2.npi}\"/><~name>{facility}</~name></~providerOrganization></~patientRole></~recordTarget>\n",
    );
    put(scribe, AUTHOR);
    if scribe.rng.chance(60) {
        put(scribe, RELATIVE);
    }
    put(scribe, ENCOUNTER);
    put(scribe, "<~component><~structuredBody>\n");
    for _ in 0..scribe.rng.range(1, 4) {
        put(scribe, RESULTS);
    }
    for _ in 0..scribe.rng.range(1, 3) {
        put(scribe, NOTE);
    }
    put(scribe, "</~structuredBody></~component>\n</~ClinicalDocument>\n");
    out
}

/// A page of a patient portal.
pub(crate) fn page(scribe: &mut Scribe) -> Writer {
    let encoding = Encoding { xml: true, syntax: Syntax::Plain };
    let mould = Mould { encoding, trim: &|text| *text = text.replace('\n', " ") };
    let mut out = Writer::default();
    mould.write(scribe, PAGE_HEAD, &mut out);
    for _ in 0..scribe.rng.range(2, 6) {
        mould.write(scribe, PAGE_VISIT, &mut out);
    }
    mould.write(scribe, PAGE_FOOT, &mut out);
    out
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<~ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:cda="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<~realmCode code="US"/><~typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<~templateId root="2.16.840.1.113883.10.20.22.1.2" extension="2015-08-01"/>
<~id root="2.16.840.1.113883.19.5" extension="{accession}"/>
<~code code="{loinc}" codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC" displayName="Summarization of Episode Note"/>
<~title>Continuity of Care Document</~title><~effectiveTime value="{compact}"/>
<~confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><~languageCode code="en-US"/>
"#;
const PATIENT: &str = r#"<~recordTarget><~patientRole>
<~id root="2.16.840.1.113883.19.5.99999.2" extension="{mrn}"/><~id root="2.16.840.1.113883.4.1" extension="{ssn}"/>
<~addr use="HP"><~streetAddressLine>{pt.street}</~streetAddressLine><~city>{pt.city}</~city><~state>{pt.state}</~state><~postalCode>{pt.zip}</~postalCode><~country>US</~country></~addr>
<~telecom value="tel:{pt.phone}" use="HP"/><~telecom value="mailto:{pt.email}"/>
<~patient><~name use="L"><~given>{pt.first}</~given><~family>{pt.last}</~family></~name>
<~administrativeGenderCode code="{sex}" codeSystem="2.16.840.1.113883.5.1"/><~birthTime value="{born}"/>
<~raceCode code="2106-3" displayName="White" codeSystem="2.16.840.1.113883.6.238"/>
"#;
const GUARDIAN: &str = r#"<~guardian><~code code="{-code:GRPRN}" codeSystem="2.16.840.1.113883.5.111"/>
<~telecom value="tel:{rel.phone}"/><~guardianPerson><~name><~given>{rel.first}</~given><~family>{rel.last}</~family></~name></~guardianPerson></~guardian>
"#;
const AUTHOR: &str = r#"<~author><~time value="{compact}"/><~assignedAuthor><~id root="2.16.840.1.113883.4.6" extension="{dr.npi}"/>
<~addr><~streetAddressLine>{dr.street}</~streetAddressLine><~city>{dr.city}</~city><~state>{dr.state}</~state><~postalCode>{dr.zip}</~postalCode></~addr>
<~telecom use="WP" value="tel:{dr.phone}"/><~assignedPerson><~name><~prefix>Dr.</~prefix><~given>{dr.first}</~given><~family>{dr.last}</~family></~name></~assignedPerson></~assignedAuthor></~author>
<~custodian><~assignedCustodian><~representedCustodianOrganization><~id root="2.16.840.1.113883.4.6" extension="{dr3.npi}"/><~name>{facility}</~name></~representedCustodianOrganization></~assignedCustodian></~custodian>
"#;
const RELATIVE: &str = r#"<~participant typeCode="IND"><~associatedEntity classCode="NOK"><~code code="{-code:FAMMEMB}"/>
<~telecom value="tel:{rel2.phone}"/><~associatedPerson><~name><~given>{rel2.first}</~given><~family>{rel2.last}</~family></~name></~associatedPerson></~associatedEntity></~participant>
"#;
const ENCOUNTER: &str = r#"<~componentOf><~encompassingEncounter><~id root="2.16.840.1.113883.19" extension="{csn}"/>
<~effectiveTime><~low value="{compact}"/><~high value="{compact}"/></~effectiveTime></~encompassingEncounter></~componentOf>
"#;
const RESULTS: &str = r#"<~component><~section><~templateId root="2.16.840.1.113883.10.20.22.2.3.1"/><~title>RESULTS</~title>
<~text><table><tbody><tr><td>{lab}</td><td>{labval}</td><td>{date}</td></tr></tbody></table></~text>
<~entry><~observation classCode="OBS" moodCode="EVN"><~id root="{uuid}"/><~code code="{loinc}" codeSystem="2.16.840.1.113883.6.1"/>
<~effectiveTime value="{compact}"/><~value value="{labval}" unit="mg/dL"/></~observation></~entry></~section></~component>
"#;
const NOTE: &str = r#"<~component><~section><~title>HISTORY OF PRESENT ILLNESS</~title><~text><paragraph>{>hpi}</paragraph>
<paragraph>Seen by {dr.title}. Contact: {rel.full}, {rel.phone}.</paragraph></~text></~section></~component>
"#;
const PAGE_HEAD: &str = r#"<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Your visits</title>
</head>
<body style="margin: 12px 0; color: #1a2b3c"><h1>Welcome, {pt.full}</h1>
<p>Date of birth: <b>{dob}</b><br>MRN: {mrn}<br>Phone: {pt.phone}</p>
<p>Mail: <a href="mailto:{pt.email}">{pt.email}</a></p>
"#;
const PAGE_VISIT: &str = r#"<div class="visit"><h2>Visit on {date}</h2><p>{>hpi}</p>
<p>Provider: {dr.full}, {facility}</p><table><tr><th>{lab}</th><td>{labval}</td></tr></table></div>
"#;
const PAGE_FOOT: &str = r#"<!-- rendered for {pt.full} -->
<script>var retries = 3, locale = "en";</script>
</body></html>
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn tags_are_balanced_and_values_escaped() {
        for seed in 0..20 {
            let mut scribe = Scribe::new(Rng::new(seed));
            let (bytes, labels, _, _) = document(&mut scribe).into_parts();
            assert!(scribe.unknown().is_empty(), "{:?}", scribe.unknown());
            let text = String::from_utf8(bytes).unwrap();
            let ends = text.matches("</").count() + text.matches("/>").count() + text.matches("?>").count();
            assert_eq!(text.matches('<').count(), ends + text.matches("</").count(), "{text}");
            assert!(!text.contains('~') && labels.len() > 20);
        }
    }
}
