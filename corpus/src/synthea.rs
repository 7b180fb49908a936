//! The whole record of a patient as one transaction, in the manner of simulators of records: resources that refer to each
//! other by UUIDs, codes with their displays everywhere, extensions, money, and notes in base64.
//!
//! Few of its bytes are identifiers, and much looks like one.

use crate::cast::Cast;
use crate::ids;
use crate::json::{Json, Layout, Markup};
use crate::rich::Rich;
use crate::scribe::Scribe;
use crate::writer::{JsonEscapes, Writer};

/// A record with a few visits.
pub(crate) fn bundle(scribe: &mut Scribe) -> Writer {
    scribe.cast = Cast::random(&mut scribe.rng);
    let record = Record::random(scribe);
    let mut entries = vec![entry("Patient", &record.patient, record.patient(scribe))];
    for _ in 0..scribe.rng.range(2, 4) {
        record.visit(scribe, &mut entries);
    }
    let value = object(vec![
        ("resourceType", Json::text("Bundle")),
        ("type", Json::text("transaction")),
        ("entry", Json::Array(entries)),
    ]);
    let layout = Layout { pretty: scribe.rng.chance(70), escapes: JsonEscapes::default() };
    let mut out = Writer::default();
    value.write(layout, &mut out, &mut scribe.rng);
    out.syntax("\n");
    out
}

/// What ties the resources of a record together.
struct Record {
    patient: String,
    organisation: String,
    place: String,
    npi: String,
    /// Simulated names end in digits.
    family: String,
    given: String,
    doctor: String,
}

impl Record {
    fn random(scribe: &mut Scribe) -> Self {
        let rng = &mut scribe.rng;
        let (patient, doctor) = (&scribe.cast.patient, &scribe.cast.providers[0]);
        Self {
            patient: ids::uuid(rng),
            organisation: ids::uuid(rng),
            place: ids::uuid(rng),
            npi: format!("99999{}", rng.digits(5)),
            family: format!("{}{}", patient.surname, rng.digits_no_zero_first(3)),
            given: format!("{}{}", patient.given, rng.digits_no_zero_first(3)),
            doctor: format!(
                "{}{} {}{}",
                doctor.given,
                rng.digits_no_zero_first(3),
                doctor.surname,
                rng.digits_no_zero_first(3)
            ),
        }
    }

    fn patient(&self, scribe: &mut Scribe) -> Json {
        let address = &scribe.cast.patient.address;
        let (street, city, zip, state) =
            (address.street.clone(), address.place.city, address.zip.clone(), address.place.state);
        let mother = scribe.cast.relatives[0].0.full();
        let latitude = format!("{}.{}", scribe.rng.range(26, 47), scribe.rng.digits(12));
        let longitude = format!("-{}.{}", scribe.rng.range(70, 122), scribe.rng.digits(12));
        let number = |value: String| Json::Bare(Rich::label("location", value));
        let geolocation = object(vec![
            ("url", Json::text("http://hl7.org/fhir/StructureDefinition/geolocation")),
            (
                "extension",
                Json::Array(vec![
                    object(vec![("url", Json::text("latitude")), ("valueDecimal", number(latitude))]),
                    object(vec![("url", Json::text("longitude")), ("valueDecimal", number(longitude))]),
                ]),
            ),
        ]);
        let home = object(vec![
            ("extension", Json::Array(vec![geolocation])),
            ("line", Json::Array(vec![Json::label("location:street", street)])),
            ("city", Json::label("location:city", city)),
            ("state", Json::decoy("state", state)),
            ("postalCode", Json::label("zip", zip)),
            ("country", Json::text("US")),
        ]);
        let name = object(vec![
            ("use", Json::text("official")),
            ("family", Json::label("name:patient", self.family.clone())),
            ("given", Json::Array(vec![Json::label("name:patient", self.given.clone())])),
            ("prefix", Json::Array(vec![Json::text(*scribe.rng.pick(&["Mr.", "Mrs.", "Ms."]))])),
        ]);
        let years = |scribe: &mut Scribe| {
            Json::Bare(Rich::decoy("number", format!("{}.{}", scribe.rng.range(0, 60), scribe.rng.digits(13))))
        };
        let (lost, lived) = (years(scribe), years(scribe));
        let born = scribe.cast.patient.born;
        object(vec![
            ("resourceType", Json::text("Patient")),
            ("id", Json::label("other-id", self.patient.clone())),
            ("meta", profile("us-core-patient")),
            ("text", generated(scribe)),
            (
                "extension",
                Json::Array(vec![
                    race("race", "2106-3", "White"),
                    race("ethnicity", "2186-5", "Not Hispanic or Latino"),
                    extension(
                        "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
                        "valueString",
                        Json::label("name:relative", mother),
                    ),
                    extension(
                        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex",
                        "valueCode",
                        Json::Text(scribe.fill("{sex}")),
                    ),
                    extension(
                        "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
                        "valueAddress",
                        object(vec![
                            ("city", Json::label("location:city", city)),
                            ("state", Json::decoy("state", state)),
                            ("country", Json::text("US")),
                        ]),
                    ),
                    extension(
                        "http://synthetichealth.github.io/synthea/disability-adjusted-life-years",
                        "valueDecimal",
                        lost,
                    ),
                    extension(
                        "http://synthetichealth.github.io/synthea/quality-adjusted-life-years",
                        "valueDecimal",
                        lived,
                    ),
                ]),
            ),
            (
                "identifier",
                Json::Array(vec![
                    object(vec![
                        ("system", Json::decoy("code-system", "https://github.com/synthetichealth/synthea")),
                        ("value", Json::label("other-id", self.patient.clone())),
                    ]),
                    identifier(
                        "MR",
                        "Medical Record Number",
                        "http://hospital.smarthealthit.org",
                        Json::Text(scribe.fill("{uuid}")),
                    ),
                    identifier(
                        "SS",
                        "Social Security Number",
                        "http://hl7.org/fhir/sid/us-ssn",
                        Json::Text(scribe.fill("{ssn}")),
                    ),
                    identifier(
                        "DL",
                        "Driver's license number",
                        "urn:oid:2.16.840.1.113883.4.3.25",
                        Json::label("license", format!("S999{}", scribe.rng.digits(5))),
                    ),
                ]),
            ),
            ("name", Json::Array(vec![name])),
            (
                "telecom",
                Json::Array(vec![object(vec![
                    ("system", Json::text("phone")),
                    (
                        "value",
                        Json::label(
                            "phone",
                            format!("555-{}-{}", scribe.rng.digits_no_zero_first(3), scribe.rng.digits(4)),
                        ),
                    ),
                    ("use", Json::text("home")),
                ])]),
            ),
            ("gender", Json::text("female")),
            ("birthDate", Json::label("date", format!("{}-{:02}-{:02}", born.year, born.month, born.day))),
            ("address", Json::Array(vec![home])),
            ("maritalStatus", concept("http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "M", "Married")),
            ("multipleBirthBoolean", Json::Bare(Rich::plain("false"))),
            (
                "communication",
                Json::Array(vec![object(vec![(
                    "language",
                    concept("urn:ietf:bcp:47", "en-US", "English (United States)"),
                )])]),
            ),
        ])
    }

    /// A visit and what came of it.
    fn visit(&self, scribe: &mut Scribe, entries: &mut Vec<Json>) {
        let id = ids::uuid(&mut scribe.rng);
        let (code, display) = *scribe.rng.pick(VISITS);
        let (start, end) = (date(scribe), date(scribe));
        let period = |start: &Rich, end: &Rich| {
            object(vec![("start", Json::Text(start.clone())), ("end", Json::Text(end.clone()))])
        };
        let encounter = object(vec![
            ("resourceType", Json::text("Encounter")),
            ("id", Json::label("other-id", id.clone())),
            ("meta", profile("us-core-encounter")),
            ("status", Json::text("finished")),
            (
                "class",
                object(vec![
                    ("system", Json::decoy("code-system", "http://terminology.hl7.org/CodeSystem/v3-ActCode")),
                    ("code", Json::text("AMB")),
                ]),
            ),
            ("type", Json::Array(vec![concept(SNOMED, code, display)])),
            ("subject", self.subject(true)),
            (
                "participant",
                Json::Array(vec![object(vec![
                    (
                        "type",
                        Json::Array(vec![concept(
                            "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                            "PPRF",
                            "primary performer",
                        )]),
                    ),
                    ("period", period(&start, &end)),
                    ("individual", self.practitioner()),
                ])]),
            ),
            ("period", period(&start, &end)),
            ("location", Json::Array(vec![object(vec![("location", self.site(scribe, "Location", &self.place))])])),
            ("serviceProvider", self.site(scribe, "Organization", &self.organisation)),
        ]);
        entries.push(entry("Encounter", &id, encounter));
        let (code, display) = *scribe.rng.pick(CONDITIONS);
        let condition = vec![
            ("clinicalStatus", concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active")),
            (
                "category",
                Json::Array(vec![concept(
                    "http://terminology.hl7.org/CodeSystem/condition-category",
                    "encounter-diagnosis",
                    "Encounter Diagnosis",
                )]),
            ),
            ("code", concept(SNOMED, code, display)),
            ("onsetDateTime", Json::Text(date(scribe))),
            ("recordedDate", Json::Text(date(scribe))),
        ];
        self.resource("Condition", &id, condition, scribe, entries);
        for _ in 0..scribe.rng.range(4, 9) {
            let &(code, display, unit, low, high) = scribe.rng.pick(OBSERVATIONS);
            let value = format!("{}.{}", scribe.rng.range(low, high), scribe.rng.digit());
            let quantity = object(vec![
                ("value", Json::Bare(Rich::decoy("lab", value))),
                ("unit", Json::text(unit)),
                ("system", Json::decoy("code-system", "http://unitsofmeasure.org")),
                ("code", Json::text(unit)),
            ]);
            let observation = vec![
                ("status", Json::text("final")),
                (
                    "category",
                    Json::Array(vec![concept(
                        "http://terminology.hl7.org/CodeSystem/observation-category",
                        "vital-signs",
                        "Vital signs",
                    )]),
                ),
                ("code", concept("http://loinc.org", code, display)),
                ("effectiveDateTime", Json::Text(date(scribe))),
                ("issued", Json::Text(date(scribe))),
                ("valueQuantity", quantity),
            ];
            self.resource("Observation", &id, observation, scribe, entries);
        }
        let &(code, display) = scribe.rng.pick(VACCINES);
        let immunization = vec![
            ("status", Json::text("completed")),
            ("vaccineCode", concept("http://hl7.org/fhir/sid/cvx", code, display)),
            ("occurrenceDateTime", Json::Text(date(scribe))),
            ("primarySource", Json::Bare(Rich::plain("true"))),
        ];
        self.resource("Immunization", &id, immunization, scribe, entries);
        let &(code, display) = scribe.rng.pick(DRUGS);
        let order = vec![
            ("status", Json::text("stopped")),
            ("intent", Json::text("order")),
            ("medicationCodeableConcept", concept("http://www.nlm.nih.gov/research/umls/rxnorm", code, display)),
            ("authoredOn", Json::Text(date(scribe))),
            ("requester", self.practitioner()),
        ];
        self.resource("MedicationRequest", &id, order, scribe, entries);
        let &(code, display) = scribe.rng.pick(PROCEDURES);
        let procedure = vec![
            ("status", Json::text("completed")),
            ("code", concept(SNOMED, code, display)),
            ("performedPeriod", period(&date(scribe), &date(scribe))),
        ];
        self.resource("Procedure", &id, procedure, scribe, entries);
        self.report(&id, scribe, entries);
        self.claim(&id, scribe, entries);
    }

    /// A note in base64.
    fn report(&self, visit: &str, scribe: &mut Scribe, entries: &mut Vec<Json>) {
        let mut note = Rich::plain("\n");
        note.append(scribe.fill("{isodate}"));
        note = note
            .then("\n\n# Chief Complaint\n- Cough\n- Fever\n\n# History of Present Illness\n")
            .then_label("name:patient", self.given.clone())
            .then(" is a ");
        note.append(scribe.fill("{age}"));
        note = note.then(" year-old non-hispanic white female.\n\n# Social History\nPatient is married. Patient quit smoking at age 16.\n\n# Allergies\nNo Known Allergies.\n\n# Medications\nNo Active Medications.\n\n# Assessment and Plan\n- acute viral pharyngitis (disorder)\n");
        let form = object(vec![("contentType", Json::text("text/plain; charset=utf-8")), ("data", Json::Packed(note))]);
        let report = vec![
            ("status", Json::text("final")),
            ("category", Json::Array(vec![concept("http://loinc.org", "34117-2", "History and physical note")])),
            ("code", concept("http://loinc.org", "34117-2", "History and physical note")),
            ("effectiveDateTime", Json::Text(date(scribe))),
            ("issued", Json::Text(date(scribe))),
            ("performer", Json::Array(vec![self.practitioner()])),
            ("presentedForm", Json::Array(vec![form])),
        ];
        self.resource("DiagnosticReport", visit, report, scribe, entries);
    }

    /// What is billed for it.
    fn claim(&self, visit: &str, scribe: &mut Scribe, entries: &mut Vec<Json>) {
        let money = |scribe: &mut Scribe| {
            let value = Rich::decoy("number", format!("{}.{}", scribe.rng.range(40, 4000), scribe.rng.digits(2)));
            object(vec![("value", Json::Bare(value)), ("currency", Json::text("USD"))])
        };
        let payer = *scribe.rng.pick(&["Medicare", "Humana", "Aetna", "UnitedHealthcare", "NO_INSURANCE"]);
        let &(code, display) = scribe.rng.pick(PROCEDURES);
        let item = object(vec![
            ("sequence", Json::Bare(Rich::plain("1"))),
            ("productOrService", concept(SNOMED, code, display)),
            (
                "encounter",
                Json::Array(vec![object(vec![(
                    "reference",
                    Json::Text(Rich::plain("urn:uuid:").then_label("other-id", visit)),
                )])]),
            ),
            ("net", money(scribe)),
        ]);
        let start = date(scribe);
        let claim = vec![
            ("status", Json::text("active")),
            ("type", concept("http://terminology.hl7.org/CodeSystem/claim-type", "professional", "Professional")),
            ("use", Json::text("claim")),
            ("billablePeriod", object(vec![("start", Json::Text(start.clone())), ("end", Json::Text(start))])),
            ("created", Json::Text(date(scribe))),
            ("provider", self.site(scribe, "Organization", &self.organisation)),
            ("priority", concept("http://terminology.hl7.org/CodeSystem/processpriority", "normal", "normal")),
            (
                "insurance",
                Json::Array(vec![object(vec![
                    ("sequence", Json::Bare(Rich::plain("1"))),
                    ("focal", Json::Bare(Rich::plain("true"))),
                    ("coverage", object(vec![("display", Json::text(payer))])),
                ])]),
            ),
            ("item", Json::Array(vec![item])),
            ("total", money(scribe)),
        ];
        self.resource("Claim", visit, claim, scribe, entries);
    }

    /// A resource about the patient, and the visit where its type names one.
    fn resource(
        &self,
        sort: &'static str,
        visit: &str,
        members: Vec<(&'static str, Json)>,
        scribe: &mut Scribe,
        entries: &mut Vec<Json>,
    ) {
        let id = ids::uuid(&mut scribe.rng);
        let subject = if matches!(sort, "Immunization" | "Claim") { "patient" } else { "subject" };
        let mut all = vec![("resourceType", Json::text(sort)), ("id", Json::label("other-id", id.clone()))];
        all.extend(members);
        all.push((subject, self.subject(false)));
        if sort != "Claim" {
            let reference = Json::Text(Rich::plain("urn:uuid:").then_label("other-id", visit));
            all.push(("encounter", object(vec![("reference", reference)])));
        }
        entries.push(entry(sort, &id, object(all)));
    }

    fn subject(&self, shown: bool) -> Json {
        let mut members =
            vec![("reference", Json::Text(Rich::plain("urn:uuid:").then_label("other-id", self.patient.clone())))];
        if shown {
            let name = Rich::plain("Mrs. ").then_label("name:patient", format!("{} {}", self.given, self.family));
            members.push(("display", Json::Text(name)));
        }
        object(members)
    }

    fn practitioner(&self) -> Json {
        object(vec![
            (
                "reference",
                Json::Text(
                    Rich::plain("Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|")
                        .then_label("npi", self.npi.clone()),
                ),
            ),
            ("display", Json::Text(Rich::plain("Dr. ").then_label("name:provider", self.doctor.clone()))),
        ])
    }

    fn site(&self, scribe: &mut Scribe, sort: &str, id: &str) -> Json {
        let reference = Rich::plain(format!("{sort}?identifier=https://github.com/synthetichealth/synthea|"));
        let mut name = scribe.fill("{facility}");
        name.pieces_mut().iter_mut().for_each(|piece| piece.text.make_ascii_uppercase());
        object(vec![("reference", Json::Text(reference.then_label("other-id", id))), ("display", Json::Text(name))])
    }
}

const SNOMED: &str = "http://snomed.info/sct";
const VISITS: &[(&str, &str)] = &[
    ("162673000", "General examination of patient (procedure)"),
    ("185345009", "Encounter for symptom (procedure)"),
    ("185349003", "Encounter for check up (procedure)"),
    ("424441002", "Prenatal initial visit (regime/therapy)"),
    ("50849002", "Emergency room admission (procedure)"),
];
const CONDITIONS: &[(&str, &str)] = &[
    ("195662009", "Acute viral pharyngitis (disorder)"),
    ("59621000", "Essential hypertension (disorder)"),
    ("73595000", "Stress (finding)"),
    ("160903007", "Full-time employment (finding)"),
    ("314529007", "Medication review due (situation)"),
    ("26929004", "Alzheimer's disease (disorder)"),
    ("230265002", "Familial Alzheimer's disease of early onset (disorder)"),
    ("24079001", "Barrett's esophagus (disorder)"),
];
const OBSERVATIONS: &[(&str, &str, &str, u32, u32)] = &[
    ("8302-2", "Body Height", "cm", 150, 195),
    ("29463-7", "Body Weight", "kg", 48, 120),
    ("39156-5", "Body mass index (BMI) [Ratio]", "kg/m2", 18, 40),
    ("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported", "{score}", 0, 9),
    ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", 130, 260),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 11, 17),
    ("33914-3", "Estimated Glomerular Filtration Rate", "mL/min/{1.73_m2}", 60, 120),
    ("76504-0", "Total score [HARK]", "{score}", 0, 4),
    ("55758-7", "Patient Health Questionnaire 2 item (PHQ-2) total score [Reported]", "{score}", 0, 6),
];
const VACCINES: &[(&str, &str)] = &[
    ("140", "Influenza, seasonal, injectable, preservative free"),
    ("113", "Td (adult), 5 Lf tetanus toxoid, preservative free, adsorbed"),
    ("208", "COVID-19, mRNA, LNP-S, PF, 30 mcg/0.3 mL dose"),
    ("121", "zoster vaccine, live"),
];
const DRUGS: &[(&str, &str)] = &[
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("860975", "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet"),
    ("313782", "Acetaminophen 325 MG Oral Tablet"),
    (
        "751905",
        "{7 (inert ingredients 1 MG Oral Tablet) / 21 (levonorgestrel 0.15 MG Oral Tablet)} Pack [Trivora 28 Day]",
    ),
];
const PROCEDURES: &[(&str, &str)] = &[
    ("430193006", "Medication Reconciliation (procedure)"),
    ("710824005", "Assessment of health and social care needs (procedure)"),
    ("454711000124102", "Depression screening using Patient Health Questionnaire Two-Item score (procedure)"),
    ("169553002", "Insertion of subcutaneous contraceptive"),
    ("399208008", "Plain X-ray of chest (procedure)"),
    ("428211000124100", "Assessment of substance use (procedure)"),
];

fn object(members: Vec<(&'static str, Json)>) -> Json {
    Json::Object(members)
}

fn entry(sort: &'static str, id: &str, resource: Json) -> Json {
    object(vec![
        ("fullUrl", Json::Text(Rich::plain("urn:uuid:").then_label("other-id", id))),
        ("resource", resource),
        ("request", object(vec![("method", Json::text("POST")), ("url", Json::text(sort))])),
    ])
}

fn concept(system: &'static str, code: &'static str, display: &'static str) -> Json {
    let coding = object(vec![
        ("system", Json::decoy("code-system", system)),
        ("code", Json::decoy("code", code)),
        ("display", Json::text(display)),
    ]);
    object(vec![("coding", Json::Array(vec![coding])), ("text", Json::text(display))])
}

fn identifier(code: &'static str, text: &'static str, system: &'static str, value: Json) -> Json {
    object(vec![
        ("type", concept("http://terminology.hl7.org/CodeSystem/v2-0203", code, text)),
        ("system", Json::decoy("code-system", system)),
        ("value", value),
    ])
}

fn extension(url: &'static str, key: &'static str, value: Json) -> Json {
    object(vec![("url", Json::decoy("code-system", url)), (key, value)])
}

fn race(what: &'static str, code: &'static str, display: &'static str) -> Json {
    let url = if what == "race" {
        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
    } else {
        "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity"
    };
    let coding = object(vec![
        ("system", Json::decoy("code-system", "urn:oid:2.16.840.1.113883.6.238")),
        ("code", Json::decoy("code", code)),
        ("display", Json::text(display)),
    ]);
    object(vec![
        ("url", Json::decoy("code-system", url)),
        (
            "extension",
            Json::Array(vec![
                extension("ombCategory", "valueCoding", coding),
                extension("text", "valueString", Json::text(display)),
            ]),
        ),
    ])
}

fn profile(name: &str) -> Json {
    let url = format!("http://hl7.org/fhir/us/core/StructureDefinition/{name}");
    object(vec![("profile", Json::Array(vec![Json::decoy("code-system", url)]))])
}

fn generated(scribe: &mut Scribe) -> Json {
    let seeds = format!(
        "Person seed: -{}  Population seed: {}",
        scribe.rng.digits_no_zero_first(19),
        scribe.rng.digits_no_zero_first(5)
    );
    let parts = vec![
        Markup::Tag("<div xmlns=\"http://www.w3.org/1999/xhtml\">"),
        Markup::Content(Rich::plain("Generated by ")),
        Markup::Tag("<a href=\"https://github.com/synthetichealth/synthea\">"),
        Markup::Content(Rich::plain("Synthea")),
        Markup::Tag("</a>"),
        Markup::Content(
            Rich::plain(".Version identifier: v3.2.0 .   ").with(crate::rich::Role::Decoy("number"), seeds),
        ),
        Markup::Tag("</div>"),
    ];
    object(vec![("status", Json::text("generated")), ("div", Json::Markup(parts))])
}

fn date(scribe: &mut Scribe) -> Rich {
    scribe.fill("{ts}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn a_record_is_json_whose_references_lead_to_its_entries() {
        for seed in 0..10 {
            let mut scribe = Scribe::new(Rng::new(seed));
            let (bytes, labels, _, _) = bundle(&mut scribe).into_parts();
            assert!(scribe.unknown().is_empty(), "{:?}", scribe.unknown());
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            let entries = value["entry"].as_array().unwrap();
            let urls: Vec<&str> = entries.iter().map(|entry| entry["fullUrl"].as_str().unwrap()).collect();
            for entry in entries {
                let resource = &entry["resource"];
                let subject =
                    [&resource["subject"], &resource["patient"]].into_iter().find_map(|of| of["reference"].as_str());
                assert!(subject.is_none_or(|subject| urls.contains(&subject)), "{resource}");
            }
            assert!(entries.len() > 15 && bytes.len() > 15 * labels.len(), "{} {}", bytes.len(), labels.len());
        }
    }
}
